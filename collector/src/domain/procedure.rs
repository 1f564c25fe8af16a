//! A written procedure as data: its steps numbered as in the manual, each with a role and where it leads.

use super::person::Role;

/// A step's id: its number in the manual, and a letter where we added one (`5`, `5a`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// A procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Short English name, e.g. `corrective`.
    pub code: String,
    /// Name in the manual.
    pub title: String,
    /// Edition of this file; a run stays on the one it began with.
    pub edition: String,
    /// Manual and page it comes from.
    pub source: String,
    /// What it is for.
    pub objective: String,
    /// What it applies to.
    pub scope: String,
    /// What it leaves done.
    pub results: Vec<String>,
    /// What is needed to carry it out.
    pub supplies: Vec<String>,
    /// Series of its folios, e.g. `MC`.
    pub series: String,
    /// Steps in order; the first is where a run begins.
    pub steps: Vec<Step>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Number in the manual.
    pub number: u32,
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
    /// The question of the agents' readings that can answer this step.
    pub answered_by: Option<Question>,
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
    },
    /// The run is over.
    End,
}

/// A question the readings of agents can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// Have the faults that opened this run gone?
    FaultsCleared,
}

impl Question {
    /// The word in procedure files.
    pub fn as_str(self) -> &'static str {
        match self {
            Question::FaultsCleared => "faults_cleared",
        }
    }

    /// The question of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Question::FaultsCleared].into_iter().find(|question| question.as_str() == word)
    }
}

impl Procedure {
    /// The step of that id.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}
