//! Two small files in the state folder: which version is on trial, and how an update ended that nobody was told of yet.

use std::fs;

use atalaya_proto::release::Version;
use serde::{Deserialize, Serialize};

use crate::report::UpdateEnd;
use crate::state::{StateDir, write_atomically};

const TRIAL: &str = "update-trial.json";
const END: &str = "update-end.json";
/// A version that was started this often and never welcomed does not get there.
const STARTS: u32 = 3;

/// A version on trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Which.
    pub version: String,
    /// The one before it.
    pub before: String,
    /// How often it has begun to work.
    pub starts: u32,
    /// How often the service manager has begun to start it, as its guard counts.
    pub guarded: u32,
}

impl Trial {
    /// The trial of a version that was never started.
    pub fn of(version: Version, before: &str) -> Trial {
        Trial { version: version.to_string(), before: before.into(), starts: 0, guarded: 0 }
    }

    /// Whether it is that version's.
    pub fn is_of(&self, version: &str) -> bool {
        self.version == version
    }

    /// After one more start of its work.
    pub fn started(self) -> Trial {
        Trial { starts: self.starts.saturating_add(1), ..self }
    }

    /// Before one more start, by the guard's count.
    pub fn guarded(self) -> Trial {
        Trial { guarded: self.guarded.saturating_add(1), ..self }
    }

    /// After a start that ended in order.
    pub fn forgive_start(self) -> Trial {
        let (starts, guarded) = (self.starts.saturating_sub(1), self.guarded.saturating_sub(1));
        Trial { starts, guarded, ..self }
    }

    /// Whether it was started too often.
    pub fn has_failed(&self) -> bool {
        self.starts > STARTS || self.guarded > STARTS
    }

    /// The trial under way, if there is one.
    pub fn read(state: &StateDir) -> Option<Trial> {
        serde_json::from_str(&fs::read_to_string(state.file(TRIAL)).ok()?).ok()
    }

    /// Writes it for good. Without it the trial is only shorter on memory.
    pub fn write(&self, state: &StateDir) {
        write(state, TRIAL, self);
    }

    /// It is over.
    pub fn forget(state: &StateDir) {
        let _ = fs::remove_file(state.file(TRIAL));
    }
}

/// The end of an update, to be told by whoever works next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Of which version.
    pub version: String,
    /// How.
    pub outcome: UpdateEnd,
    /// Why; Spanish, for people.
    pub detail: String,
}

impl End {
    /// The end that was not told yet, if there is one.
    pub fn read(state: &StateDir) -> Option<End> {
        serde_json::from_str(&fs::read_to_string(state.file(END)).ok()?).ok()
    }

    /// Leaves it to be told.
    pub fn write(&self, state: &StateDir) {
        write(state, END, self);
    }

    /// It was told.
    pub fn forget(state: &StateDir) {
        let _ = fs::remove_file(state.file(END));
    }
}

fn write(state: &StateDir, name: &str, value: &impl Serialize) {
    let text = serde_json::to_vec_pretty(value).unwrap_or_default();
    if let Err(error) = write_atomically(&state.file(name), &text) {
        tracing::warn!(%error, name, "cannot be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_starts_again_and_again_has_failed_and_one_that_is_stopped_has_not() {
        let mut trial = Trial::of(Version::parse("0.2.0").unwrap(), "0.1.0");
        for _ in 0..10 {
            trial = trial.guarded().started().forgive_start();
        }
        assert!(!trial.has_failed());
        for _ in 0..3 {
            trial = trial.started();
        }
        assert!(!trial.has_failed());
        assert!(trial.clone().started().has_failed());
        assert!(trial.guarded().guarded().guarded().guarded().has_failed());
    }

    #[test]
    fn what_is_written_reads_back_and_rubbish_is_no_trial() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let trial = Trial::of(Version::parse("0.2.0").unwrap(), "0.1.0");
        trial.write(&state);
        assert_eq!(Trial::read(&state), Some(trial));
        fs::write(state.file(TRIAL), "{").unwrap();
        assert_eq!(Trial::read(&state), None);
        Trial::forget(&state);
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
