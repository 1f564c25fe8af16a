//! Opening a spool that may be torn, flipped, truncated or in part gone: every intact record is kept, what is missing
//! is counted, and the numbers go on only where that is proven to be safe.
//!
//! It appends nothing: the spool writes down the losses found here.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::path::Path;

use atalaya_proto::chain::{self, GENESIS, Hash};

use super::epoch::{Epoch, Store};
use super::frame::{Piece, scan};
use super::log::{Log, Logs};
use super::segment::{ANCHOR, Name, Segment};
use super::{Class, Loss, LossReason};

/// What was found on disk.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Oldest first.
    pub epochs: VecDeque<Epoch>,
    /// Records that are not there any more.
    pub losses: Vec<Loss>,
    /// The last epoch can go on: its last number and hash are known for certain.
    pub continues: bool,
}

/// Reads every segment in `dir`; `acked` says what the collector had of each epoch when last noted.
///
/// # Errors
/// When the folder cannot be listed or a segment may not be read.
pub fn recover(dir: &Path, acked: &BTreeMap<u64, u64>) -> io::Result<Recovered> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.extend(entry?.file_name().to_str().and_then(Name::parse));
    }
    names.sort_unstable_by_key(|name| (name.ordinal, name.epoch, name.class, name.base));
    let mut recovered = Recovered::default();
    let mut groups = names.chunk_by(|a, b| (a.ordinal, a.epoch) == (b.ordinal, b.epoch)).peekable();
    while let Some(group) = groups.next() {
        let known = group.first().and_then(|name| acked.get(&name.epoch)).copied().unwrap_or(0);
        let (epoch, seen) = read_epoch(dir, group, known)?;
        let current = groups.peek().is_none();
        let losses = seen.losses(&epoch, current);
        recovered.continues = losses.is_empty()
            && seen.damages.is_empty()
            && seen.head.is_some()
            && epoch.acked < epoch.next_seq;
        recovered.losses.extend(losses);
        recovered.epochs.push_back(epoch);
    }
    Ok(recovered)
}

/// A stretch of bytes in a log that is no frame.
#[derive(Debug)]
struct Damage {
    class: Class,
    /// The log's last intact number before.
    after: u64,
    /// The log's next intact number; `None` at the end of the log.
    before: Option<u64>,
    /// There is not even a byte of a frame.
    empty: bool,
}

impl Damage {
    fn after(class: Class, after: u64) -> Damage {
        Damage { class, after, before: None, empty: false }
    }
}

/// What the segments of one epoch hold.
#[derive(Debug, Default)]
struct Seen {
    numbers: Vec<u64>,
    damages: Vec<Damage>,
    /// The next number and the hash before it, by the record or anchor furthest on.
    head: Option<(u64, Hash)>,
    /// No class's log reaches further back than this.
    floor: u64,
}

fn read_epoch(dir: &Path, names: &[Name], acked: u64) -> io::Result<(Epoch, Seen)> {
    let mut seen = Seen::default();
    let mut logs = Logs::default();
    for group in names.chunk_by(|a, b| a.class == b.class) {
        let Some(first) = group.first() else { continue };
        seen.floor = seen.floor.max(first.base);
        let mut last = first.base.saturating_sub(1);
        let open_before = seen.damages.len();
        let mut segments = VecDeque::new();
        for name in group {
            let segment = seen.read(dir, *name, acked, &mut last, open_before)?;
            segments.push_back(segment);
        }
        logs[first.class.index()] = Log::of(segments);
    }
    seen.numbers.sort_unstable();
    seen.numbers.dedup();
    let (ordinal, id) = names.first().map_or((0, 0), |name| (name.ordinal, name.epoch));
    let (next_seq, head) = seen.head.unwrap_or((1, GENESIS));
    let store = Store::Disk(Box::new(logs));
    Ok((Epoch { ordinal, id, next_seq, head, acked, store }, seen))
}

