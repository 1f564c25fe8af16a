//! What each drive's figures were and when they changed, by serial number, in a small file of the state folder. Written
//! only when something changed.
//!
//! It judges nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::figures::{Figure, POWER_ON_HOURS};
use crate::state::{StateDir, write_atomically};

const FILE: &str = "drives.json";
/// More than this was not written here: 128 drives with every figure take less.
const LONGEST: u64 = 1024 * 1024;
/// Drives that come and go, as in a dock, are not remembered for ever.
const MOST: usize = 128;
/// A figure that stood still for so long is accepted as it is.
pub const STEADY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How a figure fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// When it was first seen.
    pub since: Timestamp,
    /// What it was before it began to change; what it is, if it never did or not for a while.
    pub base_raw: u64,
    /// What it is.
    raw: u64,
    previous_raw: Option<u64>,
    changed_at: Option<Timestamp>,
}

/// The drives' memory.
#[derive(Debug, Default)]
pub struct Memory {
    file: Option<PathBuf>,
    drives: BTreeMap<String, BTreeMap<String, Past>>,
    changed: bool,
}

impl Memory {
    /// What was kept in this folder; nothing if nothing was that can be read.
    pub fn load(state: &StateDir) -> Memory {
        let file = state.file(FILE);
        let drives = read(&file).unwrap_or_else(|problem| {
            tracing::warn!(file = %file.display(), problem, "what drives were like is forgotten");
            BTreeMap::new()
        });
        Memory { file: Some(file), drives, changed: false }
    }

    /// Takes in what the figures of this drive are now, and adds to them what they were.
    pub fn compare(&mut self, serial: &str, figures: &mut [Figure], now: Timestamp) {
        if !self.drives.contains_key(serial) {
            self.make_room();
        }
        let known = self.drives.entry(serial.into()).or_default();
        for figure in figures.iter_mut().filter(|figure| !counts_time(figure)) {
            let attribute = &mut figure.attribute;
            let key = attribute.id.map_or_else(|| attribute.name.clone(), |id| id.to_string());
            let past = known.entry(key).or_insert_with(|| {
                self.changed = true;
                Past {
                    since: now,
                    base_raw: attribute.raw,
                    raw: attribute.raw,
                    previous_raw: None,
                    changed_at: None,
                }
            });
            self.changed |= past.moves_to(attribute.raw, now);
            attribute.previous_raw = past.previous_raw;
            attribute.changed_at = past.changed_at;
            figure.past = Some(*past);
        }
    }

    /// Writes what changed. When the disk refuses it is tried again with the next reading.
    pub fn keep(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| self.changed) else { return };
        let text = serde_json::to_vec(&self.drives).unwrap_or_default();
        match write_atomically(file, &text) {
            Ok(()) => self.changed = false,
            Err(error) => tracing::warn!(%error, "what drives are like is not kept"),
        }
    }

    /// The drive first seen the longest ago makes room for another.
    fn make_room(&mut self) {
        while self.drives.len() >= MOST {
            let first_seen =
                |drive: &BTreeMap<String, Past>| drive.values().map(|past| past.since).min();
            let oldest = self.drives.iter().min_by_key(|(_, drive)| first_seen(drive));
            let Some(oldest) = oldest.map(|(serial, _)| serial.clone()) else { return };
            self.drives.remove(&oldest);
        }
    }
}

impl Past {
    /// Whether it is news.
    fn moves_to(&mut self, raw: u64, now: Timestamp) -> bool {
        if raw == self.raw {
            return false;
        }
        let rested = self.changed_at.is_none_or(|at| now.duration_since(at) >= STEADY);
        self.base_raw = if rested { self.raw } else { self.base_raw }.min(raw);
        self.previous_raw = Some(self.raw);
        self.changed_at = Some(now);
        self.raw = raw;
        true
    }
}

fn counts_time(figure: &Figure) -> bool {
    figure.attribute.id == Some(POWER_ON_HOURS)
}

fn read(file: &Path) -> Result<BTreeMap<String, BTreeMap<String, Past>>, String> {
    let mut text = Vec::new();
    match File::open(file) {
        Ok(opened) => {
            opened.take(LONGEST).read_to_end(&mut text).map_err(|error| error.to_string())?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.to_string()),
    }
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use atalaya_reading::DriveAttribute;

    use super::super::figures::Rule;
    use super::*;

    fn figure(id: u32, raw: u64) -> Figure {
        let attribute = DriveAttribute { id: Some(id), raw, ..DriveAttribute::default() };
        Figure { attribute, rule: Rule::Damage, past: None }
    }

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + number * 86_400).unwrap()
    }

    fn compared(memory: &mut Memory, raw: u64, at: Timestamp) -> Figure {
        let mut figures = [figure(5, raw)];
        memory.compare("S1", &mut figures, at);
        figures[0].clone()
    }

    #[test]
    fn a_change_is_remembered_over_a_restart_with_its_time_and_what_it_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let mut memory = Memory::load(&state);
        compared(&mut memory, 8, day(0));
        memory.keep();
        let mut memory = Memory::load(&state);
        let grown = compared(&mut memory, 9, day(3));
        memory.keep();
        assert_eq!(
            (grown.attribute.previous_raw, grown.attribute.changed_at),
            (Some(8), Some(day(3)))
        );
        let still = compared(&mut Memory::load(&state), 9, day(50));
        assert_eq!(
            (still.attribute.previous_raw, still.attribute.changed_at),
            (Some(8), Some(day(3)))
        );
    }

    #[test]
    fn growth_is_counted_from_where_it_began_and_anew_after_a_rest() {
        let mut memory = Memory::default();
        for (at, raw, base) in [(0, 8, 8), (1, 9, 8), (5, 40, 8), (60, 41, 40), (61, 3, 3)] {
            let past = compared(&mut memory, raw, day(at)).past.unwrap();
            assert_eq!(past.base_raw, base, "day {at}");
        }
    }

    #[test]
    fn nothing_is_written_while_nothing_but_the_hours_changes() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let mut memory = Memory::load(&state);
        memory.compare("S1", &mut [figure(5, 0), figure(9, 100)], day(0));
        memory.keep();
        std::fs::remove_file(state.file(FILE)).unwrap();
        memory.compare("S1", &mut [figure(5, 0), figure(9, 101)], day(1));
        memory.keep();
        assert!(!state.file(FILE).exists());
    }

    #[test]
    fn a_file_that_is_rubbish_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        for rubbish in [&b"{"[..], b"\xff\xfe", b"[]", br#"{"S1":{"5":{"raw":-1}}}"#] {
            std::fs::write(state.file(FILE), rubbish).unwrap();
            let mut memory = Memory::load(&state);
            assert_eq!(compared(&mut memory, 8, day(0)).attribute.previous_raw, None);
            memory.keep();
            assert_eq!(Memory::load(&state).drives.len(), 1);
        }
    }

    #[test]
    fn a_thousand_drives_are_not_all_remembered() {
        let mut memory = Memory::default();
        for number in 0..1_000 {
            memory.compare(&number.to_string(), &mut [figure(5, 0)], day(number));
        }
        assert_eq!(memory.drives.len(), MOST);
        assert!(memory.drives.contains_key("999"));
    }
}
