//! What agents deliver, in the words of the field: no bytes of the wire, nothing of the store.

use jiff::Timestamp;

use crate::domain::action::ActionResult;
use crate::domain::id::{ActionId, DeviceId};
use crate::domain::reading::{Sample, Section};
use crate::domain::release::UpdateOutcome;

/// Records of one device and epoch, in order.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Whose.
    pub device: DeviceId,
    /// The device's number.
    pub number: i64,
    /// In which epoch.
    pub epoch: u64,
    /// When the collector received it.
    pub received_at: Timestamp,
    /// The agent's clock minus the collector's, microseconds.
    pub clock_skew_us: i64,
    /// Ascending by number.
    pub records: Vec<Record>,
}

/// A record.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its number.
    pub seq: u64,
    /// Chain hash of the record before.
    pub previous_hash: [u8; 16],
    /// Its own chain hash.
    pub hash: [u8; 16],
    /// When the agent took it, its own clock.
    pub taken_at: Timestamp,
    /// What it says.
    pub content: Content,
}

/// What a record says.
#[derive(Debug, Clone)]
pub enum Content {
    /// A measurement.
    Report {
        /// The figures.
        sample: Sample,
        /// `antivirus:12,firewall:60`: seconds since each unchanged section was looked at.
        unchanged: String,
    },
    /// A section in full.
    Section(Box<Section>),
    /// Records the agent had to drop.
    Gap {
        /// Epoch of the range.
        epoch: u64,
        /// First number of the range.
        first_seq: u64,
        /// Last number of the range.
        last_seq: u64,
        /// Records lost in it.
        lost: u64,
        /// Word of their class.
        record_class: &'static str,
        /// Word of the reason.
        reason: &'static str,
    },
    /// How an action went.
    ActionResult {
        /// Which.
        action: ActionId,
        /// How, in words, and what proves it.
        result: Box<ActionResult>,
    },
    /// How an update of the agent ended.
    Update {
        /// Of which version; empty: the manifest could not be read.
        version: String,
        /// How.
        outcome: UpdateOutcome,
        /// What the agent said.
        detail: String,
    },
    /// It can never be stored as what it should be.
    Dead {
        /// What is wrong with it.
        reason: String,
        /// Its bytes, shortened.
        body: Vec<u8>,
    },
}
