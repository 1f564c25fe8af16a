//! The ports that are blocked by order, on disk: what is to be undone when its time is over, and what is to be blocked
//! again after the PC was started anew.

use std::path::PathBuf;

use atalaya_reading::{Action, Protocol};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Accepted;
use crate::state::{StateDir, write_atomically};

const FILE: &str = "blocked-ports.json";
/// Ports blocked at a time.
const MOST: usize = 64;

/// A blocked port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Of what.
    pub protocol: Protocol,
    /// Which.
    pub port: u16,
    /// When it is undone; `None`: when somebody orders it.
    pub until: Option<Timestamp>,
    /// The order that blocked it.
    pub order: String,
}

impl Block {
    /// Minutes left, rounded up, 0 for one without an end; `None`: its time is over.
    pub fn minutes_left(&self, now: Timestamp) -> Option<u32> {
        let Some(until) = self.until else { return Some(0) };
        let left = until.duration_since(now).as_secs();
        u32::try_from(left).ok().filter(|left| *left > 0).map(|left| left.div_ceil(60))
    }
}

/// All of them.
#[derive(Debug)]
pub struct Blocks {
    file: PathBuf,
    blocks: Vec<Block>,
}

impl Blocks {
    /// Those of this state folder.
    pub fn open(state: &StateDir) -> Blocks {
        let file = state.file(FILE);
        let read = std::fs::read(&file).ok();
        let blocks = read.map(|text| serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, file = %file.display(), "the blocked ports cannot be read and are forgotten");
            Vec::new()
        }));
        Blocks { file, blocks: blocks.unwrap_or_default() }
    }

    /// All.
    pub fn all(&self) -> Vec<Block> {
        self.blocks.clone()
    }

    /// Whether that port is blocked.
    pub fn has(&self, protocol: Protocol, port: u16) -> bool {
        self.blocks.iter().any(|block| (block.protocol, block.port) == (protocol, port))
    }

    /// Whether there is no room for that port.
    pub fn is_full(&self, protocol: Protocol, port: u16) -> bool {
        self.blocks.len() >= MOST && !self.has(protocol, port)
    }

    /// When the first of those that end comes to its end.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.blocks.iter().filter_map(|block| block.until).min()
    }

    /// An order was carried out.
    pub fn note(&mut self, accepted: &Accepted, now: Timestamp) {
        match accepted.action {
            Action::BlockPort { protocol, port, minutes } => {
                let span = SignedDuration::from_mins(minutes.into());
                let until = if minutes == 0 { None } else { now.checked_add(span).ok() };
                self.blocks.retain(|block| (block.protocol, block.port) != (protocol, port));
                self.blocks.push(Block { protocol, port, until, order: accepted.id.clone() });
                self.save();
            }
            Action::UnblockPort { protocol, port } => self.remove(protocol, port),
            _ => {}
        }
    }

    /// That port is not blocked any more.
    pub fn remove(&mut self, protocol: Protocol, port: u16) {
        self.blocks.retain(|block| (block.protocol, block.port) != (protocol, port));
        self.save();
    }

    fn save(&self) {
        let text = serde_json::to_vec(&self.blocks).unwrap_or_default();
        if let Err(error) = write_atomically(&self.file, &text) {
            tracing::warn!(%error, "the blocked ports cannot be noted; after a restart of the PC they would be open");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(action: Action) -> Accepted {
        Accepted { id: "a".into(), requested_by: "Ana".into(), action }
    }

    #[test]
    fn a_block_outlives_a_restart_and_ends_at_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let now: Timestamp = "2026-05-01T12:00:00Z".parse().unwrap();
        let protocol = Protocol::Tcp;
        let mut blocks = Blocks::open(&state);
        blocks.note(&accepted(Action::BlockPort { protocol, port: 445, minutes: 60 }), now);
        blocks.note(&accepted(Action::BlockPort { protocol, port: 139, minutes: 0 }), now);
        // Ordered again: the newer order holds.
        blocks.note(&accepted(Action::BlockPort { protocol, port: 445, minutes: 30 }), now);
        let blocks = Blocks::open(&state);
        assert_eq!(blocks.next_end(), Some(now + SignedDuration::from_mins(30)));
        let [forever, short] = blocks.all().try_into().unwrap();
        assert_eq!((forever.port, forever.minutes_left(Timestamp::MAX)), (139, Some(0)));
        assert_eq!(short.minutes_left(now + SignedDuration::from_secs(61)), Some(29));
        assert_eq!(short.minutes_left(now + SignedDuration::from_mins(30)), None);
        let mut blocks = Blocks::open(&state);
        blocks.note(&accepted(Action::UnblockPort { protocol, port: 139 }), now);
        assert!(!Blocks::open(&state).has(protocol, 139) && blocks.has(protocol, 445));
    }
}
