//! What a probe reads. One vocabulary, and one JSON shape, for `atalaya-agent probe --json`, the wire, the
//! store and the API.
//!
//! Pure data: no IO, no clock, no platform code. Every reading is value + source + time + status; a reading
//! that could not be taken is *unknown*, never a false zero.

mod accounts;
mod action;
mod antivirus;
pub mod bounds;
mod connectivity;
mod cost;
mod disk;
mod endpoint;
mod fingerprint;
mod firewall;
mod sample;
mod section;
mod software;
mod system;
mod target_spec;
mod updates;

pub use accounts::{Account, Accounts};
pub use action::{
    Action, ActionKind, ActionOutcome, BlockEvidence, Diagnostics, DiagnosticsPart, Evidence,
    Finding, NetworkTest, Protocol, ScanEvidence, TargetTest, TestTarget, Unfit,
};
pub use antivirus::{Antivirus, AntivirusProduct, Detection};
pub use connectivity::{
    Connectivity, Dns, Gateway, Interface, Measurement, Target, TargetKind, Verdict,
};
pub use cost::Cost;
pub use disk::{Disk, Drive, DriveAttribute, DriveHealth, DriveKind, Volume};
pub use endpoint::Endpoint;
pub use firewall::{
    AllowedPort, Firewall, FirewallBackend, FirewallProfile, ListeningSocket, PacketPolicy,
};
pub use sample::Sample;
pub use section::{Section, SectionKind};
pub use software::{InstalledProgram, ProgramSource, Software};
pub use system::System;
pub use target_spec::{Misfit, TargetSpec};
pub use updates::{Update, Updates};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a reading could be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Taken; the value can be trusted as far as its source can.
    Ok,
    /// This system has nothing that could answer.
    Unsupported,
    /// The system refused to answer for want of privilege.
    Denied,
    /// No answer before the probe's deadline.
    Timeout,
    /// The answer was an error or could not be understood; `detail` says what.
    Error,
}

impl Status {
    /// The word used in JSON, SQL and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Unsupported => "unsupported",
            Status::Denied => "denied",
            Status::Timeout => "timeout",
            Status::Error => "error",
        }
    }
}

/// A value together with where, when and whether it was read.
///
/// The value is always there so that the JSON keeps its shape, but it says something only while
/// [`Reading::known`] returns it: ask that, not the field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading<T> {
    /// Whether it could be taken.
    pub status: Status,
    /// Which tool or interface answered, e.g. `nft -j list ruleset`.
    pub source: String,
    /// When, by the clock of the PC.
    pub taken_at: Timestamp,
    /// Why the status is not `ok`, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What taking it cost. `None`: not measured, or not by this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What was read.
    #[serde(flatten)]
    pub value: T,
}

impl<T> Reading<T> {
    /// A reading that was taken.
    pub fn ok(value: T, source: impl Into<String>, taken_at: Timestamp) -> Self {
        Reading {
            status: Status::Ok,
            source: source.into(),
            taken_at,
            detail: None,
            cost: None,
            value,
        }
    }

    /// The value, if it was read.
    pub fn known(&self) -> Option<&T> {
        (self.status == Status::Ok).then_some(&self.value)
    }
}

impl<T: Default> Reading<T> {
    /// A reading that could not be taken.
    pub fn unknown(
        status: Status,
        detail: impl Into<String>,
        source: impl Into<String>,
        taken_at: Timestamp,
    ) -> Self {
        Reading {
            status,
            source: source.into(),
            taken_at,
            detail: Some(detail.into()),
            cost: None,
            value: T::default(),
        }
    }
}
