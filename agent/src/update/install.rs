//! Exchanges the program for a staged release, and back. At every moment there is a program that starts: the new one is
//! complete, on the disk and has been seen to start before it takes the old one's name.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use atalaya_proto::release::{MANIFEST_BYTES, Manifest, SIGNATURE_BYTES, Version};
use jiff::Timestamp;
use ring::digest::{Context, SHA256};

use super::home::Home;
use super::judge::{Measure, Refusal, judge};
use super::platform;
use super::trial::{End, Trial};
use crate::config::Config;
use crate::report::UpdateEnd;
use crate::state::{StateDir, sync_directory};
use crate::version::{TARGET, version};

/// How long a new program may take to say its version.
const SAYS_VERSION: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const PIECE: usize = 64 * 1024;

/// A release that was fetched, in the state folder.
#[derive(Debug, Clone)]
pub struct Stage {
    folder: PathBuf,
}

impl Stage {
    /// That of a state folder.
    pub fn of(state: &StateDir) -> Stage {
        Stage { folder: state.file("update") }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The manifest, as it was signed.
    pub fn manifest(&self) -> PathBuf {
        self.folder.join("manifest.toml")
    }

    /// Its signature.
    pub fn signature(&self) -> PathBuf {
        self.folder.join("manifest.toml.minisig")
    }

    /// The program.
    pub fn program(&self) -> PathBuf {
        self.folder.join("program")
    }

    /// Takes it away. What cannot be removed is written over by the next one.
    pub fn clear(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Why the program was not exchanged; Spanish, for people. The one that was there still is.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The release is none for this program.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The program is not the one that was signed.
    #[error("el programa no es el que se firmó: {0}")]
    Program(&'static str),
    /// It does not start here.
    #[error("el programa nuevo no arranca en este equipo: {0}")]
    DoesNotStart(String),
    /// There is no program before this one.
    #[error("no hay una versión anterior guardada")]
    NoneBefore,
    /// The disk refused.
    #[error("{0}: {1}")]
    Disk(&'static str, io::Error),
    /// Whoever may exchange the program did not.
    #[error("{0}")]
    Asked(String),
}

/// Puts the staged release in the program's place, by ourselves or by who may. Its version is returned.
///
/// # Errors
/// When it was not.
pub async fn put(
    home: &Home,
    state: &StateDir,
    config_keys: &atalaya_proto::release::Keys,
    now: Timestamp,
) -> Result<Version, InstallError> {
    if !home.is_ours() {
        return platform::ask("install").await.map_err(InstallError::Asked);
    }
    let (home, stage, keys) = (home.clone(), Stage::of(state), config_keys.clone());
    let work = move || install(&home, &stage, &keys, now);
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(InstallError::Asked(error.to_string())))
}

/// Brings the program before the one on trial back, by ourselves or by who may, and leaves word of it.
///
/// # Errors
/// When it is not there any more, or the disk refuses.
pub async fn take_back(
    home: &Home,
    state: &StateDir,
    trial: &Trial,
) -> Result<Version, InstallError> {
    // Word first: if the power goes in between, it is told once too often rather than never.
    leave_word(state, trial);
    if home.is_ours() {
        return restore(home, &trial.version);
    }
    platform::ask("restore").await.map_err(InstallError::Asked)
}

/// Answers `install` or `restore` for a service that may not write its own program: everything is looked at again here.
///
/// # Errors
/// When the program was not exchanged.
pub fn answer(question: &str, config: &Config) -> Result<Version, InstallError> {
    let home = super::home(&config.update).map_err(|off| InstallError::Asked(off.to_string()))?;
    match question {
        "install" => {
            let stage = Stage::of(&StateDir::new(&config.state_dir));
            install(&home, &stage, &config.update.trusted(), Timestamp::now())
        }
        "restore" => restore(&home, version()),
        _ => Err(InstallError::Asked("petición desconocida".into())),
    }
}

/// Before the service manager starts the program: when the version on trial was started too often without a welcome, the
/// one before is brought back. Run from the one before.
///
/// # Errors
/// When it should be brought back and cannot.
pub fn guard(home: &Home, state: &StateDir) -> Result<Option<Version>, InstallError> {
    let Some(trial) = Trial::read(state) else { return Ok(None) };
    let trial = trial.guarded();
    trial.write(state);
    if !trial.has_failed() {
        return Ok(None);
    }
    leave_word(state, &trial);
    restore(home, &trial.version).map(Some)
}

fn leave_word(state: &StateDir, trial: &Trial) {
    let detail = format!("no logró conectarse con el colector; sigue la {}", trial.before);
    End { version: trial.version.clone(), outcome: UpdateEnd::Restored, detail }.write(state);
}

fn install(
    home: &Home,
    stage: &Stage,
    keys: &atalaya_proto::release::Keys,
    now: Timestamp,
) -> Result<Version, InstallError> {
    let disk = |what| move |cause| InstallError::Disk(what, cause);
    let reading = disk("no se puede leer lo descargado");
    let manifest = read(&stage.manifest(), MANIFEST_BYTES).map_err(&reading)?;
    let signature = read(&stage.signature(), SIGNATURE_BYTES).map_err(&reading)?;
    let signature = String::from_utf8_lossy(&signature);
    let ledger = home.ledger();
    let running = Version::parse(version());
    let measure = Measure { keys, target: TARGET, running, ledger: &ledger };
    let manifest = judge(&manifest, &signature, &measure, now)?;
    let new = home.new_program();
    let ready =
        copy(&stage.program(), &new, &manifest).and_then(|()| see_it_start(&new, &manifest));
    if let Err(error) = ready {
        let _ = std::fs::remove_file(&new);
        return Err(error);
    }
    let writing = disk("no se puede poner el programa en su lugar");
    platform::exchange(home.program(), &new, &home.old()).map_err(&writing)?;
    sync_directory(home.folder()).map_err(&writing)?;
    // A power cut before this line loses nothing: the running version counts as much as the ledger.
    home.write_ledger(&ledger.with(manifest.version)).map_err(&writing)?;
    tracing::info!(version = %manifest.version, "a new program is in place");
    Ok(manifest.version)
}

/// Brings the program before back; `failed` is not taken again.
fn restore(home: &Home, failed: &str) -> Result<Version, InstallError> {
    let disk = |cause| InstallError::Disk("no se puede traer de vuelta la versión anterior", cause);
    if !home.old().exists() {
        return Err(InstallError::NoneBefore);
    }
    let version = Version::parse(failed).ok_or(Refusal::Unversioned)?;
    home.write_ledger(&home.ledger().without(version)).map_err(disk)?;
    platform::bring_back(home.program(), &home.old()).map_err(disk)?;
    sync_directory(home.folder()).map_err(disk)?;
    tracing::warn!(%version, "the program before is back");
    Ok(version)
}

fn read(file: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than there may be: what is too long is then seen to be.
    platform::open_plain(file)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Copies the staged program, and sees that what was written is what was signed.
fn copy(from: &Path, to: &Path, manifest: &Manifest) -> Result<(), InstallError> {
    let reading = |cause| InstallError::Disk("no se puede leer lo descargado", cause);
    let writing = |cause| InstallError::Disk("no se puede escribir junto al programa", cause);
    let mut from = platform::open_plain(from).map_err(reading)?.take(manifest.size + 1);
    let mut to = platform::create_program(to).map_err(writing)?;
    let (mut hash, mut size, mut piece) = (Context::new(&SHA256), 0, vec![0; PIECE]);
    loop {
        let count = from.read(&mut piece).map_err(reading)?;
        if count == 0 {
            break;
        }
        hash.update(&piece[..count]);
        to.write_all(&piece[..count]).map_err(writing)?;
        size += count as u64;
    }
    if size != manifest.size {
        return Err(InstallError::Program("mide otra cosa"));
    }
    if hash.finish().as_ref() != manifest.sha256 {
        return Err(InstallError::Program("su SHA-256 es otro"));
    }
    to.sync_all().map_err(writing)
}

/// Runs the new program for its version only: a wrong libc or processor shows here, while the old one still has its name.
fn see_it_start(program: &Path, manifest: &Manifest) -> Result<(), InstallError> {
    let no = |why: &dyn ToString| InstallError::DoesNotStart(why.to_string());
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| no(&error))?;
    let since = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| no(&error))? {
            Some(status) => break status,
            None if since.elapsed() > SAYS_VERSION => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(no(&"no contesta"));
            }
            None => std::thread::sleep(BETWEEN_LOOKS),
        }
    };
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        let _ = stdout.take(256).read_to_string(&mut said);
    }
    let expected = manifest.version.to_string();
    if !status.success() {
        return Err(no(&status));
    }
    if said.split_whitespace().next_back() != Some(&expected) {
        return Err(no(&format!("dice ser «{}», no la {expected}", said.trim())));
    }
    Ok(())
}

/// Opens a file of the stage for writing from its start.
pub(super) fn stage_file(path: &Path) -> io::Result<File> {
    platform::create_staged(path)
}

/// Free bytes where a path lies; `None`: not known.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    platform::free_bytes(path)
}
