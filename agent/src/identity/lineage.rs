//! Which start of the service this is, and which came before it on this state folder: by this the collector tells two
//! PCs with one identity from one PC that was restarted. Random numbers without a meaning of their own.

use ring::rand::{SecureRandom, SystemRandom};

use crate::state::{StateDir, write_atomically};

const FILE: &str = "last-start";

/// One start of the service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lineage {
    /// This start. 0: not said.
    pub start_id: u64,
    /// The one before. 0: none, or not known.
    pub previous_start_id: u64,
    /// The start before was as another device: this PC was enrolled anew.
    pub of_other_device: bool,
}

impl Lineage {
    /// A new start as this device, noted for the next one. What could not be noted is not claimed either.
    pub fn begin(state: &StateDir, device_id: &str) -> Lineage {
        let file = state.file(FILE);
        let mut random = [0; 8];
        if SystemRandom::new().fill(&mut random).is_err() {
            return Lineage::default();
        }
        let start_id = u64::from_be_bytes(random);
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let mut words = text.split_whitespace();
        let previous = words.next().and_then(|word| u64::from_str_radix(word, 16).ok());
        let of_other_device = words.next().is_some_and(|device| device != device_id);
        let mut previous_start_id = previous.filter(|_| !of_other_device).unwrap_or(0);
        let note = format!("{start_id:016x} {device_id}\n");
        if let Err(error) = write_atomically(&file, note.as_bytes()) {
            tracing::warn!(%error, "this start is not noted");
            previous_start_id = 0;
        }
        Lineage { start_id, previous_start_id, of_other_device }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_names_the_one_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let first = Lineage::begin(&state, "a");
        let second = Lineage::begin(&state, "a");
        assert_eq!(first.previous_start_id, 0);
        assert_eq!(second.previous_start_id, first.start_id);
        assert_ne!(second.start_id, first.start_id);
        std::fs::write(state.file(FILE), "no es un número").unwrap();
        assert_eq!(Lineage::begin(&state, "a").previous_start_id, 0);
    }

    #[test]
    fn a_pc_that_was_enrolled_anew_begins_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        assert!(!Lineage::begin(&state, "a").of_other_device);
        let anew = Lineage::begin(&state, "b");
        assert!(anew.of_other_device);
        assert_eq!(anew.previous_start_id, 0);
        assert!(!Lineage::begin(&state, "b").of_other_device);
    }
}
