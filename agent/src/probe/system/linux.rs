//! Whether updates wait for a restart, as Debian and its relatives say it, or by the kernels in the boot folder.

use std::path::Path;

use super::kernels::newer_installed;

/// Whether updates wait for a restart; `None` where nothing says so.
pub fn reboot_needed(kernel: Option<&str>) -> Option<bool> {
    of_root(Path::new("/"), kernel)
}

fn of_root(root: &Path, kernel: Option<&str>) -> Option<bool> {
    if root.join("run/reboot-required").exists() {
        return Some(true);
    }
    let entries = std::fs::read_dir(root.join("boot")).ok()?;
    let installed: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_prefix("vmlinuz-").map(String::from))
        .collect();
    newer_installed(kernel?, &installed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_is_needed_when_the_system_says_so_and_unknown_when_nothing_does() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(of_root(root.path(), Some("6.1.0-9-amd64")), None);
        std::fs::create_dir_all(root.path().join("boot")).unwrap();
        std::fs::write(root.path().join("boot/vmlinuz-6.1.0-9-amd64"), "").unwrap();
        assert_eq!(of_root(root.path(), Some("6.1.0-9-amd64")), Some(false));
        std::fs::create_dir_all(root.path().join("run")).unwrap();
        std::fs::write(root.path().join("run/reboot-required"), "").unwrap();
        assert_eq!(of_root(root.path(), Some("6.1.0-9-amd64")), Some(true));
    }
}
