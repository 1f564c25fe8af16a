//! The segments of one class in one epoch, oldest first; the last one grows.
//!
//! It keeps no count of sequence numbers and no cap: the epoch gives numbers, the spool makes room.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::frame::Frame;
use super::segment::{ANCHOR, Name, Room, Segment};
use super::{Class, Record};

/// One class's records of one epoch.
#[derive(Debug, Default)]
pub struct Log {
    segments: VecDeque<Segment>,
    /// The last segment, open for appending; `None` until the first record of this process.
    file: Option<File>,
    unsynced: bool,
}

/// Records that went unsent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// They lie from here …
    pub first: u64,
    /// … to here.
    pub last: u64,
    /// How many.
    pub count: u64,
}

impl Log {
    /// A log found on disk.
    pub fn of(segments: VecDeque<Segment>) -> Log {
        Log { segments, file: None, unsynced: false }
    }

    /// Its segments.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.segments.iter()
    }

    /// Its segments, for the recovery to set right.
    pub fn segments_mut(&mut self) -> impl Iterator<Item = &mut Segment> {
        self.segments.iter_mut()
    }

    /// Records not yet acknowledged.
    pub fn waiting(&self) -> u64 {
        self.segments.iter().map(|segment| segment.waiting).sum()
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Appends a frame; a full segment is followed by a new one that opens with an anchor naming `frame`'s place.
    ///
    /// # Errors
    /// When the disk refuses. What was written in part is cut off, and the segment is not written to again.
    pub fn append(&mut self, dir: &Path, name: Name, frame: &Frame, most: u64) -> io::Result<()> {
        self.open(dir, name, frame, most)?;
        let (Some(file), Some(segment)) = (&mut self.file, self.segments.back_mut()) else {
            return Err(io::Error::other("no open segment"));
        };
        if let Err(error) = file.write_all(&frame.encode()) {
            let _ = segment.cut();
            self.file = None;
            return Err(error);
        }
        segment.bytes += frame.size() as u64;
        segment.last = frame.seq;
        segment.waiting += 1;
        self.unsynced = true;
        Ok(())
    }

    fn open(&mut self, dir: &Path, name: Name, frame: &Frame, most: u64) -> io::Result<()> {
        let full = self.segments.back().is_none_or(|segment| segment.bytes >= most);
        if !full && self.file.is_some() {
            return Ok(());
        }
        self.sync()?;
        match self.segments.back().filter(|_| !full) {
            Some(segment) => self.file = Some(segment.reopen()?),
            None => {
                let anchor = Frame { class: ANCHOR, body: &[], ..*frame };
                let (segment, file) = Segment::create(dir, name, &anchor)?;
                self.segments.push_back(segment);
                self.file = Some(file);
            }
        }
        Ok(())
    }

    /// Puts what was appended on the disk for good.
    ///
    /// # Errors
    /// When the disk refuses: what was appended since the last time may or may not be there.
    pub fn sync(&mut self) -> io::Result<()> {
        if let Some(file) = self.file.as_ref().filter(|_| self.unsynced) {
            file.sync_data()?;
        }
        self.unsynced = false;
        Ok(())
    }

    /// Forgets records up to `seq` and removes segments with nothing left, the last one only if `also_last`.
    pub fn acknowledge(&mut self, seq: u64, also_last: bool) {
        for segment in &mut self.segments {
            if let Err(error) = segment.acknowledge(seq) {
                // They stay counted as waiting until they can be read.
                tracing::warn!(%error, "spool segment cannot be read to trim it");
            }
        }
        let spared = usize::from(!also_last);
        while self.segments.len() > spared && self.segments.front().is_some_and(|s| s.waiting == 0)
        {
            self.remove_front();
        }
    }

    /// The oldest segment's records, which would be lost were it dropped.
    pub fn oldest(&self, acked: u64) -> Option<Missing> {
        let segment = self.segments.front()?;
        let first = segment.name.base.max(acked.saturating_add(1));
        Some(Missing { first, last: segment.last, count: segment.waiting })
    }

    /// Removes the oldest segment whatever it holds.
    pub fn remove_front(&mut self) {
        if self.segments.len() == 1 {
            self.file = None;
            self.unsynced = false;
        }
        if let Some(segment) = self.segments.pop_front() {
            segment.remove();
        }
    }

    /// Waiting records after `acked`, as many as fit, and those that were found damaged.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn read(&mut self, acked: u64, room: &mut Room) -> io::Result<(Vec<Record>, Vec<Missing>)> {
        let (mut records, mut missing) = (Vec::new(), Vec::new());
        for segment in self.segments.iter_mut().filter(|segment| segment.waiting > 0) {
            let first = segment.name.base.max(acked.saturating_add(1));
            let (read, count) = match segment.read(acked, room) {
                Err(error) if !segment.is_given_up() => return Err(error),
                Err(_) => (Vec::new(), std::mem::take(&mut segment.waiting)),
                Ok(read) => read,
            };
            records.extend(read);
            if count > 0 {
                missing.push(Missing { first, last: segment.last, count });
            }
            if room.full {
                break;
            }
        }
        Ok((records, missing))
    }
}

/// One log per class.
pub type Logs = [Log; Class::ALL.len()];
