//! Working time: the one place that says how much of it passed between two instants, and when so much of it will
//! have passed. It reads no clock and no calendar of its own: non-working days are given to it.
//!
//! Central Mexico is UTC−6 all year since October 2022, so a fixed offset is the time zone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
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
    /// Days on which nobody works, whatever day of the week they are.
    pub non_working_days: NonWorkingDays,
}

/// Days on which nobody works.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct NonWorkingDays(BTreeSet<Date>);

impl NonWorkingDays {
    /// Those days.
    pub fn new(days: impl IntoIterator<Item = Date>) -> Self {
        NonWorkingDays(days.into_iter().collect())
    }

    /// Whether nobody works on a day, counted from 1 January 1970.
    fn contains(&self, day: i64) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let epoch = jiff::civil::date(1970, 1, 1);
        let date = jiff::Span::new().try_days(day).and_then(|days| epoch.checked_add(days));
        date.is_ok_and(|date| self.0.contains(&date))
    }

    /// Those from one day to another, both included, counted from 1 January 1970.
    fn between(&self, first: i64, last: i64) -> impl Iterator<Item = i64> {
        self.0.iter().map(|date| number(*date)).filter(move |day| (first..=last).contains(day))
    }
}

impl Default for WorkingHours {
    fn default() -> Self {
        WorkingHours {
            from_minute: 9 * 60,
            to_minute: 18 * 60,
            days: [true, true, true, true, true, false, false],
            utc_offset_minutes: -6 * 60,
            non_working_days: NonWorkingDays::default(),
        }
    }
}

impl WorkingHours {
    /// Whether there is any working time at all in a week without non-working days.
    pub fn any(&self) -> bool {
        self.from_minute < self.to_minute && self.days.contains(&true)
    }

    /// Second of the local day at which work begins, and the one at which it is over.
    fn bounds(&self) -> (i64, i64) {
        (i64::from(self.from_minute) * 60, i64::from(self.to_minute) * 60)
    }

    fn offset(&self) -> i64 {
        i64::from(self.utc_offset_minutes) * 60
    }

    fn works_on(&self, day: i64) -> bool {
        self.days[weekday(day)] && !self.non_working_days.contains(day)
    }

    /// Seconds of working time a day has between two local instants, were it a working day.
    fn within(&self, day: i64, from: i64, to: i64) -> i64 {
        let (opens, closes) = self.bounds();
        (to.min(day * DAY + closes) - from.max(day * DAY + opens)).max(0)
    }
}

/// Seconds of working time from one instant to another; 0 when `to` is not after `from`.
pub fn elapsed(hours: &WorkingHours, from: Timestamp, to: Timestamp) -> i64 {
    let (from, to) = (from.as_second() + hours.offset(), to.as_second() + hours.offset());
    if to <= from {
        return 0;
    }
    let (first, last) = (from.div_euclid(DAY), to.div_euclid(DAY));
    let free: i64 = hours
        .non_working_days
        .between(first, last)
        .filter(|day| hours.days[weekday(*day)])
        .map(|day| hours.within(day, from, to))
        .sum();
    let (opens, closes) = hours.bounds();
    let whole_weeks = (to - from) / (7 * DAY);
    let days = hours.days.iter().filter(|works| **works).count();
    let per_week = i64::try_from(days).unwrap_or(0) * (closes - opens).max(0);
    let from = from + whole_weeks * 7 * DAY;
    let rest: i64 = (from.div_euclid(DAY)..=last)
        .filter(|day| hours.days[weekday(*day)])
        .map(|day| hours.within(day, from, to))
        .sum();
    whole_weeks * per_week + rest - free
}

/// The first instant by which `seconds` of working time will have passed since `from`; `from` itself when there are
/// none to wait for, and [`Timestamp::MAX`] when so much working time never comes.
pub fn add(hours: &WorkingHours, from: Timestamp, seconds: i64) -> Timestamp {
    if seconds <= 0 {
        return from;
    }
    if !hours.any() {
        return Timestamp::MAX;
    }
    let (start, end) = (from.as_second() + hours.offset(), Timestamp::MAX.as_second());
    let (opens, closes) = hours.bounds();
    let mut left = seconds;
    let mut day = start.div_euclid(DAY);
    while day * DAY < end {
        let begins = start.max(day * DAY + opens);
        let there_is = (day * DAY + closes - begins).max(0);
        if hours.works_on(day) {
            if left <= there_is {
                let at = begins + left - hours.offset();
                return Timestamp::from_second(at).unwrap_or(Timestamp::MAX);
            }
            left -= there_is;
        }
        day += 1;
    }
    Timestamp::MAX
}

