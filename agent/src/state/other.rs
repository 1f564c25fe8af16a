//! Folders and files where no modes are known: created as the system does, and nothing claimed about who has access.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Where the agent keeps its state unless the settings say otherwise.
pub fn default_dir() -> PathBuf {
    std::env::home_dir().unwrap_or_default().join(".atalaya-agent")
}

/// Makes a folder.
pub fn create_private_directory(dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)
}

/// Opens a file for writing from its start.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Creates a file to append to.
///
/// # Errors
/// When there is one already, or the system refuses.
pub fn create_private_log(path: &Path) -> io::Result<File> {
    OpenOptions::new().create_new(true).append(true).open(path)
}

/// A folder cannot be flushed by itself here; the file was.
pub fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Not known here.
///
/// # Errors
/// Always: an unknown is not a yes.
pub fn foreign_access(_: &Path) -> io::Result<Option<String>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not known here.
///
/// # Errors
/// Always: an unknown is not a yes.
pub fn foreign_writer(_: &Path) -> io::Result<Option<String>> {
    Err(io::ErrorKind::Unsupported.into())
}
