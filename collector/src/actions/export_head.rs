//! The head of the ledger leaves the database: a line in a file that only grows, and a message to syslog. Whoever keeps
//! those apart from the database can prove later that nothing before them was rewritten.

mod syslog;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use syslog::Syslog;

use crate::domain::ledger::Head;
use crate::store::{self, Store};

/// Longest file of heads that is read, bytes: one head an hour for a hundred years.
const FILE_BYTES: u64 = 200 * 1024 * 1024;
/// Characters of a hash.
const HASH: usize = 64;

/// Where heads go, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exports {
    /// The file; `None`: none.
    pub file: Option<PathBuf>,
    /// The syslog; `None`: none.
    pub syslog: Option<Syslog>,
    /// Time between two heads, if the ledger grew.
    pub every: Duration,
}

/// Why a head was not exported or not read. Shown to people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file.
    #[error("{file}: {cause}")]
    File {
        /// Which.
        file: String,
        /// Why, by the system.
        cause: std::io::Error,
    },
    /// A line of the file.
    #[error("{file}, línea {line}: no es una huella del libro de auditoría")]
    Line {
        /// Which file.
        file: String,
        /// Which line, from 1.
        line: usize,
    },
    /// The syslog.
    #[error("syslog {to}: {cause}")]
    Syslog {
        /// Which.
        to: String,
        /// Why, by the system.
        cause: std::io::Error,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A head as written.
#[derive(Serialize, Deserialize)]
struct HeadJson {
    entry: i64,
    hash: String,
    at: Option<Timestamp>,
}

/// A head as one line of JSON.
pub fn line(head: &Head) -> String {
    let kept = HeadJson { entry: head.entry, hash: head.hash.clone(), at: head.at };
    serde_json::to_string(&kept).unwrap_or_default()
}

/// What a file of heads holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptHeads {
    /// The heads, as they stand there.
    pub heads: Vec<Head>,
    /// Lines, from 1, that hold none: cut off by a crash, or never a head.
    pub other_lines: Vec<usize>,
}

/// The heads in a file: one a line, whatever stands before it, so that a log that has them will do.
///
/// # Errors
/// When the file cannot be read, or has lines and not one head.
pub fn heads_in(file: &Path) -> Result<KeptHeads, Error> {
    let shown = || file.display().to_string();
    let failed = |cause| Error::File { file: shown(), cause };
    let bytes = std::fs::metadata(file).map_err(failed)?.len();
    if bytes > FILE_BYTES {
        return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
    }
    let text = std::fs::read(file).map_err(failed)?;
    let text = String::from_utf8_lossy(&text);
    let mut kept = KeptHeads::default();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match head_in(line) {
            Some(head) => kept.heads.push(head),
            None => kept.other_lines.push(at + 1),
        }
    }
    match kept.other_lines.first() {
        Some(line) if kept.heads.is_empty() => Err(Error::Line { file: shown(), line: *line }),
        _ => Ok(kept),
    }
}

fn head_in(line: &str) -> Option<Head> {
    let json = &line[line.find('{')?..];
    let HeadJson { entry, hash, at } = serde_json::from_str(json.trim_end()).ok()?;
    let hexadecimal =
        hash.bytes().all(|sign| sign.is_ascii_digit() || (b'a'..=b'f').contains(&sign));
    let sound = entry >= 0 && hexadecimal && hash.len() == if entry == 0 { 0 } else { HASH };
    sound.then_some(Head { entry, hash, at })
}

/// Exports the head if the ledger grew since `last`; the head it has now.
///
/// # Errors
/// When the store refuses, or one of the places does; the other has it then.
pub async fn export_head(
    store: &Store,
    exports: &Exports,
    last: Option<&Head>,
    now: Timestamp,
) -> Result<Option<Head>, Error> {
    let head = store.read().await?.ledger_head().await?;
    let Some(head) = head.filter(|head| head.entry > 0) else { return Ok(None) };
    if last == Some(&head) {
        return Ok(Some(head));
    }
    let line = line(&head);
    let written = match exports.file.clone() {
        Some(file) => {
            let line = line.clone();
            let work = move || append(&file, &line);
            tokio::task::spawn_blocking(work).await.unwrap_or(Ok(()))
        }
        None => Ok(()),
    };
    if let Some(syslog) = &exports.syslog {
        let sent = syslog.send(&line, now).await;
        sent.map_err(|cause| Error::Syslog { to: syslog.to_string(), cause })?;
    }
    written?;
    Ok(Some(head))
}

/// Adds a line at the end, durably. A line that was cut off by a crash is ended first.
fn append(file: &Path, line: &str) -> Result<(), Error> {
    use std::io::{Read, Seek, SeekFrom};
    use std::os::unix::fs::OpenOptionsExt;
    let work = || {
        let mut options = OpenOptions::new();
        let mut open = options.create(true).read(true).append(true).mode(0o640).open(file)?;
        let mut text = String::new();
        if open.metadata()?.len() > 0 {
            let mut end = [0];
            open.seek(SeekFrom::End(-1))?;
            open.read_exact(&mut end)?;
            if end != *b"\n" {
                text.push('\n');
            }
        }
        text.push_str(line);
        text.push('\n');
        open.write_all(text.as_bytes())?;
        open.sync_all()
    };
    work().map_err(|cause| Error::File { file: file.display().to_string(), cause })
}

/// Exports heads for as long as it is polled. A failure is logged and tried again with the next head.
pub async fn export_heads(store: &Store, exports: &Exports) {
    if exports.file.is_none() && exports.syslog.is_none() {
        return std::future::pending().await;
    }
    let mut ticks = tokio::time::interval(exports.every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = None;
    loop {
        ticks.tick().await;
        match export_head(store, exports, last.as_ref(), Timestamp::now()).await {
            Ok(head) => last = head,
            Err(error) => tracing::error!(%error, "the head of the ledger was not exported"),
        }
    }
}

/// Exports the head when the collector stops, so that everything it wrote is covered. A failure is logged.
pub async fn export_last_head(store: &Store, exports: &Exports) {
    if let Err(error) = export_head(store, exports, None, Timestamp::now()).await {
        tracing::error!(%error, "the last head of the ledger was not exported");
    }
}

#[cfg(test)]
mod tests;
