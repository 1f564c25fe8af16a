//! The folder of a program that updates itself: the program, the one before it, and which versions it had.
//!
//! The ledger in it is what makes it one: whoever put the program there for this made it. A package never does.

use std::io;
use std::path::{Path, PathBuf};

use atalaya_proto::release::Version;
use serde::{Deserialize, Serialize};

use super::platform;
use crate::state::sync_directory;

/// Name of the ledger.
const LEDGER: &str = "self-update.json";
/// Versions taken back that are remembered.
const REFUSED: usize = 32;

/// Which versions a program had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The highest version ever put here; empty: none yet.
    #[serde(default)]
    highest: String,
    /// Versions that were taken back.
    #[serde(default)]
    refused: Vec<String>,
}

impl Ledger {
    /// The highest version ever put here.
    pub fn highest(&self) -> Option<Version> {
        Version::parse(&self.highest)
    }

    /// Whether a version was taken back.
    pub fn has_refused(&self, version: Version) -> bool {
        self.refused.iter().any(|refused| *refused == version.to_string())
    }

    /// With a version that was put here.
    pub fn with(mut self, version: Version) -> Ledger {
        if self.highest() < Some(version) {
            self.highest = version.to_string();
        }
        self
    }

    /// With a version that was taken back: it was put here too.
    pub fn without(self, version: Version) -> Ledger {
        let mut ledger = self.with(version);
        if !ledger.has_refused(version) {
            ledger.refused.push(version.to_string());
            let many = ledger.refused.len().saturating_sub(REFUSED);
            ledger.refused.drain(..many);
        }
        ledger
    }
}

/// Where a program updates itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    program: PathBuf,
}

impl Home {
    /// That of the running program; none: it was not put there to update itself.
    pub fn of_this_program() -> Option<Home> {
        let running = std::env::current_exe().ok()?;
        let name = running.file_name()?.to_str()?;
        // The one before guards the new one's start: it belongs to the same program.
        let name = name.strip_suffix(".old").unwrap_or(name);
        let home = Home { program: running.with_file_name(name) };
        home.file(LEDGER).exists().then_some(home)
    }

    /// The one of a program; its ledger need not be there yet.
    pub fn of(program: &Path) -> Home {
        Home { program: program.into() }
    }

    /// Puts a program where it updates itself, whole or not at all; a ledger that is there is kept.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn establish(program: &Path, from: &Path, version: &str) -> io::Result<Home> {
        let home = Home::of(program);
        let ledger = Version::parse(version).map_or(home.ledger(), |own| home.ledger().with(own));
        // Repeating it from the program that is there already must not empty it.
        if from.canonicalize()? != program.canonicalize().unwrap_or_default() {
            let new = home.new_program();
            let mut file = platform::create_program(&new)?;
            io::copy(&mut std::fs::File::open(from)?, &mut file)?;
            file.sync_all()?;
            drop(file);
            std::fs::rename(&new, program)?;
        }
        home.write_ledger(&ledger)?;
        Ok(home)
    }

    /// What the service starts.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The program before it, if there was one.
    pub fn old(&self) -> PathBuf {
        self.beside(".old")
    }

    /// A program that is being put there.
    pub fn new_program(&self) -> PathBuf {
        self.beside(".new")
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.program.parent().unwrap_or(Path::new("."))
    }

    /// What is known of its versions. A ledger that cannot be read knows none; the running version still counts.
    pub fn ledger(&self) -> Ledger {
        let text = std::fs::read_to_string(self.file(LEDGER)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Writes the ledger for good.
    ///
    /// # Errors
    /// When the disk refuses; the old one stays then.
    pub fn write_ledger(&self, ledger: &Ledger) -> io::Result<()> {
        let new = self.file("self-update.json.new");
        platform::write_readable(&new, &serde_json::to_vec_pretty(ledger)?)?;
        std::fs::rename(&new, self.file(LEDGER))?;
        sync_directory(self.folder())
    }

    /// Takes away what an update that was cut off left behind. What cannot be removed is in nobody's way.
    pub fn tidy(&self) {
        for suffix in [".new", ".bad", ".old.new"] {
            let _ = std::fs::remove_file(self.beside(suffix));
        }
    }

    /// Whether this process may exchange the program by itself.
    pub fn is_ours(&self) -> bool {
        platform::may_write(self.folder())
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.program.file_name().unwrap_or_default().to_os_string();
        name.push(suffix);
        self.program.with_file_name(name)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.program.with_file_name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_stays_whatever_is_taken_back() {
        let version = |text| Version::parse(text).unwrap();
        let ledger = Ledger::default().with(version("0.2.0")).without(version("0.3.0"));
        assert_eq!(ledger.highest(), Some(version("0.3.0")));
        assert!(ledger.has_refused(version("0.3.0")) && !ledger.has_refused(version("0.2.0")));
        let ledger = ledger.with(version("0.1.0"));
        assert_eq!(ledger.highest(), Some(version("0.3.0")));
    }

    #[test]
    fn a_ledger_survives_rubbish_and_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::of(&folder.path().join("atalaya-agent"));
        std::fs::write(folder.path().join(LEDGER), "{\"highest\": 7").unwrap();
        assert_eq!(home.ledger(), Ledger::default());
        let ledger = Ledger::default().with(Version::parse("1.2.3").unwrap());
        home.write_ledger(&ledger).unwrap();
        assert_eq!(home.ledger(), ledger);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
