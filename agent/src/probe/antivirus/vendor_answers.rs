//! What the command-line tools of other makers answer: `bduitool get ps`, `sentinelctl`, `upd --list-modules` and
//! `lic --status` of ESET, `kesl-control --app-info`. Pure. A line that is not known is passed over, so an answer in
//! other words leaves the facts unknown.

use atalaya_reading::{AntivirusProduct, bounds};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Puts what an answer knows into the product.
pub fn complete(product: &mut AntivirusProduct, answer: &str, zone: &TimeZone, now: Timestamp) {
    for line in answer.lines().take(1_000) {
        let line = line.trim().trim_start_matches("- ");
        if let Some(made) = eset_detection_engine(line) {
            product.signatures_at = midnight(made, zone);
        } else if let Some((key, value)) = pair(line) {
            fact(product, key, value, zone, now);
        }
    }
}

/// `Key: value`, or `Key   value` in columns.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(": ").or_else(|| line.split_once("  "))?;
    Some((key.trim(), value.trim())).filter(|(key, value)| !key.is_empty() && !value.is_empty())
}

fn fact(product: &mut AntivirusProduct, key: &str, value: &str, zone: &TimeZone, now: Timestamp) {
    match key.to_ascii_lowercase().as_str() {
        "product version" | "agent version" | "version" if product.version.is_none() => {
            product.version = Some(bounds::text(value, 64));
        }
        "antimalware status" | "agent state" => product.real_time = switch(value),
        "new security content available" => {
            product.signatures_stale = match value.to_ascii_lowercase().as_str() {
                "no" => Some(false),
                "yes" => Some(true),
                _ => None,
            };
        }
        "last security content update" | "last release date of databases" => {
            product.signatures_at = date(value).and_then(|date| midnight(date, zone));
        }
        "license validity" | "license expiration date" => {
            // Its last day is still covered.
            let end = date(value).and_then(|date| midnight(date.tomorrow().ok()?, zone));
            product.expired = end.map(|end| end <= now);
        }
        _ => {}
    }
}

/// `On`, `Enabled`; `None` for words that say neither.
fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "on" | "enabled" => Some(true),
        "off" | "disabled" => Some(false),
        _ => None,
    }
}

/// The date a value begins with, `2026-11-20 at 08:15`.
fn date(value: &str) -> Option<Date> {
    value.get(..10)?.parse().ok()
}

/// `EM002  30214 (20261120)  Detection engine`.
fn eset_detection_engine(line: &str) -> Option<Date> {
    let rest = line.strip_prefix("EM002")?;
    let digits = rest.split_once('(')?.1.split_once(')')?.0;
    Date::strptime("%Y%m%d", digits).ok()
}

fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers below were put together by hand from what administrators report; none of the products was at hand.
    fn read(answers: &[&str]) -> AntivirusProduct {
        let mut product = AntivirusProduct::default();
        let now = "2026-11-22T18:00:00Z".parse().unwrap();
        for answer in answers {
            complete(&mut product, answer, &TimeZone::fixed(jiff::tz::offset(-6)), now);
        }
        product
    }

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn bitdefender_tells_version_protection_and_content() {
        let product = read(&[
            "Endpoint:\n - Product version: 7.2.1.200160\n - Antimalware status: On\n\
             - New security content available: yes\n - Last security content update: 2026-11-20 at 08:15:02\n",
        ]);
        assert_eq!(product.version.as_deref(), Some("7.2.1.200160"));
        assert_eq!((product.real_time, product.signatures_stale), (Some(true), Some(true)));
        assert_eq!(product.signatures_at, at("2026-11-20T06:00:00Z"));
    }

    #[test]
    fn sentinelone_tells_version_and_state_in_two_answers() {
        let product =
            read(&["Agent version: 24.2.2.20\n", "Agent state                   Disabled\n"]);
        assert_eq!(product.version.as_deref(), Some("24.2.2.20"));
        assert_eq!((product.real_time, product.signatures_at), (Some(false), None));
    }

    #[test]
    fn eset_and_kaspersky_tell_their_licence_and_the_age_of_their_modules() {
        let modules = "EM000   1100.1  (20260501)  Update module\nEM002   30214 (20261120)   Detection engine\n";
        let eset = read(&[modules, "License Validity: 2026-11-21\n"]);
        assert_eq!((eset.signatures_at, eset.expired), (at("2026-11-20T06:00:00Z"), Some(true)));
        let last_day = read(&["License Validity: 2026-11-22\n"]);
        assert_eq!(last_day.expired, Some(false));
        let kesl = read(&[
            "Version:                         12.1.0.1506\nLicense expiration date: 2027-03-01 00:00:00\n\
             Last release date of databases:  2026-11-22 09:00:00\n",
        ]);
        assert_eq!((kesl.version.as_deref(), kesl.expired), (Some("12.1.0.1506"), Some(false)));
        assert_eq!(kesl.signatures_at, at("2026-11-22T06:00:00Z"));
    }

    #[test]
    fn refusals_and_rubbish_leave_everything_unknown() {
        let product = read(&[
            "Permission denied\n",
            "Antimalware status: maybe\n",
            "EM002 (99999999)\n",
            "License Validity: ñandú 2026\n: \n",
        ]);
        assert_eq!(product, AntivirusProduct::default());
    }
}
