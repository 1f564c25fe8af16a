//! Does an antivirus run? Just after the PC started, one that is not yet up is not off.

use super::{Facts, Finding, Thresholds};

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds) -> Finding {
    let Some(antivirus) = facts.antivirus().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.antivirus());
    };
    if antivirus.products.is_empty() {
        return Finding::ok("No hay antivirus que pueda estar apagado.");
    }
    if let Some(product) = antivirus.products.iter().find(|product| product.running == Some(true)) {
        return Finding::ok(format!("{} está en marcha.", product.name));
    }
    if antivirus.products.iter().any(|product| product.running.is_none()) {
        return Finding::unknown("No se sabe si el antivirus está en marcha.");
    }
    let uptime = facts.sample.and_then(|sample| sample.uptime_s);
    if uptime.is_some_and(|seconds| seconds < thresholds.antivirus_grace_s) {
        return Finding::unknown("El equipo acaba de encender; el antivirus aún puede arrancar.");
    }
    let names: Vec<&str> = antivirus.products.iter().map(|product| product.name.as_str()).collect();
    Finding::critical(format!("{} está instalado pero no está en marcha.", names.join(", ")))
}
