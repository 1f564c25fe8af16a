//! Are the newest signatures recent? Their age is counted now, not when they were read; a product that says itself
//! that they are old is believed whatever their date.

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
    let used = || antivirus.products.iter().filter(|p| !running || p.running == Some(true));
    // One product that is up to date is enough.
    let fresh = used().any(|product| product.signatures_stale == Some(false));
    let stale = used().find(|product| product.signatures_stale == Some(true)).filter(|_| !fresh);
    let newest = used().filter_map(|p| p.signatures_at.map(|at| (at, &p.name))).max();
    let Some((made, name)) = newest else {
        return match stale {
            Some(product) => Finding::warning(own_word(&product.name)),
            None if fresh => Finding::ok("El antivirus dice que sus firmas están al día."),
            None => Finding::unknown("No se sabe de cuándo son las firmas del antivirus."),
        };
    };
    let days = now.as_second().saturating_sub(made.as_second()) / 86_400;
    let summary = format!("Las firmas de {name} tienen {days} días.");
    match days {
        days if days > thresholds.signatures_critical_days => Finding::critical(summary),
        days if days > thresholds.signatures_warning_days => Finding::warning(summary),
        _ if stale.is_some() => Finding::warning(own_word(name)),
        days if days < -1 => Finding::unknown("Las firmas del antivirus llevan una fecha futura."),
        _ => Finding::ok(summary),
    }
}

fn own_word(name: &str) -> String {
    format!("{name} dice que sus firmas son antiguas.")
}
