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
    product.real_time = plain("realTimeProtectionEnabled").and_then(Value::as_bool);
    let minutes = plain("definitionsUpdatedMinutesAgo").and_then(Value::as_i64);
    product.signatures_at = minutes
        .filter(|minutes| (0..=10_000_000).contains(minutes))
        .and_then(|minutes| now.checked_sub(SignedDuration::from_mins(minutes)).ok());
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
        assert_eq!(product.signatures_at, Some("2025-11-22T08:30:00Z".parse().unwrap()));
    }

    #[test]
    fn an_answer_that_is_not_understood_leaves_everything_unknown() {
        let mut product = AntivirusProduct::default();
        complete(&mut product, b"ATTENTION: No license found", Timestamp::UNIX_EPOCH);
        assert_eq!(product, AntivirusProduct::default());
    }
}
