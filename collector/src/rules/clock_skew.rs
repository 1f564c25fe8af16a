//! Is the PC's clock right? A wrong one spoils certificates, sign-ins and dates of documents.

use super::{Finding, Thresholds};

pub(super) fn ask(clock_skew_us: Option<i64>, thresholds: &Thresholds) -> Finding {
    let Some(skew) = clock_skew_us else {
        return Finding::unknown("Todavía no se ha comparado el reloj.");
    };
    let seconds = skew / 1_000_000;
    if seconds.abs() <= thresholds.clock_skew_s {
        return Finding::ok("El reloj está bien.");
    }
    let direction = if seconds > 0 { "adelantado" } else { "atrasado" };
    Finding::warning(format!("El reloj está {direction} {}.", describe(seconds.abs())))
}

fn describe(seconds: i64) -> String {
    match seconds {
        s if s < 7_200 => format!("{} min", s / 60),
        s if s < 172_800 => format!("{} h", s / 3_600),
        s => format!("{} días", s / 86_400),
    }
}
