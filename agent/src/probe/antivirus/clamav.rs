//! The texts of ClamAV: header of a signature database, settings, logs. Pure.

use std::collections::HashSet;

use atalaya_reading::{Detection, bounds};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Bytes of a database's header.
pub const HEADER: usize = 512;
/// Detections looked at in one log; a scan that finds more than this has one cause.
const LINES: usize = 4_096;

/// When a signature database was made, from its own header
/// (`ClamAV-VDB:date:version:signatures:level:md5:signature:builder:seconds`).
pub fn made_at(header: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(header.get(..HEADER)?).ok()?;
    let mut fields = text.trim_end().split(':');
    (fields.next()? == "ClamAV-VDB").then_some(())?;
    let seconds = fields.nth(7)?.trim().parse().ok()?;
    Timestamp::from_second(seconds).ok().filter(|at| *at > Timestamp::UNIX_EPOCH)
}

/// `ClamAV 1.4.6/27450/Sat Nov 22 …` → `1.4.6`.
pub fn version(output: &str) -> Option<String> {
    let version = output.trim().strip_prefix("ClamAV ")?.split('/').next()?;
    Some(bounds::text(version, 64)).filter(|version| !version.is_empty())
}

/// The value of a setting in `clamd.conf`.
pub fn setting<'a>(config: &'a str, key: &str) -> Option<&'a str> {
    let line = config.lines().find(|line| line.split_whitespace().next() == Some(key))?;
    Some(line.trim_start()[key.len()..].trim()).filter(|value| !value.is_empty())
}

/// What a log tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// What was found, newest first, each file and threat once.
    pub detections: Vec<Detection>,
    /// When the last scan ended that somebody asked for; `None`: the log knows of none.
    pub last_scan_at: Option<Timestamp>,
}

/// What the end of a log tells since `since`: that of clamd, of clamonacc, or of a scan by hand or by cron. Times of
/// the log are those of `zone`; what has no time of its own has that of its scan's end, or none.
pub fn told(log: &str, zone: &TimeZone, since: Timestamp) -> Told {
    let mut told = Told::default();
    let mut scan_ended_at = None;
    for line in log.lines().rev() {
        if line.starts_with("-----") && line.ends_with("-----") && !line.contains("SUMMARY") {
            // Above its first line nothing belongs to the scan.
            scan_ended_at = None;
        } else if let Some(date) = line.strip_prefix("End Date:") {
            scan_ended_at = summary_date(date, zone);
            told.last_scan_at = told.last_scan_at.max(scan_ended_at);
        } else if let Some(mut detection) = detection(line, zone) {
            detection.found_at = detection.found_at.or(scan_ended_at);
            told.detections.push(detection);
        }
        if told.detections.len() == LINES {
            break;
        }
    }
    told.detections = summed_up(told.detections, since);
    told
}

/// Each file and threat once, newest first, without what is history. One detection is told by several logs: with a
/// time by clamd, without one by clamonacc.
pub fn summed_up(mut detections: Vec<Detection>, since: Timestamp) -> Vec<Detection> {
    detections.retain(|detection| detection.found_at.is_none_or(|at| at >= since));
    detections.sort_by_key(|detection| std::cmp::Reverse(detection.found_at));
    let mut known = HashSet::new();
    detections.retain(|detection| known.insert((detection.name.clone(), detection.path.clone())));
    detections.truncate(bounds::DETECTIONS);
    detections
}

/// `Sun Nov 22 14:07:09 2026 -> /path: Name(md5:size) FOUND`.
fn detection(line: &str, zone: &TimeZone) -> Option<Detection> {
    let line = line.strip_suffix(" FOUND")?;
    let (found_at, rest) = match line.split_once(" -> ") {
        Some((time, rest)) => match moment(time, zone) {
            Some(at) => (Some(at), rest),
            None => (None, line),
        },
        None => (None, line),
    };
    // A path may hold colons and spaces, a name holds neither.
    let (path, name) = rest.rsplit_once(": ")?;
    let name = name.split('(').next().unwrap_or(name);
    Some(Detection {
        name: bounds::text(name, bounds::TEXT),
        path: Some(bounds::text(path, bounds::TEXT)),
        found_at,
        action: None,
    })
}

fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local: DateTime = DateTime::strptime("%a %b %d %H:%M:%S %Y", text).ok()?;
    zone.to_timestamp(local).ok()
}

/// `2026:11:22 10:49:06`.
fn summary_date(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local: DateTime = DateTime::strptime("%Y:%m:%d %H:%M:%S", text.trim()).ok()?;
    zone.to_timestamp(local).ok()
}

