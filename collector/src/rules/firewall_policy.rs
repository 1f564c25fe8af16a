//! Is the firewall set up as the policy of the area says? One that is off is told by its own rule.

use super::{Facts, Finding, Thresholds};
use crate::domain::firewall_policy::{Compliance, compliance, permitted};

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds) -> Finding {
    let reading = facts.firewall();
    if reading.and_then(|reading| reading.known()).is_some_and(|read| read.enabled == Some(false)) {
        return Finding::unknown(
            "El cortafuegos está apagado: de su configuración no se juzga nada.",
        );
    }
    let permitted = permitted(facts.area_policy.as_ref(), &thresholds.permitted_ports);
    match compliance(reading, &permitted) {
        Compliance::Conforms => Finding::ok("El cortafuegos está como dice la política."),
        Compliance::Unknown(why) => {
            Finding::unknown(format!("No se sabe si el cortafuegos cumple la política: {why}."))
        }
        Compliance::Departs(reasons) => Finding::warning(format!(
            "El cortafuegos no está como dice la política: {}.",
            reasons.join("; ")
        )),
    }
}
