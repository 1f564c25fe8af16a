//! What somebody does to a run, and what is kept of it for good.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{EventData, Priority};
use crate::domain::access::Actor;
use crate::domain::id::{DeviceId, PersonId};
use crate::domain::procedure::{StepId, Wait, word_list};
use crate::domain::proposal::Proposal;

/// What a person gives with a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// What was found or done, or why.
    pub note: String,
    /// Values of the step's fields, by name.
    pub fields: BTreeMap<String, String>,
    /// Dates for areas or networks, where the step plans.
    pub plan: Vec<Planned>,
    /// The signature, where the step asks for one.
    pub signature: Option<Signed>,
}

impl Entry {
    /// Only words.
    pub fn note(note: impl Into<String>) -> Entry {
        Entry { note: note.into(), ..Entry::default() }
    }
}

/// What somebody does to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The present step was carried out.
    Complete {
        /// Which, so that a stale page is noticed.
        step: StepId,
        /// What was given with it.
        entry: Entry,
    },
    /// The present question was answered.
    Answer {
        /// Which.
        step: StepId,
        /// Yes or no.
        yes: bool,
        /// What was given with it.
        entry: Entry,
        /// What the readings proposed; set by the collector, never by a form.
        proposal: Option<Proposal>,
    },
    /// A remark that moves nothing.
    Note {
        /// The remark.
        text: String,
    },
    /// The run waits for somebody else; its clock stands still.
    Pause {
        /// For what.
        wait: Wait,
        /// Particulars.
        note: String,
    },
    /// What it waited for came.
    Resume {
        /// Particulars.
        note: String,
    },
    /// The last step is taken back.
    Undo {
        /// Why.
        reason: String,
    },
    /// Somebody takes it in hand, or nobody.
    Assign {
        /// Who, with the name at the time.
        to: Option<(PersonId, String)>,
    },
    /// It should be seen to sooner or later.
    Prioritise {
        /// How soon.
        priority: Priority,
        /// Why; the collector's own escalation says so here.
        note: String,
    },
    /// A file was added.
    Attach {
        /// Which.
        attached: Attached,
    },
    /// Another area or network is visited first.
    TakeSubject {
        /// Its position.
        position: u32,
    },
    /// Something was noted of a PC of the present area.
    CheckDevice {
        /// Which.
        device: DeviceId,
        /// Lines of the checklist.
        checks: BTreeMap<String, bool>,
        /// What was found or done.
        note: String,
        /// It is done.
        done: bool,
        /// Its readings before and after (JSON); set by the collector, never by a form.
        snapshots: (Option<String>, Option<String>),
    },
    /// A PC of the present area is left for another date.
    CarryDevice {
        /// Which.
        device: DeviceId,
        /// Why.
        reason: String,
        /// To which date, if known.
        to: Option<Date>,
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

/// A date given to an area or network of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Its position.
    pub position: u32,
    /// The day.
    pub on: Date,
}

/// A file added to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Identity of the attachment.
    pub id: String,
    /// Its name, cleaned.
    pub name: String,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// A signature given on screen or filed from paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Full name of who signed.
    pub name: String,
    /// Their post.
    pub post: String,
    /// SHA-256 of the text that was shown, lower-case hexadecimal.
    pub text_sha256: String,
    /// SHA-256 of the strokes or of the scanned sheet.
    pub strokes_sha256: String,
    /// From where: an address, or that it was filed from paper.
    pub origin: String,
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
    /// It began to wait.
    Paused,
    /// It waits no more.
    Resumed,
    /// The last step was taken back.
    Undone,
    /// It was given to somebody, or taken from them.
    Assigned,
    /// Its priority changed.
    Prioritised,
    /// A file was added.
    AttachmentAdded,
    /// Another area or network came to its turn.
    SubjectTaken,
    /// Something was noted of a PC.
    DeviceChecked,
    /// A PC was left for another date.
    DeviceCarried,
    /// An alert joined.
    AlertJoined,
    /// An alert cleared.
    AlertCleared,
    /// An order to the device's agent came to its end.
    ActionEnded,
    /// It ended by itself.
    Recovered,
}

word_list!(EventKind: Opened = "opened", Completed = "completed", Answered = "answered", Noted = "noted",
    Paused = "paused", Resumed = "resumed", Undone = "undone", Assigned = "assigned",
    Prioritised = "prioritised", AttachmentAdded = "attachment_added", SubjectTaken = "subject_taken",
    DeviceChecked = "device_checked", DeviceCarried = "device_carried", AlertJoined = "alert_joined",
    AlertCleared = "alert_cleared", ActionEnded = "action_ended", Recovered = "recovered");

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
    /// What it changed.
    pub data: EventData,
    /// Who.
    pub actor: Actor,
}

impl NewEvent {
    /// An event at a step with nothing else.
    pub fn new(kind: EventKind, step: Option<StepId>, actor: Actor) -> NewEvent {
        let (answer, note, evidence) = (None, String::new(), None);
        NewEvent { kind, step, answer, note, evidence, data: EventData::default(), actor }
    }
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
    /// What it changed.
    pub data: EventData,
    /// Chain hash, lower-case hexadecimal.
    pub hash: String,
}
