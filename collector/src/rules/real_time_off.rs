//! Does the antivirus that runs check files as they are opened? One that only looks when told to lets things in.

use super::{Facts, Finding};
use crate::domain::reading::AntivirusProduct;

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(antivirus) = facts.antivirus().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.antivirus());
    };
    let running: Vec<&AntivirusProduct> =
        antivirus.products.iter().filter(|product| product.running == Some(true)).collect();
    if running.is_empty() {
        return Finding::ok("Ningún antivirus en marcha que pueda proteger en tiempo real.");
    }
    if let Some(product) = running.iter().find(|product| product.real_time == Some(true)) {
        return Finding::ok(format!("{} protege en tiempo real.", product.name));
    }
    if running.iter().any(|product| product.real_time.is_none()) {
        return Finding::unknown("No se sabe si el antivirus protege en tiempo real.");
    }
    let names: Vec<&str> = running.iter().map(|product| product.name.as_str()).collect();
    Finding::warning(format!("{} está en marcha sin protección en tiempo real.", names.join(", ")))
}
