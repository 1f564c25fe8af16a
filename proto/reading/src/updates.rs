//! Updates of the operating system that wait to be installed. Whether they wait for a restart is told by `System`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What waits to be installed, and how the PC keeps itself up to date.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Updates {
    /// Updates that wait, listed or not. `None`: the PC does not know.
    #[serde(default)]
    pub pending: Option<u32>,
    /// How many of them mend a security fault. `None`: the PC cannot tell them apart.
    #[serde(default)]
    pub security: Option<u32>,
    /// Those that wait, security first; at most 100, `pending` counts all.
    #[serde(default)]
    pub waiting: Vec<Update>,
    /// When an update was last installed. `None`: no trace of one.
    #[serde(default)]
    pub last_installed_at: Option<Timestamp>,
    /// When the PC last asked its sources what is new. `None`: unknown; an old one makes `pending` doubtful.
    #[serde(default)]
    pub last_checked_at: Option<Timestamp>,
    /// Whether updates are installed without anybody asking.
    #[serde(default)]
    pub automatic: Option<bool>,
}

/// One update that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Package, or title of the update.
    pub name: String,
    /// The version that would be installed.
    #[serde(default)]
    pub version: Option<String>,
    /// The version installed now.
    #[serde(default)]
    pub installed_version: Option<String>,
    /// Whether it mends a security fault.
    #[serde(default)]
    pub security: Option<bool>,
}
