//! The agent's own record of who ordered what and how it went: in the system's log, and in a bounded file of the state
//! folder that outlives it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use atalaya_reading::Action;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Answer;
use crate::state::{StateDir, create_private_log};

const FILE: &str = "actions.log";
/// Beyond this the file is put aside in place of the one before it, bytes.
const FULL: u64 = 128 * 1024;

/// The record.
#[derive(Debug)]
pub struct AuditLog {
    file: PathBuf,
}

impl AuditLog {
    /// The record of this state folder.
    pub fn new(state: &StateDir) -> AuditLog {
        AuditLog { file: state.file(FILE) }
    }

    /// An order came. Without an action it is not begun.
    pub fn ordered(&self, id: &str, kind: &str, requested_by: &str, action: Option<&Action>) {
        tracing::info!(order = id, kind, requested_by, "ordered by the collector");
        self.append(&json!({
            "at": Timestamp::now(), "event": "ordered", "order": id, "kind": kind, "requested_by": requested_by,
            "action": action,
        }));
    }

    /// It was answered.
    pub fn answered(&self, id: &str, kind: &str, requested_by: &str, answer: &Answer) {
        let outcome = answer.outcome.as_str();
        tracing::info!(
            order = id,
            kind,
            requested_by,
            outcome,
            detail = answer.detail,
            "order answered"
        );
        self.append(&json!({
            "at": Timestamp::now(), "event": "answered", "order": id, "kind": kind, "requested_by": requested_by,
            "outcome": outcome, "detail": answer.detail,
        }));
    }

    /// A block was undone without an order.
    pub fn undone(&self, order: &str, port: &str, why: &str) {
        tracing::info!(order, port, why, "port unblocked");
        self.append(&json!({
            "at": Timestamp::now(), "event": "undone", "order": order, "port": port, "why": why,
        }));
    }

    /// The end of the record, at most `most` bytes.
    pub fn tail(&self, most: usize) -> String {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let from = text.len().saturating_sub(most);
        let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        text[from..].to_owned()
    }

    fn append(&self, entry: &Value) {
        let write = || {
            if self.file.metadata().is_ok_and(|data| data.len() > FULL) {
                std::fs::rename(&self.file, self.file.with_extension("log.1"))?;
            }
            if !self.file.exists() {
                create_private_log(&self.file)?;
            }
            let mut file = OpenOptions::new().append(true).open(&self.file)?;
            file.write_all(format!("{entry}\n").as_bytes())
        };
        if let Err(error) = write() {
            tracing::warn!(%error, file = %self.file.display(), "the record of orders cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_says_who_what_and_how_and_stays_within_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let log = AuditLog::new(&StateDir::new(folder.path()));
        log.ordered("1", "quick_scan", "Ana \"la\" técnica\n", Some(&Action::QuickScan {}));
        log.answered("1", "quick_scan", "Ana", &Answer::done("nada"));
        let lines: Vec<Value> =
            log.tail(9_999).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["requested_by"], "Ana \"la\" técnica\n");
        assert_eq!(
            (&lines[1]["outcome"], &lines[1]["event"]),
            (&json!("done"), &json!("answered"))
        );
        let long = "ñ".repeat(2_000);
        (0..200).for_each(|_| log.undone("1", "tcp/445", &long));
        let size = |name: &str| folder.path().join(name).metadata().unwrap().len();
        assert!(size("actions.log") < FULL + 8_192 && size("actions.log.1") < FULL + 8_192);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(log.tail(101).len() <= 101);
    }
}
