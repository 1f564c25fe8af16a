//! The spool on a disk that is really full: a tiny file system in a mount namespace of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use atalaya_agent::spool::{Class, Limits, Loss, Spool};

fn describe(loss: &Loss) -> Vec<u8> {
    format!("gap {}", loss.count).into_bytes()
}

#[test]
fn a_full_disk_costs_nothing_that_fits_in_memory_and_what_does_not_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=96k tmpfs \"$1\" && exec \"$0\" --exact --ignored --nocapture inside";
    let inside = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg(folder.path())
        .env("FULL_DISK", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&inside.stderr);
    assert!(inside.status.success(), "{said}{}", String::from_utf8_lossy(&inside.stdout));
}

#[test]
#[ignore = "runs inside the mount namespace that the other test makes"]
fn inside() {
    let dir = std::env::var("FULL_DISK").unwrap();
    let limits = Limits { segment: 8 * 1024, memory: 64 * 1024, ..Limits::with_total(64 << 20) };
    let mut spool = Spool::open(Path::new(&dir), limits, describe).unwrap();
    let mut delivered = BTreeSet::new();
    let mut captured = 0u64;
    for round in 0..4 {
        // Several times what disk and memory hold together.
        for number in 0..4000 {
            let class = if number % 400 == 0 { Class::Security } else { Class::Metric };
            spool.append(class, format!("r{captured:08}{}", "x".repeat(40)).as_bytes());
            captured += 1;
        }
        spool.sync();
        assert!(spool.disk_error().is_some(), "round {round}: the disk is not full");
        while let Some(batch) = spool.next_batch(Class::Metric).unwrap() {
            for record in &batch.records {
                let text = String::from_utf8_lossy(&record.body).into_owned();
                assert!(text.starts_with("gap") || delivered.insert(text), "doubled");
            }
            spool.acknowledge(batch.epoch, batch.records.last().unwrap().seq);
        }
        // What was delivered made room, and the disk is used again.
        spool.append(Class::State, format!("back{round}").as_bytes());
        assert_eq!(spool.disk_error(), None, "round {round}");
    }
    while let Some(batch) = spool.next_batch(Class::Metric).unwrap() {
        delivered
            .extend(batch.records.iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()));
        spool.acknowledge(batch.epoch, batch.records.last().unwrap().seq);
    }
    let records = delivered.iter().filter(|text| text.starts_with('r')).count() as u64;
    assert_eq!(records + spool.lost(Class::Metric), captured);
    assert!(spool.lost(Class::Metric) > 0);
    assert_eq!((spool.lost(Class::Security), spool.lost(Class::State)), (0, 0));
}
