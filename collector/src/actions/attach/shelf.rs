//! The folder of the files, each by the SHA-256 of its content: the same file twice takes its room once. A file comes in
//! piece by piece, bounded, into a name of its own, and takes its place only when it is whole and on the disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::domain::attachment::FILE_BYTES;

/// How a file is called while it comes in.
const INCOMING: &str = ".incoming-";
/// Free room below which nothing more is taken: runs and audit come first.
const SPARE_BYTES: u64 = 256 * 1024 * 1024;

/// The folder.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

/// A file that comes in; dropped before it is kept, it never was.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    file: tokio::fs::File,
    hash: Sha256,
    size: u64,
}

/// Why a piece was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file is too large. Shown to people.
    #[error("el archivo es demasiado grande: caben 15 MiB")]
    Large,
    /// The disk is nearly full. Shown to people.
    #[error("no queda espacio para más archivos: avisa a quien administra Atalaya")]
    Room,
    /// The system.
    #[error("attachment: {0}")]
    Disk(#[from] io::Error),
}

impl Shelf {
    /// That folder; it is made when the first file comes.
    pub fn new(folder: PathBuf) -> Shelf {
        Shelf { folder }
    }

    /// Where the content of that hash lies.
    pub fn file(&self, sha256: &str) -> PathBuf {
        let (first, rest) = sha256.split_at_checked(2).unwrap_or(("", sha256));
        self.folder.join(first).join(rest)
    }

    /// Begins to take a file.
    ///
    /// # Errors
    /// When there is no room, or the folder cannot be written.
    pub async fn receive(&self) -> Result<Incoming, Refused> {
        let folder = self.folder.clone();
        let free = tokio::task::spawn_blocking(move || {
            make_private(&folder)?;
            let room = rustix::fs::statvfs(&folder)?;
            Ok::<_, io::Error>(room.f_bavail.saturating_mul(room.f_frsize))
        });
        if free.await.map_err(io::Error::other)?? < SPARE_BYTES {
            return Err(Refused::Room);
        }
        let path = self.folder.join(format!("{INCOMING}{}", Uuid::now_v7().simple()));
        let mut options = tokio::fs::OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok(Incoming { path, file, hash: Sha256::new(), size: 0 })
    }

    /// Puts a whole file in its place; its hash.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn keep(&self, incoming: Incoming) -> io::Result<String> {
        let sha256 = HEXLOWER.encode(&incoming.hash.clone().finalize());
        incoming.file.sync_all().await?;
        let (from, to, root) = (incoming.path.clone(), self.file(&sha256), self.folder.clone());
        tokio::task::spawn_blocking(move || place(&from, &to, &root))
            .await
            .map_err(io::Error::other)??;
        Ok(sha256)
    }

    /// Removes what no run has any more, and what was left half-way: `known` tells which hashes are in use. Only what is
    /// older than `age` goes, since a file takes its place before its run knows it. How many went.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn sweep(&self, known: impl Fn(&str) -> bool, age: Duration) -> io::Result<usize> {
        let mut gone = 0;
        for entry in entries(&self.folder)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_file() {
                if name.starts_with(INCOMING) && is_old(&entry, age) {
                    fs::remove_file(entry.path())?;
                    gone += 1;
                }
                continue;
            }
            for file in entries(&entry.path())? {
                let sha256 = format!("{name}{}", file.file_name().to_string_lossy());
                if !known(&sha256) && is_old(&file, age) {
                    fs::remove_file(file.path())?;
                    gone += 1;
                }
            }
        }
        Ok(gone)
    }
}

impl Incoming {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Refused::Large`] past the bound, and when the disk refuses.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), Refused> {
        self.size += piece.len() as u64;
        if self.size > FILE_BYTES {
            return Err(Refused::Large);
        }
        self.hash.update(piece);
        Ok(self.file.write_all(piece).await?)
    }

    /// Everything has come: what was written can be read under [`Incoming::path`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn end(&mut self) -> io::Result<()> {
        self.file.flush().await
    }

    /// Where it lies for now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Kept, it has another name by now.
        let _ = fs::remove_file(&self.path);
    }
}

/// Renames into place; the content of that hash may be there already, then its age begins anew.
fn place(from: &Path, to: &Path, root: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(root);
    make_private(folder)?;
    fs::rename(from, to)?;
    fs::File::open(to)?.set_modified(SystemTime::now())?;
    fs::File::open(folder)?.sync_all()?;
    fs::File::open(root)?.sync_all()
}

fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.collect(),
    }
}

fn is_old(entry: &fs::DirEntry, age: Duration) -> bool {
    let modified = entry.metadata().and_then(|data| data.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|past| past > age))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn received(shelf: &Shelf, content: &[u8]) -> Incoming {
        let mut incoming = shelf.receive().await.unwrap();
        incoming.write(content).await.unwrap();
        incoming.end().await.unwrap();
        incoming
    }

    #[tokio::test]
    async fn the_same_content_takes_its_room_once_and_what_is_dropped_never_was() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("attachments"));
        let first = received(&shelf, b"hola").await;
        let second = received(&shelf, b"hola").await;
        let third = received(&shelf, b"otra cosa").await;
        let sha256 = shelf.keep(first).await.unwrap();
        assert_eq!(shelf.keep(second).await.unwrap(), sha256);
        assert_eq!(fs::read(shelf.file(&sha256)).unwrap(), b"hola");
        let lost = third.path().to_owned();
        assert!(lost.exists());
        drop(third);
        assert!(!lost.exists());
        let left = entries(&shelf.folder).unwrap();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[tokio::test]
    async fn a_file_without_end_is_stopped_at_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let mut incoming = shelf.receive().await.unwrap();
        let piece = vec![7; 1024 * 1024];
        let mut taken = 0;
        while incoming.write(&piece).await.is_ok() {
            taken += 1;
            assert!(taken <= 15);
        }
        assert_eq!(taken, 15);
    }

    #[tokio::test]
    async fn what_no_run_has_goes_once_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let known = shelf.keep(received(&shelf, b"a").await).await.unwrap();
        let orphan = shelf.keep(received(&shelf, b"b").await).await.unwrap();
        let young = Duration::from_secs(3600);
        assert_eq!(shelf.sweep(|hash| hash == known, young).unwrap(), 0);
        assert_eq!(shelf.sweep(|hash| hash == known, Duration::ZERO).unwrap(), 1);
        assert!(shelf.file(&known).exists() && !shelf.file(&orphan).exists());
    }
}
