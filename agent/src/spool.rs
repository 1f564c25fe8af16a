//! What was captured and is not yet the collector's: records on disk, each numbered and chained to the one before.
//!
//! At-least-once from here on: a record is forgotten only when acknowledged, or counted as lost. It does not know
//! what a record says, nor the network.

mod acked;
mod epoch;
mod frame;
mod log;
mod recovery;
mod room;
mod segment;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use atalaya_proto::chain::{GENESIS, Hash};
use atalaya_proto::limits;
use ring::rand::{SecureRandom, SystemRandom};

use epoch::{Epoch, Store};
use segment::Room;

/// Order of worth of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// P0: detections, security events, action results, gaps; never dropped to make room.
    Security = 1,
    /// P1: changes of state and inventory.
    State = 2,
    /// P2: measurements.
    Metric = 3,
}

impl Class {
    /// All classes, the most worthy first.
    pub const ALL: [Class; 3] = [Class::Security, Class::State, Class::Metric];

    /// The word used in file names, logs and the status file.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Security => "p0",
            Class::State => "p1",
            Class::Metric => "p2",
        }
    }

    /// Its place in [`Class::ALL`].
    pub fn index(self) -> usize {
        self as usize - 1
    }
}

/// A record as it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Counts from 1 within an epoch.
    pub seq: u64,
    /// Its worth.
    pub class: Class,
    /// Hash of the record before.
    pub previous: Hash,
    /// The encoded record.
    pub body: Vec<u8>,
}

/// Records of one epoch in order, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// The epoch of all of them.
    pub epoch: u64,
    /// Ascending.
    pub records: Vec<Record>,
}

/// Why records were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossReason {
    /// No room.
    Full,
    /// Their bytes were damaged or are gone.
    Corrupt,
    /// The collector takes only worthier ones for now, and such were waiting behind them.
    Refused,
}

/// Records that are lost, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// Their class.
    pub class: Class,
    /// Their epoch.
    pub epoch: u64,
    /// They lie from here; the range may also hold records that were kept.
    pub first: u64,
    /// To here.
    pub last: u64,
    /// How many.
    pub count: u64,
    /// Why.
    pub reason: LossReason,
}

/// How much the spool may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of all classes on disk.
    pub total: u64,
    /// Of these, bytes that only P0 may use.
    pub reserved: u64,
    /// Bytes after which a segment is followed by a new one.
    pub segment: u64,
    /// Bytes kept in memory while the disk refuses.
    pub memory: usize,
}

impl Limits {
    /// Limits for a cap in bytes: a quarter is P0's.
    pub fn with_total(total: u64) -> Limits {
        Limits {
            total,
            reserved: total / 4,
            segment: (total / 32).min(256 * 1024),
            memory: 512 * 1024,
        }
    }
}

/// Encodes a loss as the body of a P0 record.
pub type DescribeLoss = fn(&Loss) -> Vec<u8>;

/// The spool of one agent.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    limits: Limits,
    describe: DescribeLoss,
    /// Oldest first; the last one takes new records.
    epochs: VecDeque<Epoch>,
    /// The numbers that the present process gives in the current epoch start here.
    opened_at: u64,
    /// Hash of the record before that.
    opened_hash: Hash,
    /// The collector has said what it has of the current epoch.
    reconciled: bool,
    /// Losses not yet written down, merged per class.
    deferred: [Option<Loss>; Class::ALL.len()],
    lost: [u64; Class::ALL.len()],
    disk_error: Option<String>,
}

impl Spool {
    /// Opens the spool in `dir`, whatever state it is in; losses found are counted in it as P0 records.
    ///
    /// # Errors
    /// When the folder cannot be made or listed, or a segment cannot be read.
    pub fn open(dir: &Path, limits: Limits, describe: DescribeLoss) -> io::Result<Spool> {
        crate::state::create_private_directory(dir)?;
        let recovered = recovery::recover(dir, &acked::read(dir))?;
        let mut spool = Spool {
            dir: dir.into(),
            limits,
            describe,
            epochs: recovered.epochs,
            opened_at: 1,
            opened_hash: GENESIS,
            reconciled: false,
            deferred: Default::default(),
            lost: [0; Class::ALL.len()],
            disk_error: None,
        };
        if recovered.continues {
            (spool.opened_at, spool.opened_hash) =
                spool.epochs.back().map_or((1, GENESIS), |epoch| (epoch.next_seq, epoch.head));
        } else {
            spool.begin_epoch(Store::Disk(Box::default()))?;
        }
        if !recovered.losses.is_empty() || !recovered.continues {
            recovered.losses.iter().for_each(|loss| spool.lose(loss));
            spool.sync();
            recovery::mend(&mut spool.epochs);
        }
        spool.forget_drained();
        Ok(spool)
    }

