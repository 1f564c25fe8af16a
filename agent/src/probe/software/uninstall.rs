//! An entry of Windows' list of programs, as its values stand in the registry. Pure.

use atalaya_reading::{InstalledProgram, ProgramSource, bounds};
use jiff::civil::Date;

/// The values of an entry that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// `DisplayName`.
    pub name: Option<String>,
    /// `DisplayVersion`.
    pub version: Option<String>,
    /// `Publisher`.
    pub publisher: Option<String>,
    /// `InstallDate`, eight digits where the installer keeps to the rule.
    pub installed: Option<String>,
    /// `SystemComponent`: not shown to people when 1.
    pub component: Option<u32>,
    /// `ParentKeyName`: an update of another entry.
    pub parent: Option<String>,
    /// `ReleaseType`: the kind of update, where it is one.
    pub release: Option<String>,
}

impl Entry {
    /// The program; `None` for what Windows does not list either: parts of a program and updates.
    pub fn program(self) -> Option<InstalledProgram> {
        let said = |text: Option<String>, most: usize| {
            let text = bounds::text(text?.trim(), most);
            (!text.is_empty()).then_some(text)
        };
        let update =
            self.parent.is_some() || self.release.is_some_and(|kind| kind.contains("Update"));
        if update || self.component == Some(1) {
            return None;
        }
        Some(InstalledProgram {
            name: said(self.name, bounds::NAME)?,
            version: said(self.version, bounds::VERSION),
            publisher: said(self.publisher, bounds::NAME),
            installed_on: self.installed.as_deref().and_then(day),
            source: ProgramSource::Registry,
        })
    }
}

/// A day of eight digits; other forms depend on the language of whoever wrote them, and say nothing.
fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry { name: Some(name.into()), ..Entry::default() }
    }

    #[test]
    fn a_program_is_listed_and_its_parts_and_updates_are_not() {
        // Values as the documentation of the registry key describes them.
        let office = Entry {
            version: Some("16.0.1".into()),
            publisher: Some("Microsoft Corporation".into()),
            installed: Some("20250314".into()),
            ..entry(" Microsoft 365 ")
        };
        let program = office.program().unwrap();
        assert_eq!(program.name, "Microsoft 365");
        assert_eq!(program.installed_on, Some(jiff::civil::date(2025, 3, 14)));
        for hidden in [
            Entry { component: Some(1), ..entry("part") },
            Entry { parent: Some("Office".into()), ..entry("KB1") },
            Entry { release: Some("Security Update".into()), ..entry("KB2") },
            entry("  "),
            Entry::default(),
        ] {
            assert_eq!(hidden.program(), None);
        }
    }

    #[test]
    fn a_date_in_another_form_is_unknown_and_a_name_of_a_megabyte_is_cut() {
        for odd in ["14/03/2025", "20251345", "2025-3-4", "", "２０２５０３１４"] {
            let program = Entry { installed: Some(odd.into()), ..entry("x") }.program().unwrap();
            assert_eq!(program.installed_on, None, "{odd}");
        }
        assert_eq!(entry(&"ñ".repeat(1 << 20)).program().unwrap().name.len(), bounds::NAME);
    }
}
