//! Drives and volumes on the sheet.

use crate::domain::reading::{Disk, DriveHealth, Status, Volume};
use crate::web::markup::Look;
use crate::web::words;

/// Drives and volumes as shown.
pub struct DiskView {
    /// What was read.
    pub disk: Disk,
    /// Health of each drive, in the same order.
    pub health: Vec<Look>,
    /// Volumes, the fullest first.
    pub volumes: Vec<VolumeView>,
    /// Why the drives are unknown.
    pub drives_problem: Option<&'static str>,
}

/// One volume.
pub struct VolumeView {
    /// What was read.
    pub volume: Volume,
    /// Space in use, thousandths.
    pub used_permille: Option<u32>,
    /// Colour of its bar.
    pub class: &'static str,
    /// Files it can still take, per cent; `None`: it has no such limit, or it is not known.
    pub files_free_pct: Option<u32>,
    /// Few files are left.
    pub few_files: bool,
}

impl DiskView {
    pub(super) fn new(disk: Disk) -> Self {
        let mut volumes: Vec<VolumeView> = disk
            .volumes
            .iter()
            .map(|volume| {
                let free = volume.free_permille();
                VolumeView {
                    used_permille: free.map(|free| 1000 - free.min(1000)),
                    class: match free {
                        // What cannot be written to cannot fill up.
                        Some(..100) if !volume.read_only => "is-critical",
                        Some(..200) if !volume.read_only => "is-warning",
                        Some(_) => "",
                        None => "is-unknown",
                    },
                    files_free_pct: volume.inodes_free_permille().map(|free| free / 10),
                    few_files: volume.inodes_free_permille().is_some_and(|free| free < 100),
                    volume: volume.clone(),
                }
            })
            .collect();
        volumes.sort_by_key(|view| std::cmp::Reverse(view.used_permille));
        let health = |health: DriveHealth| words::drive(health);
        DiskView {
            health: disk.drives.iter().map(|drive| health(drive.health)).collect(),
            volumes,
            drives_problem: (disk.drives_status != Status::Ok)
                .then(|| words::reading(disk.drives_status)),
            disk,
        }
    }
}
