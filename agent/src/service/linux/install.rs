//! `service install --self-update` on Linux: what a package would bring, for an agent that updates itself. The program
//! belongs to root in a folder of its own; the agent's account only asks for its exchange.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::update::home::Home;

/// The program's folder, and its name there.
const FOLDER: &str = "/opt/atalaya";
const PROGRAM: &str = "/opt/atalaya/atalaya-agent";
/// Where a package puts it: the units name it, and where it is the package is the one that updates.
const PACKAGED: &str = "/usr/bin/atalaya-agent";
const UNITS: &str = "/etc/systemd/system";
const SETTINGS: &str = "/etc/atalaya/agent.toml";
const STATE: &str = "/var/lib/atalaya-agent";
const ACCOUNT: &str = "atalaya-agent";

macro_rules! unit {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../installer/linux/", $name)))
    };
}

/// The package's own units, for the program in its other folder, and those of self-update.
const WRITTEN: &[(&str, &str)] = &[
    unit!("atalaya-agent.service"),
    unit!("atalaya-agent-drives.socket"),
    unit!("atalaya-agent-drives@.service"),
    unit!("atalaya-agent-rules.socket"),
    unit!("atalaya-agent-rules@.service"),
    unit!("atalaya-agent-ports.socket"),
    unit!("atalaya-agent-ports@.service"),
    unit!("atalaya-agent-scan.socket"),
    unit!("atalaya-agent-scan@.service"),
    unit!("atalaya-agent-signatures.socket"),
    unit!("atalaya-agent-signatures@.service"),
    unit!("self-update/atalaya-agent-update.socket"),
    unit!("self-update/atalaya-agent-update@.service"),
];
const DROP_IN: &str = include_str!("../../../../installer/linux/self-update/self-update.conf");
const DROP_IN_FOLDER: &str = "/etc/systemd/system/atalaya-agent.service.d";
const SYSUSERS: &str = include_str!("../../../../installer/linux/atalaya-agent.sysusers");
const SOCKETS: [&str; 6] = [
    "atalaya-agent-drives.socket",
    "atalaya-agent-rules.socket",
    "atalaya-agent-ports.socket",
    "atalaya-agent-scan.socket",
    "atalaya-agent-signatures.socket",
    "atalaya-agent-update.socket",
];
const SERVICE: &str = "atalaya-agent.service";

/// Why it could not be installed or taken away; Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A package brought the agent.
    #[error(
        "un paquete instaló el agente en {PACKAGED}: se actualiza con él; quítelo primero si quiere lo contrario"
    )]
    Packaged,
    /// Somebody else asks.
    #[error("ejecute esta orden como root")]
    NotRoot,
    /// Something could not be written.
    #[error("{0}: {1}")]
    Disk(&'static str, io::Error),
    /// A program of the system failed.
    #[error("{0} terminó mal: {1}")]
    Program(&'static str, String),
}

/// Puts this program where it updates itself, with its units; nothing is started but its sockets. Repeating it repairs.
///
/// # Errors
/// When a package is there, or the system refuses.
pub fn install(version: &str) -> Result<(), InstallError> {
    if !rustix::process::geteuid().is_root() {
        return Err(InstallError::NotRoot);
    }
    if Path::new(PACKAGED).exists() {
        return Err(InstallError::Packaged);
    }
    let disk = |what| move |cause| InstallError::Disk(what, cause);
    run("systemd-sysusers", &["-"], SYSUSERS)?;
    make_folder(FOLDER).map_err(disk(FOLDER))?;
    let running = std::env::current_exe().map_err(disk("/proc/self/exe"))?;
    Home::establish(Path::new(PROGRAM), &running, version).map_err(disk(PROGRAM))?;
    if !Path::new(SETTINGS).exists() {
        make_folder("/etc/atalaya").map_err(disk("/etc/atalaya"))?;
        write(Path::new(SETTINGS), crate::config::DEFAULT).map_err(disk(SETTINGS))?;
    }
    run("install", &["-d", "-m", "0700", "-o", ACCOUNT, "-g", ACCOUNT, STATE], "")?;
    for (name, text) in WRITTEN {
        write(&unit_file(name), &text.replace(PACKAGED, PROGRAM)).map_err(disk(UNITS))?;
    }
    make_folder(DROP_IN_FOLDER)
        .and_then(|()| write(&Path::new(DROP_IN_FOLDER).join("self-update.conf"), DROP_IN))
        .map_err(disk(DROP_IN_FOLDER))?;
    reload()?;
    run("systemctl", &[&["enable"], now(), &SOCKETS].concat(), "")?;
    run("systemctl", &["enable", SERVICE], "")
}

/// Takes program and units away; `false`: they were not there. Identity, spool and settings stay.
///
/// # Errors
/// When the system refuses.
pub fn uninstall() -> Result<bool, InstallError> {
    if !rustix::process::geteuid().is_root() {
        return Err(InstallError::NotRoot);
    }
    if !unit_file(SERVICE).exists() && !Path::new(PROGRAM).exists() {
        return Ok(false);
    }
    run("systemctl", &[&["disable"], now(), &[SERVICE], &SOCKETS].concat(), "")?;
    for (name, _) in WRITTEN {
        gone(fs::remove_file(unit_file(name)), UNITS)?;
    }
    gone(fs::remove_dir_all(DROP_IN_FOLDER), DROP_IN_FOLDER)?;
    gone(fs::remove_dir_all(FOLDER), FOLDER)?;
    reload()?;
    Ok(true)
}

fn gone(removed: io::Result<()>, what: &'static str) -> Result<(), InstallError> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(InstallError::Disk(what, error))
        }
        _ => Ok(()),
    }
}

fn unit_file(name: &str) -> PathBuf {
    Path::new(UNITS).join(name.rsplit('/').next().unwrap_or(name))
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    fs::write(file, text)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o644))
}

/// Makes a folder that everybody may enter and only root write.
fn make_folder(folder: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

fn is_booted() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// At once, where a service manager runs.
fn now() -> &'static [&'static str] {
    if is_booted() { &["--now"] } else { &[] }
}

fn reload() -> Result<(), InstallError> {
    if is_booted() { run("systemctl", &["daemon-reload"], "") } else { Ok(()) }
}

fn run(program: &'static str, arguments: &[&str], input: &str) -> Result<(), InstallError> {
    let failed = |error: io::Error| InstallError::Program(program, error.to_string());
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take()
        && !input.is_empty()
    {
        stdin.write_all(input.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(InstallError::Program(program, format!("{}: {}", output.status, said.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_the_package_is_written() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../installer/linux");
        let units = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name());
        let of_agent = units.filter_map(|name| name.into_string().ok()).filter(|name| {
            name.starts_with("atalaya-agent") && (name.ends_with(".service") || name.ends_with(".socket"))
        });
        for name in of_agent {
            assert!(WRITTEN.iter().any(|(written, _)| *written == name), "{name}");
            assert!(!name.ends_with(".socket") || SOCKETS.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn no_unit_names_the_packages_program_and_each_lies_in_the_units_folder() {
        for (name, text) in WRITTEN {
            assert!(!text.replace(PACKAGED, PROGRAM).contains("/usr/bin/atalaya"), "{name}");
        }
        assert!(!DROP_IN.contains(PACKAGED));
        let unit = unit_file("self-update/atalaya-agent-update@.service");
        assert_eq!(unit, Path::new("/etc/systemd/system/atalaya-agent-update@.service"));
    }
}
