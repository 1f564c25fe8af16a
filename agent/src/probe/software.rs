//! Installed software: the lists of the package managers of Linux, or those Windows shows in its settings. It reads what
//! is listed; it looks for no files and runs no program that is listed.

#[cfg(any(target_os = "linux", test))]
mod dpkg;
#[cfg(any(target_os = "linux", test))]
mod rpm;
#[cfg(any(windows, test))]
mod uninstall;

cfg_select! {
    target_os = "linux" => {
        mod linux;
        pub use linux::Reader;
    }
    windows => {
        mod windows;
        pub use self::windows::Reader;
    }
    _ => {
        pub use super::unsupported::Reader;
    }
}

use atalaya_reading::{InstalledProgram, Software, bounds};

/// Entries looked at; more are counted only.
const ENTRIES: usize = 20_000;

/// What several lists name, within its bound.
#[derive(Debug, Default)]
struct Inventory {
    /// Whether it is a library that others brought, and the program.
    found: Vec<(bool, InstalledProgram)>,
    uncounted: usize,
}

impl Inventory {
    fn add(&mut self, library: bool, program: InstalledProgram) {
        if self.found.len() < ENTRIES {
            self.found.push((library, program));
        } else {
            self.uncounted += 1;
        }
    }

    /// Sorted by name; what does not fit is counted, and libraries are what is left out first.
    fn finish(mut self) -> Software {
        self.found.sort_unstable();
        self.found.dedup();
        let left_out = self.found.len().saturating_sub(bounds::PROGRAMS) + self.uncounted;
        self.found.truncate(bounds::PROGRAMS);
        let programs = self.found.into_iter().map(|(_, program)| program).collect();
        Software { programs, left_out: u32::try_from(left_out).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_left_out_before_programs_and_everything_is_counted() {
        let mut inventory = Inventory::default();
        for number in 0..bounds::PROGRAMS + 10 {
            let name = format!("lib{number:05}");
            inventory.add(true, InstalledProgram { name, ..Default::default() });
        }
        inventory.add(false, InstalledProgram { name: "zoom".into(), ..Default::default() });
        let software = inventory.finish();
        assert_eq!((software.programs.len(), software.left_out), (bounds::PROGRAMS, 11));
        assert_eq!(software.programs[0].name, "zoom");
    }
}
