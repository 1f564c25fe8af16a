//! What can be said of programs on every system.

use std::path::Path;

use tokio::process::{Child, Command};

/// Folders no user could write to.
pub fn default_path() -> String {
    "/usr/sbin:/usr/bin:/sbin:/bin".into()
}

/// A program's file is called as the program.
pub fn file_name(name: &str) -> &str {
    name
}

/// A file.
pub fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// There are no groups to be set here.
pub fn in_own_group(command: &mut Command) -> &mut Command {
    command
}

/// Stops the program.
pub fn kill_group(child: &mut Child) {
    // Gone already is as good as killed.
    let _ = child.start_kill();
}
