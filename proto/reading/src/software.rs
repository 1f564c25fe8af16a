//! Software installed on a PC, as its package managers and registries list it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// At most 2,000; those people choose before the libraries they bring.
    #[serde(default)]
    pub programs: Vec<InstalledProgram>,
    /// How many more are installed and did not fit.
    #[serde(default)]
    pub left_out: u32,
}

/// One entry of a package manager or registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InstalledProgram {
    /// As the package manager or the program calls itself.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// Who made it, where the list says so.
    #[serde(default)]
    pub publisher: Option<String>,
    /// Day it was installed or last upgraded, by the PC's clock.
    #[serde(default)]
    pub installed_on: Option<Date>,
    /// The list that names it.
    #[serde(default)]
    pub source: ProgramSource,
}

/// A list of installed software.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ProgramSource {
    /// Debian packages.
    Dpkg,
    /// RPM packages.
    Rpm,
    /// Snaps.
    Snap,
    /// Flatpak applications.
    Flatpak,
    /// The list of Windows' own settings page.
    Registry,
    /// One this version has no word for.
    #[default]
    Unknown,
}

impl ProgramSource {
    /// The word used in JSON and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            ProgramSource::Dpkg => "dpkg",
            ProgramSource::Rpm => "rpm",
            ProgramSource::Snap => "snap",
            ProgramSource::Flatpak => "flatpak",
            ProgramSource::Registry => "registry",
            ProgramSource::Unknown => "unknown",
        }
    }
}
