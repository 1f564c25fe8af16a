//! The lists of Linux: packages of dpkg and of rpm, snaps, and applications of flatpak that all accounts share.

use std::fs::{self, File};
use std::io::{BufReader, ErrorKind};
use std::path::Path;
use std::time::Duration;

use atalaya_reading::{InstalledProgram, ProgramSource, Reading, Section, bounds};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Inventory, dpkg, rpm};
use crate::probe::{Look, Probe, Unread};
use crate::usage;

const RPM_LIMIT: Duration = Duration::from_secs(20);
/// Where rpm keeps what is installed; Debian's own rpm program has neither.
const RPM_DATABASES: [&str; 2] = ["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"];
const RPM_DATABASE_BEFORE: &str = "var/lib/rpm/Packages";

/// Reads the lists; keeps nothing.
pub struct Reader;

impl Reader {
    /// There are no settings.
    pub fn new(_: &()) -> Reader {
        Reader
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let lists = Lists { root: Path::new("/"), zone: TimeZone::system() };
        let mut inventory = Inventory::default();
        let mut sources = Vec::new();
        if lists.dpkg(&mut inventory)? {
            sources.push("dpkg");
        }
        if lists.has_rpm() {
            let arguments = ["-qa", "--queryformat", rpm::FORMAT];
            let said = look.run("rpm", &arguments, RPM_LIMIT)?;
            if !said.status.success() {
                return Err(Unread::Failed(format!("rpm: {}", said.stderr.trim())));
            }
            let text = String::from_utf8_lossy(&said.stdout);
            for (library, program) in text.lines().filter_map(|line| rpm::program(line, &lists.zone)) {
                inventory.add(library, program);
            }
            sources.push("rpm");
        }
        if sources.is_empty() {
            return Err(Unread::NotApplicable("no hay lista de paquetes de dpkg ni de rpm".into()));
        }
        if lists.snaps(&mut inventory) {
            sources.push("snap");
        }
        if lists.flatpaks(&mut inventory) {
            sources.push("flatpak");
        }
        let software = inventory.finish();
        usage::give_memory_back();
        Ok(Section::Software(Reading::ok(software, sources.join(", "), look.now)))
    }
}

/// The lists below a root.
struct Lists<'a> {
    root: &'a Path,
    zone: TimeZone,
}

impl Lists<'_> {
    /// Day a file was last changed.
    fn day_of(&self, file: &Path) -> Option<Date> {
        let changed = fs::metadata(file).ok()?.modified().ok()?;
        Some(self.zone.to_datetime(Timestamp::try_from(changed).ok()?).date())
    }

    /// Whether there is a list of dpkg; its packages are added.
    fn dpkg(&self, inventory: &mut Inventory) -> Result<bool, Unread> {
        let folder = self.root.join("var/lib/dpkg");
        let status = folder.join("status");
        let file = match File::open(&status) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Unread::from_io(&status.display().to_string(), &error)),
        };
        let info = folder.join("info");
        let mut any = false;
        let read = dpkg::each_package(BufReader::new(file), |package| {
            any = true;
            inventory.add(package.library, self.of_dpkg(&package, &info));
        });
        read.map_err(|error| Unread::from_io(&status.display().to_string(), &error))?;
        Ok(any)
    }

    fn of_dpkg(&self, package: &dpkg::Package, info: &Path) -> InstalledProgram {
        // A name that is none of a package's must not lead out of the folder.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
        let (name, architecture) = (&package.name, &package.architecture);
        let installed_on = name.chars().all(plain).then(|| {
            // The list of a package's files is written when it is installed or upgraded.
            self.day_of(&info.join(format!("{name}.list")))
                .or_else(|| self.day_of(&info.join(format!("{name}:{architecture}.list"))))
        });
        InstalledProgram {
            name: bounds::text(name, bounds::NAME),
            version: Some(bounds::text(&package.version, bounds::VERSION)).filter(|v| !v.is_empty()),
            publisher: None,
            installed_on: installed_on.flatten(),
            source: ProgramSource::Dpkg,
        }
    }

    fn has_rpm(&self) -> bool {
        let has = |file: &str| self.root.join(file).exists();
        RPM_DATABASES.iter().any(|file| has(file)) || has(RPM_DATABASE_BEFORE)
    }

    /// Whether there are snaps; they are added.
    fn snaps(&self, inventory: &mut Inventory) -> bool {
        let mut any = false;
        for (name, folder) in folders(&self.root.join("snap")) {
            let Ok(text) = fs::read_to_string(folder.join("current/meta/snap.yaml")) else { continue };
            any = true;
            let version = text.lines().find_map(|line| line.strip_prefix("version:"));
            let version = version.map(|text| text.trim().trim_matches(['\'', '"']));
            inventory.add(
                false,
                InstalledProgram {
                    name: bounds::text(&name, bounds::NAME),
                    version: version.map(|text| bounds::text(text, bounds::VERSION)),
                    publisher: None,
                    installed_on: None,
                    source: ProgramSource::Snap,
                },
            );
        }
        any
    }

    /// Whether there are applications of flatpak for everybody; they are added.
    fn flatpaks(&self, inventory: &mut Inventory) -> bool {
        let mut any = false;
        for (name, folder) in folders(&self.root.join("var/lib/flatpak/app")) {
            any = true;
            inventory.add(
                false,
                InstalledProgram {
                    name: bounds::text(&name, bounds::NAME),
                    version: None,
                    publisher: None,
                    installed_on: self.day_of(&folder.join("current/active/deploy")),
                    source: ProgramSource::Flatpak,
                },
            );
        }
        any
    }
}

