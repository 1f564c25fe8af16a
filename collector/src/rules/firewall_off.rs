//! Is inbound traffic filtered?

use super::{Facts, Finding};

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(firewall) = facts.firewall().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.firewall());
    };
    match firewall.enabled {
        Some(true) => Finding::ok("El cortafuegos está encendido."),
        Some(false) => Finding::critical("El cortafuegos está apagado: nada filtra lo que entra."),
        None => Finding::unknown("No se sabe si el cortafuegos está encendido."),
    }
}
