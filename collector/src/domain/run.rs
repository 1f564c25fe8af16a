//! A run: one execution of a procedure, and what happened in it.

use jiff::Timestamp;

use super::access::Actor;
use super::id::{AreaId, DeviceId, PersonId, RunId};
use super::procedure::StepId;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Walked to its end.
    Completed,
    /// The fault went away before anyone acted.
    Recovered,
}

impl Outcome {
    /// The word in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Recovered => "recovered",
        }
    }

    /// The outcome of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Outcome::Completed, Outcome::Recovered].into_iter().find(|o| o.as_str() == word)
    }
}

/// What somebody does to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The present step was carried out.
    Complete {
        /// Which, so that a stale page is noticed.
        step: StepId,
        /// What was found or done.
        note: String,
    },
    /// The present question was answered.
    Answer {
        /// Which.
        step: StepId,
        /// Yes or no.
        yes: bool,
        /// Why.
        note: String,
    },
    /// A remark that moves nothing.
    Note {
        /// The remark.
        text: String,
    },
    /// An alert joined.
    AlertJoined {
        /// What was seen.
        evidence: Evidence,
    },
    /// An alert of this run is over.
    AlertCleared {
        /// What was seen.
        evidence: Evidence,
        /// No alert of the run is left open.
        all_clear: bool,
    },
    /// An order to the device's agent came to its end.
    ActionEnded {
        /// What it showed.
        evidence: Evidence,
    },
    /// The fault stayed away and nobody had acted: the run ends by itself.
    Recovered,
}

/// What a reading said, kept with the event it proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The rule it answers, or the kind of the action it is the result of.
    pub rule: String,
    /// What was seen, in a sentence.
    pub summary: String,
    /// Where the reading came from.
    pub source: String,
    /// When the reading was taken.
    pub taken_at: Option<Timestamp>,
}

/// The kind of a recorded event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The run began.
    Opened,
    /// A step was carried out.
    Completed,
    /// A question was answered.
    Answered,
    /// A remark.
    Noted,
    /// An alert joined.
    AlertJoined,
    /// An alert cleared.
    AlertCleared,
    /// An order to the device's agent came to its end.
    ActionEnded,
    /// It ended by itself.
    Recovered,
}

impl EventKind {
    const ALL: [EventKind; 8] = [
        EventKind::Opened,
        EventKind::Completed,
        EventKind::Answered,
        EventKind::Noted,
        EventKind::AlertJoined,
        EventKind::AlertCleared,
        EventKind::ActionEnded,
        EventKind::Recovered,
    ];

    /// The word in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Opened => "opened",
            EventKind::Completed => "completed",
            EventKind::Answered => "answered",
            EventKind::Noted => "noted",
            EventKind::AlertJoined => "alert_joined",
            EventKind::AlertCleared => "alert_cleared",
            EventKind::ActionEnded => "action_ended",
            EventKind::Recovered => "recovered",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        EventKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A line to be appended to a run's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// At which step.
    pub step: Option<StepId>,
    /// The answer, for a question.
    pub answer: Option<bool>,
    /// What was written; empty: nothing.
    pub note: String,
    /// What the agents said.
    pub evidence: Option<Evidence>,
    /// Who.
    pub actor: Actor,
}

/// A line of a run's record, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// 1 for the first.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Name of who did it.
    pub actor: String,
    /// The person, if it was one.
    pub person: Option<PersonId>,
    /// Word of the role they did it in, or `machine`, `console`, `token`.
    pub role: String,
    /// What happened.
    pub kind: EventKind,
    /// At which step.
    pub step: Option<StepId>,
    /// The answer, for a question.
    pub answer: Option<bool>,
    /// What was written.
    pub note: String,
    /// What the agents said.
    pub evidence: Option<Evidence>,
    /// Chain hash, lower-case hexadecimal.
    pub hash: String,
}

impl Run {
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
