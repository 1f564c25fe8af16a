//! Drives (their health, by smartctl) and volumes (their space). Volumes are looked at every time; drives, which
//! cost a program each, every hour. Never wakes a sleeping drive, never writes to one.

mod attribute;
mod judge;
mod report;
mod scan;
#[cfg(any(windows, test))]
mod storage_query;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use atalaya_reading::{Disk, Drive, DriveHealth, DriveKind, Reading, Section, Status, bounds};
use serde::Deserialize;

use super::{Look, Probe, Unread};
use crate::config::Invalid;
use crate::state::StateDir;
use report::Report;

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

/// How long one drive may take to answer.
const DRIVE_LIMIT: Duration = Duration::from_secs(10);

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
    /// What a drive said last, by device: a sleeping drive is not woken to say it again.
    last: BTreeMap<String, Drive>,
}

/// The drives' half of the reading.
struct Drives {
    status: Status,
    detail: Option<String>,
    drives: Vec<Drive>,
}

impl Reader {
    /// With these settings.
    pub fn new(settings: &Settings, _state: Option<&StateDir>) -> Reader {
        Reader {
            every: Duration::from_secs(settings.drives_every_s),
            read_at: None,
            devices: Vec::new(),
            drives: Drives { status: Status::Unsupported, detail: None, drives: Vec::new() },
            last: BTreeMap::new(),
        }
    }

    fn refresh_drives(&mut self, look: &Look) {
        let devices = block_devices();
        // A drive that was plugged in or taken out is looked at now, not in an hour.
        if devices == self.devices && !look.is_due(self.read_at, self.every) {
            return;
        }
        self.drives = match look.programs.find("smartctl") {
            Some(_) => self.ask_smartctl(look, &devices),
            None => ask_system(&devices),
        };
        self.devices = devices;
        self.read_at = Some(Instant::now());
    }

    fn ask_smartctl(&mut self, look: &Look, devices: &[BlockDevice]) -> Drives {
        let found = match scan::scan(look) {
            Ok(found) => found,
            Err(unread_scan) => {
                return Drives {
                    status: unread_scan.status(),
                    detail: Some(unread_scan.to_string()),
                    drives: devices.iter().map(|device| unread(device, "smartctl falló")).collect(),
                };
            }
        };
        let mut drives = Vec::new();
        let mut denied = 0;
        for target in found.iter().take(bounds::DRIVES) {
            let report = self.ask_one(look, target);
            denied += usize::from(matches!(&report, Err(Unread::Denied(_))));
            let known = devices.iter().find(|known| scan::same_device(&target.name, &known.device));
            drives.push(match report {
                Ok(drive) => drive,
                Err(reason) => match known {
                    Some(known) => {
                        by_system(known).unwrap_or_else(|| unread(known, &reason.to_string()))
                    }
                    None => unread(&target.as_block_device(), &reason.to_string()),
                },
            });
        }
        let unlisted = |device: &&BlockDevice| {
            !found.iter().any(|target| scan::same_device(&target.name, &device.device))
        };
        drives.extend(
            devices.iter().filter(unlisted).map(|device| unread(device, "no informa de su salud")),
        );
        let all_denied = denied > 0 && denied == found.len();
        Drives {
            status: if all_denied { Status::Denied } else { Status::Ok },
            detail: all_denied.then(|| "smartctl necesita privilegios de root".into()),
            drives: without_doubles(drives),
        }
    }

