//! Is there an antivirus at all?

use super::{Facts, Finding};

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(antivirus) = facts.antivirus().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.antivirus());
    };
    if antivirus.products.is_empty() {
        return Finding::critical("El equipo no tiene ningún antivirus.");
    }
    let names: Vec<&str> = antivirus.products.iter().map(|product| product.name.as_str()).collect();
    Finding::ok(format!("Antivirus: {}.", names.join(", ")))
}
