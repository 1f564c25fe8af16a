//! Drives (their health, by smartctl) and volumes (their space). Volumes are looked at every time; drives, which
//! cost a program each, every hour. Never wakes a sleeping drive, never writes to one.

mod attribute;
mod bridge;
mod figures;
mod judge;
mod memory;
mod report;
mod scan;
mod smartctl;
#[cfg(any(windows, test))]
mod storage_query;

use std::time::{Duration, Instant};

use atalaya_reading::{Disk, Drive, DriveHealth, DriveKind, Reading, Section, Status, bounds};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Look, Probe, Unread};
use crate::config::Invalid;
use crate::state::StateDir;
use memory::Memory;

cfg_select! {
    target_os = "linux" => {
        mod linux;
        use linux::{SOURCE, block_devices, own_report, volumes};
    }
    windows => {
        mod windows;
        use self::windows::{SOURCE, block_devices, own_report, volumes};
    }
    _ => {
        mod elsewhere;
        use elsewhere::{SOURCE, block_devices, own_report, volumes};
    }
}

/// What Windows calls a drive, before its number; smartctl counts the same drives by letters.
const NUMBERED_DRIVE: &str = "PhysicalDrive";

/// Settings `[disk]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds between two looks at the drives.
    pub drives_every_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { drives_every_s: 3_600 }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_within("disk.drives_every_s", self.drives_every_s, 60..=604_800)
    }
}

/// A block device the system knows, whether or not it answers about its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockDevice {
    /// `/dev/sda`.
    pub device: String,
    /// Maker's model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// What the system says it is.
    pub kind: DriveKind,
}

/// Reads volumes and drives; keeps the drives between readings.
pub struct Reader {
    every: Duration,
    read_at: Option<Instant>,
    devices: Vec<BlockDevice>,
    drives: Drives,
    smartctl: smartctl::Smartctl,
    /// What drives were like; `None`: nobody remembers, each reading stands for itself.
    memory: Option<Memory>,
}

/// The drives' half of the reading.
struct Drives {
    status: Status,
    detail: Option<String>,
    drives: Vec<Drive>,
}

impl Reader {
    /// With these settings; what drives are like is remembered in `state`.
    pub fn new(settings: &Settings, state: Option<&StateDir>) -> Reader {
        Reader {
            every: Duration::from_secs(settings.drives_every_s),
            read_at: None,
            devices: Vec::new(),
            drives: Drives { status: Status::Unsupported, detail: None, drives: Vec::new() },
            smartctl: smartctl::Smartctl::default(),
            memory: state.map(Memory::load),
        }
    }

    fn refresh_drives(&mut self, look: &Look) {
        let devices = block_devices();
        // A drive that was plugged in or taken out is looked at now, not in an hour.
        if devices == self.devices && !look.is_due(self.read_at, self.every) {
            return;
        }
        self.drives = match look.programs.find("smartctl") {
            Some(_) => self.smartctl.ask(look, &devices, &mut self.memory),
            None => ask_system(&devices, &mut self.memory, look.now),
        };
        if let Some(memory) = &mut self.memory {
            memory.keep();
        }
        self.devices = devices;
        self.read_at = Some(Instant::now());
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        self.refresh_drives(look);
        let value = |volumes| Disk {
            drives_status: self.drives.status,
            drives_detail: self.drives.detail.clone(),
            drives: self.drives.drives.clone(),
            volumes,
        };
        Ok(Section::Disk(match volumes() {
            Ok(volumes) => Reading::ok(value(volumes), SOURCE, look.now),
            Err(unread) => Reading {
                value: value(Vec::new()),
                ..Reading::unknown(unread.status(), unread.to_string(), SOURCE, look.now)
            },
        }))
    }
}

/// Without smartctl: what the system itself knows, which is unknown for every drive it says nothing of.
fn ask_system(devices: &[BlockDevice], memory: &mut Option<Memory>, now: Timestamp) -> Drives {
    let known: Vec<Option<Drive>> =
        devices.iter().map(|device| by_system(device, memory, now)).collect();
    let missing = "no se encontró smartctl en PATH; instale smartmontools";
    let complete = !known.is_empty() && known.iter().all(Option::is_some);
    let drives = known.into_iter().zip(devices);
    Drives {
        status: if complete { Status::Ok } else { Status::Unsupported },
        detail: (!complete).then(|| missing.into()),
        drives: drives
            .map(|(drive, device)| drive.unwrap_or_else(|| unread(device, "falta smartctl")))
            .collect(),
    }
}

/// A drive's health by the system's own means.
fn by_system(device: &BlockDevice, memory: &mut Option<Memory>, now: Timestamp) -> Option<Drive> {
    let report = own_report(device)?;
    let serial = device.serial.as_deref();
    let drive = report.drive_with(&device.device, serial, memory.as_mut(), now).ok()?;
    let kind = if drive.kind == DriveKind::Unknown { device.kind } else { drive.kind };
    Some(Drive { model: device.model.clone(), kind, ..drive })
}

/// A drive that is there but says nothing of its health.
fn unread(device: &BlockDevice, reason: &str) -> Drive {
    Drive {
        device: device.device.clone(),
        model: device.model.clone(),
        serial: device.serial.clone(),
        kind: device.kind,
        health: DriveHealth::Unknown,
        reasons: vec![bounds::text(reason, bounds::TEXT)],
        ..Drive::default()
    }
}

/// One drive may be reached in two ways; its serial number tells.
fn without_doubles(drives: Vec<Drive>) -> Vec<Drive> {
    let mut kept: Vec<Drive> = Vec::with_capacity(drives.len());
    for drive in drives {
        let twin = kept.iter_mut().find(|other| {
            drive.serial.is_some() && other.serial == drive.serial && other.model == drive.model
        });
        match twin {
            Some(twin) if twin.health == DriveHealth::Unknown => *twin = drive,
            Some(_) => {}
            None => kept.push(drive),
        }
    }
    kept
}

#[cfg(test)]
mod tests;
