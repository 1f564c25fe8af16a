//! Are the newest signatures recent? Their age is counted now, not when they were read.

use jiff::Timestamp;

use super::{Facts, Finding, Thresholds};

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds, now: Timestamp) -> Finding {
    let Some(antivirus) = facts.antivirus().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.antivirus());
    };
    if antivirus.products.is_empty() {
        return Finding::ok("No hay antivirus con firmas.");
    }
    // Where one product runs, the signatures of one that does not are of no use.
    let running = antivirus.products.iter().any(|product| product.running == Some(true));
    let used = antivirus.products.iter().filter(|p| !running || p.running == Some(true));
    let newest = used.filter_map(|p| p.signatures_at.map(|at| (at, &p.name))).max();
    let Some((made, name)) = newest else {
        return Finding::unknown("No se sabe de cuándo son las firmas del antivirus.");
    };
    let days = now.as_second().saturating_sub(made.as_second()) / 86_400;
    let summary = format!("Las firmas de {name} tienen {days} días.");
    match days {
        days if days > thresholds.signatures_critical_days => Finding::critical(summary),
        days if days > thresholds.signatures_warning_days => Finding::warning(summary),
        days if days < -1 => Finding::unknown("Las firmas del antivirus llevan una fecha futura."),
        _ => Finding::ok(summary),
    }
}