/// The moment before which a detection is history.
pub fn history_before(now: Timestamp, days: u64) -> Timestamp {
    let age = SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(30));
    now.checked_sub(age).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn signatures_are_as_old_as_their_header_says() {
        let daily = include_bytes!("../../../fixtures/clamav/daily.cld");
        assert_eq!(made_at(daily), Some(at("2025-11-22T09:26:40Z")));
        let main = include_bytes!("../../../fixtures/clamav/main.cvd");
        assert_eq!(made_at(main), Some(at("2021-09-16T12:32:42Z")));
    }

    #[test]
    fn a_file_cut_short_or_of_another_kind_has_no_date() {
        let daily = include_bytes!("../../../fixtures/clamav/daily.cld");
        assert_eq!(made_at(&daily[..100]), None);
        assert_eq!(made_at(&[b'x'; 600]), None);
        assert_eq!(made_at(&[0xff; 600]), None);
    }

    #[test]
    fn the_log_tells_what_was_found_each_thing_once_newest_first() {
        let log = include_str!("../../../fixtures/clamav/clamd.log");
        let zone = TimeZone::fixed(jiff::tz::offset(-6));
        let found = told(log, &zone, at("2026-11-01T00:00:00Z")).detections;
        let paths: Vec<&str> = found.iter().filter_map(|d| d.path.as_deref()).collect();
        assert_eq!(
            paths,
            [
                "instream(local)",
                "/home/ana/Descargas/sub: raro.txt",
                "/home/ana/Descargas/eicar com.txt"
            ]
        );
        assert_eq!(found[0].name, "Prueba.EICAR.UNOFFICIAL");
        assert_eq!(found[0].found_at, Some(at("2026-11-22T20:07:09Z")));
    }

    #[test]
    fn a_scan_tells_when_it_ended_and_its_detections_are_of_then() {
        let zone = TimeZone::fixed(jiff::tz::offset(-6));
        let log = include_str!("../../../fixtures/clamav/clamscan.log");
        let by_hand = told(log, &zone, at("2026-11-01T00:00:00Z"));
        assert_eq!(by_hand.last_scan_at, Some(at("2026-11-22T16:49:08Z")));
        assert_eq!(by_hand.detections.len(), 1);
        assert_eq!(by_hand.detections[0].found_at, Some(at("2026-11-22T16:49:06Z")));
        let log = include_str!("../../../fixtures/clamav/clamdscan.log");
        let by_clamd = told(log, &zone, at("2026-11-01T00:00:00Z"));
        assert_eq!(by_clamd.last_scan_at, Some(at("2026-11-22T16:49:08Z")));
        let path = by_clamd.detections[0].path.as_deref();
        assert_eq!(path, Some("/home/ana/Mis documentos/factura: copia.txt"));
    }

    #[test]
    fn the_log_of_clamonacc_knows_no_time_and_says_nothing_of_scans() {
        let log = include_str!("../../../fixtures/clamav/clamonacc.log");
        let told = told(log, &TimeZone::UTC, Timestamp::MAX);
        assert_eq!((told.detections.len(), told.last_scan_at), (1, None));
        assert_eq!(told.detections[0].found_at, None);
        let timed = Detection { found_at: Some(Timestamp::MAX), ..told.detections[0].clone() };
        let both = vec![told.detections[0].clone(), timed.clone()];
        assert_eq!(summed_up(both, Timestamp::UNIX_EPOCH), [timed]);
    }

    #[test]
    fn what_was_found_long_ago_is_history() {
        let log = include_str!("../../../fixtures/clamav/clamd.log");
        let told = told(log, &TimeZone::UTC, at("2027-01-01T00:00:00Z"));
        assert_eq!(told.detections, []);
    }

    #[test]
    fn a_log_without_times_still_tells() {
        let found =
            told("/tmp/a: Win.Test FOUND\n/tmp/b: OK\n", &TimeZone::UTC, Timestamp::MAX).detections;
        assert_eq!((found.len(), found[0].found_at), (1, None));
    }

    #[test]
    fn versions_and_settings_are_read() {
        assert_eq!(version("ClamAV 1.4.6\n").as_deref(), Some("1.4.6"));
        assert_eq!(version("ClamAV 1.0.3/27450/Sat Nov 22\n").as_deref(), Some("1.0.3"));
        let config = "# LogFile /no\nLogFile /var/log/clamav/clamav.log\nLogTime true\n";
        assert_eq!(setting(config, "LogFile"), Some("/var/log/clamav/clamav.log"));
        assert_eq!(setting(config, "DatabaseDirectory"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_log_whatever_stops_the_reader(lines in proptest::collection::vec("(.{0,30} -> |End Date: )?.{0,30}(: .{0,20}| FOUND){0,3}", 0..80)) {
            let told = told(&lines.join("\n"), &TimeZone::UTC, Timestamp::UNIX_EPOCH);
            proptest::prop_assert!(told.detections.len() <= bounds::DETECTIONS);
        }
    }
}
