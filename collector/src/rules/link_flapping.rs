//! Does the cable or the radio come and go? Counted since the PC started, and only after it has run for a while.

use super::{Facts, Finding, Thresholds};

/// A PC just started brings its links up: that is no fault.
const AT_LEAST_S: u64 = 1_800;

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds) -> Finding {
    let Some(connectivity) = facts.connectivity().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.connectivity());
    };
    let restless = connectivity
        .interfaces
        .iter()
        .filter_map(|one| Some((one.carrier_changes?, &one.name)))
        .max_by_key(|(changes, _)| *changes);
    let Some((changes, name)) = restless else {
        return Finding::unknown("No se sabe cuántas veces se cayó el enlace.");
    };
    let uptime = facts.sample.and_then(|sample| sample.uptime_s);
    let Some(seconds) = uptime.filter(|seconds| *seconds >= AT_LEAST_S) else {
        return Finding::unknown("El equipo lleva poco encendido para juzgar su enlace.");
    };
    let per_hour = changes as f64 * 3_600.0 / seconds as f64;
    if per_hour > thresholds.link_changes_per_hour {
        return Finding::warning(format!(
            "El enlace de {name} ha cambiado {changes} veces desde que el equipo encendió."
        ));
    }
    Finding::ok("Los enlaces se mantienen.")
}
