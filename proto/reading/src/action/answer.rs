//! How an action went, and what proves it.

use serde::{Deserialize, Serialize};

use crate::Target;

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionOutcome {
    /// It was carried out.
    Done,
    /// It was tried and did not work, or was interrupted.
    Failed,
    /// The agent's own settings do not allow it, or what was asked is out of bounds.
    Refused,
    /// It came, or was left, past its time, and was not begun.
    Expired,
    /// This PC or this version of the agent has nothing that could do it.
    Unsupported,
}

impl ActionOutcome {
    /// All outcomes.
    pub const ALL: [ActionOutcome; 5] = [
        ActionOutcome::Done,
        ActionOutcome::Failed,
        ActionOutcome::Refused,
        ActionOutcome::Expired,
        ActionOutcome::Unsupported,
    ];

    /// The word in JSON, SQL and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            ActionOutcome::Done => "done",
            ActionOutcome::Failed => "failed",
            ActionOutcome::Refused => "refused",
            ActionOutcome::Expired => "expired",
            ActionOutcome::Unsupported => "unsupported",
        }
    }

    /// The outcome of that word.
    pub fn parse(word: &str) -> Option<Self> {
        ActionOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// What proves how an action went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// Of a network test.
    NetworkTest(NetworkTest),
    /// Of diagnostics.
    Diagnostics(Diagnostics),
    /// Of a port blocked or unblocked.
    Block(BlockEvidence),
    /// Of a scan.
    Scan(ScanEvidence),
}

/// What a network test measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkTest {
    /// How long each target was measured, seconds.
    pub seconds: u32,
    /// Each target.
    pub targets: Vec<TargetTest>,
}

/// One target of a network test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetTest {
    /// The target with its round trips.
    #[serde(flatten)]
    pub target: Target,
    /// Answers lost of the requests sent in each second of the test, from the first.
    #[serde(default)]
    pub lost_by_second: Vec<u32>,
}

/// What tells how an agent fares. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// Texts by subject.
    pub parts: Vec<DiagnosticsPart>,
}

/// One text of diagnostics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosticsPart {
    /// What it is about, e.g. `status`.
    pub name: String,
    /// Lines.
    pub text: String,
}

/// The agent's own rules before and after it changed them, as the system tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEvidence {
    /// Empty: there were none.
    pub before: String,
    /// Empty: there are none.
    pub after: String,
}

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanEvidence {
    /// The product that looked.
    pub product: String,
    /// Where it looked; empty: the product decides.
    #[serde(default)]
    pub places: Vec<String>,
    /// Whether it looked everywhere it meant to.
    pub complete: bool,
    /// What it found, as it names it.
    #[serde(default)]
    pub found: Vec<Finding>,
    /// Findings beyond the bound of the list.
    #[serde(default)]
    pub left_out: u32,
}

/// Unwanted software, as the product that found it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the threat.
    pub name: String,
    /// Where it is.
    pub path: String,
}
