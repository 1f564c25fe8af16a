//! Has the PC waited for a restart for days? It has needed it at least since its reading last changed.

use jiff::Timestamp;

use super::{Facts, Finding, Thresholds};
use crate::domain::reading::SectionKind;

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds, now: Timestamp) -> Finding {
    let Some(system) = facts.system().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.system());
    };
    match system.reboot_needed {
        None => Finding::unknown("No se sabe si el equipo espera un reinicio."),
        Some(false) => Finding::ok("El equipo no espera un reinicio."),
        Some(true) => {
            let since = facts.changed_at.get(&SectionKind::System);
            let days =
                since.map_or(0, |since| now.as_second().saturating_sub(since.as_second()) / 86_400);
            if days >= thresholds.reboot_days {
                Finding::warning(format!("El equipo espera un reinicio desde hace {days} días."))
            } else {
                Finding::ok("El equipo espera un reinicio desde hace poco.")
            }
        }
    }
}
