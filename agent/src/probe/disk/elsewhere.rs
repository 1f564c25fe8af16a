//! Volumes as sysinfo knows them, where nothing better is written.

use atalaya_reading::{Volume, bounds};
use sysinfo::Disks;

use super::BlockDevice;
use super::report::Report;
use crate::probe::Unread;

/// Where the reading says it comes from.
pub const SOURCE: &str = "sysinfo, smartctl";

/// Not known here: smartctl lists the drives.
pub fn block_devices() -> Vec<BlockDevice> {
    Vec::new()
}

/// The system itself says nothing of a drive's health: only smartctl does.
pub fn own_report(_: &BlockDevice) -> Option<Report> {
    None
}

/// Fixed volumes.
pub fn volumes() -> Result<Vec<Volume>, Unread> {
    let disks =
        Disks::new_with_refreshed_list().map_err(|error| Unread::Failed(error.to_string()))?;
    let fixed = disks.iter().filter(|disk| !disk.is_removable());
    let volumes = fixed.map(|disk| Volume {
        mount: bounds::text(&disk.mount_point().to_string_lossy(), bounds::TEXT),
        filesystem: bounds::text(&disk.file_system().to_string_lossy(), bounds::TEXT),
        total_bytes: disk.total_space(),
        free_bytes: disk.available_space(),
        read_only: disk.is_read_only(),
        ..Volume::default()
    });
    Ok(volumes.take(bounds::VOLUMES).collect())
}
