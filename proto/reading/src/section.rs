//! The sections a device is described by, and a section reading of any of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Accounts, Antivirus, Connectivity, Cost, Disk, Firewall, Reading, Software, Status, System,
    Updates,
};

/// Which part of a PC a reading describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SectionKind {
    /// Antivirus products, their signatures and detections.
    Antivirus,
    /// Firewall policy and listening sockets.
    Firewall,
    /// Drives and volumes.
    Disk,
    /// Link, gateway, names, internet and collector.
    Connectivity,
    /// Operating system, processor and memory.
    System,
    /// Updates that wait.
    Updates,
    /// Installed software.
    Software,
    /// Local accounts.
    Accounts,
}

impl SectionKind {
    /// All sections, in the order they are shown.
    pub const ALL: [SectionKind; 8] = [
        SectionKind::Antivirus,
        SectionKind::Firewall,
        SectionKind::Disk,
        SectionKind::Connectivity,
        SectionKind::System,
        SectionKind::Updates,
        SectionKind::Software,
        SectionKind::Accounts,
    ];
    /// Sections looked at in every round; the others are lists that change slowly.
    pub const EVERY_ROUND: [SectionKind; 5] = [
        SectionKind::Antivirus,
        SectionKind::Firewall,
        SectionKind::Disk,
        SectionKind::Connectivity,
        SectionKind::System,
    ];

    /// The word used in JSON, SQL, logs and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            SectionKind::Antivirus => "antivirus",
            SectionKind::Firewall => "firewall",
            SectionKind::Disk => "disk",
            SectionKind::Connectivity => "connectivity",
            SectionKind::System => "system",
            SectionKind::Updates => "updates",
            SectionKind::Software => "software",
            SectionKind::Accounts => "accounts",
        }
    }

    /// Whether it is looked at in every round, see [`SectionKind::EVERY_ROUND`].
    pub fn is_every_round(self) -> bool {
        SectionKind::EVERY_ROUND.contains(&self)
    }

    /// The section of that name.
    pub fn parse(name: &str) -> Option<SectionKind> {
        SectionKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A reading of one section.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant carries the reading its name says")]
pub enum Section {
    Antivirus(Reading<Antivirus>),
    Firewall(Reading<Firewall>),
    Disk(Reading<Disk>),
    Connectivity(Reading<Connectivity>),
    System(Reading<System>),
    Updates(Reading<Updates>),
    Software(Reading<Software>),
    Accounts(Reading<Accounts>),
}

macro_rules! each {
    ($section:expr, $reading:ident => $body:expr) => {
        match $section {
            Section::Antivirus($reading) => $body,
            Section::Firewall($reading) => $body,
            Section::Disk($reading) => $body,
            Section::Connectivity($reading) => $body,
            Section::System($reading) => $body,
            Section::Updates($reading) => $body,
            Section::Software($reading) => $body,
            Section::Accounts($reading) => $body,
        }
    };
}

impl Section {
    /// Which section this is.
    pub fn kind(&self) -> SectionKind {
        match self {
            Section::Antivirus(_) => SectionKind::Antivirus,
            Section::Firewall(_) => SectionKind::Firewall,
            Section::Disk(_) => SectionKind::Disk,
            Section::Connectivity(_) => SectionKind::Connectivity,
            Section::System(_) => SectionKind::System,
            Section::Updates(_) => SectionKind::Updates,
            Section::Software(_) => SectionKind::Software,
            Section::Accounts(_) => SectionKind::Accounts,
        }
    }

    /// Whether it could be taken.
    pub fn status(&self) -> Status {
        each!(self, reading => reading.status)
    }

    /// Which tool or interface answered.
    pub fn source(&self) -> &str {
        each!(self, reading => &reading.source)
    }

    /// Why the status is not `ok`.
    pub fn detail(&self) -> Option<&str> {
        each!(self, reading => reading.detail.as_deref())
    }

    /// When, by the clock of the PC.
    pub fn taken_at(&self) -> Timestamp {
        each!(self, reading => reading.taken_at)
    }

    /// What taking it cost.
    pub fn cost(&self) -> Option<Cost> {
        each!(self, reading => reading.cost)
    }

    /// The section with what taking it cost.
    #[must_use]
    pub fn with_cost(mut self, cost: Option<Cost>) -> Section {
        each!(&mut self, reading => reading.cost = cost);
        self
    }

    /// A section that could not be read.
    pub fn unknown(
        kind: SectionKind,
        status: Status,
        detail: impl Into<String>,
        source: impl Into<String>,
        taken_at: Timestamp,
    ) -> Section {
        macro_rules! make {
            ($($name:ident),*) => {
                match kind {
                    $(SectionKind::$name => {
                        Section::$name(Reading::unknown(status, detail, source, taken_at))
                    })*
                }
            };
        }
        make!(Antivirus, Firewall, Disk, Connectivity, System, Updates, Software, Accounts)
    }

    /// The reading as JSON, in the shape of `atalaya-agent probe --json`.
    pub fn to_json(&self) -> serde_json::Value {
        // Plain data without maps of odd keys cannot fail to serialise; null would still be "unknown".
        each!(self, reading => serde_json::to_value(reading).unwrap_or_default())
    }

    /// Reads what [`Section::to_json`] wrote.
    ///
    /// # Errors
    /// When the text is not the JSON of that section.
    pub fn from_json(kind: SectionKind, text: &str) -> Result<Section, serde_json::Error> {
        Ok(match kind {
            SectionKind::Antivirus => Section::Antivirus(serde_json::from_str(text)?),
            SectionKind::Firewall => Section::Firewall(serde_json::from_str(text)?),
            SectionKind::Disk => Section::Disk(serde_json::from_str(text)?),
            SectionKind::Connectivity => Section::Connectivity(serde_json::from_str(text)?),
            SectionKind::System => Section::System(serde_json::from_str(text)?),
            SectionKind::Updates => Section::Updates(serde_json::from_str(text)?),
            SectionKind::Software => Section::Software(serde_json::from_str(text)?),
            SectionKind::Accounts => Section::Accounts(serde_json::from_str(text)?),
        })
    }
}
