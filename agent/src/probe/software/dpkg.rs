//! The status file of dpkg: one stanza a package. Pure; it is read as a stream, since it can have tens of megabytes.

use std::io::{self, BufRead};

use crate::probe::lines::each_line;

/// A package that is on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Architecture it was built for.
    pub architecture: String,
    /// A library or translation that others bring, by its section.
    pub library: bool,
}

/// Sections of what nobody installs for itself.
const LIBRARY_SECTIONS: [&str; 6] =
    ["libs", "libdevel", "oldlibs", "localization", "introspection", "debug"];

/// Hands over each package whose files are there; one that was removed, or whose stanza is damaged, is passed by.
///
/// # Errors
/// When the file cannot be read to its end.
pub fn each_package(input: impl BufRead, mut take: impl FnMut(Package)) -> io::Result<()> {
    let mut stanza = Stanza::default();
    each_line(input, |line| {
        if line.is_empty() {
            if let Some(package) = std::mem::take(&mut stanza).package() {
                take(package);
            }
        } else {
            stanza.add(line);
        }
    })?;
    if let Some(package) = stanza.package() {
        take(package);
    }
    Ok(())
}

#[derive(Default)]
struct Stanza {
    package: Package,
    present: bool,
}

impl Stanza {
    fn add(&mut self, line: &str) {
        // Lines of a description begin with a space: they have no field name.
        let Some((field, value)) = line.split_once(':') else { return };
        let value = value.trim();
        match field {
            "Package" => self.package.name = value.into(),
            "Version" => self.package.version = value.into(),
            "Architecture" => self.package.architecture = value.into(),
            "Section" => {
                let section = value.rsplit('/').next().unwrap_or(value);
                self.package.library = LIBRARY_SECTIONS.contains(&section);
            }
            // What is wanted, whether it is damaged, and how far it is installed.
            "Status" => {
                let state = value.split_whitespace().nth(2);
                self.present =
                    state.is_some_and(|state| !["not-installed", "config-files"].contains(&state));
            }
            _ => {}
        }
    }

    fn package(self) -> Option<Package> {
        (self.present && !self.package.name.is_empty()).then_some(self.package)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(text: &[u8]) -> Vec<Package> {
        let mut found = Vec::new();
        each_package(text, |package| found.push(package)).unwrap();
        found
    }

    #[test]
    fn packages_of_a_real_status_file_are_read_and_a_removed_one_is_not() {
        // Three packages of a Debian 12; the removed one is written by hand after dpkg's manual.
        let mut text = include_bytes!("../../../fixtures/dpkg/status").to_vec();
        text.extend_from_slice(b"\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n");
        let found = packages(&text);
        let names: Vec<(&str, bool)> =
            found.iter().map(|package| (package.name.as_str(), package.library)).collect();
        assert_eq!(names, [("adduser", false), ("libacl1", true), ("openssl", false)]);
        assert_eq!(found[1].version, "2.3.1-3");
        assert_eq!(found[1].architecture, "amd64");
    }

    #[test]
    fn damaged_stanzas_cost_only_themselves() {
        let text = b"Package: a\nStatus: install ok\n\n\n\n: x\nStatus: install ok installed\n\n\
            \xff\xfe\xfd\nPackage: b\nStatus: install ok half-configured\nVersion: 1\n garbage: c";
        let found = packages(text);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].version.as_str()), ("b", "1"));
    }

    #[test]
    fn ten_megabytes_with_a_name_of_one_are_read_as_a_stream() {
        let mut text = b"Package: ".to_vec();
        text.extend(std::iter::repeat_n(b'n', 1 << 20));
        text.extend_from_slice(b"\nStatus: install ok installed\n\n");
        while text.len() < 10 << 20 {
            text.extend_from_slice(b"Package: x\nStatus: install ok installed\nVersion: 1\n\n");
        }
        let mut longest = 0;
        each_package(text.as_slice(), |package| longest = longest.max(package.name.len())).unwrap();
        assert!(longest < 4_096, "{longest}");
    }
}
