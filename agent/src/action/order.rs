//! An order, and how it went: the words that the account of orders, the work and the report share.

use atalaya_reading::{Action, ActionOutcome, Evidence, SectionKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An order as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Names it in the answer.
    pub id: String,
    /// Name of who gave it.
    pub requested_by: String,
    /// Not to be begun after this, by the collector's clock.
    pub expires_at: Option<Timestamp>,
    /// What is to be done.
    pub action: Result<Action, Unclear>,
}

/// Why an order says nothing that could be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear {
    /// From a newer collector.
    Unknown,
    /// Out of bounds; what is.
    Malformed(String),
}

/// How an order went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// How it ended.
    pub outcome: ActionOutcome,
    /// In words; Spanish, for people.
    pub detail: String,
    /// What proves it.
    pub evidence: Option<Evidence>,
}

impl Answer {
    /// It ended like this.
    pub fn new(outcome: ActionOutcome, detail: impl Into<String>) -> Answer {
        Answer { outcome, detail: detail.into(), evidence: None }
    }

    /// It was carried out.
    pub fn done(detail: impl Into<String>) -> Answer {
        Answer::new(ActionOutcome::Done, detail)
    }

    /// It did not work.
    pub fn failed(detail: impl Into<String>) -> Answer {
        Answer::new(ActionOutcome::Failed, detail)
    }

    /// Nothing here could do it.
    pub fn unsupported(detail: impl Into<String>) -> Answer {
        Answer::new(ActionOutcome::Unsupported, detail)
    }

    /// It is not allowed.
    pub fn refused(detail: impl Into<String>) -> Answer {
        Answer::new(ActionOutcome::Refused, detail)
    }

    /// With what proves it.
    pub fn with(self, evidence: Evidence) -> Answer {
        Answer { evidence: Some(evidence), ..self }
    }
}

/// An order that is being carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Names it in the answer.
    pub id: String,
    /// Name of who gave it.
    pub requested_by: String,
    /// What is done.
    pub action: Action,
}

/// An order that came to its end.
#[derive(Debug)]
pub struct Ended {
    pub(super) accepted: Accepted,
    pub(super) answer: Answer,
}

/// Sections to be looked at for an order.
#[derive(Debug, PartialEq, Eq)]
pub struct Look {
    /// The order.
    pub accepted: Accepted,
    /// Which sections.
    pub sections: Vec<SectionKind>,
}
