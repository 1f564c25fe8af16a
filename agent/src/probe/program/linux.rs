//! What a program is on Linux, and how it is stopped together with what it started.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// Folders no user could write to.
pub fn default_path() -> String {
    "/usr/sbin:/usr/bin:/sbin:/bin".into()
}

/// A program's file is called as the program.
pub fn file_name(name: &str) -> &str {
    name
}

/// A file somebody may execute.
pub fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Makes the program the head of a process group, so that it can be stopped with its children.
pub fn in_own_group(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

/// Stops the program and its children: those of a script would outlive it otherwise.
pub fn kill_group(child: &mut Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(group) = id.and_then(Pid::from_raw) {
        // Gone already is as good as killed.
        let _ = kill_process_group(group, Signal::KILL);
    }
}
