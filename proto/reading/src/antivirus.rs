//! Antivirus products, their signatures and what they found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The antivirus products of a PC. No product with status `ok` means: there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Antivirus {
    /// Every product found, installed or running.
    #[serde(default)]
    pub products: Vec<AntivirusProduct>,
}

/// One antivirus product.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AntivirusProduct {
    /// As its maker calls it.
    pub name: String,
    /// Its engine or program version.
    pub version: Option<String>,
    /// Whether its service runs.
    pub running: Option<bool>,
    /// Whether files are checked as they are opened; installed or running is not the same.
    pub real_time: Option<bool>,
    /// When its signatures were made, from the signatures themselves, not from a file's date.
    pub signatures_at: Option<Timestamp>,
    /// Whole days between `signatures_at` and the reading.
    pub signatures_age_days: Option<i64>,
    /// Whether the product itself says that its signatures are too old.
    pub signatures_stale: Option<bool>,
    /// Whether the service that fetches its signatures runs; `None` also where there is none of its own.
    pub updater_running: Option<bool>,
    /// When its last scan of the PC ended.
    pub last_scan_at: Option<Timestamp>,
    /// Whether its licence has run out.
    pub expired: Option<bool>,
    /// What it found, newest first; empty says nothing was reported, not that the PC is clean.
    #[serde(default)]
    pub detections: Vec<Detection>,
}

impl AntivirusProduct {
    /// Fills `signatures_age_days`: whole days, never negative.
    pub fn set_signatures_age(&mut self, now: Timestamp) {
        self.signatures_age_days = self
            .signatures_at
            .map(|made| (now.as_second().saturating_sub(made.as_second()) / 86_400).max(0));
    }
}

/// Unwanted software an antivirus reported.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Name of the threat.
    pub name: String,
    /// Where it was found.
    pub path: Option<String>,
    /// When it was found.
    pub found_at: Option<Timestamp>,
    /// What the antivirus says it did, in its own words.
    pub action: Option<String>,
}
