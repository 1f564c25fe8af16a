//! Installed software: readings to messages and back.

use atalaya_reading::{InstalledProgram, ProgramSource, Software, bounds};
use jiff::Span;
use jiff::civil::Date;

use super::{Malformed, at_most, cut_to, some_text_to};
use crate::v1;

/// Days are counted from here.
const FIRST_DAY: Date = Date::constant(1970, 1, 1);

impl From<&Software> for v1::Software {
    fn from(value: &Software) -> Self {
        let cut = value.programs.len().saturating_sub(bounds::PROGRAMS);
        v1::Software {
            programs: value.programs.iter().take(bounds::PROGRAMS).map(program).collect(),
            left_out: value.left_out.saturating_add(u32::try_from(cut).unwrap_or(u32::MAX)),
        }
    }
}

fn program(program: &InstalledProgram) -> v1::InstalledProgram {
    v1::InstalledProgram {
        name: bounds::text(&program.name, bounds::NAME),
        version: cut_to(&program.version, bounds::VERSION),
        publisher: cut_to(&program.publisher, bounds::NAME),
        installed_on_day: program
            .installed_on
            .and_then(|day| day.since(FIRST_DAY).ok())
            .map(|span| span.get_days()),
        source: match program.source {
            ProgramSource::Dpkg => v1::ProgramSource::Dpkg,
            ProgramSource::Rpm => v1::ProgramSource::Rpm,
            ProgramSource::Snap => v1::ProgramSource::Snap,
            ProgramSource::Flatpak => v1::ProgramSource::Flatpak,
            ProgramSource::Registry => v1::ProgramSource::Registry,
            ProgramSource::Unknown => v1::ProgramSource::Unspecified,
        }
        .into(),
    }
}

impl TryFrom<v1::Software> for Software {
    type Error = Malformed;

    fn try_from(message: v1::Software) -> Result<Self, Malformed> {
        let programs = at_most("software.programs", message.programs, bounds::PROGRAMS)?;
        Ok(Software {
            programs: programs.into_iter().map(read_program).collect(),
            left_out: message.left_out,
        })
    }
}

fn read_program(message: v1::InstalledProgram) -> InstalledProgram {
    InstalledProgram {
        name: bounds::text(&message.name, bounds::NAME),
        version: some_text_to(&message.version, bounds::VERSION),
        publisher: some_text_to(&message.publisher, bounds::NAME),
        installed_on: message.installed_on_day.and_then(day),
        source: match v1::ProgramSource::try_from(message.source) {
            Ok(v1::ProgramSource::Dpkg) => ProgramSource::Dpkg,
            Ok(v1::ProgramSource::Rpm) => ProgramSource::Rpm,
            Ok(v1::ProgramSource::Snap) => ProgramSource::Snap,
            Ok(v1::ProgramSource::Flatpak) => ProgramSource::Flatpak,
            Ok(v1::ProgramSource::Registry) => ProgramSource::Registry,
            Ok(v1::ProgramSource::Unspecified) | Err(_) => ProgramSource::Unknown,
        },
    }
}

/// A number that is no day of the calendar is unknown.
fn day(number: i32) -> Option<Date> {
    FIRST_DAY.checked_add(Span::new().try_days(number).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_the_wire_and_nonsense_is_unknown() {
        for day in [Date::constant(1969, 12, 31), Date::constant(2026, 11, 22)] {
            let sent = InstalledProgram { installed_on: Some(day), ..Default::default() };
            assert_eq!(read_program(program(&sent)).installed_on, Some(day));
        }
        assert_eq!(day(i32::MAX), None);
        assert_eq!(day(i32::MIN), None);
    }

    #[test]
    fn what_does_not_fit_is_cut_and_counted_and_a_hostile_list_is_refused() {
        let programs = vec![InstalledProgram::default(); bounds::PROGRAMS + 7];
        let message = v1::Software::from(&Software { programs, left_out: 1 });
        assert_eq!((message.programs.len(), message.left_out), (bounds::PROGRAMS, 8));
        let programs = vec![v1::InstalledProgram::default(); bounds::PROGRAMS + 1];
        assert!(Software::try_from(v1::Software { programs, left_out: 0 }).is_err());
    }
}
