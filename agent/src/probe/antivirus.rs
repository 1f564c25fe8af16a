//! Antivirus products: which there are, whether they run and watch, how old their signatures are and what they found.
//! Installed is not running, running is not watching: separate facts, and what is not known stays unknown.

#[cfg(target_os = "linux")]
mod clamav;
#[cfg(target_os = "linux")]
mod defender;
#[cfg(any(windows, test))]
mod mp_status;
#[cfg(any(windows, test))]
pub(super) mod security_center;
#[cfg(target_os = "linux")]
mod vendor_answers;
#[cfg(any(windows, test))]
mod windows_products;

use serde::Deserialize;

use crate::config::Invalid;

cfg_select! {
    target_os = "linux" => {
        mod linux;
        pub use linux::Reader;
    }
    windows => {
        mod windows;
        pub use self::windows::Reader;
    }
    _ => {
        pub use super::unsupported::Reader;
    }
}

/// Settings `[antivirus]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds between two questions to a product that must be asked by a program of its own.
    pub ask_every_s: u64,
    /// Detections older than this are history, not news.
    pub detections_days: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { ask_every_s: 600, detections_days: 30 }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_within("antivirus.ask_every_s", self.ask_every_s, 60..=86_400)?;
        Invalid::unless_within("antivirus.detections_days", self.detections_days, 1..=3_650)
    }
}
