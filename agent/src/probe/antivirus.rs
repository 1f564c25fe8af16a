//! TBD

use serde::Deserialize;

use crate::config::Invalid;

pub use super::unsupported::Reader;

/// Settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds.
    pub every_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { every_s: 300 }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_within("every_s", self.every_s, 10..=86_400)
    }
}
