//! Which records of a delivery are new, which never came, and whether their history is the stored one. Pure.

use jiff::{SignedDuration, Timestamp};

use super::{Delivery, Record};
use crate::store::Progress;

/// A difference of clocks below this is the way through the network, not a wrong clock.
const ON_TIME_US: u64 = 2_000_000;
/// A corrected time may be this far ahead before it is not believed.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// No agent keeps records longer: an older time comes from a clock that was wrong when it was taken.
const BEHIND: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What a delivery brings.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    /// Not stored yet.
    pub records: &'a [Record],
    /// Ranges of numbers that never came, first and last.
    pub missing: Vec<(u64, u64)>,
    /// How far the epoch is stored with it.
    pub reached: Progress,
}

/// The same number stands for two different records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {seq}: its chain does not continue the stored one")]
pub(super) struct Contradiction {
    /// Where it shows.
    pub seq: u64,
}

/// Compares a delivery with what is stored of its epoch.
pub(super) fn sort_out(known: Progress, records: &[Record]) -> Result<Fresh<'_>, Contradiction> {
    let stored = records.partition_point(|record| record.seq <= known.last_seq);
    let again = records[..stored].last().filter(|record| record.seq == known.last_seq);
    if let Some(record) = again.filter(|record| record.hash != known.last_hash) {
        return Err(Contradiction { seq: record.seq });
    }
    let fresh = &records[stored..];
    let mut missing = Vec::new();
    let mut reached = known;
    for record in fresh {
        if record.seq > reached.last_seq + 1 {
            missing.push((reached.last_seq + 1, record.seq - 1));
        } else if record.previous_hash != reached.last_hash {
            return Err(Contradiction { seq: record.seq });
        }
        reached = Progress { last_seq: record.seq, last_hash: record.hash };
    }
    Ok(Fresh { records: fresh, missing, reached })
}

/// When a record was taken, by the collector's clock. `from_end`: its place counted from the end, 1 for the last,
/// so that records whose time cannot be believed keep their order and stay apart.
pub(super) fn corrected(taken_at: Timestamp, delivery: &Delivery, from_end: usize) -> Timestamp {
    let skew = delivery.clock_skew_us;
    let skew = if skew.unsigned_abs() < ON_TIME_US { 0 } else { skew };
    let received = delivery.received_at;
    let believed = taken_at
        .checked_sub(SignedDuration::from_micros(skew))
        .ok()
        .filter(|at| *at <= received + AHEAD && *at >= received - BEHIND);
    believed.unwrap_or_else(|| {
        received - SignedDuration::from_micros(i64::try_from(from_end).unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use atalaya_proto::chain::{GENESIS, hash};

    use super::super::Content;
    use super::*;
    use crate::domain::id::DeviceId;

    fn chain(seqs: std::ops::RangeInclusive<u64>, body: &[u8]) -> Vec<Record> {
        let mut previous = GENESIS;
        seqs.map(|seq| {
            let own = hash(&previous, seq, body);
            let record = Record {
                seq,
                previous_hash: previous,
                hash: own,
                taken_at: Timestamp::UNIX_EPOCH,
                content: Content::Dead { reason: String::new(), body: Vec::new() },
            };
            previous = own;
            record
        })
        .collect()
    }

    fn reached(records: &[Record]) -> Progress {
        let last = records.last().unwrap();
        Progress { last_seq: last.seq, last_hash: last.hash }
    }

    #[test]
    fn what_is_stored_already_is_passed_over() {
        let records = chain(1..=5, b"x");
        let fresh = sort_out(reached(&records[..3]), &records).unwrap();
        assert_eq!(fresh.records.iter().map(|r| r.seq).collect::<Vec<_>>(), [4, 5]);
        assert!(fresh.missing.is_empty());
        assert_eq!(fresh.reached, reached(&records));
        let nothing = sort_out(reached(&records), &records).unwrap();
        assert!(nothing.records.is_empty());
    }

    #[test]
    fn numbers_that_never_came_are_counted() {
        let mut records = chain(1..=9, b"x");
        records.drain(3..6);
        let fresh = sort_out(Progress::default(), &records).unwrap();
        assert_eq!(fresh.missing, [(4, 6)]);
        let late = chain(3..=4, b"x");
        assert_eq!(sort_out(Progress::default(), &late).unwrap().missing, [(1, 2)]);
    }

    #[test]
    fn another_history_under_the_same_numbers_is_a_contradiction() {
        let (ours, theirs) = (chain(1..=5, b"x"), chain(1..=5, b"y"));
        let known = reached(&ours[..3]);
        assert_eq!(sort_out(known, &theirs).unwrap_err(), Contradiction { seq: 3 });
        assert_eq!(sort_out(known, &theirs[3..]).unwrap_err(), Contradiction { seq: 4 });
        assert!(sort_out(known, &ours[3..]).is_ok());
    }

    #[test]
    fn a_wrong_clock_is_corrected_and_an_unbelievable_time_keeps_its_order() {
        let received: Timestamp = "2026-05-01T12:00:00Z".parse().unwrap();
        let delivery = |clock_skew_us| Delivery {
            device: DeviceId::new("d"),
            number: 1,
            epoch: 1,
            received_at: received,
            clock_skew_us,
            records: Vec::new(),
        };
        let year_2099: Timestamp = "2099-01-01T00:00:00Z".parse().unwrap();
        let skew = year_2099.as_microsecond() - received.as_microsecond();
        assert_eq!(corrected(year_2099, &delivery(skew), 1), received);
        let minute_ago = received - SignedDuration::from_mins(1);
        assert_eq!(corrected(minute_ago, &delivery(900_000), 1), minute_ago);
        let (second, last) =
            (corrected(year_2099, &delivery(0), 2), corrected(year_2099, &delivery(0), 1));
        assert!(second < last && last < received);
        assert!(corrected(Timestamp::MAX, &delivery(i64::MIN), 1) < received);
    }
}
