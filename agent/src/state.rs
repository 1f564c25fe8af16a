//! The agent's own folder: private, locked by one service at a time, its files replaced whole or not at all.
//!
//! It does not know what the files hold.

cfg_select! {
    target_os = "linux" => {
        mod linux;
        use linux as platform;
    }
    windows => {
        mod windows;
        pub use self::windows::make_private;
        use self::windows as platform;
    }
    _ => {
        mod other;
        use other as platform;
    }
}

#[cfg(any(windows, test))]
mod sddl;
#[cfg(any(windows, test))]
mod service_sid;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use platform::{create_private_log, default_dir, foreign_access, foreign_writer};

/// Makes a folder that only its owner may enter; one that exists keeps its mode.
///
/// # Errors
/// When the system refuses.
pub fn create_private_directory(dir: &Path) -> io::Result<()> {
    platform::create_private_directory(dir)
}

/// Puts a folder's entries on the disk for good.
///
/// # Errors
/// When the system refuses.
pub fn sync_directory(dir: &Path) -> io::Result<()> {
    platform::sync_directory(dir)
}

/// Replaces a file whole: after a crash at any point the old or the new content is there. Only its owner can read it.
///
/// # Errors
/// When the disk refuses; the old content stays then.
pub fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, content, true)?;
    sync_directory(path.parent().unwrap_or(Path::new(".")))
}

/// Replaces a file that may be lost when the power goes; a reader sees the old or the new content.
///
/// # Errors
/// When the disk refuses; the old content stays then.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, content, false)
}

fn put(path: &Path, content: &[u8], for_good: bool) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let new = path.with_file_name(name);
    let write = || {
        let mut file = platform::create_private_file(&new)?;
        file.write_all(content)?;
        if for_good {
            file.sync_all()?;
        }
        fs::rename(&new, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

/// For how long somebody who only asks whether a service runs may be in the way of one that starts.
const ASKED: Duration = Duration::from_secs(1);

/// The state folder of this agent.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
}

/// Held while the service runs; the system lets go of it with the process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock is not to be had; the text is Spanish, for the person who started the second one.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error(
        "ya hay otro agente trabajando con {0}; deténgalo primero o use otra carpeta con `state_dir`"
    )]
    Held(String),
    /// The file could not be made.
    #[error(
        "no se puede usar la carpeta de estado {0}: {1}; revise que exista y sus permisos (`state_dir`)"
    )]
    Refused(String, io::Error),
}

impl StateDir {
    /// The folder at `path`, which need not exist yet.
    pub fn new(path: &Path) -> StateDir {
        StateDir { path: path.into() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes it if need be and takes its lock.
    ///
    /// # Errors
    /// When another process has it or the system refuses.
    pub fn lock(&self) -> Result<Lock, LockError> {
        let shown = self.path.display().to_string();
        let open = || {
            create_private_directory(&self.path)?;
            platform::create_private_file(&self.file("lock"))
        };
        let file = open().map_err(|error| LockError::Refused(shown.clone(), error))?;
        let until = Instant::now() + ASKED;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(fs::TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(ASKED / 50);
                }
                Err(fs::TryLockError::WouldBlock) => return Err(LockError::Held(shown)),
                Err(fs::TryLockError::Error(error)) => {
                    return Err(LockError::Refused(shown, error));
                }
            }
        }
    }

    /// Whether a service holds the lock now. Nothing is created to find out.
    pub fn is_locked(&self) -> bool {
        let held = |file: File| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock));
        File::open(self.file("lock")).is_ok_and(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_service_on_the_same_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        let lock = state.lock().unwrap();
        assert!(state.is_locked());
        assert!(state.lock().unwrap_err().to_string().contains("ya hay otro agente"));
        drop(lock);
        assert!(!state.is_locked());
        state.lock().unwrap();
    }

    #[test]
    fn a_question_whether_the_service_runs_does_not_keep_it_from_starting() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path());
        drop(state.lock().unwrap());
        let question = File::open(state.file("lock")).unwrap();
        question.lock_shared().unwrap();
        let (tell, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(state.lock().map(drop)).unwrap());
        assert!(started.recv_timeout(ASKED / 10).is_err(), "it neither starts nor gives up yet");
        question.unlock().unwrap();
        started.recv().unwrap().unwrap();
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        write_atomically(&file, b"uno").unwrap();
        write_atomically(&file, b"dos").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"dos");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(foreign_access(&file).unwrap(), None);
    }
}
