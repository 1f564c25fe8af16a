//! A run: one execution of a procedure, where it stands, and what it walks.

mod course;
mod data;
mod event;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use course::{Course, DeviceState, Subject, SubjectDevice};
pub use data::{Clock, EventData};
pub use event::{
    Attached, Entry, Event, EventKind, Evidence, NewEvent, Planned, RecordedEvent, Signed,
};

use super::id::{AreaId, DeviceId, PersonId, RunId};
use super::procedure::{StepId, Wait, word_list};

/// One execution of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Identity.
    pub id: RunId,
    /// Human number: series/year/consecutive.
    pub folio: String,
    /// Code of the procedure.
    pub procedure: String,
    /// The edition it began with.
    pub edition: String,
    /// The device it is about.
    pub device: Option<DeviceId>,
    /// The area it is about.
    pub area: Option<AreaId>,
    /// What it is about, in a line.
    pub title: String,
    /// Where it stands.
    pub state: RunState,
    /// The present area or network of its plan, by position.
    pub subject: Option<u32>,
    /// The present PC of the present area.
    pub present_device: Option<DeviceId>,
    /// What it waits for; its clock stands still meanwhile.
    pub waiting: Option<Waiting>,
    /// Since when it stands at its step, and until when it should not.
    pub clock: Clock,
    /// How soon it should be seen to.
    pub priority: Priority,
    /// Who has it in hand.
    pub assignee: Option<PersonId>,
    /// Who asked for it.
    pub requester: Requester,
    /// The rejected run it takes up again.
    pub restarts: Option<RunId>,
    /// The run it is a part of.
    pub parent: Option<RunId>,
    /// Values given so far, by the name of their field.
    pub fields: BTreeMap<String, String>,
    /// A person has acted on it.
    pub touched: bool,
    /// Number of its last event; what an answer is checked against.
    pub version: u32,
    /// When it began.
    pub opened_at: Timestamp,
    /// When something last happened.
    pub updated_at: Timestamp,
    /// Part of the removable sample municipality.
    pub sample: bool,
}

/// Who asked for a run; empty where nobody did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requester {
    /// Full name.
    pub name: String,
    /// E-mail address or telephone, as given.
    pub contact: String,
    /// The person, if known here.
    pub person: Option<PersonId>,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Waiting {
    /// What.
    pub wait: Wait,
    /// Since when.
    pub since: Timestamp,
    /// Particulars, e.g. the number of the order.
    pub note: String,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// At a step.
    Open {
        /// The present step.
        step: StepId,
    },
    /// Over.
    Closed {
        /// When.
        at: Timestamp,
        /// How.
        outcome: Outcome,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Walked to its end.
    Completed,
    /// The fault went away before anyone acted.
    Recovered,
    /// Not admissible: what was asked for lacked something.
    Rejected,
    /// The PC is proposed for retirement.
    Retired,
    /// What existed was cancelled.
    Cancelled,
}

word_list!(Outcome: Completed = "completed", Recovered = "recovered", Rejected = "rejected",
    Retired = "retired", Cancelled = "cancelled");

/// How soon a run should be seen to.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// In its turn.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

word_list!(Priority: Low = "low", Normal = "normal", High = "high", Urgent = "urgent");

impl Run {
    /// A run that stands at its first step, with nothing else said of it.
    pub fn begun(
        id: RunId,
        folio: String,
        (procedure, edition): (String, String),
        title: String,
        step: StepId,
        at: Timestamp,
    ) -> Run {
        Run {
            id,
            folio,
            procedure,
            edition,
            device: None,
            area: None,
            title,
            state: RunState::Open { step },
            subject: None,
            present_device: None,
            waiting: None,
            clock: Clock::default(),
            priority: Priority::default(),
            assignee: None,
            requester: Requester::default(),
            restarts: None,
            parent: None,
            fields: BTreeMap::new(),
            touched: false,
            version: 0,
            opened_at: at,
            updated_at: at,
            sample: false,
        }
    }

    /// The present step of an open run.
    pub fn present_step(&self) -> Option<&StepId> {
        match &self.state {
            RunState::Open { step } => Some(step),
            RunState::Closed { .. } => None,
        }
    }

    /// Whether it is not over.
    pub fn is_open(&self) -> bool {
        matches!(self.state, RunState::Open { .. })
    }
}
