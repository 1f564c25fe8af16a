//! A step of a written procedure.

use super::words::{Auto, Cursor, Document, FieldKind, Need, Question, Wait};
use crate::domain::person::Role;
use crate::domain::run::Outcome;

/// A step's id: its number in the manual, and a letter where we added one (`5`, `5a`).
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct StepId(String);

impl StepId {
    /// Takes an id as it stands in a procedure file.
    pub fn new(text: impl Into<String>) -> Self {
        StepId(text.into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for StepId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Number in the manual.
    pub number: u32,
    /// Letter of a step the manual does not have; empty for its own.
    pub letter: String,
    /// Id, unique in the procedure.
    pub id: StepId,
    /// Who carries it out.
    pub role: Role,
    /// What it is and where it leads.
    pub kind: StepKind,
    /// What is to be done or asked, in our own words.
    pub text: String,
    /// What the reader should know where the manual is silent or was added to.
    pub note: Option<String>,
    /// The question that readings can answer: of a question a proposal, of an action evidence beside it.
    pub answered_by: Option<Question>,
    /// What the system does here by itself.
    pub auto: Option<Auto>,
    /// It gives dates to areas or networks.
    pub plans: bool,
    /// Once carried out, the present area, network or PC is done.
    pub completes: Option<Cursor>,
    /// Not to be left while a PC of the present area is neither done nor carried to another date.
    pub has_checklist: bool,
    /// Evidence without which it is refused.
    pub needs: Vec<Need>,
    /// What is asked in it.
    pub fields: Vec<Field>,
    /// The run waits here for somebody else, and its clock stands still.
    pub waits_for: Option<Wait>,
    /// The document that comes out of it.
    pub document: Option<Document>,
    /// Working time it should take at most, hours; none: no limit.
    pub limit_hours: Option<u32>,
    /// Whoever's step it is gets an e-mail.
    pub notify: bool,
}

/// What a step is and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// Something is done.
    Action {
        /// What follows.
        next: StepId,
    },
    /// Something is decided.
    Question {
        /// What follows a yes.
        yes: StepId,
        /// What follows a no.
        no: StepId,
        /// What a yes is called, where it is not «Sí».
        yes_label: Option<String>,
        /// What a no is called, where it is not «No».
        no_label: Option<String>,
    },
    /// The run ends as rejected, and a new one may begin at a step, linked to it.
    Restart {
        /// Where the new run begins.
        to: StepId,
    },
    /// The run is over.
    End {
        /// How.
        outcome: Outcome,
    },
}

/// Something a step asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Short name, one meaning in the whole procedure.
    pub name: String,
    /// As people read it.
    pub label: String,
    /// What kind of value.
    pub kind: FieldKind,
    /// The step is refused without it.
    pub required: bool,
    /// The values to choose from, for a choice.
    pub choices: Vec<String>,
    /// Most characters.
    pub max: u32,
}

impl Step {
    /// Where it can lead in the same run.
    pub fn targets(&self) -> Vec<&StepId> {
        match &self.kind {
            StepKind::Action { next } => vec![next],
            StepKind::Question { yes, no, .. } => vec![yes, no],
            StepKind::Restart { .. } | StepKind::End { .. } => vec![],
        }
    }

    /// Whether a run that arrives at it is over.
    pub fn is_end(&self) -> bool {
        matches!(self.kind, StepKind::End { .. })
    }

    /// Whether it asks for that evidence.
    pub fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }
}
