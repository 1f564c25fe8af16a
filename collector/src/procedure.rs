//! Written procedures as data, and the engine that walks them. Pure: no IO, no clock.

mod answer;
mod check;
mod clock;
mod evolve;
mod fault;
mod library;
mod next;
mod parse;
mod refused;
mod transcript;

pub use answer::{
    Change, DeviceFacts, Difference, FRESH, Facts, Figure, Limits, SectionFact, Snapshot, TestFact,
    differences, propose, snapshot,
};
pub use check::check;
pub use evolve::{replay, undone};
pub use fault::{BadFile, Fault, Place};
pub use library::{Library, embedded_files, fingerprint};
pub use next::{Case, Effect, Taken, next, open, undoable};
pub use parse::{FILE_BYTES, parse, read};
pub use refused::{NOTE_CHARACTERS, Refused};
pub use transcript::transcript;

#[cfg(test)]
mod tests;
