//! What apt says it would do, what it did, and whether it does so by itself. Pure.

use atalaya_reading::{Update, bounds};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Says what an upgrade would do, from the lists on the disk and without taking the lock.
pub const SIMULATE: [&str; 6] =
    ["-s", "-qq", "-o", "Debug::NoLocking=1", "--with-new-pkgs", "upgrade"];

/// Prints one line: whether upgrades are installed by themselves, as a shell variable.
pub const ASK_AUTOMATIC: [&str; 3] = ["shell", "VALUE", "APT::Periodic::Unattended-Upgrade"];

/// The update of a line like `Inst bash [5.2-2] (5.2-3 Debian:12.15/oldstable, Debian-Security:12/x-security [amd64])`.
/// A package that an update brings along is none.
pub fn update(line: &str) -> Option<Update> {
    let rest = line.strip_prefix("Inst ")?;
    let (name, rest) = rest.split_once(' ')?;
    let (installed, rest) = rest.strip_prefix('[')?.split_once("] (")?;
    let (inside, _) = rest.split_once(')')?;
    let (version, origins) = inside.split_once(' ').unwrap_or((inside, ""));
    let archive = |origin: &str| {
        let (_, archive) = origin.trim().split_once('/')?;
        Some(archive.split_whitespace().next()?.to_ascii_lowercase())
    };
    let security =
        origins.split(',').filter_map(archive).any(|archive| archive.ends_with("-security"));
    Some(Update {
        name: bounds::text(name, bounds::NAME),
        version: Some(bounds::text(version, bounds::VERSION)),
        installed_version: Some(bounds::text(installed, bounds::VERSION)),
        // A package file of somebody's own names no archive.
        security: origins.contains('/').then_some(security),
    })
}

/// When packages were last upgraded, by the lines of apt's history; its times are those of the PC's own zone.
#[derive(Debug, Default)]
pub struct History {
    began: Option<DateTime>,
    /// The newest so far.
    pub last: Option<DateTime>,
}

impl History {
    /// Takes a line in.
    pub fn add(&mut self, line: &str) {
        if let Some(date) = line.strip_prefix("Start-Date: ") {
            let date = date.split_whitespace().collect::<Vec<_>>().join("T");
            self.began = date.parse().ok();
        } else if line.starts_with("Upgrade: ") {
            self.last = self.last.max(self.began);
        }
    }

    /// As an instant.
    pub fn last_at(&self, zone: &TimeZone) -> Option<Timestamp> {
        zone.to_timestamp(self.last?).ok()
    }
}

/// Whether the answer to [`ASK_AUTOMATIC`] switches it on; no answer is off, as apt takes it.
pub fn is_automatic(answer: &str) -> bool {
    let value = answer.trim().strip_prefix("VALUE=").unwrap_or_default().trim_matches('\'');
    !matches!(value, "" | "0" | "false" | "no")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_upgrade_is_read_whole_and_security_is_told_by_the_archive() {
        // `apt-get -s -qq -o Debug::NoLocking=1 --with-new-pkgs upgrade` on a Debian 12 months behind.
        let text = include_str!("../../../fixtures/apt/simulated-upgrade.txt");
        let found: Vec<Update> = text.lines().filter_map(update).collect();
        let lines = text.lines().filter(|line| line.starts_with("Inst")).count();
        assert!(found.len() == lines && lines > 100, "{} of {lines}", found.len());
        assert_eq!(found[0].name, "base-files");
        assert_eq!(found[0].installed_version.as_deref(), Some("12.4+deb12u11"));
        assert_eq!(found[0].version.as_deref(), Some("12.4+deb12u15"));
        assert_eq!(found[0].security, Some(false));
        let security = |name: &str| found.iter().find(|u| u.name == name).unwrap().security;
        assert_eq!(security("libgcrypt20"), Some(true));
        assert_eq!(security("bash"), Some(false));
    }

    #[test]
    fn other_distributions_own_files_and_rubbish() {
        // Written by hand after Ubuntu's archive names.
        let line = "Inst libssl3 [3.0.2-0ubuntu1.1] (3.0.2-0ubuntu1.9 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])";
        assert_eq!(update(line).unwrap().security, Some(true));
        assert_eq!(update("Inst mine [1] (2 [amd64])").unwrap().security, None);
        for bad in [
            "",
            "Inst",
            "Inst x",
            "Inst x (1 A:1/b [c])",
            "Conf bash (1)",
            "Inst x [1",
            "Inst x [1] (2",
        ] {
            assert_eq!(update(bad), None, "{bad}");
        }
        let long = format!("Inst {} [1] (2 A:1/b [c])", "x".repeat(100_000));
        assert_eq!(update(&long).unwrap().name.len(), bounds::NAME);
    }

    #[test]
    fn the_last_upgrade_counts_and_an_installation_does_not() {
        let mut history = History::default();
        include_str!("../../../fixtures/apt/history.log")
            .lines()
            .for_each(|line| history.add(line));
        assert_eq!(history.last_at(&TimeZone::UTC).unwrap().to_string(), "2025-06-24T14:36:25Z");
        let mut none = History::default();
        ["Upgrade: x", "Start-Date: rubbish", "Upgrade: y"].iter().for_each(|line| none.add(line));
        assert_eq!(none.last, None);
    }

    #[test]
    fn automatic_is_what_apt_config_says() {
        assert!(is_automatic("VALUE='1'\n") && is_automatic("VALUE='7d'\n"));
        assert!(!is_automatic("VALUE='0'\n") && !is_automatic(""));
    }
}
