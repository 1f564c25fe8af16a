//! Sizes, spans and shares as pages write them; what is not known is said so. Pure.

use std::borrow::Borrow;

/// What stands for a figure that was not measured.
const UNKNOWN: &str = "—";

/// Bytes in their largest decimal unit, e.g. `12.4 GB`, as makers of drives count.
pub fn bytes(bytes: &u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = *bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 99.95);
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// How many, with the word that fits.
pub fn count(count: impl Borrow<usize>, one: &str, many: &str) -> String {
    let count = *count.borrow();
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Days in words.
pub fn days(days: &i64) -> String {
    match days {
        0 => "de hoy".into(),
        1 => "de hace 1 día".into(),
        days => format!("de hace {days} días"),
    }
}

/// Milliseconds.
pub fn ms(ms: &Option<f64>) -> String {
    ms.map_or_else(|| UNKNOWN.into(), |ms| format!("{ms:.1} ms"))
}

/// A share in per cent.
pub fn pct(pct: &Option<f64>) -> String {
    match pct {
        None => UNKNOWN.into(),
        Some(pct) if pct.fract() == 0.0 => format!("{pct:.0} %"),
        Some(pct) => format!("{pct:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_on_the_box_of_a_drive() {
        for (size, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_500, "1.5 kB"),
            (256_060_514_304, "256 GB"),
            (12_400_000_000, "12.4 GB"),
            (999_999_999_999, "1.0 TB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(bytes(&size), words);
        }
    }

    #[test]
    fn what_was_not_measured_is_not_a_zero() {
        assert_eq!((ms(&None), pct(&None)), ("—".into(), "—".into()));
        assert_eq!(pct(&Some(33.33)), "33.3 %");
    }
}
