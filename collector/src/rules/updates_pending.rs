//! Do security updates wait although the PC has had time to install them?

use jiff::Timestamp;

use super::{Facts, Finding, Thresholds};

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds, now: Timestamp) -> Finding {
    let Some(updates) = facts.updates().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.updates());
    };
    let security = match (updates.pending, updates.security) {
        (Some(0), _) => 0,
        (_, Some(security)) => security,
        (None, None) => return Finding::unknown("No se sabe si hay actualizaciones pendientes."),
        (Some(_), None) => {
            return Finding::unknown("No se sabe cuántas actualizaciones son de seguridad.");
        }
    };
    if security == 0 {
        return Finding::ok("No hay actualizaciones de seguridad pendientes.");
    }
    let count = match security {
        1 => "1 actualización de seguridad".to_owned(),
        many => format!("{many} actualizaciones de seguridad"),
    };
    let Some(installed) = updates.last_installed_at else {
        return Finding::warning(format!("Hay {count} y ningún registro de que se instalen."));
    };
    let days = now.as_second().saturating_sub(installed.as_second()) / 86_400;
    if days > thresholds.updates_days {
        return Finding::warning(format!(
            "Hay {count}; la última instalación fue hace {days} días."
        ));
    }
    Finding::ok(format!("Hay {count}; la última instalación fue hace {} días.", days.max(0)))
}
