//! Corrective 10: have the faults that opened the run gone? The alerts of the run say; a silent PC says nothing.

use jiff::Timestamp;

use super::facts::Facts;
use crate::domain::alert::Alert;
use crate::domain::proposal::{Proposal, Sureness};

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    let alerts = &facts.alerts;
    if alerts.is_empty() {
        return Proposal::unknown("El trámite no nació de una alerta: compruébelo en el equipo.");
    }
    if facts.devices.iter().any(|device| device.silent) {
        return Proposal::unknown("El equipo no reporta: no se sabe si la falla continúa.");
    }
    let open: Vec<&Alert> = alerts.iter().filter(|alert| alert.cleared_at.is_none()).collect();
    let (answer, value, because) = if open.is_empty() {
        let because = match alerts.len() {
            1 => "La alerta de este trámite ya se despejó.".to_owned(),
            many => format!("Las {many} alertas de este trámite ya se despejaron."),
        };
        (true, "sin alertas abiertas".to_owned(), because)
    } else {
        let names: Vec<&str> = open.iter().map(|alert| alert.rule.title()).collect();
        let value = format!("{} de {} alertas abiertas", open.len(), alerts.len());
        (false, value, format!("Siguen abiertas: {}.", names.join(", ")))
    };
    let cleared = alerts.iter().filter_map(|alert| alert.cleared_at).max();
    Proposal {
        answer: Some(answer),
        value,
        because,
        source: "alertas del trámite".into(),
        taken_at: if answer { cleared } else { Some(now) },
        sureness: Sureness::Certain,
    }
}
