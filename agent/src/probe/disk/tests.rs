//! Drives of a whole PC, by a smartctl that answers from recorded output.

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

#[cfg(target_os = "linux")]
#[test]
fn a_smartctl_that_hangs_costs_only_the_reading_of_its_drive() {
    let (folder, look) = smartctl(
        "'--scan -j') cat scan.json;; --scan*) cat scan-virtual.json;;\n\
         *sda) echo $$ > ${0%/*}/hung; sleep 1000;; *nvme0) cat nvme-failing.json;; *bus/0) exit 1;;",
    );
    let started = Instant::now();
    let mut reader = Reader::new(&Settings::default(), None);
    reader.refresh_drives(&look);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    let of =
        |device: &str| reader.drives.drives.iter().find(|drive| drive.device == device).unwrap();
    assert_eq!(of("/dev/sda").health, DriveHealth::Unknown);
    assert!(of("/dev/sda").reasons[0].contains("no terminó"), "{:?}", of("/dev/sda").reasons);
    assert_eq!(of("/dev/nvme0").health, DriveHealth::Failing);
    let hung = std::fs::read_to_string(folder.path().join("hung")).unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", hung.trim()));
    assert!(!stat.is_ok_and(|stat| !stat.contains(") Z ")), "it still runs");
}

#[cfg(target_os = "linux")]
#[test]
fn a_drive_behind_an_unknown_usb_bridge_is_asked_in_the_language_it_speaks() {
    let scan = r#"{"devices":[{"name":"/dev/sdb","type":"scsi"}]}"#;
    let (folder, look) = smartctl(&format!(
        "'--scan -j') echo '{scan}';; --scan*) cat scan-virtual.json;;\n\
         *'-d scsi /dev/sdb') cat usb-unknown.json; exit 1;;\n\
         *'-d sntjmicron /dev/sdb') cat nvme-ageing.json;; *) cat usb-unknown.json; exit 1;;"
    ));
    let look = Look { depth: crate::probe::Depth::Full, ..look };
    let mut reader = Reader::new(&Settings::default(), None);
    reader.refresh_drives(&look);
    assert_eq!(reader.drives.drives[0].health, DriveHealth::Warning);
    let asked = || std::fs::read_to_string(folder.path().join("asked")).unwrap().lines().count();
    let first = asked();
    reader.refresh_drives(&look);
    assert_eq!(asked() - first, 3, "two scans and the way that worked");
    assert_eq!(reader.drives.drives[0].health, DriveHealth::Warning);
}

#[cfg(target_os = "linux")]
#[test]
fn each_slot_of_a_raid_controller_is_a_drive_of_its_own() {
    let scan = r#"{"devices":[{"name":"/dev/sda","type":"scsi"}]}"#;
    let said = r#"{"smartctl":{"exit_status":1,"messages":[{"string":"/dev/sda: requires option -d cciss,N"}]}}"#;
    let (_folder, look) = smartctl(&format!(
        "'--scan -j') echo '{scan}';; --scan*) cat scan-virtual.json;;\n\
         *'-d cciss,0 '*) cat scsi.json;; *'-d cciss,1 '*) cat scsi-megaraid.json;;\n\
         *'-d cciss,'*) exit 1;; *) echo '{said}'; exit 1;;"
    ));
    let mut reader = Reader::new(&Settings::default(), None);
    reader.refresh_drives(&look);
    let found = &reader.drives.drives;
    let behind: Vec<DriveHealth> =
        found.iter().filter(|d| d.device == "/dev/sda").map(|d| d.health).collect();
    assert_eq!(behind, [DriveHealth::Warning, DriveHealth::Ok]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_drive_was_like_is_remembered_over_a_restart() {
    let (folder, look) = smartctl(
        "'--scan -j') cat scan.json;; --scan*) cat scan-virtual.json;;\n\
         *sda) if [ -e ${0%/*}/worse ]; then sed 's/\"value\": 2,/\"value\": 9,/; s/\"string\": \"2\"/\"string\": \"9\"/' ata-ageing.json; \
         else cat ata-ageing.json; fi;; *) exit 1;;",
    );
    let state = crate::state::StateDir::new(folder.path());
    let pending = |reader: &Reader| {
        let drive = reader.drives.drives.iter().find(|drive| drive.device == "/dev/sda").unwrap();
        let attribute = drive.attributes.iter().find(|a| a.id == Some(197)).unwrap().clone();
        (attribute.raw, attribute.previous_raw, drive.reasons.join("\n"))
    };
    let mut reader = Reader::new(&Settings::default(), Some(&state));
    reader.refresh_drives(&look);
    assert_eq!((pending(&reader).0, pending(&reader).1), (2, None));
    std::fs::write(folder.path().join("worse"), "").unwrap();
    let mut again = Reader::new(&Settings::default(), Some(&state));
    again.refresh_drives(&look);
    let (raw, previous, reasons) = pending(&again);
    assert_eq!((raw, previous), (9, Some(2)));
    assert!(reasons.contains("197 Current_Pending_Sector: subió de 2 a 9"), "{reasons}");
}
