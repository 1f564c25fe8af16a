//! Does another device use the PC's address?

use super::{Facts, Finding};

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(connectivity) = facts.connectivity().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.connectivity());
    };
    let interfaces = &connectivity.interfaces;
    if let Some(one) = interfaces.iter().find(|one| one.address_conflict == Some(true)) {
        let addresses = one.addresses.join(", ");
        return Finding::warning(format!(
            "Otro equipo usa la dirección de {} ({addresses}).",
            one.name
        ));
    }
    if interfaces.iter().all(|one| one.address_conflict.is_none()) {
        return Finding::unknown("No se sabe si otro equipo usa la misma dirección.");
    }
    Finding::ok("Nadie más usa la dirección del equipo.")
}
