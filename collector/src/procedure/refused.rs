//! Why the engine refuses an event, in words for people.

use crate::domain::procedure::StepId;

/// Longest note, characters.
pub const NOTE_CHARACTERS: usize = 4_000;

/// Why an event is refused. Shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The run is over.
    #[error("el trámite ya terminó")]
    Closed,
    /// Somebody was faster, or the page is old.
    #[error("el trámite ya no está en el paso {asked}: ahora está en el paso {present}")]
    Stale {
        /// The step that was answered.
        asked: StepId,
        /// The step it is at.
        present: StepId,
    },
    /// A question cannot be carried out, an action cannot be answered.
    #[error("el paso {step} es {is}: {remedy}")]
    WrongKind {
        /// The step.
        step: StepId,
        /// What it is.
        is: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Another role's step.
    #[error("el paso {step} corresponde a {role}")]
    NotYours {
        /// The step.
        step: StepId,
        /// Whose it is.
        role: &'static str,
    },
    /// Whoever did one step may not do the other.
    #[error(
        "quien hizo el paso {other} no puede hacer el paso {step}: lo revisa otra persona («cuatro ojos»)"
    )]
    SameEyes {
        /// The step that was asked for.
        step: StepId,
        /// The one they did before.
        other: StepId,
    },
    /// A remark without words.
    #[error("la nota está vacía")]
    EmptyNote,
    /// Too long a remark.
    #[error("la nota tiene {0} caracteres; caben {NOTE_CHARACTERS}")]
    LongNote(usize),
    /// Evidence is missing.
    #[error("el paso {step} pide {what}: {remedy}")]
    Lacks {
        /// The step.
        step: StepId,
        /// What is missing.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A field cannot be used.
    #[error("«{label}»: {why}")]
    Field {
        /// The field as people read it.
        label: String,
        /// What is wrong and what would be right.
        why: String,
    },
    /// An answer that contradicts the readings wants a reason.
    #[error(
        "los agentes contestan {proposed} ({because}); para contestar otra cosa escriba por qué"
    )]
    NeedsReason {
        /// What they answer.
        proposed: &'static str,
        /// On what it rests.
        because: String,
    },
    /// PCs of the area are still to be seen to.
    #[error(
        "faltan {0} equipos del área: márquelos como hechos, o pospóngalos con un motivo, antes de seguir"
    )]
    PendingDevices(usize),
    /// A plan without a date.
    #[error("escriba al menos una fecha: sin fecha no hay nada que calendarizar")]
    EmptyPlan,
    /// There is no such area, network or PC in this run.
    #[error("{0} no es parte de este trámite")]
    NotPart(String),
    /// What was asked for does not fit where the run stands.
    #[error("{0}")]
    Unfit(&'static str),
    /// The run stands on a step its procedure does not have.
    #[error("la edición {edition} del procedimiento {procedure} no tiene el paso {step}")]
    NoSuchStep {
        /// Code of the procedure.
        procedure: String,
        /// Edition.
        edition: String,
        /// The step.
        step: StepId,
    },
    /// Only steps the system carries out, one after another without end.
    #[error("el procedimiento {0} da vueltas en pasos automáticos; avise a quien lo administra")]
    Circles(String),
}
