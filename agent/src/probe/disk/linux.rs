//! Volumes from the mount table and block devices from sysfs.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use atalaya_reading::{DriveKind, Volume, bounds};
use procfs::FromRead;
use procfs::process::{MountInfo, MountInfos};

use super::BlockDevice;
use super::report::Report;
use crate::probe::Unread;

/// Where the reading says it comes from.
pub const SOURCE: &str = "mountinfo, statvfs, smartctl";

const MOUNTS: &str = "/proc/self/mountinfo";
/// The same as the system itself sees it.
const SYSTEM_MOUNTS: &str = "/proc/1/mountinfo";

/// File systems of a fixed image: always full, never a worry.
const IMAGES: [&str; 5] = ["squashfs", "iso9660", "erofs", "cramfs", "udf"];

/// Volumes with files of people or of the system.
pub fn volumes() -> Result<Vec<Volume>, Unread> {
    let table = mount_table().map_err(|error| Unread::from_io(MOUNTS, &error))?;
    Ok(chosen(parse(&table)?).iter().filter_map(measured).take(bounds::VOLUMES).collect())
}

/// The system's table where it may be read: in the sandbox of a service every mount looks read-only. In a folder used
/// as root (chroot) the system's paths would be others.
fn mount_table() -> std::io::Result<Vec<u8>> {
    let identity = |root: &str| std::fs::metadata(root).map(|data| (data.dev(), data.ino()));
    if let (Ok(ours), Ok(of_system)) = (identity("/"), identity("/proc/1/root/"))
        && ours == of_system
        && let Ok(table) = std::fs::read(SYSTEM_MOUNTS)
    {
        return Ok(table);
    }
    std::fs::read(MOUNTS)
}

/// One name that is not UTF-8 must not cost the whole table.
fn parse(table: &[u8]) -> Result<Vec<MountInfo>, Unread> {
    let text = String::from_utf8_lossy(table);
    let mut mounts = MountInfos::from_read(text.as_bytes())
        .map_err(|error| Unread::Failed(format!("{MOUNTS}: {error}")))?
        .0;
    for mount in &mut mounts {
        mount.mount_point = unescaped(&mount.mount_point.to_string_lossy()).into();
    }
    Ok(mounts)
}

/// The table writes space, tab, newline and backslash as octal numbers.
fn unescaped(path: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(path.to_string(), |path, (escape, character)| path.replace(escape, character))
}

/// One mount of every volume that holds files: no pseudo, network or image file systems, and of several mounts of
/// one volume the one nearest to the root.
fn chosen(mounts: Vec<MountInfo>) -> Vec<MountInfo> {
    let mut nearest: HashMap<String, MountInfo> = HashMap::new();
    for mount in mounts.into_iter().filter(holds_files) {
        let source = mount.mount_source.clone().unwrap_or_default();
        let depth = |mount: &MountInfo| mount.mount_point.as_os_str().len();
        match nearest.get(&source) {
            Some(known) if depth(known) <= depth(&mount) => {}
            _ => {
                nearest.insert(source, mount);
            }
        }
    }
    let mut chosen: Vec<MountInfo> = nearest.into_values().collect();
    chosen.sort_by(|left, right| left.mount_point.cmp(&right.mount_point));
    chosen
}

fn holds_files(mount: &MountInfo) -> bool {
    let source = mount.mount_source.as_deref().unwrap_or_default();
    let on_device = source.starts_with("/dev/") && !IMAGES.contains(&mount.fs_type.as_str());
    // A root is a volume whatever it is made of, except one that lives in memory.
    let is_root = mount.mount_point == Path::new("/") && mount.fs_type != "rootfs";
    on_device || mount.fs_type == "zfs" || is_root
}

/// Size and free space; `None` for what is gone, is a single file, or has no size.
fn measured(mount: &MountInfo) -> Option<Volume> {
    if !mount.mount_point.metadata().ok()?.is_dir() {
        return None;
    }
    let figures = rustix::fs::statvfs(&mount.mount_point).ok()?;
    let total_bytes = figures.f_blocks.checked_mul(figures.f_frsize)?;
    let read_only =
        mount.mount_options.contains_key("ro") || mount.super_options.contains_key("ro");
    // Zero where files are limited by nothing but room.
    let inodes_total = Some(figures.f_files).filter(|files| *files > 0);
    (total_bytes > 0).then(|| Volume {
        mount: bounds::text(&mount.mount_point.to_string_lossy(), bounds::TEXT),
        filesystem: bounds::text(&mount.fs_type, bounds::TEXT),
        total_bytes,
        free_bytes: figures.f_bavail.saturating_mul(figures.f_frsize).min(total_bytes),
        read_only,
        inodes_total,
        inodes_free: inodes_total.map(|total| figures.f_favail.min(total)),
        remounted_read_only: Some(is_remounted(mount)),
    })
}

