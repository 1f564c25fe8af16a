//! Does anything in the internet answer?

use super::{Facts, Finding};
use crate::domain::reading::Verdict;

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(connectivity) = facts.connectivity().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.connectivity());
    };
    match connectivity.verdict {
        Verdict::Down => {
            let gateway = match connectivity.gateway.reachable {
                Some(true) => "La puerta de enlace sí responde: revise al proveedor.",
                Some(false) => "La puerta de enlace tampoco responde: revise la red local.",
                None => "No se sabe si responde la puerta de enlace.",
            };
            Finding::critical(format!("Ningún destino de internet responde. {gateway}"))
        }
        Verdict::Ok | Verdict::Degraded => Finding::ok("Hay internet."),
        Verdict::Unknown => Finding::unknown("No se pudo medir la conexión a internet."),
    }
}
