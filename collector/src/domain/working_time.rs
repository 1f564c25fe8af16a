//! Working time: the one function that says how much of it passed between two instants.
//!
//! Central Mexico is UTC−6 all year since October 2022, so a fixed offset is the time zone. Holidays join here
//! with the calendar.

use jiff::Timestamp;
use serde::Deserialize;

const DAY: i64 = 86_400;

/// When people work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkingHours {
    /// First minute of the working day, local time.
    pub from_minute: u16,
    /// Minute after the last one, local time.
    pub to_minute: u16,
    /// Monday to Sunday.
    pub days: [bool; 7],
    /// Local time minus UTC, minutes.
    pub utc_offset_minutes: i16,
}

impl Default for WorkingHours {
    fn default() -> Self {
        WorkingHours {
            from_minute: 9 * 60,
            to_minute: 18 * 60,
            days: [true, true, true, true, true, false, false],
            utc_offset_minutes: -6 * 60,
        }
    }
}

/// Seconds of working time from one instant to another; 0 when `to` is not after `from`.
pub fn elapsed(hours: &WorkingHours, from: Timestamp, to: Timestamp) -> i64 {
    let local = |at: Timestamp| at.as_second() + i64::from(hours.utc_offset_minutes) * 60;
    let (from, to) = (local(from), local(to));
    if to <= from {
        return 0;
    }
    let (opens, closes) = (i64::from(hours.from_minute) * 60, i64::from(hours.to_minute) * 60);
    let whole_weeks = (to - from) / (7 * DAY);
    let per_week =
        hours.days.iter().filter(|works| **works).count() as i64 * (closes - opens).max(0);
    let from = from + whole_weeks * 7 * DAY;
    let rest: i64 = (from.div_euclid(DAY)..=to.div_euclid(DAY))
        .filter(|day| hours.days[weekday(*day)])
        .map(|day| (to.min(day * DAY + closes) - from.max(day * DAY + opens)).max(0))
        .sum();
    whole_weeks * per_week + rest
}

/// 0 for Monday; 1 January 1970 was a Thursday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours_between(from: &str, to: &str) -> i64 {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        elapsed(&WorkingHours::default(), from, to) / 3_600
    }

    #[test]
    fn nights_and_week_ends_do_not_count() {
        // Friday 20 November 2026, 17:00 in Mexico, to Monday 10:00.
        assert_eq!(hours_between("2026-11-20T23:00:00Z", "2026-11-23T16:00:00Z"), 2);
        assert_eq!(hours_between("2026-11-21T15:00:00Z", "2026-11-22T23:00:00Z"), 0);
        assert_eq!(hours_between("2026-11-16T00:00:00-06:00", "2026-11-30T00:00:00-06:00"), 90);
    }

    #[test]
    fn a_clock_set_back_is_no_time_at_all() {
        assert_eq!(hours_between("2026-11-23T16:00:00Z", "2026-11-20T23:00:00Z"), 0);
    }
}
