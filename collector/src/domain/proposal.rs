//! An answer the machine proposes to a question of a step, with what it rests on. A proposal, never a decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How sure a proposed answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sureness {
    /// Something speaks for it, and more that was not read could speak against it.
    Weak,
    /// What was read speaks for it.
    Likely,
    /// It was read directly.
    Certain,
}

impl Sureness {
    /// The word in SQL, JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Sureness::Weak => "weak",
            Sureness::Likely => "likely",
            Sureness::Certain => "certain",
        }
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Sureness::Weak => "poco seguro",
            Sureness::Likely => "probable",
            Sureness::Certain => "seguro",
        }
    }
}

/// A proposed answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Yes, no, or unknown.
    pub answer: Option<bool>,
    /// What was read, in a few words; empty: nothing was.
    pub value: String,
    /// On what it rests, or why it is unknown, in sentences for people.
    pub because: String,
    /// What answered: the tool on the PC, or the collector itself; empty: nothing did.
    pub source: String,
    /// When it was read, by the collector's clock; the oldest reading it rests on.
    pub taken_at: Option<Timestamp>,
    /// How sure the answer is. Of an unknown answer it says nothing.
    pub sureness: Sureness,
}

impl Proposal {
    /// No answer, and why.
    pub fn unknown(because: impl Into<String>) -> Proposal {
        Proposal {
            answer: None,
            value: String::new(),
            because: because.into(),
            source: String::new(),
            taken_at: None,
            sureness: Sureness::Weak,
        }
    }
}
