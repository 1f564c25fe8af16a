//! Drives (their health) and volumes (their space).

use jiff::Timestamp;
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

/// A physical drive; by default one of which nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// The figures `health` is judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<DriveAttribute>,
}

/// One of a drive's own figures: an ATA attribute, a field of the NVMe health log or a SCSI counter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveAttribute {
    /// As smartctl calls it, e.g. `Reallocated_Sector_Ct` or `media_errors`.
    pub name: String,
    /// Number of an ATA attribute; `None`: the figure has none.
    pub id: Option<u32>,
    /// The figure itself, unpacked where makers keep several in one.
    pub raw: u64,
    /// What `raw` was before `changed_at`; `None`: no change was seen since the agent first looked.
    pub previous_raw: Option<u64>,
    /// When the agent saw `raw` change, by the clock of the PC.
    pub changed_at: Option<Timestamp>,
    /// The maker's own scale, which mostly falls as it gets worse; `None`: there is none.
    pub normalized: Option<u32>,
    /// The worst `normalized` ever was.
    pub worst: Option<u32>,
    /// The maker's limit for `normalized`, or for `raw` where there is no such scale.
    pub threshold: Option<u32>,
}

/// Kind of drive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriveKind {
    /// Turning disk.
    Hdd,
    /// Solid state behind ATA or SCSI.
    Ssd,
    /// NVMe.
    Nvme,
    /// Not known.
    #[default]
    Unknown,
}

/// Verdict on a drive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriveHealth {
    /// Nothing bad in its figures.
    Ok,
    /// Something worth watching.
    Warning,
    /// It fails or says it will.
    Failing,
    /// Not known; never read as good.
    #[default]
    Unknown,
}

/// A mounted volume.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// Files it can hold; `None`: the file system has no such limit, or it is not known.
    pub inodes_total: Option<u64>,
    /// Files it could still take.
    pub inodes_free: Option<u64>,
    /// Read-only although it was mounted to be written, as after an error of the drive; `None`: not known.
    pub remounted_read_only: Option<bool>,
}

impl Volume {
    /// Free space in thousandths of the size; `None` for a volume of no size.
    pub fn free_permille(&self) -> Option<u32> {
        let free = u128::from(self.free_bytes.min(self.total_bytes)) * 1000;
        let permille = free.checked_div(u128::from(self.total_bytes))?;
        u32::try_from(permille).ok()
    }

    /// Free inodes in thousandths of all; `None` where there is no such limit or it is not known.
    pub fn inodes_free_permille(&self) -> Option<u32> {
        let (total, free) = (u128::from(self.inodes_total?), u128::from(self.inodes_free?));
        u32::try_from((free.min(total) * 1000).checked_div(total)?).ok()
    }
}