/// Whether the file system gave up writing by itself, as with `errors=remount-ro`: whoever mounts or remounts it
/// read-only marks the mount so, an error only the file system.
fn is_remounted(mount: &MountInfo) -> bool {
    let by_error = mount.super_options.contains_key("ro") && !mount.mount_options.contains_key("ro");
    by_error || mount.super_options.contains_key("emergency_ro")
}

/// The system itself says nothing of a drive's health: only smartctl does.
pub fn own_report(_: &BlockDevice) -> Option<Report> {
    None
}

/// Fixed drives.
pub fn block_devices() -> Vec<BlockDevice> {
    block_devices_in(Path::new("/sys"))
}

fn block_devices_in(sys: &Path) -> Vec<BlockDevice> {
    let Ok(entries) = std::fs::read_dir(sys.join("block")) else { return Vec::new() };
    let mut devices: Vec<BlockDevice> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            block_device(&entry.path(), entry.file_name().to_str()?)
        })
        .collect();
    devices.sort_by(|left, right| left.device.cmp(&right.device));
    devices.truncate(bounds::DRIVES);
    devices
}

/// `None` for what is not a fixed drive: made of others (no `device`), removable, without a medium, optical.
fn block_device(folder: &Path, name: &str) -> Option<BlockDevice> {
    let read = |file: &str| {
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        Some(bounds::text(text.trim(), bounds::TEXT)).filter(|text| !text.is_empty())
    };
    let fixed = folder.join("device").exists()
        && read("removable").as_deref() != Some("1")
        && read("size").is_some_and(|sectors| sectors != "0")
        && !name.starts_with("sr")
        && !name.contains("boot");
    let rotational = read("queue/rotational");
    let kind = match rotational.as_deref() {
        _ if name.starts_with("nvme") => DriveKind::Nvme,
        // A virtual drive says what its host made up.
        _ if name.starts_with("vd") || name.starts_with("xvd") => DriveKind::Unknown,
        Some("1") => DriveKind::Hdd,
        Some("0") => DriveKind::Ssd,
        _ => DriveKind::Unknown,
    };
    fixed.then(|| BlockDevice {
        device: format!("/dev/{name}"),
        model: read("device/model"),
        serial: read("device/serial").or_else(|| read("serial")),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_volumes_that_hold_files_count_and_each_once() {
        let table = include_bytes!("../../../fixtures/mountinfo/desktop.txt");
        let points: Vec<String> = chosen(parse(table).unwrap())
            .iter()
            .map(|mount| mount.mount_point.to_string_lossy().into_owned())
            .collect();
        assert_eq!(points, ["/", "/boot/efi", "/media/datos del área", "/tanque"]);
    }

    #[test]
    fn the_root_of_a_container_is_a_volume_though_it_is_an_overlay() {
        let table = include_bytes!("../../../fixtures/mountinfo/container.txt");
        assert!(chosen(parse(table).unwrap()).iter().any(|mount| mount.fs_type == "overlay"));
    }

    #[test]
    fn a_mount_point_that_is_not_utf8_costs_only_itself() {
        let mut table = b"99 29 8:1 / /media/\xff\xfe rw shared:53 - vfat /dev/sdc1 rw\n".to_vec();
        table.extend(include_bytes!("../../../fixtures/mountinfo/desktop.txt"));
        let chosen = chosen(parse(&table).unwrap());
        assert_eq!(chosen.iter().filter_map(measured).filter(|v| v.mount == "/").count(), 1);
    }

    #[test]
    fn a_file_system_that_gave_up_writing_is_told_from_one_mounted_read_only() {
        let table = b"29 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 ro,errors=remount-ro\n\
            30 29 8:3 / /home rw - ext4 /dev/sda3 rw,emergency_ro\n\
            31 29 8:4 / /srv ro,relatime - ext4 /dev/sda4 ro\n\
            32 29 8:5 / /mnt ro - ext4 /dev/sda5 rw\n\
            33 29 8:6 / /var rw - ext4 /dev/sda6 rw\n";
        let remounted: Vec<bool> = parse(table).unwrap().iter().map(is_remounted).collect();
        assert_eq!(remounted, [true, true, false, false, false]);
    }

    #[test]
    fn this_machine_has_a_root_volume_with_a_size() {
        let volumes = volumes().unwrap();
        let root = volumes.iter().find(|volume| volume.mount == "/").unwrap();
        assert!(root.total_bytes > root.free_bytes);
    }

    #[test]
    fn a_stick_or_an_empty_reader_is_no_drive() {
        let sys = tempfile::tempdir().unwrap();
        let add = |name: &str, removable: &str, size: &str| {
            let folder = sys.path().join("block").join(name);
            std::fs::create_dir_all(folder.join("device")).unwrap();
            std::fs::write(folder.join("removable"), removable).unwrap();
            std::fs::write(folder.join("size"), size).unwrap();
        };
        add("sda", "0\n", "1000\n");
        add("sdb", "1\n", "1000\n");
        add("sdc", "0\n", "0\n");
        let names: Vec<String> =
            block_devices_in(sys.path()).into_iter().map(|device| device.device).collect();
        assert_eq!(names, ["/dev/sda"]);
    }
}