/// 0 for Monday; 1 January 1970 was a Thursday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// Days since 1 January 1970.
fn number(date: Date) -> i64 {
    let at = date.to_datetime(jiff::civil::Time::midnight());
    jiff::tz::Offset::UTC.to_timestamp(at).map_or(0, |at| at.as_second().div_euclid(DAY))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hours_between(from: &str, to: &str) -> i64 {
        elapsed(&WorkingHours::default(), instant(from), instant(to)) / 3_600
    }

    /// The third Monday of November, the 16th in 2026.
    fn with_revolution_day() -> WorkingHours {
        let non_working_days = NonWorkingDays::new([date(2026, 11, 16)]);
        WorkingHours { non_working_days, ..WorkingHours::default() }
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

    #[test]
    fn a_non_working_day_does_not_count_also_beyond_whole_weeks() {
        let hours = with_revolution_day();
        let between =
            |from: &str, to: &str| elapsed(&hours, instant(from), instant(to)) as f64 / 3_600.0;
        assert_eq!(between("2026-11-13T17:00:00-06:00", "2026-11-17T10:00:00-06:00"), 2.0);
        assert_eq!(between("2026-11-16T09:30:00-06:00", "2026-11-16T10:00:00-06:00"), 0.0);
        assert_eq!(between("2026-11-02T00:00:00-06:00", "2026-11-30T00:00:00-06:00"), 171.0);
    }

    #[test]
    fn a_deadline_falls_into_working_time() {
        for (from, hours, due) in [
            ("2026-11-20T17:00:00-06:00", 2, "2026-11-23T10:00:00-06:00"),
            ("2026-11-20T17:00:00-06:00", 1, "2026-11-20T18:00:00-06:00"),
            ("2026-11-21T12:00:00-06:00", 9, "2026-11-23T18:00:00-06:00"),
            ("2026-11-20T03:00:00-06:00", 1, "2026-11-20T10:00:00-06:00"),
            ("2026-11-13T17:00:00-06:00", 2, "2026-11-17T10:00:00-06:00"),
        ] {
            let found = add(&with_revolution_day(), instant(from), hours * 3_600);
            assert_eq!(found, instant(due), "{from} and {hours} h");
        }
    }

    #[test]
    fn where_nobody_ever_works_nothing_is_ever_due() {
        let now = instant("2026-11-20T17:00:00Z");
        let idle = WorkingHours { days: [false; 7], ..WorkingHours::default() };
        assert_eq!(add(&idle, now, 1), Timestamp::MAX);
        let shut = WorkingHours { from_minute: 600, to_minute: 600, ..WorkingHours::default() };
        assert_eq!(add(&shut, now, 1), Timestamp::MAX);
        assert_eq!(add(&shut, now, 0), now);
        assert_eq!(add(&WorkingHours::default(), now, i64::MAX), Timestamp::MAX);
    }

    fn any_hours() -> impl Strategy<Value = WorkingHours> {
        let days =
            proptest::array::uniform7(any::<bool>()).prop_filter("work", |d| d.contains(&true));
        let free = proptest::collection::btree_set(0_i64..400, 0..40);
        (0_u16..1_200, 1_u16..240, days, -720_i16..720, free).prop_map(
            |(from_minute, length, days, utc_offset_minutes, free)| {
                let first = date(2026, 1, 1);
                let free = free.into_iter().map(|day| first + jiff::Span::new().days(day));
                let non_working_days = NonWorkingDays::new(free);
                let to_minute = from_minute + length;
                WorkingHours { from_minute, to_minute, days, utc_offset_minutes, non_working_days }
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_added_has_passed_and_a_second_before_it_had_not(
            hours in any_hours(),
            from in 1_767_225_600_i64..1_798_761_600,
            seconds in 1_i64..4_000_000,
        ) {
            let from = Timestamp::from_second(from).unwrap();
            let due = add(&hours, from, seconds);
            prop_assert_eq!(elapsed(&hours, from, due), seconds);
            let before = Timestamp::from_second(due.as_second() - 1).unwrap();
            prop_assert_eq!(elapsed(&hours, from, before), seconds - 1);
        }

        #[test]
        fn time_passes_the_same_in_one_piece_or_in_two(
            hours in any_hours(),
            from in 1_767_225_600_i64..1_798_761_600,
            first in 0_i64..5_000_000,
            second in 0_i64..5_000_000,
        ) {
            let at = |second| Timestamp::from_second(second).unwrap();
            let (a, b, c) = (at(from), at(from + first), at(from + first + second));
            prop_assert_eq!(elapsed(&hours, a, b) + elapsed(&hours, b, c), elapsed(&hours, a, c));
        }
    }
}
