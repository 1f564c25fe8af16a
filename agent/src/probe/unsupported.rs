//! What stands in for a probe on a system it has not been written for: it says so, and never guesses.

use atalaya_reading::Section;

use super::{Look, Probe, Unread};

/// Answers `unsupported`.
pub struct Reader;

impl Reader {
    /// Settings make no difference.
    pub fn new<S>(_: &S) -> Reader {
        Reader
    }
}

impl Probe for Reader {
    fn read(&mut self, _: &Look) -> Result<Section, Unread> {
        Err(Unread::NotApplicable(format!("aún no se mide en {}", std::env::consts::OS)))
    }
}
