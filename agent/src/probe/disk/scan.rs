//! Which drives smartctl can ask. Knows the form of `smartctl --scan -j`, not of a drive's report.

use std::time::Duration;

use atalaya_reading::DriveKind;
use serde::Deserialize;

use super::{BlockDevice, NUMBERED_DRIVE};
use crate::probe::{Look, Unread};

const LIMIT: Duration = Duration::from_secs(10);

/// A drive smartctl can ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Target {
    /// `/dev/sda`, or one of several drives behind it.
    pub name: String,
    /// How to reach it, for `-d`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl Target {
    /// As a drive of which nothing else is known.
    pub fn as_block_device(&self) -> BlockDevice {
        BlockDevice {
            device: self.name.clone(),
            model: None,
            serial: None,
            kind: DriveKind::Unknown,
        }
    }
}

#[derive(Deserialize)]
struct Scan {
    #[serde(default)]
    devices: Vec<Target>,
}

/// Asks for the drives, and once more for those only reached through a SATA bridge.
pub fn scan(look: &Look) -> Result<Vec<Target>, Unread> {
    let mut found = parse(&look.run("smartctl", &["--scan", "-j"], LIMIT)?.stdout)?;
    // The second list only adds; without it the first still stands.
    if let Ok(output) = look.run("smartctl", &["--scan", "-d", "sat", "-j"], LIMIT) {
        for target in parse(&output.stdout).unwrap_or_default() {
            if !found.iter().any(|known| known.name == target.name) {
                found.push(target);
            }
        }
    }
    Ok(found)
}

fn parse(output: &[u8]) -> Result<Vec<Target>, Unread> {
    let scan: Scan = serde_json::from_slice(output).map_err(|error| {
        Unread::Failed(format!("smartctl --scan: {error} (se necesita smartctl 7.0 o posterior)"))
    })?;
    // A name is passed on as an argument: it must not look like an option.
    Ok(scan.devices.into_iter().filter(|target| !target.name.starts_with('-')).collect())
}

/// Whether smartctl's name and the system's mean one drive: `/dev/nvme0` is the controller of `/dev/nvme0n1`, and on
/// Windows smartctl counts by letters what the system numbers: `/dev/sdb` is `PhysicalDrive1`.
pub fn same_device(target: &str, device: &str) -> bool {
    if let Some(number) = device.strip_prefix(NUMBERED_DRIVE) {
        let letters =
            target.rsplit('/').next().and_then(|name| name.strip_prefix("sd")).unwrap_or_default();
        return number.parse().ok().is_some_and(|number| lettered(number) == letters);
    }
    device
        .strip_prefix(target)
        .is_some_and(|rest| rest.is_empty() || (target.contains("/nvme") && rest.starts_with('n')))
}

/// `a` to `z`, then `aa` and on.
fn lettered(number: u32) -> String {
    let letter = |number: u32| char::from(b'a' + (number % 26) as u8);
    match number {
        0..26 => letter(number).into(),
        _ => lettered(number / 26 - 1) + &String::from(letter(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_names_drives_and_how_to_reach_them() {
        let found = parse(include_bytes!("../../../fixtures/smartctl/scan.json")).unwrap();
        let names: Vec<&str> = found.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(names, ["/dev/sda", "/dev/bus/0", "/dev/nvme0"]);
        assert_eq!(found[1].kind.as_deref(), Some("megaraid,8"));
    }

    #[test]
    fn a_pc_without_drives_to_ask_has_an_empty_list() {
        let found = parse(include_bytes!("../../../fixtures/smartctl/scan-virtual.json")).unwrap();
        assert_eq!(found, []);
    }

    #[test]
    fn a_scan_cut_short_is_an_error_not_an_empty_list() {
        let whole = include_bytes!("../../../fixtures/smartctl/scan.json");
        assert!(parse(&whole[..whole.len() / 2]).is_err());
    }

    #[test]
    fn an_nvme_controller_is_the_drive_of_its_name_space() {
        assert!(same_device("/dev/nvme0", "/dev/nvme0n1"));
        assert!(!same_device("/dev/nvme1", "/dev/nvme10n1"));
        assert!(!same_device("/dev/sda", "/dev/sdaa"));
    }

    #[test]
    fn smartctl_letters_the_drives_that_windows_numbers() {
        assert!(same_device("/dev/sda", "PhysicalDrive0"));
        assert!(same_device("/dev/sdab", "PhysicalDrive27"));
        assert!(!same_device("/dev/sda", "PhysicalDrive1"));
        assert!(!same_device("/dev/nvme0", "PhysicalDrive0"));
    }
}