impl Seen {
    /// Reads a segment. `last` is the log's last intact number so far; damages from `log_start` on are of this log.
    fn read(
        &mut self,
        dir: &Path,
        name: Name,
        acked: u64,
        last: &mut u64,
        log_start: usize,
    ) -> io::Result<Segment> {
        let mut segment = Segment::found(dir, name, acked);
        let bytes = match segment.read_all() {
            // For want of permission nothing may be given up; a disk that cannot read costs what it cannot read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            Err(error) => {
                tracing::error!(%error, ?name, "spool segment cannot be read");
                self.damages.push(Damage::after(name.class, *last));
                return Ok(segment);
            }
            Ok(bytes) => bytes,
        };
        segment.bytes = bytes.len() as u64;
        for piece in scan(&bytes) {
            let (number, next, hash) = match piece {
                Piece::Frame(0, frame) if frame.class == ANCHOR => {
                    (frame.seq, frame.seq, frame.previous)
                }
                Piece::Frame(_, frame) if frame.class == name.class as u8 && frame.seq > *last => {
                    *last = frame.seq;
                    segment.last = frame.seq;
                    segment.waiting += u64::from(frame.seq > acked);
                    self.numbers.push(frame.seq);
                    let hash = chain::hash(&frame.previous, frame.seq, frame.body);
                    (frame.seq, frame.seq + 1, hash)
                }
                Piece::Frame(..) | Piece::Damage(..) => {
                    self.damages.push(Damage::after(name.class, *last));
                    continue;
                }
            };
            for damage in &mut self.damages[log_start..] {
                damage.before.get_or_insert(number);
            }
            if self.head.is_none_or(|(furthest, _)| next > furthest) {
                self.head = Some((next, hash));
            }
        }
        if bytes.is_empty() {
            // Made and never written: nothing is known to be lost, yet nothing is proven either.
            self.damages.push(Damage { empty: true, ..Damage::after(name.class, *last) });
        }
        Ok(segment)
    }

    /// Numbers given and not there. In the epoch that was being written, a number missing where every log reaches
    /// back further is a loss even without visible damage: a file was cut between two frames.
    fn losses(&self, epoch: &Epoch, current: bool) -> Vec<Loss> {
        let mut losses: Vec<Loss> = Vec::new();
        let known: Vec<u64> = std::iter::once(epoch.acked)
            .chain(self.numbers.iter().copied().filter(|seq| *seq > epoch.acked))
            .chain([epoch.next_seq.max(epoch.acked.saturating_add(1))])
            .collect();
        for pair in known.windows(2) {
            let (first, last) = (pair[0] + 1, pair[1].saturating_sub(1));
            let around = |damage: &&Damage| {
                damage.after < last.saturating_add(1)
                    && damage.before.is_none_or(|before| before > first)
            };
            let damage = self.damages.iter().find(around);
            let first = if damage.is_some() || !current { first } else { first.max(self.floor) };
            if first > last || (damage.is_none() && !current) {
                continue;
            }
            let class = damage.map_or(Class::State, |damage| damage.class);
            losses.push(corrupt(epoch.id, class, first, last, last - first + 1));
        }
        let torn = |damage: &&Damage| {
            damage.before.is_none()
                && !damage.empty
                && damage.after >= epoch.acked
                && !losses.iter().any(|loss| loss.last > damage.after)
        };
        // The end of a log is torn and no later number tells how many went with it: one at least.
        let torn: Vec<Loss> = self
            .damages
            .iter()
            .filter(torn)
            .map(|d| corrupt(epoch.id, d.class, d.after + 1, d.after + 1, 1))
            .collect();
        losses.extend(torn);
        losses
    }
}

fn corrupt(epoch: u64, class: Class, first: u64, last: u64, count: u64) -> Loss {
    Loss { class, epoch, first, last, count, reason: LossReason::Corrupt }
}

/// Writes damaged segments anew with their intact records, so that the next recovery does not count the same again.
pub fn mend(epochs: &mut VecDeque<Epoch>) {
    for epoch in epochs {
        let Store::Disk(logs) = &mut epoch.store else { continue };
        for segment in logs.iter_mut().flat_map(|log| log.segments_mut()) {
            if let Err(error) = mend_segment(segment) {
                tracing::warn!(%error, "damaged spool segment stays as it is");
            }
        }
    }
}

fn mend_segment(segment: &mut Segment) -> io::Result<()> {
    let bytes = segment.read_all()?;
    let mut intact = Vec::new();
    for piece in scan(&bytes) {
        if let Piece::Frame(at, frame) = piece {
            intact.extend_from_slice(&bytes[at..at + frame.size()]);
        }
    }
    if intact.len() == bytes.len() { Ok(()) } else { segment.rewrite(&intact) }
}
