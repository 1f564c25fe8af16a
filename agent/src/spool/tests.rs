//! The spool against real files: order, restart, cap, damage, a disk that refuses.

mod damage;
mod model;
mod space;

use std::path::Path;

use super::*;

/// A loss as text, so that a test reads it back without knowing the wire.
fn describe(loss: &Loss) -> Vec<u8> {
    format!("gap {} {} {:?}", loss.class.as_str(), loss.count, loss.reason).into_bytes()
}

fn limits() -> Limits {
    Limits { total: 64 << 20, reserved: 16 << 20, segment: 256, memory: 2000 }
}

fn open(dir: &Path) -> Spool {
    Spool::open(dir, limits(), describe).unwrap()
}

/// Everything that waits, delivered as a collector would take it.
fn drain(spool: &mut Spool) -> Vec<(u64, Record)> {
    let mut all = Vec::new();
    while let Some(batch) = spool.next_batch(Class::Metric).unwrap() {
        let last = batch.records.last().unwrap().seq;
        all.extend(batch.records.into_iter().map(|record| (batch.epoch, record)));
        spool.acknowledge(batch.epoch, last);
    }
    all
}

fn bodies(spool: &mut Spool) -> Vec<String> {
    let text = |(_, record): (u64, Record)| String::from_utf8(record.body).unwrap();
    drain(spool).into_iter().map(text).collect()
}

/// Appends `count` records of mixed classes named by number.
fn fill(spool: &mut Spool, count: usize) {
    for number in 0..count {
        let class = [Class::Metric, Class::Metric, Class::State, Class::Security][number % 4];
        spool.append(class, format!("r{number}").as_bytes());
    }
    spool.sync();
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("r{number}")).collect()
}

#[test]
fn records_of_all_classes_come_out_in_the_order_they_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 100);
    assert_eq!(spool.waiting(Class::Metric), 50);
    assert_eq!(bodies(&mut spool), names(100));
    assert_eq!((spool.waiting(Class::Metric), spool.waiting(Class::Security)), (0, 0));
}

#[test]
fn numbers_and_hashes_form_one_chain_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut open(folder.path()), 10);
    let mut spool = open(folder.path());
    fill(&mut spool, 10);
    let all = drain(&mut spool);
    let mut previous = atalaya_proto::chain::GENESIS;
    for (number, (epoch, record)) in all.iter().enumerate() {
        assert_eq!((*epoch, record.seq), (all[0].0, number as u64 + 1));
        assert_eq!(record.previous, previous);
        previous = atalaya_proto::chain::hash(&previous, record.seq, &record.body);
    }
    assert_eq!(all.len(), 20);
}

#[test]
fn a_drained_spool_still_knows_its_place_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 40);
    let epoch = spool.position().0;
    drain(&mut spool);
    spool.note_acknowledged();
    drop(spool);
    let mut spool = open(folder.path());
    assert_eq!(spool.position(), (epoch, 41));
    assert_eq!(spool.next_batch(Class::Metric).unwrap(), None);
    fill(&mut spool, 1);
    assert_eq!(drain(&mut spool)[0].1.seq, 41);
}

#[test]
fn a_restart_after_a_noted_acknowledgement_delivers_all_that_follows() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits::with_total(64 << 20);
    let mut spool = Spool::open(folder.path(), limits, describe).unwrap();
    fill(&mut spool, 20);
    let epoch = spool.position().0;
    spool.acknowledge(epoch, 9);
    spool.note_acknowledged();
    drop(spool);
    let mut spool = Spool::open(folder.path(), limits, describe).unwrap();
    fill(&mut spool, 4);
    assert!(spool.reconcile(epoch, 12));
    assert_eq!(spool.waiting(Class::Metric), 6);
    let all: Vec<u64> = drain(&mut spool).into_iter().map(|(_, record)| record.seq).collect();
    assert_eq!(all, (13..=24).collect::<Vec<u64>>());
}

#[test]
fn acknowledged_segments_leave_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 400);
    let full = spool.bytes();
    drain(&mut spool);
    assert!(spool.bytes() < full / 10, "{} of {full}", spool.bytes());
}

#[test]
fn an_acknowledgement_in_the_middle_of_a_batch_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 20);
    let epoch = spool.position().0;
    spool.acknowledge(epoch, 7);
    spool.acknowledge(epoch, 3);
    assert_eq!(spool.position(), (epoch, 8));
    assert_eq!(bodies(&mut spool), names(20)[7..]);
}

#[test]
fn a_batch_keeps_to_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), Limits::with_total(64 << 20), describe).unwrap();
    (0..600).for_each(|_| spool.append(Class::Metric, b"x"));
    spool.append(Class::State, &[b'y'; 100_000]);
    spool.append(Class::Metric, &[b'z'; 100_000]);
    spool.append(Class::State, &[b'y'; 100_000]);
    let mut sizes = Vec::new();
    while let Some(batch) = spool.next_batch(Class::Metric).unwrap() {
        let bytes: usize = batch.records.iter().map(|record| record.body.len()).sum();
        assert!(bytes <= limits::BATCH_BYTES);
        assert!(batch.records.is_sorted_by_key(|record| record.seq));
        sizes.push(batch.records.len());
        spool.acknowledge(batch.epoch, batch.records.last().unwrap().seq);
    }
    assert_eq!(sizes, [512, 90, 1]);
}

#[test]
fn records_the_collector_already_has_are_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 10);
    let epoch = spool.position().0;
    drop(spool);
    let mut spool = open(folder.path());
    assert_eq!(spool.known().map(|(seq, _)| seq), Some(10));
    assert!(spool.reconcile(epoch, 6));
    assert_eq!(bodies(&mut spool), names(10)[6..]);
}

#[test]
fn a_spool_that_went_back_in_time_is_not_delivered_until_told_to_begin_anew() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut open(folder.path()), 10);
    let mut spool = open(folder.path());
    spool.append(Class::State, b"new");
    let epoch = spool.position().0;
    // The collector has 12 records of an epoch of which only 10 were found here.
    assert_eq!(spool.known().map(|(seq, _)| seq), Some(10));
    assert!(!spool.reconcile(epoch, 12));
    assert!(!spool.reconcile(epoch, 12), "still not");
    spool.begin_anew().unwrap();
    let all = drain(&mut spool);
    assert_eq!(all.len(), 11);
    assert_ne!(all[0].0, epoch);
    assert_eq!(
        all.iter().map(|(_, record)| record.seq).collect::<Vec<_>>(),
        (1..=11).collect::<Vec<_>>()
    );
    assert_eq!(all[10].1.body.as_slice(), &b"new"[..]);
}
