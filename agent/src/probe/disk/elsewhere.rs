//! Volumes as sysinfo knows them, where nothing better is written.

use atalaya_reading::{Volume, bounds};
use sysinfo::Disks;

use super::BlockDevice;
use crate::probe::Unread;

/// Not known here: smartctl lists the drives.
pub fn block_devices() -> Vec<BlockDevice> {
    Vec::new()
}

/// Fixed volumes.
pub fn volumes() -> Result<Vec<Volume>, Unread> {
    let disks =
        Disks::new_with_refreshed_list().map_err(|error| Unread::Failed(error.to_string()))?;
    let fixed = disks.list().iter().filter(|disk| !disk.is_removable());
    let volumes = fixed.map(|disk| Volume {
        mount: bounds::text(&disk.mount_point().to_string_lossy(), bounds::TEXT),
        filesystem: bounds::text(&disk.file_system().to_string_lossy(), bounds::TEXT),
        total_bytes: disk.total_space(),
        free_bytes: disk.available_space(),
        read_only: disk.is_read_only(),
    });
    Ok(volumes.take(bounds::VOLUMES).collect())
}
