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
}

impl Lineage {
    /// A new start, noted for the next one. What could not be noted is not claimed either.
    pub fn begin(state: &StateDir) -> Lineage {
        let file = state.file(FILE);
        let mut random = [0; 8];
        if SystemRandom::new().fill(&mut random).is_err() {
            return Lineage::default();
        }
        let start_id = u64::from_be_bytes(random);
        let previous = std::fs::read_to_string(&file).ok();
        let previous = previous.and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
        if let Err(error) = write_atomically(&file, format!("{start_id:016x}\n").as_bytes()) {
            tracing::warn!(%error, "this start is not noted");
            return Lineage { start_id, previous_start_id: 0 };
        }
        Lineage { start_id, previous_start_id: previous.unwrap_or(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_names_the_one_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let first = Lineage::begin(&state);
        let second = Lineage::begin(&state);
        assert_eq!(first.previous_start_id, 0);
        assert_eq!(second.previous_start_id, first.start_id);
        assert_ne!(second.start_id, first.start_id);
        std::fs::write(state.file(FILE), "no es un número").unwrap();
        assert_eq!(Lineage::begin(&state).previous_start_id, 0);
    }
}
