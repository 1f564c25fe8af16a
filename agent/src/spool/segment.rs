//! One segment: a file of frames of one class in one epoch, and what is known of it without reading it again.
//!
//! It knows nothing of other segments, of caps or of order between classes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use atalaya_proto::limits;

use super::frame::{Frame, Piece, scan};
use super::{Class, Record};
use crate::state;

/// Class byte of the frame a segment opens with.
pub const ANCHOR: u8 = 0;

/// A segment that cannot be read must not hold up all others for ever.
const READS_BEFORE_GIVING_UP: u32 = 10;

/// Where a segment belongs: all of it is in the file's name, so that no damage inside can make it foreign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Counts the epochs of this spool, which are random and have no order of their own.
    pub ordinal: u32,
    /// The epoch.
    pub epoch: u64,
    /// Class of its records.
    pub class: Class,
    /// First sequence number it may hold.
    pub base: u64,
}

impl Name {
    fn file_name(&self) -> String {
        let Name { ordinal, epoch, class, base } = self;
        format!("{ordinal:08x}-{epoch:016x}-{}-{base:016x}.seg", class.as_str())
    }

    /// Reads a file's name; `None` for a file that is no segment.
    pub fn parse(file_name: &str) -> Option<Name> {
        let mut parts = file_name.strip_suffix(".seg")?.split('-');
        let name = Name {
            ordinal: u32::from_str_radix(parts.next()?, 16).ok()?,
            epoch: u64::from_str_radix(parts.next()?, 16).ok()?,
            class: parts
                .next()
                .and_then(|word| Class::ALL.into_iter().find(|class| class.as_str() == word))?,
            base: u64::from_str_radix(parts.next()?, 16).ok()?,
        };
        (name.file_name() == file_name).then_some(name)
    }
}

/// A segment on disk.
#[derive(Debug)]
pub struct Segment {
    /// What its name says.
    pub name: Name,
    /// Highest sequence number in it; `base - 1` while it has none.
    pub last: u64,
    /// Length of the file.
    pub bytes: u64,
    /// Records not yet acknowledged.
    pub waiting: u64,
    /// Numbers up to here are not counted in `waiting`.
    pub forgotten: u64,
    path: PathBuf,
    /// Everything before is acknowledged.
    read_from: u64,
    /// Readings in a row that the disk refused.
    refused: u32,
}

impl Segment {
    /// Creates the file with its anchor, which tells a later recovery what came before.
    ///
    /// # Errors
    /// When the disk refuses; no file is left then.
    pub fn create(dir: &Path, name: Name, anchor: &Frame) -> io::Result<(Segment, File)> {
        let path = dir.join(name.file_name());
        let bytes = anchor.encode();
        let write = || {
            let mut file = state::create_private_log(&path)?;
            file.write_all(&bytes)?;
            state::sync_directory(dir)?;
            io::Result::Ok(file)
        };
        let file = write().inspect_err(|error| {
            if error.kind() != io::ErrorKind::AlreadyExists {
                let _ = fs::remove_file(&path);
            }
        })?;
        let bytes = bytes.len() as u64;
        let last = name.base.saturating_sub(1);
        Ok((
            Segment {
                name,
                last,
                bytes,
                waiting: 0,
                forgotten: 0,
                path,
                read_from: bytes,
                refused: 0,
            },
            file,
        ))
    }

    /// A segment found on disk; the recovery that reads it fills in what it sees. Records up to `acked` do not wait.
    pub fn found(dir: &Path, name: Name, acked: u64) -> Segment {
        let path = dir.join(name.file_name());
        let last = name.base.saturating_sub(1);
        let forgotten = acked;
        Segment { name, last, bytes: 0, waiting: 0, forgotten, path, read_from: 0, refused: 0 }
    }