    fn ask_one(&mut self, look: &Look, target: &scan::Target) -> Result<Drive, Unread> {
        let mut arguments = vec!["-a", "-j", "-n", "standby"];
        if let Some(kind) = &target.kind {
            arguments.extend(["-d", kind]);
        }
        arguments.push(&target.name);
        let output = look.run("smartctl", &arguments, DRIVE_LIMIT)?;
        match Report::parse(&output.stdout)?.drive(&target.name) {
            Ok(drive) => {
                self.last.insert(target.name.clone(), drive.clone());
                Ok(drive)
            }
            Err(report::Silent::Asleep) => self.last.get(&target.name).cloned().ok_or_else(|| {
                Unread::NotApplicable("en reposo: no se le despertó para preguntarle".into())
            }),
            Err(report::Silent::Unread(unread)) => Err(unread),
        }
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
fn ask_system(devices: &[BlockDevice]) -> Drives {
    let known: Vec<Option<Drive>> = devices.iter().map(by_system).collect();
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
fn by_system(device: &BlockDevice) -> Option<Drive> {
    let drive = own_report(device)?.drive(&device.device).ok()?;
    let kind = if drive.kind == DriveKind::Unknown { device.kind } else { drive.kind };
    Some(Drive { model: device.model.clone(), serial: device.serial.clone(), kind, ..drive })
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
mod tests {
    use super::*;

    fn drive(device: &str, serial: Option<&str>, health: DriveHealth) -> Drive {
        let device = BlockDevice {
            device: device.into(),
            model: None,
            serial: serial.map(String::from),
            kind: DriveKind::Hdd,
        };
        Drive { health, ..unread(&device, "x") }
    }

    #[test]
    fn a_drive_reached_twice_is_counted_once_by_the_answer_that_says_more() {
        let kept = without_doubles(vec![
            drive("/dev/sda", Some("A"), DriveHealth::Unknown),
            drive("/dev/sdb", Some("A"), DriveHealth::Warning),
            drive("/dev/sdc", None, DriveHealth::Unknown),
            drive("/dev/sdd", None, DriveHealth::Unknown),
        ]);
        let devices: Vec<&str> = kept.iter().map(|drive| drive.device.as_str()).collect();
        assert_eq!(devices, ["/dev/sdb", "/dev/sdc", "/dev/sdd"]);
    }

    /// A smartctl that answers from recorded output and counts how often it is asked.
    #[cfg(target_os = "linux")]
    fn smartctl(answers: &str) -> (tempfile::TempDir, Look) {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("smartctl");
        let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/smartctl");
        let text = format!(
            "#!/bin/sh\necho x >> {}/asked\ncd {recorded}\ncase \"$*\" in\n{answers}\nesac\n",
            folder.path().display()
        );
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let programs = crate::probe::program::Programs::new(&path);
        (folder, Look { programs, ..Look::for_tests(crate::probe::Depth::Routine) })
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn drives_are_asked_once_an_hour_and_one_that_fails_leaves_the_others() {
        let (folder, look) = smartctl(
            "'--scan -j') cat scan.json;; --scan*) cat scan-virtual.json;;\n\
             *nvme0) cat nvme-failing.json; exit 24;; *bus/0) exit 1;; *sda) cat ata-ageing.json;;",
        );
        let mut reader = Reader::new(&Settings::default(), None);
        reader.refresh_drives(&look);
        let health: Vec<(&str, DriveHealth)> =
            reader.drives.drives.iter().map(|d| (d.device.as_str(), d.health)).take(3).collect();
        assert_eq!(
            health,
            [
                ("/dev/sda", DriveHealth::Warning),
                ("/dev/bus/0", DriveHealth::Unknown),
                ("/dev/nvme0", DriveHealth::Failing),
            ]
        );
        let asked = || std::fs::read_to_string(folder.path().join("asked")).unwrap().len();
        let first = asked();
        reader.refresh_drives(&look);
        assert_eq!(asked(), first, "not due, not asked");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_sleeping_drive_is_not_woken_and_keeps_its_last_verdict() {
        let (folder, look) = smartctl(
            "'--scan -j') cat scan.json;; --scan*) cat scan-virtual.json;;\n\
             *sda) if [ -e ${0%/*}/asleep ]; then cat standby.json; exit 2; fi; cat ata-ageing.json;;",
        );
        let look = Look { depth: crate::probe::Depth::Full, ..look };
        let mut reader = Reader::new(&Settings::default(), None);
        reader.refresh_drives(&look);
        std::fs::write(folder.path().join("asleep"), "").unwrap();
        reader.refresh_drives(&look);
        assert_eq!(reader.drives.drives[0].health, DriveHealth::Warning);
        let mut fresh = Reader::new(&Settings::default(), None);
        fresh.refresh_drives(&look);
        assert_eq!(fresh.drives.drives[0].health, DriveHealth::Unknown);
        assert!(fresh.drives.drives[0].reasons[0].contains("reposo"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_smartctl_drives_are_unsupported_and_the_remedy_is_named() {
        let look = Look {
            programs: crate::probe::program::Programs::new("/nonexistent"),
            ..Look::for_tests(crate::probe::Depth::Full)
        };
        let mut reader = Reader::new(&Settings::default(), None);
        reader.refresh_drives(&look);
        assert_eq!(reader.drives.status, Status::Unsupported);
        assert!(reader.drives.detail.as_ref().unwrap().contains("smartmontools"));
        assert!(reader.drives.drives.iter().all(|d| d.health == DriveHealth::Unknown));
    }
}
