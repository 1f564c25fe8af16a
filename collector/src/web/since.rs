//! Instants and spans in the words of the pages. Pure: `now` is an argument.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// Central Mexico keeps UTC−6 all year since October 2022.
fn mexico() -> TimeZone {
    TimeZone::fixed(Offset::constant(-6))
}

/// The age in words, e.g. `hace 3 min`; `web/src/since.ts` keeps it true while the page is open.
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(at.as_second()).max(0);
    if seconds < 5 { "ahora".into() } else { format!("hace {}", span(seconds)) }
}

/// A span in its largest unit, e.g. `3 min`.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A span of working time in its largest unit, e.g. `3 h hábiles`; a day is `day` seconds of it.
pub fn working_span(seconds: i64, day: i64) -> String {
    let (number, unit) = match seconds {
        ..60 => return "menos de 1 min".into(),
        60..3_600 => (seconds / 60, "min"),
        _ if seconds < day * 2 || day <= 0 => (seconds / 3_600, "h"),
        _ => (seconds / day, "d"),
    };
    format!("{number} {unit} {}", if number == 1 { "hábil" } else { "hábiles" })
}

/// The instant as people of the municipality write it, e.g. `22/11/2026 07:41`.
pub fn local(at: Timestamp) -> String {
    at.to_zoned(mexico()).strftime("%d/%m/%Y %H:%M").to_string()
}

/// The day in full, e.g. `domingo 22 de noviembre de 2026`.
pub fn day(at: &Timestamp) -> String {
    const DAYS: [&str; 7] =
        ["domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"];
    const MONTHS: [&str; 12] = [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ];
    let date = at.to_zoned(mexico()).date();
    let name = |names: &[&'static str], at: i8| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
    };
    let weekday = name(&DAYS, date.weekday().to_sunday_zero_offset());
    let month = name(&MONTHS, date.month() - 1);
    format!("{weekday} {} de {month} de {}", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit_and_never_negative() {
        let now = at("2026-11-22T13:00:00Z");
        for (then, words) in [
            ("2026-11-22T13:00:30Z", "ahora"),
            ("2026-11-22T12:59:20Z", "hace 40 s"),
            ("2026-11-22T12:57:00Z", "hace 3 min"),
            ("2026-11-22T03:00:00Z", "hace 10 h"),
            ("2026-11-01T13:00:00Z", "hace 21 d"),
        ] {
            assert_eq!(ago(now, at(then)), words);
        }
    }

    #[test]
    fn instants_are_shown_in_the_time_of_central_mexico() {
        assert_eq!(local(at("2026-07-01T05:30:00Z")), "30/06/2026 23:30");
        assert_eq!(day(&at("2026-11-22T13:00:00Z")), "domingo 22 de noviembre de 2026");
    }
}
