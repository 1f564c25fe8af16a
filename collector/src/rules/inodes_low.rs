//! Can more files be made? A volume may have room and no files left.

use super::{Facts, Finding, Thresholds};

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds) -> Finding {
    let Some(disk) = facts.disk().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.disk());
    };
    let limited = disk.volumes.iter().filter(|volume| !volume.read_only);
    let fewest = limited
        .filter_map(|volume| Some((volume.inodes_free_permille()?, &volume.mount)))
        .min_by_key(|(free, _)| *free);
    let Some((permille, mount)) = fewest else {
        return Finding::unknown("Ningún volumen dice cuántos archivos le caben.");
    };
    let free_pct = f64::from(permille) / 10.0;
    let summary = format!("En el volumen {mount} caben todavía {free_pct} % de los archivos.");
    if free_pct < thresholds.inodes_critical_pct {
        Finding::critical(summary)
    } else if free_pct < thresholds.inodes_warning_pct {
        Finding::warning(summary)
    } else {
        Finding::ok(summary)
    }
}
