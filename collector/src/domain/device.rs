//! A PC known to the collector, and the states of its identity.

use jiff::Timestamp;

use super::id::{AreaId, DeviceId};

/// Whether the collector listens to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceStatus {
    /// Enrolled; waits for a technician's approval.
    Pending,
    /// Its reports are accepted.
    Approved,
    /// Two claim its identity; a person decides.
    Quarantined,
    /// Shut out for good.
    Revoked,
}

impl DeviceStatus {
    /// The word in SQL, JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            DeviceStatus::Pending => "pending",
            DeviceStatus::Approved => "approved",
            DeviceStatus::Quarantined => "quarantined",
            DeviceStatus::Revoked => "revoked",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Quarantined, Self::Revoked]
            .into_iter()
            .find(|status| status.as_str() == word)
    }

    /// Whether its stream may stay open: a pending device waits connected.
    pub fn may_connect(self) -> bool {
        matches!(self, DeviceStatus::Pending | DeviceStatus::Approved)
    }
}

/// What a PC says of itself: hints for people, never credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// Host name.
    pub hostname: String,
    /// Operating system.
    pub os: String,
    /// Machine id of the operating system.
    pub machine_id: String,
    /// Maker.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// Version of the agent.
    pub agent_version: String,
}

/// A PC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Chosen by the collector at enrolment.
    pub id: DeviceId,
    /// Small number that stands for the id in measurements.
    pub number: i64,
    /// Name shown to people; the host name until someone gives a better one.
    pub name: String,
    /// The office it belongs to.
    pub area: Option<AreaId>,
    /// Whether it is listened to.
    pub status: DeviceStatus,
    /// What it says of itself.
    pub hints: Hints,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Part of the removable sample municipality.
    pub sample: bool,
}

/// State of a device certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateState {
    /// Issued by a renewal and not yet confirmed: accepted.
    Pending,
    /// Accepted.
    Active,
    /// Replaced by a confirmed successor: refused, and a sign of a copy.
    Superseded,
    /// Left to the PC that a person did not keep when two had it: refused.
    Abandoned,
}

impl CertificateState {
    /// Whether its holder may connect.
    pub fn is_accepted(self) -> bool {
        matches!(self, CertificateState::Pending | CertificateState::Active)
    }

    /// The word in SQL and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            CertificateState::Pending => "pending",
            CertificateState::Active => "active",
            CertificateState::Superseded => "superseded",
            CertificateState::Abandoned => "abandoned",
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Superseded, Self::Abandoned]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// A certificate issued to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Serial number, lower-case hexadecimal.
    pub serial: String,
    /// Whose.
    pub device: DeviceId,
    /// 1 at enrolment, one more with each renewal.
    pub generation: u32,
    /// SHA-256 of its SubjectPublicKeyInfo, lower-case hexadecimal.
    pub key_hash: String,
    /// Whether it is accepted.
    pub state: CertificateState,
    /// End of validity.
    pub not_after: Timestamp,
    /// The certificate itself, DER.
    pub der: Vec<u8>,
}
