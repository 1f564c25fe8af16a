//! One epoch: a run of sequence numbers and hashes without a break, kept on disk or, while the disk refuses, in memory.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use atalaya_proto::chain::{self, GENESIS, Hash};

use super::frame::Frame;
use super::log::{Logs, Missing};
use super::segment::{Name, Room};
use super::{Class, Record};

/// An epoch of the spool.
#[derive(Debug)]
pub struct Epoch {
    /// Its place among the epochs of this spool.
    pub ordinal: u32,
    /// Random.
    pub id: u64,
    /// The number the next record gets.
    pub next_seq: u64,
    /// Hash of the last record.
    pub head: Hash,
    /// Everything up to here is the collector's.
    pub acked: u64,
    /// Where the records are.
    pub store: Store,
}

/// Where an epoch's records are.
#[derive(Debug)]
pub enum Store {
    /// One log per class.
    Disk(Box<Logs>),
    /// The disk refuses: bounded, and gone with the process.
    Memory(Memory),
}

/// Records in memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// In order.
    pub queue: VecDeque<Record>,
    /// Some were sent, so their numbers are spoken for.
    pub sent: bool,
}

impl Memory {
    /// Bytes of bodies.
    pub fn bytes(&self) -> usize {
        self.queue.iter().map(|record| record.body.len()).sum()
    }
}

/// What a read brought: records in order, and per class those found damaged.
pub type ReadOut = (Vec<Record>, Vec<(Class, Missing)>);

impl Epoch {
    /// An epoch that begins.
    pub fn begin(ordinal: u32, id: u64, store: Store) -> Epoch {
        Epoch { ordinal, id, next_seq: 1, head: GENESIS, acked: 0, store }
    }

    /// Appends a record and gives it its number.
    ///
    /// # Errors
    /// When the disk refuses; the number is not given then.
    pub fn append(&mut self, dir: &Path, class: Class, body: &[u8], most: u64) -> io::Result<()> {
        let (seq, previous) = (self.next_seq, self.head);
        match &mut self.store {
            Store::Disk(logs) => {
                let frame = Frame { class: class as u8, seq, previous, body };
                let name = Name { ordinal: self.ordinal, epoch: self.id, class, base: seq };
                logs[class.index()].append(dir, name, &frame, most)?;
            }
            Store::Memory(memory) => {
                memory.queue.push_back(Record { seq, class, previous, body: body.to_vec() });
            }
        }
        self.head = chain::hash(&previous, seq, body);
        self.next_seq = seq + 1;
        Ok(())
    }

    /// Puts what was appended on the disk for good.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> io::Result<()> {
        match &mut self.store {
            Store::Disk(logs) => logs.iter_mut().try_for_each(|log| log.sync()),
            Store::Memory(_) => Ok(()),
        }
    }

    /// Records of a class not yet acknowledged.
    pub fn waiting(&self, class: Class) -> u64 {
        match &self.store {
            Store::Disk(logs) => logs[class.index()].waiting(),
            Store::Memory(memory) => {
                memory.queue.iter().filter(|record| record.class == class).count() as u64
            }
        }
    }

    /// Whether nothing waits.
    pub fn is_drained(&self) -> bool {
        Class::ALL.into_iter().all(|class| self.waiting(class) == 0)
    }

    /// Bytes of a class on disk.
    pub fn bytes(&self, class: Class) -> u64 {
        match &self.store {
            Store::Disk(logs) => logs[class.index()].bytes(),
            Store::Memory(_) => 0,
        }
    }

    /// Forgets records up to `seq`. `retired`: nothing is appended to this epoch any more.
    pub fn acknowledge(&mut self, seq: u64, retired: bool) {
        self.acked = self.acked.max(seq);
        for class in Class::ALL {
            self.skip(class, self.acked, retired);
        }
    }

    /// Forgets records of one class up to `seq`.
    pub fn skip(&mut self, class: Class, seq: u64, retired: bool) {
        match &mut self.store {
            Store::Disk(logs) => logs[class.index()].acknowledge(seq, retired),
            Store::Memory(memory) => memory.queue.retain(|r| r.class != class || r.seq > seq),
        }
    }

    /// Waiting records of these classes in order of their numbers, as many as fit in `room`.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn read(&mut self, classes: &[Class], mut room: Room) -> io::Result<ReadOut> {
        let logs = match &mut self.store {
            Store::Disk(logs) => logs,
            Store::Memory(memory) => {
                let asked = memory.queue.iter().filter(|record| classes.contains(&record.class));
                return Ok((
                    asked.take_while(|record| room.takes(record)).cloned().collect(),
                    vec![],
                ));
            }
        };
        let (mut records, mut missing) = (Vec::new(), Vec::new());
        // Past the end of a log that was not read to its end, the order between logs is not known.
        let mut known_to = u64::MAX;
        for class in classes.iter().copied() {
            let mut room = room;
            let (read, lost) = logs[class.index()].read(self.acked, &mut room)?;
            if room.full {
                known_to = known_to.min(read.last().map_or(0, |record| record.seq));
            }
            missing.extend(lost.into_iter().map(|missing| (class, missing)));
            records.extend(read);
        }
        records.retain(|record| record.seq <= known_to);
        records.sort_by_key(|record| record.seq);
        let fitting = records.iter().take_while(|record| room.takes(record)).count();
        records.truncate(fitting);
        Ok((records, missing))
    }
}