/// Folders in a folder, with their names; none if it is not there.
fn folders(parent: &Path) -> Vec<(String, std::path::PathBuf)> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let folder = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        Some((entry.file_name().to_string_lossy().into_owned(), entry.path()))
    };
    entries.take(super::ENTRIES).filter_map(folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str, text: &[u8]) {
        let file = root.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn packages_snaps_and_flatpaks_of_a_root_are_listed_with_their_day() {
        let root = tempfile::tempdir().unwrap();
        let status = include_bytes!("../../../fixtures/dpkg/status");
        write(root.path(), "var/lib/dpkg/status", status);
        write(root.path(), "var/lib/dpkg/info/adduser.list", b"/.");
        write(root.path(), "var/lib/dpkg/info/libacl1:amd64.list", b"/.");
        write(root.path(), "snap/hola/current/meta/snap.yaml", b"name: hola\nversion: '2.1'\n");
        write(root.path(), "var/lib/flatpak/app/org.gimp.GIMP/current/active/deploy", b"");
        let lists = Lists { root: root.path(), zone: TimeZone::UTC };
        let mut inventory = Inventory::default();
        assert!(lists.dpkg(&mut inventory).unwrap());
        assert!(lists.snaps(&mut inventory) && lists.flatpaks(&mut inventory) && !lists.has_rpm());
        let programs = inventory.finish().programs;
        let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
        let of = |name: &str| programs.iter().find(|program| program.name == name).unwrap();
        assert_eq!(of("adduser").installed_on, Some(today));
        assert_eq!(of("libacl1").installed_on, Some(today));
        assert_eq!(of("openssl").installed_on, None);
        assert_eq!(of("hola").version.as_deref(), Some("2.1"));
        assert_eq!(of("org.gimp.GIMP").source, ProgramSource::Flatpak);
    }

    #[test]
    fn a_list_that_may_not_be_read_is_denied_and_none_is_none() {
        let root = tempfile::tempdir().unwrap();
        let lists = Lists { root: root.path(), zone: TimeZone::UTC };
        assert!(!lists.dpkg(&mut Inventory::default()).unwrap());
        // A folder where the list should be: it can be opened and not be read, for root too.
        fs::create_dir_all(root.path().join("var/lib/dpkg/status")).unwrap();
        assert!(lists.dpkg(&mut Inventory::default()).is_err());
    }
}
