//! The machine as people read it.

use atalaya_reading::{Reading, System};

use super::{bytes, fact, known, unknown_cell};
use crate::table::{Cell, Tone, cell, plain};

/// Lines under the title.
pub fn shown(reading: &Reading<System>, colour: bool) -> String {
    let Some(system) = reading.known() else { return String::new() };
    let maker = together(&[&system.manufacturer, &system.model]);
    let os = together(&[&system.os, &system.os_version]);
    let facts = [
        ("Equipo", known(system.hostname.as_ref())),
        ("Fabricante y modelo", known(maker)),
        ("Serie", known(system.serial.as_ref())),
        ("Sistema", known(os)),
        ("Núcleo", known(together(&[&system.kernel, &system.architecture]))),
        ("Procesador", known(system.cpu_model.as_ref())),
        ("Núcleos y uso", cores(system)),
        ("Memoria", share(system.memory_used_bytes, system.memory_total_bytes)),
        ("Intercambio", share(system.swap_used_bytes, system.swap_total_bytes)),
        ("Encendido desde hace", known(system.uptime_s.map(duration))),
        ("Espera reinicio", restart(system.reboot_needed)),
        ("Reloj", known(system.utc_offset_minutes.map(offset))),
    ];
    facts.iter().map(|(name, value)| fact(name, value, colour)).collect()
}

fn together(parts: &[&Option<String>]) -> Option<String> {
    let known: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
    (!known.is_empty()).then(|| known.join(" "))
}

fn cores(system: &System) -> Cell {
    match (system.cpu_cores, system.cpu_pct) {
        (Some(cores), Some(percent)) => plain(format!("{cores}, al {percent} %")),
        (Some(cores), None) => plain(cores.to_string()),
        _ => unknown_cell(),
    }
}

fn share(used: Option<u64>, total: Option<u64>) -> Cell {
    match (used, total) {
        (_, Some(0)) => plain("no hay"),
        (Some(used), Some(total)) => plain(format!("{} de {}", bytes(used), bytes(total))),
        _ => unknown_cell(),
    }
}

fn restart(needed: Option<bool>) -> Cell {
    match needed {
        Some(true) => cell("sí, hay actualizaciones que lo piden", Tone::Poor),
        Some(false) => cell("no", Tone::Good),
        None => unknown_cell(),
    }
}

fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    if days > 0 { format!("{days} d {hours} h") } else { format!("{hours} h {minutes} min") }
}

fn offset(minutes: i32) -> String {
    let sign = if minutes < 0 { '−' } else { '+' };
    format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}
