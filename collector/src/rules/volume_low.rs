//! Is there room left? The measurement is newer than the section, which names the volumes.

use super::{Facts, Finding, Thresholds};
use crate::domain::reading::Volume;

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds) -> Finding {
    let known = facts.disk().and_then(|reading| reading.known());
    let writable = known.map(|disk| disk.volumes.iter().filter(|volume| !volume.read_only));
    let fullest: Option<&Volume> =
        writable.and_then(|volumes| volumes.min_by_key(|volume| volume.free_permille()));
    let measured = facts.sample.and_then(|sample| sample.volume_free_permille);
    let Some(permille) = measured.or_else(|| fullest.and_then(Volume::free_permille)) else {
        return Finding::unread(facts.disk());
    };
    let free_pct = f64::from(permille) / 10.0;
    let name = fullest.map_or("más lleno", |volume| volume.mount.as_str());
    let summary = format!("El volumen {name} tiene {free_pct} % libre.");
    if free_pct < thresholds.volume_critical_pct {
        Finding::critical(summary)
    } else if free_pct < thresholds.volume_warning_pct {
        Finding::warning(summary)
    } else {
        Finding::ok(summary)
    }
}
