//! What Microsoft Defender says of itself on Windows: objects of the WMI classes `MSFT_MpComputerStatus`,
//! `MSFT_MpThreat` and `MSFT_MpThreatDetection`, as JSON. Pure. A property may be missing on an older Windows.

use std::collections::HashMap;

use atalaya_reading::{AntivirusProduct, Detection, bounds};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

/// Puts what the status says into the product.
pub fn complete(product: &mut AntivirusProduct, status: &Value) {
    let text =
        |name: &str| status.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let flag = |name: &str| status.get(name).and_then(Value::as_bool);
    product.version = text("AMProductVersion").map(|version| bounds::text(version, 64));
    let mode = text("AMRunningMode");
    if mode == Some("Not running") || flag("AMServiceEnabled") == Some(false) {
        // Its figures then are zeros that mean nothing: whether it runs, its service has said, and one that is only
        // starting is not off.
        product.real_time = product.running.filter(|running| !running);
        return;
    }
    product.running = product.running.or(flag("AMServiceEnabled"));
    let date = |name: &str| text(name).and_then(instant).filter(|at| at.as_second() > 0);
    product.signatures_stale = flag("DefenderSignaturesOutOfDate");
    product.last_scan_at = date("QuickScanEndTime").max(date("FullScanEndTime"));
    // In any other mode it leaves the files to another product.
    let watches = mode.is_none_or(|mode| mode == "Normal");
    product.real_time = flag("RealTimeProtectionEnabled").map(|enabled| enabled && watches);
    product.signatures_at = date("AntivirusSignatureLastUpdated");
}

/// What it found since `since`, the newest first.
pub fn detections(threats: &[Value], found: &[Value], since: Timestamp) -> Vec<Detection> {
    let number = |object: &Value, name: &str| {
        let value = object.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    };
    let names: HashMap<i64, &str> = threats
        .iter()
        .filter_map(|threat| {
            Some((number(threat, "ThreatID")?, threat.get("ThreatName")?.as_str()?))
        })
        .collect();
    let mut detections: Vec<Detection> = found
        .iter()
        .filter_map(|detection| {
            let id = number(detection, "ThreatID")?;
            let found_at =
                detection.get("InitialDetectionTime").and_then(Value::as_str).and_then(instant);
            let resources = detection.get("Resources").and_then(Value::as_array);
            let path = resources.and_then(|all| all.first()?.as_str());
            let name =
                names.get(&id).map_or_else(|| format!("ThreatID {id}"), |name| (*name).into());
            Some(Detection {
                name: bounds::text(&name, bounds::TEXT),
                path: path
                    .map(|path| bounds::text(path.trim_start_matches("file:_"), bounds::TEXT)),
                found_at,
                action: number(detection, "ThreatStatusID").map(status),
            })
        })
        .filter(|detection| detection.found_at.is_none_or(|at| at >= since))
        .collect();
    detections.sort_by_key(|detection| std::cmp::Reverse(detection.found_at));
    detections.truncate(bounds::DETECTIONS);
    detections
}

/// `ThreatStatusID` as Microsoft's documents name it.
fn status(id: i64) -> String {
    match id {
        0 => "Unknown",
        1 => "Detected",
        2 => "Cleaned",
        3 => "Quarantined",
        4 => "Removed",
        5 => "Allowed",
        6 => "Blocked",
        102 => "QuarantineFailed",
        103 => "RemoveFailed",
        104 => "AllowFailed",
        105 => "Abandoned",
        107 => "BlockedFailed",
        _ => return format!("ThreatStatusID {id}"),
    }
    .into()
}

