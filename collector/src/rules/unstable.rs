//! Are answers lost or irregular? Total loss is «no internet», not «unstable».

use super::{Finding, Thresholds};
use crate::domain::reading::Sample;

pub(super) fn ask(sample: Option<&Sample>, thresholds: &Thresholds) -> Finding {
    let Some(loss) = sample.and_then(|sample| sample.loss_permille) else {
        return Finding::unknown("Todavía no hay medición de la conexión.");
    };
    let loss_pct = f64::from(loss) / 10.0;
    if loss >= 1000 {
        return Finding::unknown("Nada responde: no se puede juzgar la estabilidad.");
    }
    let jitter = sample.and_then(|sample| sample.jitter_us).map(|us| f64::from(us) / 1000.0);
    if loss_pct > thresholds.loss_pct {
        return Finding::warning(format!("Se pierde {loss_pct} % de los paquetes."));
    }
    match jitter {
        Some(ms) if ms > thresholds.jitter_ms => {
            Finding::warning(format!("Los tiempos varían {ms:.0} ms entre respuestas."))
        }
        _ => Finding::ok("La conexión es estable."),
    }
}
