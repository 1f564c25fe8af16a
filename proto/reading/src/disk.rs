//! Drives (their health) and volumes (their space).

use serde::{Deserialize, Serialize};

use crate::Status;

/// The storage of a PC. The reading's own status is that of the volumes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Status of `drives`, which are read apart from the volumes.
    pub drives_status: Status,
    /// Why `drives_status` is not `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drives_detail: Option<String>,
    /// Physical drives.
    #[serde(default)]
    pub drives: Vec<Drive>,
    /// Mounted volumes with files of people or of the system.
    #[serde(default)]
    pub volumes: Vec<Volume>,
}

impl Default for Disk {
    fn default() -> Self {
        Disk {
            drives_status: Status::Unsupported,
            drives_detail: None,
            drives: Vec::new(),
            volumes: Vec::new(),
        }
    }
}

/// A physical drive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drive {
    /// As the system calls it, e.g. `/dev/sda`.
    pub device: String,
    /// Maker's model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// What turns or does not.
    pub kind: DriveKind,
    /// The verdict of the drive's own figures.
    pub health: DriveHealth,
    /// Attribute and rule by name: why `health` is not `ok`.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// Degrees Celsius.
    pub temperature_c: Option<i32>,
    /// Hours it has run in its life.
    pub power_on_hours: Option<u64>,
}

/// Kind of drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriveKind {
    /// Turning disk.
    Hdd,
    /// Solid state behind ATA or SCSI.
    Ssd,
    /// NVMe.
    Nvme,
    /// Not known.
    Unknown,
}

/// Verdict on a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriveHealth {
    /// Nothing bad in its figures.
    Ok,
    /// Something worth watching.
    Warning,
    /// It fails or says it will.
    Failing,
    /// Not known; never read as good.
    Unknown,
}

/// A mounted volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Mount point or drive letter.
    pub mount: String,
    /// File system type.
    pub filesystem: String,
    /// Size.
    pub total_bytes: u64,
    /// Space a plain user can still fill.
    pub free_bytes: u64,
    /// Mounted read-only.
    pub read_only: bool,
}

impl Volume {
    /// Free space in thousandths of the size; `None` for a volume of no size.
    pub fn free_permille(&self) -> Option<u32> {
        let free = u128::from(self.free_bytes.min(self.total_bytes)) * 1000;
        let permille = free.checked_div(u128::from(self.total_bytes))?;
        u32::try_from(permille).ok()
    }
}
