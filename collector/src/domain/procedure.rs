//! A written procedure as data: its steps numbered as in the manual, each with a role and where it leads.

mod step;
mod telling;
mod words;

pub use step::{Field, Step, StepId, StepKind};
pub use telling::working_hours;
pub(super) use words::word_list;
pub use words::{
    About, Auto, Cursor, Document, FieldKind, Need, Question, Subjects, Wait, WordList,
};

use super::person::Role;

/// A procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Short English name, e.g. `corrective`.
    pub code: String,
    /// Name in the manual.
    pub title: String,
    /// Edition of this file; a run stays on the one it began with.
    pub edition: String,
    /// Series of its folios, e.g. `MC`.
    pub series: String,
    /// The manual it comes from, with its edition.
    pub source: String,
    /// Where in that manual.
    pub page: String,
    /// What it is for.
    pub objective: String,
    /// What it applies to.
    pub scope: String,
    /// What a run of it is about.
    pub about: About,
    /// What each side is answerable for.
    pub responsibilities: Vec<Responsibility>,
    /// What is needed to carry it out.
    pub supplies: Vec<String>,
    /// What it leaves done.
    pub results: Vec<String>,
    /// Rules the manual gives beside the steps.
    pub policies: Vec<String>,
    /// Law and other documents the manual rests on.
    pub references: Vec<String>,
    /// Working time a whole run should take at most, hours; none: no limit.
    pub limit_hours: Option<u32>,
    /// Who may not carry out a step because of what they did before.
    pub four_eyes: Vec<FourEyes>,
    /// What is looked at on each PC, for steps with a checklist.
    pub checks: Vec<Check>,
    /// Steps in order; the first is where a run begins.
    pub steps: Vec<Step>,
}

/// What a role is answerable for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responsibility {
    /// Whose.
    pub role: Role,
    /// Its duties.
    pub duties: Vec<String>,
}

/// Whoever carried out one step may not carry out another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FourEyes {
    /// The step that wants another pair of eyes.
    pub step: StepId,
    /// The step whose author it may not be.
    pub not_by: StepId,
}

/// A line of the checklist of a PC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Short name, unique in the procedure.
    pub code: String,
    /// What is to be done or looked at.
    pub text: String,
    /// The question a reading can answer it with.
    pub answered_by: Option<Question>,
}

impl Procedure {
    /// The step of that id.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// What a run of it walks, if it walks several: areas or networks.
    pub fn subjects(&self) -> Option<Subjects> {
        match self.about {
            About::Areas => Some(Subjects::Areas),
            About::Networks => Some(Subjects::Networks),
            About::Device | About::Request => None,
        }
    }

    /// Whether its steps walk the PCs of each area one by one.
    pub fn walks_devices(&self) -> bool {
        self.steps.iter().any(|step| step.completes == Some(Cursor::Device))
    }
}
