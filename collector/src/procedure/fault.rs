//! What is wrong with a procedure file, in words for whoever wrote it: the place, the value and the remedy.

use crate::domain::procedure::StepId;

/// Why a procedure file is refused; Spanish, for people. Everything wrong is named, not only the first thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct BadFile {
    /// Name of the file.
    pub file: String,
    /// What is wrong with it; never empty.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// The value and the remedy.
    pub what: String,
}

impl Fault {
    /// Something wrong at a place.
    pub fn new(place: &Place, what: impl Into<String>) -> Fault {
        Fault { place: place.clone(), what: what.into() }
    }
}

/// A place in a procedure file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The whole file.
    File,
    /// A line of the text, from 1.
    Line(usize),
    /// What stands before the steps.
    Head,
    /// A step by its id.
    Step(StepId),
    /// Several steps together.
    Steps(Vec<StepId>),
    /// A step whose id cannot be read: its place among them, from 1.
    NthStep(usize),
    /// A field of a step.
    Field(StepId, String),
    /// A responsibility, from 1.
    Responsibility(usize),
    /// A rule of four eyes, from 1.
    FourEyes(usize),
    /// A line of the checklist, by its code.
    Check(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::File => f.write_str("archivo"),
            Place::Line(line) => write!(f, "línea {line}"),
            Place::Head => f.write_str("encabezado"),
            Place::Step(id) => write!(f, "paso {id}"),
            Place::Steps(ids) => {
                let ids: Vec<&str> = ids.iter().map(StepId::as_str).collect();
                write!(f, "pasos {}", ids.join(", "))
            }
            Place::NthStep(nth) => write!(f, "paso {nth}.º del archivo"),
            Place::Field(step, name) => write!(f, "paso {step}, campo «{name}»"),
            Place::Responsibility(nth) => write!(f, "responsabilidad {nth}"),
            Place::FourEyes(nth) => write!(f, "cuatro ojos {nth}"),
            Place::Check(code) => write!(f, "comprobación «{code}»"),
        }
    }
}
