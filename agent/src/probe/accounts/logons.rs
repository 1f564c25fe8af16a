//! Last log-ons: the records of wtmp, the places of lastlog, and what `lastlog2` prints. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Bytes of a record of wtmp; the same on 32 and 64 bits.
pub const WTMP_RECORD: usize = 384;
/// Bytes of an account's place in lastlog.
pub const LASTLOG_RECORD: u64 = 292;

const USER_PROCESS: i16 = 7;

/// The newest log-on of each account in these records; what is left of a whole number of records is passed by.
pub fn of_wtmp(records: &[u8]) -> BTreeMap<String, Timestamp> {
    let mut newest = BTreeMap::new();
    for record in records.chunks_exact(WTMP_RECORD) {
        let kind = i16::from_ne_bytes([record[0], record[1]]);
        let name: Vec<u8> = record[44..76].iter().copied().take_while(|byte| *byte != 0).collect();
        let at = seconds(&record[340..344]);
        if let (USER_PROCESS, Ok(name), Some(at)) = (kind, String::from_utf8(name), at) {
            let known = newest.entry(name).or_insert(at);
            *known = at.max(*known);
        }
    }
    newest
}

/// The log-on in an account's place; `None` where it never logged on.
pub fn of_lastlog(place: &[u8]) -> Option<Timestamp> {
    seconds(place.get(..4)?)
}

/// Seconds since 1970; they count on past 2038 as an unsigned number.
fn seconds(bytes: &[u8]) -> Option<Timestamp> {
    let number = u32::from_ne_bytes(bytes.try_into().ok()?);
    Timestamp::from_second(i64::from(number)).ok().filter(|_| number > 0)
}

/// Account and log-on of a line of `lastlog2`, which ends in a date like `Mon Nov 17 09:12:33 +0000 2025`.
pub fn of_lastlog2(line: &str) -> Option<(&str, Timestamp)> {
    let name = line.split_whitespace().next()?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let date = words.get(words.len().checked_sub(6)?..)?.join(" ");
    let at =
        jiff::fmt::strtime::parse("%a %b %d %H:%M:%S %z %Y", &date).ok()?.to_timestamp().ok()?;
    Some((name, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: i16, name: &str, at: u32) -> Vec<u8> {
        let mut record = vec![0; WTMP_RECORD];
        record[..2].copy_from_slice(&kind.to_ne_bytes());
        record[44..44 + name.len()].copy_from_slice(name.as_bytes());
        record[340..344].copy_from_slice(&at.to_ne_bytes());
        record
    }

    #[test]
    fn the_newest_log_on_of_each_account_counts_and_other_records_do_not() {
        let records = [
            record(7, "ana", 1_700_000_000),
            record(7, "ana", 1_600_000_000),
            record(2, "reboot", 1_700_000_100),
            record(8, "beto", 1_700_000_100),
            vec![0xff; WTMP_RECORD],
            vec![7; 100],
        ]
        .concat();
        let newest = of_wtmp(&records);
        assert_eq!(newest.len(), 1);
        assert_eq!(newest["ana"].as_second(), 1_700_000_000);
    }

    #[test]
    fn an_empty_place_is_no_log_on() {
        assert_eq!(of_lastlog(&[0; LASTLOG_RECORD as usize]), None);
        assert_eq!(of_lastlog(&[1]), None);
        let at = 1_700_000_000_u32.to_ne_bytes();
        assert_eq!(of_lastlog(&at).map(Timestamp::as_second), Some(1_700_000_000));
    }

    #[test]
    fn lines_of_lastlog2_are_read_and_never_is_never() {
        // Written by hand from the manual of lastlog2.
        let line = "ana              pts/0    192.0.2.7        Mon Nov 17 09:12:33 -0600 2025";
        let (name, at) = of_lastlog2(line).unwrap();
        assert_eq!((name, at.to_string().as_str()), ("ana", "2025-11-17T15:12:33Z"));
        assert_eq!(
            of_lastlog2("beto                                        **Never logged in**"),
            None
        );
        assert_eq!(of_lastlog2("Username         Port     From             Latest"), None);
        assert_eq!(of_lastlog2(""), None);
    }
}
