//! Records a simulated PC has taken and not yet seen acknowledged, in memory: chained as the wire wants them.

use std::collections::VecDeque;

use atalaya_proto::chain::{self, GENESIS, Hash};
use atalaya_proto::v1::{Record, RecordBody};
use prost::Message;

/// Unacknowledged records of one epoch.
#[derive(Debug)]
pub struct Spool {
    /// Random, new for every run of the simulator.
    pub epoch: u64,
    /// Highest seq known to be committed.
    pub acknowledged: u64,
    last: u64,
    previous: Hash,
    waiting: VecDeque<Record>,
}

impl Spool {
    /// An empty spool.
    pub fn new(epoch: u64) -> Spool {
        Spool { epoch, acknowledged: 0, last: 0, previous: GENESIS, waiting: VecDeque::new() }
    }

    /// The seq the next record will get.
    pub fn next_seq(&self) -> u64 {
        self.last + 1
    }

    /// Records waiting.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes a record in.
    pub fn append(&mut self, body: &RecordBody) {
        self.last += 1;
        let body = body.encode_to_vec();
        let record = Record { seq: self.last, prev_hash: self.previous.to_vec(), body };
        self.previous = chain::hash(&self.previous, record.seq, &record.body);
        self.waiting.push_back(record);
    }

    /// The oldest records, at most so many.
    pub fn oldest(&self, most: usize) -> Vec<Record> {
        self.waiting.iter().take(most).cloned().collect()
    }

    /// Forgets what is committed.
    pub fn acknowledge(&mut self, seq: u64) {
        self.acknowledged = self.acknowledged.max(seq);
        while self.waiting.front().is_some_and(|record| record.seq <= seq) {
            self.waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_acknowledged_is_kept_in_order_and_chained() {
        let mut spool = Spool::new(1);
        for at in 1..=3 {
            spool.append(&RecordBody { taken_at_us: at, ..RecordBody::default() });
        }
        spool.acknowledge(1);
        let records = spool.oldest(10);
        assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [2, 3]);
        let previous: Hash = records[0].prev_hash.as_slice().try_into().unwrap();
        assert_eq!(records[1].prev_hash, chain::hash(&previous, 2, &records[0].body));
        assert_eq!((spool.len(), spool.acknowledged, spool.next_seq()), (2, 1, 4));
    }
}