    /// Opens the file to go on appending.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn reopen(&self) -> io::Result<File> {
        OpenOptions::new().append(true).open(&self.path)
    }

    /// Cuts off what stands behind the last whole record. A handle that only appends may not do so on Windows: this
    /// takes one that writes.
    ///
    /// # Errors
    /// When the disk refuses; a torn record stays and is skipped when the spool is next opened.
    pub fn cut(&self) -> io::Result<()> {
        OpenOptions::new().write(true).open(&self.path)?.set_len(self.bytes)
    }

    /// All bytes of the file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_all(&self) -> io::Result<Vec<u8>> {
        fs::read(&self.path)
    }

    /// Writes the file anew with these frames only.
    ///
    /// # Errors
    /// When the disk refuses; the old file stays then.
    pub fn rewrite(&mut self, frames: &[u8]) -> io::Result<()> {
        state::write_atomically(&self.path, frames)?;
        self.bytes = frames.len() as u64;
        self.read_from = 0;
        Ok(())
    }

    /// Forgets records up to `seq`, which the collector has.
    ///
    /// # Errors
    /// When the file cannot be read to see how many those were.
    pub fn acknowledge(&mut self, seq: u64) -> io::Result<()> {
        if self.last <= seq {
            self.waiting = 0;
            self.read_from = self.bytes;
            return Ok(());
        }
        if self.waiting == 0 || self.name.base > seq {
            return Ok(());
        }
        let bytes = self.unread()?;
        let mut end = bytes.len();
        for piece in scan(&bytes) {
            let Piece::Frame(at, frame) = piece else { continue };
            if frame.class != ANCHOR && frame.seq > seq {
                end = at;
                break;
            }
            let counted = frame.class != ANCHOR && frame.seq > self.forgotten;
            self.waiting = self.waiting.saturating_sub(u64::from(counted));
        }
        self.read_from += end as u64;
        self.forgotten = self.forgotten.max(seq);
        Ok(())
    }

    /// Records after `acked` until `room` is used up. The number is how many of the waiting ones are not there any more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&mut self, acked: u64, room: &mut Room) -> io::Result<(Vec<Record>, u64)> {
        self.refused = self.refused.saturating_add(1);
        let bytes = self.unread()?;
        self.refused = 0;
        let mut records = Vec::new();
        for piece in scan(&bytes) {
            let Piece::Frame(_, frame) = piece else { continue };
            if frame.class != self.name.class as u8 || frame.seq <= acked {
                continue;
            }
            if !room.take(frame.body.len()) {
                return Ok((records, 0));
            }
            let (class, previous) = (self.name.class, frame.previous);
            records.push(Record { seq: frame.seq, class, previous, body: frame.body.to_vec() });
        }
        let lost = self.waiting.saturating_sub(records.len() as u64);
        self.waiting = records.len() as u64;
        Ok((records, lost))
    }

    /// The disk refused so often that what is in it has to be counted as lost.
    pub fn is_given_up(&self) -> bool {
        self.refused >= READS_BEFORE_GIVING_UP
    }

    /// Removes the file; one that is gone already is as good.
    pub fn remove(&self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.path.display(), %error, "spool segment cannot be removed");
            }
            _ => {}
        }
    }

    fn unread(&self) -> io::Result<Vec<u8>> {
        let mut file = match File::open(&self.path) {
            // Somebody removed it: nothing of it can be read, and the caller counts what is missing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened?,
        };
        file.seek(SeekFrom::Start(self.read_from))?;
        let mut bytes = Vec::new();
        file.take(self.bytes.saturating_sub(self.read_from)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// What still fits in a batch.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Records.
    pub records: usize,
    /// Bytes of bodies.
    pub bytes: usize,
    /// Something did not fit.
    pub full: bool,
}

impl Room {
    /// The room of an empty batch.
    pub fn of_batch() -> Room {
        Room { records: limits::BATCH_RECORDS, bytes: limits::BATCH_BYTES, full: false }
    }

    fn take(&mut self, bytes: usize) -> bool {
        // What a record adds to its body in a message: number, hash, tags and lengths.
        const AROUND: usize = 48;
        let Some(left) = self.bytes.checked_sub(bytes + AROUND).filter(|_| self.records > 0) else {
            self.full = true;
            return false;
        };
        self.bytes = left;
        self.records -= 1;
        true
    }

    /// Takes a record's place; false once one did not fit.
    pub fn takes(&mut self, record: &Record) -> bool {
        self.take(record.body.len())
    }
}
