//! A spool that is full, and a disk that refuses.

use std::fs;

use super::*;

fn small() -> Limits {
    Limits { total: 8_000, reserved: 2_000, segment: 500, memory: 2_000 }
}

fn count(bodies: &[String], start: &str) -> usize {
    bodies.iter().filter(|body| body.starts_with(start)).count()
}

#[test]
fn a_full_spool_drops_the_oldest_measurements_and_counts_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), small(), describe).unwrap();
    for number in 0..500 {
        spool.append(Class::Metric, format!("m{number:03}").as_bytes());
        if number % 50 == 0 {
            spool.append(Class::Security, format!("s{number:03}").as_bytes());
            spool.append(Class::State, format!("t{number:03}").as_bytes());
        }
    }
    assert!(spool.bytes() <= small().total, "{}", spool.bytes());
    let lost = spool.lost(Class::Metric);
    let bodies = bodies(&mut spool);
    assert_eq!(count(&bodies, "m") as u64 + lost, 500);
    assert!(lost > 200);
    assert_eq!(count(&bodies, "s"), 10);
    assert_eq!(count(&bodies, "t"), 10);
    assert_eq!(bodies.last().unwrap(), "m499");
}

#[test]
fn security_records_use_their_reserve_and_push_everything_else_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), small(), describe).unwrap();
    (0..100).for_each(|number| spool.append(Class::State, format!("t{number:03}").as_bytes()));
    (0..100).for_each(|number| spool.append(Class::Security, format!("s{number:03}").as_bytes()));
    let lost = spool.lost(Class::State);
    let bodies = bodies(&mut spool);
    assert_eq!(count(&bodies, "s"), 100);
    assert_eq!(count(&bodies, "t") as u64 + lost, 100);
    assert!(lost > 0);
}

#[test]
fn records_a_collector_refuses_give_way_to_worthier_ones_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(Class::Metric, b"m1");
    spool.append(Class::State, b"t1");
    // Nothing worthier waits: they are kept.
    assert_eq!(spool.next_batch(Class::Security).unwrap(), None);
    spool.append(Class::Security, b"s1");
    spool.append(Class::Metric, b"m2");
    let batch = spool.next_batch(Class::Security).unwrap().unwrap();
    assert_eq!(batch.records.len(), 1);
    assert_eq!(batch.records[0].body, b"s1");
    spool.acknowledge(batch.epoch, batch.records[0].seq);
    assert_eq!((spool.lost(Class::Metric), spool.lost(Class::State)), (1, 1));
    let rest = bodies(&mut spool);
    assert_eq!(rest, ["m2", "gap p1 1 Refused", "gap p2 1 Refused"]);
}

/// A folder the spool cannot write to: something that is no folder stands in its place.
fn refuse(dir: &Path) {
    fs::rename(dir, dir.with_extension("away")).unwrap();
    fs::write(dir, b"").unwrap();
}

fn allow(dir: &Path) {
    fs::remove_file(dir).unwrap();
    fs::rename(dir.with_extension("away"), dir).unwrap();
}

#[test]
fn while_the_disk_refuses_records_wait_in_memory_and_then_go_to_disk() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("spool");
    let mut spool = open(&dir);
    fill(&mut spool, 20);
    refuse(&dir);
    // Its segments are full, so each class needs a new file now.
    (0..40).for_each(|number| spool.append(Class::Metric, format!("x{number}").as_bytes()));
    assert!(spool.disk_error().is_some());
    allow(&dir);
    spool.append(Class::State, b"back");
    assert_eq!(spool.disk_error(), None);
    drop(spool);
    let bodies = bodies(&mut open(&dir));
    assert_eq!(count(&bodies, "r"), 20);
    assert_eq!(count(&bodies, "x"), 40);
    assert_eq!(bodies.last().unwrap(), "back");
}

#[test]
fn memory_is_bounded_and_what_did_not_fit_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("spool");
    let mut spool = open(&dir);
    refuse(&dir);
    spool.append(Class::Security, b"s");
    (0..1000).for_each(|number| spool.append(Class::Metric, format!("m{number:05}").as_bytes()));
    allow(&dir);
    spool.append(Class::State, b"t");
    let lost = spool.lost(Class::Metric);
    let bodies = bodies(&mut spool);
    assert!(lost > 500);
    assert_eq!(count(&bodies, "m") as u64 + lost, 1000);
    assert_eq!((count(&bodies, "s"), count(&bodies, "t")), (1, 1));
    assert_eq!(count(&bodies, &format!("gap p2 {lost} Full")), 1, "{bodies:?}");
}

#[test]
fn records_in_memory_are_delivered_even_if_the_disk_never_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("spool");
    let mut spool = open(&dir);
    refuse(&dir);
    spool.append(Class::Security, b"s");
    assert_eq!(bodies(&mut spool), ["s"]);
    assert_eq!(spool.waiting(Class::Security), 0);
}
