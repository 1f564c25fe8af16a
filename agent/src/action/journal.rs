//! Which orders came and which were answered, on disk before anything is begun: an order that comes again after a crash
//! is not begun again, and one that was under way is known.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Accepted;
use crate::state::{StateDir, write_atomically};

const FILE: &str = "orders.json";
/// Orders remembered. The collector sends an order again only while it has no answer.
const KEPT: usize = 256;

/// The last orders.
#[derive(Debug)]
pub struct Journal {
    file: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    id: String,
    /// While it has no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    under_way: Option<Accepted>,
}

impl Journal {
    /// The journal of this state folder. One that cannot be read is begun anew.
    pub fn open(state: &StateDir) -> Journal {
        let file = state.file(FILE);
        let entries = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, file = %file.display(), "the orders so far cannot be read and are forgotten");
                Vec::new()
            }),
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    tracing::warn!(%error, file = %file.display(), "the orders so far cannot be read");
                }
                Vec::new()
            }
        };
        Journal { file, entries }
    }

    /// Orders without an answer.
    pub fn interrupted(&self) -> Vec<Accepted> {
        self.entries.iter().filter_map(|entry| entry.under_way.clone()).collect()
    }

    /// Whether this order came before.
    pub fn knows(&self, id: &str) -> bool {
        self.entries.iter().any(|entry| entry.id == id)
    }

    /// An order is about to be begun.
    ///
    /// # Errors
    /// When that cannot be put on disk: then it must not be begun.
    pub fn begin(&mut self, accepted: &Accepted) -> std::io::Result<()> {
        let (id, under_way) = (accepted.id.clone(), Some(accepted.clone()));
        self.entries.push(Entry { id, under_way });
        let over = self.entries.len().saturating_sub(KEPT);
        self.entries.drain(..over);
        self.save()
    }

    /// An order was answered.
    pub fn answered(&mut self, id: &str) {
        match self.entries.iter_mut().find(|entry| entry.id == id) {
            Some(entry) => entry.under_way = None,
            None => self.entries.push(Entry { id: id.into(), under_way: None }),
        }
        if let Err(error) = self.save() {
            // The answer is in the spool; at worst it is given twice.
            tracing::warn!(%error, "an answered order cannot be noted");
        }
    }

    fn save(&self) -> std::io::Result<()> {
        write_atomically(&self.file, &serde_json::to_vec(&self.entries)?)
    }
}

#[cfg(test)]
mod tests {
    use atalaya_reading::Action;

    use super::*;

    fn accepted(id: &str) -> Accepted {
        let action = Action::QuickScan {};
        Accepted { id: id.into(), requested_by: "Ana".into(), action }
    }

    #[test]
    fn an_order_is_known_and_one_without_an_answer_is_found_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let mut journal = Journal::open(&state);
        journal.begin(&accepted("a")).unwrap();
        journal.begin(&accepted("b")).unwrap();
        journal.answered("a");
        journal.answered("c");
        let journal = Journal::open(&state);
        assert_eq!(journal.interrupted(), [accepted("b")]);
        assert!(["a", "b", "c"].iter().all(|id| journal.knows(id)) && !journal.knows("d"));
    }

    #[test]
    fn the_journal_is_bounded_and_rubbish_in_its_place_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let mut journal = Journal::open(&state);
        (0..KEPT + 10).for_each(|number| journal.begin(&accepted(&number.to_string())).unwrap());
        assert_eq!(Journal::open(&state).entries.len(), KEPT);
        std::fs::write(state.file(FILE), b"\xff{]").unwrap();
        assert_eq!(Journal::open(&state).entries.len(), 0);
    }
}
