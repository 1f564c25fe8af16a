//! What the running service says of itself in a small file, for `atalaya-agent status`.
//!
//! Nothing in it is needed to go on after a restart.

use std::collections::BTreeMap;
use std::fs;

use atalaya_reading::{Cost, SectionKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::report;
use crate::spool::{Class, Spool};
use crate::state::{StateDir, replace};
use crate::uplink::Health;
use crate::usage::Usage;

const FILE: &str = "status.json";

/// State of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// When the service began.
    pub started_at: Timestamp,
    /// A stream to the collector is open.
    pub connected: bool,
    /// Whether a technician has approved this PC; `None`: the collector has not said yet.
    pub approved: Option<bool>,
    /// When something was last delivered.
    pub last_delivery_at: Option<Timestamp>,
    /// What last went wrong with delivery.
    pub last_error: Option<Failure>,
    /// How far the collector's clock is ahead of this PC's, seconds.
    pub clock_offset_s: i64,
    /// What waits to be delivered.
    pub spool: Waiting,
    /// Records lost since the service began.
    pub lost: PerClass,
    /// What the agent does and takes; as of its last round.
    #[serde(default)]
    pub work: Work,
}

/// What the agent takes, and what its readings cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What the process takes.
    pub usage: Usage,
    /// How many times as long as it was told to it rests between rounds, to keep to its share of the processor; 0: it
    /// has not begun.
    pub stretch: u32,
    /// What the last reading of each section cost.
    pub costs: BTreeMap<String, Cost>,
}

impl Work {
    /// Takes in what a reading cost.
    pub fn note(&mut self, kind: SectionKind, cost: Option<Cost>) {
        if let Some(cost) = cost {
            self.costs.insert(kind.as_str().into(), cost);
        }
    }
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// What; Spanish, for people.
    pub text: String,
}

/// Records waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// How many.
    pub records: PerClass,
    /// When the oldest was taken.
    pub oldest_at: Option<Timestamp>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Why the disk refuses, while it does.
    pub disk_error: Option<String>,
}

/// A number per class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the classes of records")]
pub struct PerClass {
    pub p0: u64,
    pub p1: u64,
    pub p2: u64,
}

impl PerClass {
    fn of(count: impl Fn(Class) -> u64) -> PerClass {
        PerClass { p0: count(Class::Security), p1: count(Class::State), p2: count(Class::Metric) }
    }

    /// All classes together.
    pub fn sum(self) -> u64 {
        self.p0 + self.p1 + self.p2
    }
}

impl Status {
    /// The state now.
    pub fn of(spool: &mut Spool, health: &Health, work: &Work, started_at: Timestamp) -> Status {
        let oldest = spool.oldest().ok().flatten();
        Status {
            version: crate::version::version().into(),
            started_at,
            connected: health.connected,
            approved: health.approved,
            last_delivery_at: health.delivered_at,
            last_error: health.last_error.clone().map(|(at, text)| Failure { at, text }),
            clock_offset_s: health.clock_offset.as_secs(),
            spool: Waiting {
                records: PerClass::of(|class| spool.waiting(class)),
                oldest_at: oldest.and_then(|record| report::taken_at(&record.body)),
                bytes: spool.bytes(),
                disk_error: spool.disk_error().map(Into::into),
            },
            lost: PerClass::of(|class| spool.lost(class)),
            work: work.clone(),
        }
    }

    /// Writes it for others to read; a failure is logged, for it harms nothing else.
    pub fn write(&self, state: &StateDir) {
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        if let Err(error) = replace(&state.file(FILE), &text) {
            tracing::debug!(%error, "status file not written");
        }
    }

    /// The last state a service wrote; `None` if none did, or not so that it can be read.
    pub fn read(state: &StateDir) -> Option<Status> {
        serde_json::from_str(&fs::read_to_string(state.file(FILE)).ok()?).ok()
    }
}