    fn begin_epoch(&mut self, store: Store) -> io::Result<()> {
        let mut id = [0; 8];
        SystemRandom::new().fill(&mut id).map_err(|_| io::Error::other("no randomness"))?;
        let ordinal = self.epochs.back().map_or(0, |epoch| epoch.ordinal.saturating_add(1));
        self.epochs.push_back(Epoch::begin(ordinal, u64::from_be_bytes(id), store));
        (self.opened_at, self.opened_hash) = (1, GENESIS);
        self.reconciled = true;
        Ok(())
    }

    /// Captures a record. P0 is on disk for good when this returns, the others after [`Spool::sync`].
    ///
    /// When the disk refuses it is kept in memory as far as that is bounded; what does not fit is counted.
    pub fn append(&mut self, class: Class, body: &[u8]) {
        if body.len() > limits::BODY_BYTES {
            tracing::error!(bytes = body.len(), "a record over its bound is dropped");
            return self.defer(self.unstored(class));
        }
        if !self.make_room(class, body.len()) {
            return self.defer(self.unstored(class));
        }
        self.store(class, body);
        if class == Class::Security {
            self.sync();
        }
    }

    /// Puts everything appended on the disk for good.
    pub fn sync(&mut self) {
        let Some(epoch) = self.epochs.back_mut() else { return };
        if let Err(error) = epoch.sync() {
            // Whether the records are there is unknown, so their numbers must not be given again: a new epoch begins.
            self.disk_failed(&error);
            if let Err(error) = self.begin_epoch(Store::Disk(Box::default())) {
                tracing::error!(%error, "no new epoch");
            }
        }
    }

    fn disk_failed(&mut self, error: &io::Error) {
        if self.disk_error.is_none() {
            tracing::error!(%error, dir = %self.dir.display(), "the spool cannot be written; records are kept in memory");
        }
        self.disk_error = Some(error.to_string());
    }

    /// The oldest records that wait, at most one batch. `accept`: the least worthy class the collector takes now.
    ///
    /// # Errors
    /// When they cannot be read from disk.
    pub fn next_batch(&mut self, accept: Class) -> io::Result<Option<Batch>> {
        self.forget_drained();
        let Some(at) = self.epochs.iter().position(|epoch| !epoch.is_drained()) else {
            return Ok(None);
        };
        self.skip_refused(at, accept)?;
        let epoch = self.epochs[at].id;
        let mut records = self.read(at, &Class::ALL, Room::of_batch())?;
        if let Store::Memory(memory) = &mut self.epochs[at].store {
            memory.sent = true;
        }
        let accepted = records.iter().take_while(|record| record.class <= accept).count();
        records.truncate(accepted);
        Ok((!records.is_empty()).then_some(Batch { epoch, records }))
    }

    /// The record that has waited longest.
    ///
    /// # Errors
    /// When it cannot be read from disk.
    pub fn oldest(&mut self) -> io::Result<Option<Record>> {
        let Some(at) = self.epochs.iter().position(|epoch| !epoch.is_drained()) else {
            return Ok(None);
        };
        let one = Room { records: 1, ..Room::of_batch() };
        Ok(self.read(at, &Class::ALL, one)?.into_iter().next())
    }

    /// Reads waiting records of an epoch; those found damaged are counted.
    fn read(&mut self, at: usize, classes: &[Class], room: Room) -> io::Result<Vec<Record>> {
        let epoch = self.epochs[at].id;
        let (records, missing) = self.epochs[at].read(classes, room)?;
        for (class, log::Missing { first, last, count }) in missing {
            self.lose(&Loss { class, epoch, first, last, count, reason: LossReason::Corrupt });
        }
        Ok(records)
    }

    /// The epoch that is delivered now and the first number that waits in it.
    pub fn position(&self) -> (u64, u64) {
        let waiting = self.epochs.iter().find(|epoch| !epoch.is_drained());
        waiting.or(self.epochs.back()).map_or((0, 1), |epoch| (epoch.id, epoch.acked + 1))
    }

