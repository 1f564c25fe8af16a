//! Where programs are on Windows, and how one is run and stopped.

use std::path::Path;

use tokio::process::{Child, Command};

/// Beside the agent, where smartmontools installs itself, and Windows' own folder: no folder a user could write to.
pub fn default_path() -> String {
    let variable = |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.into());
    let own = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.display().to_string()));
    let programs = variable("ProgramFiles", r"C:\Program Files");
    let system = variable("SystemRoot", r"C:\Windows");
    let folders = [own, Some(format!(r"{programs}\smartmontools\bin")), Some(format!(r"{system}\System32"))];
    folders.into_iter().flatten().collect::<Vec<_>>().join(";")
}

/// A program's file has an ending.
pub fn file_name(name: &str) -> String {
    format!("{name}.exe")
}

/// A file.
pub fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// No window may open, and without its folder Windows' own libraries do not load.
pub fn in_own_group(command: &mut Command) -> &mut Command {
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    if let Ok(root) = std::env::var("SystemRoot") {
        command.env("SystemRoot", root);
    }
    command.creation_flags(CREATE_NO_WINDOW)
}

/// Stops the program; those asked here start no others.
pub fn kill_group(child: &mut Child) {
    // Gone already is as good as killed.
    let _ = child.start_kill();
}
