//! Whatever happens to the bytes on disk, intact records are delivered and missing ones counted.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "seg"));
    files.sort();
    files
}

/// Opens a damaged spool of 60 records and sees that every record is delivered, in order, or counted as lost.
fn check_nothing_vanishes(dir: &Path) -> (usize, u64) {
    let mut spool = open(dir);
    let lost: u64 = Class::ALL.into_iter().map(|class| spool.lost(class)).sum();
    let delivered: Vec<String> = bodies(&mut spool);
    let records: Vec<&String> = delivered.iter().filter(|body| body.starts_with('r')).collect();
    let numbers: Vec<usize> = records.iter().map(|body| body[1..].parse().unwrap()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(
        numbers.iter().collect::<BTreeSet<_>>().len(),
        numbers.len(),
        "doubled: {numbers:?}"
    );
    let gaps = delivered.iter().filter(|body| body.starts_with("gap")).count();
    assert_eq!(gaps > 0, lost > 0, "{delivered:?}");
    // The same loss is not counted again.
    drop(spool);
    let again = open(dir);
    assert_eq!(Class::ALL.into_iter().map(|class| again.lost(class)).sum::<u64>(), 0);
    (numbers.len(), lost)
}

fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut open(folder.path()), 60);
    folder
}

#[test]
fn a_flipped_byte_in_a_record_costs_that_record_and_is_counted() {
    let folder = filled();
    let file = &segments(folder.path())[1];
    let mut bytes = fs::read(file).unwrap();
    bytes[80] ^= 1;
    fs::write(file, bytes).unwrap();
    assert_eq!(check_nothing_vanishes(folder.path()), (59, 1));
}

#[test]
fn a_segment_cut_between_two_records_is_counted_by_the_numbers_that_are_missing() {
    let folder = filled();
    let metric = segments(folder.path())
        .into_iter()
        .rfind(|f| f.to_str().unwrap().contains("-p2-"))
        .unwrap();
    // The anchor alone stays.
    fs::OpenOptions::new().write(true).open(&metric).unwrap().set_len(37).unwrap();
    let (kept, lost) = check_nothing_vanishes(folder.path());
    assert_eq!(kept as u64 + lost, 60);
    assert!(lost > 0);
}

#[test]
fn after_damage_the_numbers_begin_anew_in_another_epoch() {
    let folder = filled();
    let before = open(folder.path()).position().0;
    let file = segments(folder.path()).pop().unwrap();
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length - 3).unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 1);
    let epochs: BTreeSet<u64> = drain(&mut spool).into_iter().map(|(epoch, _)| epoch).collect();
    assert_eq!(epochs.len(), 2);
    assert_ne!(spool.position().0, before);
}

#[test]
fn a_segment_removed_while_the_service_runs_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    (0..40).for_each(|number| spool.append(Class::Metric, format!("r{number}").as_bytes()));
    fs::remove_file(&segments(folder.path())[1]).unwrap();
    let kept = bodies(&mut spool).iter().filter(|body| body.starts_with('r')).count() as u64;
    assert_eq!(kept + spool.lost(Class::Metric), 40);
    assert!(spool.lost(Class::Metric) > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_spool_damaged_anywhere_opens_and_counts(
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        flip in 1u8..=255,
        cut in any::<bool>(),
    ) {
        let folder = filled();
        let files = segments(folder.path());
        let file = pick.get(&files);
        let mut bytes = fs::read(file).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        fs::write(file, &bytes).unwrap();
        let (kept, lost) = check_nothing_vanishes(folder.path());
        if !cut {
            prop_assert!(kept >= 59, "one flip cost {} records", 60 - kept);
        }
        // The end of a log that was cut may hide how much it held, never that it held something, unless the cut fell
        // between two records at the very end.
        prop_assert!(kept as u64 + lost >= 59, "{kept} kept, {lost} counted");
    }

    #[test]
    fn a_folder_of_noise_opens(noise in proptest::collection::vec(any::<u8>(), 0..3000), class in 0usize..3) {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("00000001-00000000000000aa-p{class}-0000000000000001.seg");
        fs::write(folder.path().join(name), noise).unwrap();
        fs::write(folder.path().join("acknowledged"), b"aa 99999999999999999999\nzz 1\n\xff").unwrap();
        let mut spool = open(folder.path());
        fill(&mut spool, 3);
        prop_assert!(bodies(&mut spool).ends_with(&names(3)));
    }
}
