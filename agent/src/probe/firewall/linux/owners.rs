//! Which process owns a socket: its number among the open files of every process. The one costly walk of the probe.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;

use atalaya_reading::bounds;

/// The kernel cuts names to this many bytes.
const COMM: usize = 15;
const NAME: usize = 255;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub process: String,
    /// Its id.
    pub pid: u32,
    /// The systemd service it belongs to; `None`: none, or unknown.
    pub service: Option<String>,
}

/// What the walk found.
#[derive(Debug, Default)]
pub struct Found {
    /// By inode of the socket.
    pub owners: HashMap<u64, Owner>,
    /// Some process did not show its files: what is missing may be there.
    pub denied: bool,
}

/// Looks for the owners of these sockets. Processes that vanish meanwhile are passed over.
pub fn find(proc: &Path, wanted: &HashSet<u64>) -> Found {
    let mut found = Found::default();
    let Ok(entries) = std::fs::read_dir(proc) else {
        return Found { denied: true, ..found };
    };
    let mut pids: Vec<u32> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    // The first of several owners is the one that started the others; init only keeps sockets for whom it starts.
    pids.sort_unstable_by_key(|pid| (*pid == 1, *pid));
    for pid in pids {
        let folder = proc.join(pid.to_string());
        let files = match std::fs::read_dir(folder.join("fd")) {
            Ok(files) => files,
            Err(error) => {
                found.denied |= error.kind() == ErrorKind::PermissionDenied;
                continue;
            }
        };
        // Asked once, however many sockets it holds.
        let mut owner = None;
        for file in files.flatten() {
            let target = std::fs::read_link(file.path());
            let hidden = |error: &std::io::Error| error.kind() == ErrorKind::PermissionDenied;
            found.denied |= target.as_ref().is_err_and(hidden);
            let Some(inode) = target.ok().as_deref().and_then(socket_inode) else { continue };
            if wanted.contains(&inode) && !found.owners.contains_key(&inode) {
                let owner = owner.get_or_insert_with(|| Owner {
                    process: name(&folder),
                    pid,
                    service: service(&folder),
                });
                found.owners.insert(inode, owner.clone());
            }
        }
        if found.owners.len() == wanted.len() {
            break;
        }
    }
    found
}

/// `socket:[12345]`.
fn socket_inode(target: &Path) -> Option<u64> {
    target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The process's own name for itself, or the whole name of its program where the kernel cut it.
fn name(folder: &Path) -> String {
    let comm = std::fs::read(folder.join("comm")).unwrap_or_default();
    let comm = String::from_utf8_lossy(&comm).trim_end_matches('\n').to_string();
    if comm.len() >= COMM
        && let Ok(program) = std::fs::read_link(folder.join("exe"))
        && let Some(file) = program.file_name().map(|file| file.to_string_lossy().into_owned())
        && file.starts_with(&comm)
    {
        return bounds::text(&file, NAME);
    }
    bounds::text(&comm, NAME)
}

/// The innermost service among its control groups: `0::/system.slice/ssh.service`, or of the hierarchy of systemd where
/// there are several.
fn service(folder: &Path) -> Option<String> {
    let groups = std::fs::read_to_string(folder.join("cgroup")).ok()?;
    let of_systemd = |line: &str| {
        let (hierarchy, path) = line.split_once(':')?.1.split_once(':')?;
        matches!(hierarchy, "" | "name=systemd").then(|| path.to_string())
    };
    let mut paths = groups.lines().filter_map(of_systemd);
    let named = paths.find_map(|path| {
        path.rsplit('/').find(|part| part.ends_with(".service")).map(ToString::to_string)
    })?;
    Some(bounds::text(&named, NAME))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn process(proc: &Path, pid: u32, comm: &[u8], inodes: &[u64]) {
        let folder = proc.join(pid.to_string());
        std::fs::create_dir_all(folder.join("fd")).unwrap();
        std::fs::write(folder.join("comm"), comm).unwrap();
        for (at, inode) in inodes.iter().enumerate() {
            let target = format!("socket:[{inode}]");
            std::os::unix::fs::symlink(target, folder.join("fd").join(at.to_string())).unwrap();
        }
    }

    #[test]
    fn the_first_process_that_holds_a_socket_owns_it() {
        let proc = tempfile::tempdir().unwrap();
        process(proc.path(), 200, b"nginx\n", &[7]);
        process(proc.path(), 100, b"nginx\n", &[7, 8]);
        let found = find(proc.path(), &HashSet::from([7, 9]));
        let owner = Owner { process: "nginx".into(), pid: 100, service: None };
        assert_eq!(found.owners[&7], owner);
        assert!(!found.owners.contains_key(&9) && !found.denied);
    }

    #[test]
    fn a_service_owns_the_socket_that_init_holds_for_it() {
        let proc = tempfile::tempdir().unwrap();
        process(proc.path(), 1, b"systemd\n", &[7, 8]);
        process(proc.path(), 300, b"cupsd\n", &[7]);
        let found = find(proc.path(), &HashSet::from([7, 8]));
        assert_eq!((found.owners[&7].pid, found.owners[&8].pid), (300, 1));
    }

    #[test]
    fn a_name_that_is_not_text_or_endless_is_made_fit_to_print() {
        let proc = tempfile::tempdir().unwrap();
        process(proc.path(), 1, b"\xff\xfe<b>\x1b[31m\n", &[1]);
        process(proc.path(), 2, "x".repeat(1_000_000).as_bytes(), &[2]);
        let found = find(proc.path(), &HashSet::from([1, 2]));
        assert_eq!(found.owners[&1].process, "\u{fffd}\u{fffd}<b>[31m");
        assert_eq!(found.owners[&2].process.len(), NAME);
    }

    #[test]
    fn a_name_the_kernel_cut_is_completed_by_its_program() {
        let proc = tempfile::tempdir().unwrap();
        process(proc.path(), 1, b"systemd-resolve\n", &[1]);
        let program = std::ffi::OsStr::from_bytes(b"/usr/lib/systemd/systemd-resolved");
        std::os::unix::fs::symlink(program, proc.path().join("1/exe")).unwrap();
        assert_eq!(find(proc.path(), &HashSet::from([1])).owners[&1].process, "systemd-resolved");
    }

    #[test]
    fn the_service_is_the_innermost_of_its_control_groups() {
        let proc = tempfile::tempdir().unwrap();
        for (pid, groups, expected) in [
            (1, "0::/system.slice/ssh.service\n", Some("ssh.service")),
            (2, "9:name=systemd:/system.slice/cups.service\n4:memory:/x.service\n0::/\n", Some("cups.service")),
            (3, "0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n", Some("web.service")),
            (4, "0::/user.slice/user-1000.slice/session-2.scope\n", None),
            (5, "rubbish\n:::\n0::\n", None),
        ] {
            process(proc.path(), pid, b"x\n", &[pid.into()]);
            std::fs::write(proc.path().join(pid.to_string()).join("cgroup"), groups).unwrap();
            let found = find(proc.path(), &HashSet::from([pid.into()]));
            assert_eq!(found.owners[&pid.into()].service.as_deref(), expected, "{groups}");
        }
    }

    #[test]
    fn a_process_that_vanishes_costs_nothing_else() {
        let proc = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(proc.path().join("50")).unwrap();
        process(proc.path(), 60, b"sshd\n", &[5]);
        assert_eq!(find(proc.path(), &HashSet::from([5])).owners[&5].pid, 60);
    }
}