/// A CIM date, `20251121183055.123000-360`: local time and how many minutes it is ahead of UTC.
fn instant(cim: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| cim.get(from..to)?.parse::<i16>().ok();
    let byte = |from: usize| i8::try_from(part(from, from + 2)?).ok();
    let date = jiff::civil::Date::new(part(0, 4)?, byte(4)?, byte(6)?).ok()?;
    let time = jiff::civil::Time::new(byte(8)?, byte(10)?, byte(12)?, 0).ok()?;
    let offset: i64 = cim.get(21..25)?.parse().ok()?;
    let utc = date.to_datetime(time).checked_sub(offset.minutes()).ok()?;
    utc.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The moment from which detections count.
pub fn since(now: Timestamp, days: u64) -> Timestamp {
    let hours = i64::try_from(days.saturating_mul(24)).unwrap_or(0);
    now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }

    fn defender(status: &Value) -> AntivirusProduct {
        let mut product = AntivirusProduct::default();
        complete(&mut product, status);
        product
    }

    #[test]
    fn a_defender_at_work_tells_version_watching_and_signatures() {
        let status = fixture(include_str!("../../../fixtures/windows/mp-status.json"));
        let product = defender(&status);
        assert_eq!(product.version.as_deref(), Some("4.18.25090.3009"));
        assert_eq!((product.running, product.real_time), (Some(true), Some(true)));
        assert_eq!(product.signatures_at, at("2025-11-21T11:05:43Z"));
        assert_eq!(product.signatures_stale, Some(false));
        assert_eq!(product.last_scan_at, at("2025-11-21T09:31:12Z"));
    }

    #[test]
    fn the_last_scan_is_the_later_of_both_kinds() {
        let mut status = fixture(include_str!("../../../fixtures/windows/mp-status.json"));
        status["FullScanEndTime"] = "20251121120000.000000+000".into();
        assert_eq!(defender(&status).last_scan_at, at("2025-11-21T12:00:00Z"));
        status["QuickScanEndTime"] = "16010101000000.000000+000".into();
        status["FullScanEndTime"] = serde_json::Value::Null;
        assert_eq!(defender(&status).last_scan_at, None, "never");
        status["DefenderSignaturesOutOfDate"] = true.into();
        assert_eq!(defender(&status).signatures_stale, Some(true));
    }

    #[test]
    fn beside_another_product_it_runs_but_does_not_watch() {
        let mut status = fixture(include_str!("../../../fixtures/windows/mp-status.json"));
        status["AMRunningMode"] = "Passive Mode".into();
        let product = defender(&status);
        assert_eq!((product.running, product.real_time), (Some(true), Some(false)));
    }

    #[test]
    fn zeros_of_one_that_does_not_run_are_not_fresh_signatures() {
        let status = fixture(include_str!("../../../fixtures/windows/mp-status-not-running.json"));
        for (service_runs, watches) in
            [(Some(false), Some(false)), (Some(true), None), (None, None)]
        {
            let mut product = AntivirusProduct { running: service_runs, ..Default::default() };
            complete(&mut product, &status);
            assert_eq!((product.running, product.real_time), (service_runs, watches));
            let figures = (product.signatures_at, product.last_scan_at, product.signatures_stale);
            assert_eq!(figures, (None, None, None));
        }
    }

    #[test]
    fn an_answer_without_properties_leaves_everything_unknown() {
        assert_eq!(defender(&fixture("{}")), AntivirusProduct::default());
        assert_eq!(defender(&fixture("[]")), AntivirusProduct::default());
    }

    #[test]
    fn detections_carry_name_path_time_and_what_was_done() {
        let all = fixture(include_str!("../../../fixtures/windows/mp-detections.json"));
        let (threats, found) =
            (all["threats"].as_array().unwrap(), all["detections"].as_array().unwrap());
        let since = since("2025-11-21T12:00:00Z".parse().unwrap(), 20);
        let listed = detections(threats, found, since);
        assert_eq!(listed.len(), 2, "one is older than the month: {listed:?}");
        assert_eq!(listed[0].name, "Virus:DOS/EICAR_Test_File");
        assert_eq!(listed[0].path.as_deref(), Some(r"C:\Users\ana\Downloads\eicar.com"));
        assert_eq!(listed[0].found_at, at("2025-11-20T18:30:55Z"));
        assert_eq!(listed[0].action.as_deref(), Some("Quarantined"));
        assert_eq!(listed[1].name, "ThreatID 2147735505");
    }

    #[test]
    fn a_date_is_read_with_its_distance_from_utc() {
        assert_eq!(instant("20251121123055.000000-360"), at("2025-11-21T18:30:55Z"));
        assert_eq!(instant("20251121123055.000000+000"), at("2025-11-21T12:30:55Z"));
        for wrong in ["", "2025", "20251321123055.000000-360", "2025112112305ñ.000000-360"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }
}