    /// The highest number that is known to be given in the epoch delivered now, with the hash of its record: before the
    /// collector has said what it has, only what earlier starts gave. `None`: not known for certain.
    pub fn known(&self) -> Option<(u64, Hash)> {
        let current = self.epochs.back().filter(|epoch| epoch.id == self.position().0)?;
        let (next, hash) = if self.reconciled {
            (current.next_seq, current.head)
        } else {
            (self.opened_at, self.opened_hash)
        };
        (next > 1).then_some((next - 1, hash))
    }

    /// The collector has committed everything of `epoch` up to `seq`.
    pub fn acknowledge(&mut self, epoch: u64, seq: u64) {
        let Some(at) = self.epochs.iter().position(|known| known.id == epoch) else { return };
        let retired = at + 1 < self.epochs.len();
        let known = &mut self.epochs[at];
        known.acknowledge(seq.min(known.next_seq - 1), retired);
        self.forget_drained();
        self.write_deferred();
    }

    /// The collector says at the start of a connection what it has of `epoch`.
    ///
    /// If it has numbers that this process believes to have given first, the spool went back in time: its end was cut
    /// off, or the folder is a copy. False then, and nothing changes: until a person has looked at it nothing may be
    /// delivered, see [`Spool::begin_anew`].
    pub fn reconcile(&mut self, epoch: u64, stored: u64) -> bool {
        let current = self.epochs.len().saturating_sub(1);
        if self.epochs.get(current).is_some_and(|known| known.id == epoch) && !self.reconciled {
            if stored >= self.opened_at {
                let opened_at = self.opened_at;
                tracing::warn!(epoch, stored, opened_at, "the collector has more than this spool");
                return false;
            }
            self.reconciled = true;
        }
        self.acknowledge(epoch, stored);
        true
    }

    /// All that waits is numbered anew in a new epoch: a person has settled whose history counts, or this PC has another
    /// identity, whose records begin here.
    ///
    /// # Errors
    /// When the records to be numbered anew cannot be read; what was numbered until then stays so.
    pub fn begin_anew(&mut self) -> io::Result<()> {
        let before = self.epochs.len();
        self.begin_epoch(Store::Disk(Box::default()))?;
        (0..before).try_for_each(|at| self.recapture(at))
    }

    fn recapture(&mut self, at: usize) -> io::Result<()> {
        loop {
            let records = self.read(at, &Class::ALL, Room::of_batch())?;
            let Some(last) = records.last().map(|record| record.seq) else { return Ok(()) };
            records.iter().for_each(|record| self.store(record.class, &record.body));
            self.sync();
            self.epochs[at].acknowledge(last, true);
        }
    }

    /// Notes what is acknowledged, for the next start.
    pub fn note_acknowledged(&self) {
        acked::write(&self.dir, self.epochs.iter());
    }

    /// Records of a class that wait.
    pub fn waiting(&self, class: Class) -> u64 {
        self.epochs.iter().map(|epoch| epoch.waiting(class)).sum()
    }

    /// Bytes of all segments on disk.
    pub fn bytes(&self) -> u64 {
        Class::ALL.into_iter().map(|class| self.bytes_of(class)).sum()
    }

    /// Records of a class lost since this process began.
    pub fn lost(&self, class: Class) -> u64 {
        self.lost[class.index()]
    }

    /// Why the disk refuses, while it does.
    pub fn disk_error(&self) -> Option<&str> {
        self.disk_error.as_deref()
    }

    fn bytes_of(&self, class: Class) -> u64 {
        self.epochs.iter().map(|epoch| epoch.bytes(class)).sum()
    }

    fn forget_drained(&mut self) {
        let current = self.epochs.len().saturating_sub(1);
        for epoch in self.epochs.iter_mut().take(current) {
            epoch.acknowledge(epoch.acked, true);
        }
        let mut at = 0;
        self.epochs.retain(|epoch| {
            at += 1;
            at > current || !epoch.is_drained()
        });
    }

    /// A record that gets no number: its place is between the present ones.
    fn unstored(&self, class: Class) -> Loss {
        let (epoch, seq) = self.epochs.back().map_or((0, 1), |epoch| (epoch.id, epoch.next_seq));
        Loss { class, epoch, first: seq, last: seq, count: 1, reason: LossReason::Full }
    }
}

#[cfg(test)]
mod tests;
