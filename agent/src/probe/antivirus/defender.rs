//! What `mdatp health --output json` says of Microsoft Defender on Linux. Pure.

use atalaya_reading::{AntivirusProduct, bounds};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Puts what the answer knows into the product; an answer that is not understood leaves it as it is. It is read also
/// when it says `healthy: false`: an expired licence does not make the rest unknown.
pub fn complete(product: &mut AntivirusProduct, answer: &[u8], now: Timestamp) {
    let Ok(health) = serde_json::from_slice::<Value>(answer) else { return };
    // Newer versions wrap a setting with who set it.
    let plain = |key: &str| health.get(key).map(|value| value.get("value").unwrap_or(value));
    product.version =
        plain("appVersion").and_then(Value::as_str).map(|version| bounds::text(version, 64));
    let enabled = plain("realTimeProtectionEnabled").and_then(Value::as_bool);
    // In passive mode it leaves the files to another product.
    let passive = plain("passiveModeEnabled").and_then(Value::as_bool) == Some(true);
    product.real_time = enabled.map(|enabled| enabled && !passive);
    product.signatures_at = plain("definitionsUpdated").and_then(instant).or_else(|| {
        let minutes = plain("definitionsUpdatedMinutesAgo").and_then(Value::as_i64);
        minutes_ago(minutes.filter(|minutes| (0..=10_000_000).contains(minutes))?, now)
    });
    let status = plain("definitionsStatus");
    let status = status.and_then(|status| status.get("$type").unwrap_or(status).as_str());
    product.signatures_stale = match status {
        Some("upToDate") => Some(false),
        Some("outOfDate") => Some(true),
        _ => None,
    };
    product.expired = plain("productExpiration").and_then(instant).map(|at| at <= now);
}

/// Milliseconds since 1970, as a number or as digits; zero stands for never.
fn instant(value: &Value) -> Option<Timestamp> {
    let milliseconds = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    Timestamp::from_millisecond(milliseconds).ok().filter(|at| *at > Timestamp::UNIX_EPOCH)
}

/// Whole hours, lest the same signatures seem new at every reading.
fn minutes_ago(minutes: i64, now: Timestamp) -> Option<Timestamp> {
    let at = now.checked_sub(SignedDuration::from_mins(minutes)).ok()?;
    Timestamp::from_second(at.as_second() / 3_600 * 3_600).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unhealthy_answer_still_tells_version_watching_and_age() {
        let mut product = AntivirusProduct::default();
        let now: Timestamp = "2025-11-22T10:00:00Z".parse().unwrap();
        complete(&mut product, include_bytes!("../../../fixtures/mdatp-health.json"), now);
        assert_eq!(product.version.as_deref(), Some("101.25032.0010"));
        assert_eq!(product.real_time, Some(true));
        assert_eq!(product.signatures_at, Some("2025-11-22T08:43:20Z".parse().unwrap()));
        assert_eq!((product.signatures_stale, product.expired), (Some(false), None));
    }

    #[test]
    fn an_older_answer_without_a_date_says_how_long_ago_and_does_not_change_with_every_minute() {
        let read = |now: &str, minutes: i64| {
            let mut product = AntivirusProduct::default();
            let answer = format!(r#"{{"definitionsUpdatedMinutesAgo": {minutes}}}"#);
            complete(&mut product, answer.as_bytes(), now.parse().unwrap());
            product.signatures_at
        };
        let at = read("2025-11-22T10:00:10Z", 90);
        assert_eq!(at, Some("2025-11-22T08:00:00Z".parse().unwrap()));
        assert_eq!(at, read("2025-11-22T10:10:40Z", 100));
    }

    #[test]
    fn passive_old_and_expired_are_said_as_such() {
        let mut product = AntivirusProduct::default();
        let answer = br#"{
            "realTimeProtectionEnabled": {"value": true}, "passiveModeEnabled": {"value": true},
            "definitionsStatus": {"$type": "outOfDate"}, "definitionsUpdated": "1763801000000",
            "productExpiration": "1763801000000", "healthy": false
        }"#;
        complete(&mut product, answer, "2025-11-22T10:00:00Z".parse().unwrap());
        assert_eq!((product.real_time, product.signatures_stale), (Some(false), Some(true)));
        assert_eq!(product.expired, Some(true));
        let rubbish =
            br#"{"definitionsUpdated": "soon", "productExpiration": 0, "definitionsStatus": 7}"#;
        complete(&mut product, rubbish, Timestamp::UNIX_EPOCH);
        assert_eq!(
            (product.signatures_at, product.signatures_stale, product.expired),
            (None, None, None)
        );
    }

    #[test]
    fn an_answer_that_is_not_understood_leaves_everything_unknown() {
        let mut product = AntivirusProduct::default();
        complete(&mut product, b"ATTENTION: No license found", Timestamp::UNIX_EPOCH);
        assert_eq!(product, AntivirusProduct::default());
    }
}
