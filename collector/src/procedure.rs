//! Written procedures as data, and the engine that walks them. Pure: no IO, no clock.

mod answer;
mod check;
mod clock;
mod evolve;
mod next;
mod parse;
mod refused;

pub use answer::{
    Change, DeviceFacts, Difference, FRESH, Facts, Figure, Limits, SectionFact, Snapshot, TestFact,
    differences, propose, snapshot,
};
pub use check::{Fault, check};
pub use evolve::replay;
pub use next::{Case, Effect, Taken, next, open, undoable};
pub use parse::{BadFile, parse};
pub use refused::{NOTE_CHARACTERS, Refused};

use crate::domain::procedure::Procedure;

/// The procedures compiled in.
const FILES: &[(&str, &str)] =
    &[("corrective.toml", include_str!("../procedures/corrective.toml"))];

/// All known procedures.
#[derive(Debug, Clone)]
pub struct Library {
    procedures: Vec<Procedure>,
}

impl Library {
    /// Reads and checks the procedures compiled in.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn embedded() -> Result<Library, BadFile> {
        let read = |(name, text): &(&str, &str)| parse(name, text);
        Ok(Library { procedures: FILES.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// A library of these.
    #[cfg(test)]
    pub(crate) fn of(procedures: Vec<Procedure>) -> Library {
        Library { procedures }
    }

    /// All procedures, in the order of the manuals.
    pub fn all(&self) -> &[Procedure] {
        &self.procedures
    }

    /// The present edition of a procedure.
    pub fn get(&self, code: &str) -> Option<&Procedure> {
        self.procedures.iter().find(|procedure| procedure.code == code)
    }

    /// The edition a run began with.
    pub fn edition(&self, code: &str, edition: &str) -> Option<&Procedure> {
        self.procedures.iter().find(|p| p.code == code && p.edition == edition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_procedure_compiled_in_passes_the_check() {
        let library = Library::embedded().unwrap();
        let corrective = library.get("corrective").unwrap();
        assert_eq!(corrective.steps.len(), 12);
        assert_eq!(check(corrective), []);
    }
}
