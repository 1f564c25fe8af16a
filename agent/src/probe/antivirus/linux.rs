//! Antivirus products on Linux: ClamAV in depth, Microsoft Defender by its own program, others by their folder and
//! service. Whether a service runs is looked at every time; what costs a program, rarely.

mod clamav_files;
mod others;
mod processes;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use atalaya_reading::{Antivirus, AntivirusProduct, Reading, Section, bounds};

use super::{Settings, clamav, defender};
use crate::probe::{Look, Probe, Unread};
use clamav_files::Files;
use others::Others;

const LIMIT: Duration = Duration::from_secs(5);

/// A service that starts late is not one that was stopped.
const GRACE_AFTER_BOOT: Duration = Duration::from_secs(180);

/// Reads the products; keeps what it cost a program to learn.
pub struct Reader {
    root: PathBuf,
    ask_every: Duration,
    files: Files,
    others: Others,
    clamav_version: Option<(PathBuf, Option<SystemTime>, Option<String>)>,
    defender: Option<(Instant, bool, AntivirusProduct)>,
}

impl Reader {
    /// With these settings.
    pub fn new(settings: &Settings) -> Reader {
        Reader {
            root: PathBuf::from("/"),
            ask_every: Duration::from_secs(settings.ask_every_s),
            files: Files::new(settings.detections_days),
            others: Others::default(),
            clamav_version: None,
            defender: None,
        }
    }

    fn products(&mut self, look: &Look) -> Result<Antivirus, Unread> {
        let services = Services::of(&self.root)?;
        let mut products = Vec::new();
        products.extend(self.clamav(look, &services));
        products.extend(self.defender(look, &services));
        products.extend(self.others.read(&self.root, &services, look, self.ask_every));
        products.truncate(bounds::PRODUCTS);
        for product in &mut products {
            product.set_signatures_age(look.now);
        }
        Ok(Antivirus { products })
    }

    fn clamav(&mut self, look: &Look, services: &Services) -> Option<AntivirusProduct> {
        let program = ["clamd", "clamscan", "freshclam"]
            .iter()
            .find_map(|name| look.programs.find(name).map(|file| (*name, file)));
        if program.is_none() && !services.names.contains("clamd") {
            return None;
        }
        let running = services.running(&["clamd"]);
        // Only clamonacc looks at files as they are opened, and it needs clamd to do so.
        let watching = services.running(&["clamonacc"]);
        let seen = self.files.read(&self.root, look.now);
        Some(AntivirusProduct {
            name: "ClamAV".into(),
            version: program.and_then(|(name, file)| self.clamav_version(look, name, file)),
            running,
            real_time: running.zip(watching).map(|(running, watching)| running && watching),
            signatures_at: seen.signatures_at,
            updater_running: match services.running(&["freshclam"]) {
                // One that is started by a clock need not run now, and without one another fetches.
                Some(false) if seen.fetched_by_clock => None,
                Some(false) if look.programs.find("freshclam").is_none() => None,
                running => running,
            },
            last_scan_at: seen.last_scan_at,
            detections: seen.detections,
            ..Default::default()
        })
    }

    /// Asked again only when the program was replaced.
    fn clamav_version(&mut self, look: &Look, name: &str, file: PathBuf) -> Option<String> {
        let changed_at = file.metadata().and_then(|data| data.modified()).ok();
        if let Some((known, at, version)) = &self.clamav_version
            && (known, at) == (&file, &changed_at)
        {
            return version.clone();
        }
        let output = look.run(name, &["--version"], LIMIT).ok()?;
        let version = clamav::version(&String::from_utf8_lossy(&output.stdout));
        self.clamav_version = Some((file, changed_at, version.clone()));
        version
    }

    fn defender(&mut self, look: &Look, services: &Services) -> Option<AntivirusProduct> {
        let installed = look.programs.find("mdatp").is_some();
        let running = services.running(&["wdavdaemon"]);
        if !installed && running != Some(true) {
            return None;
        }
        let runs = running == Some(true);
        let known = self.defender.take().filter(|(at, ran, _)| {
            *ran == runs && !look.is_due(Some(*at), self.ask_every)
        });
        let (at, product) = known.map(|(at, _, product)| (at, product)).unwrap_or_else(|| {
            let mut product =
                AntivirusProduct { name: "Microsoft Defender".into(), ..Default::default() };
            if let Ok(output) = look.run("mdatp", &["health", "--output", "json"], LIMIT) {
                defender::complete(&mut product, &output.stdout, look.now);
            }
            (Instant::now(), product)
        });
        self.defender = Some((at, runs, product.clone()));
        let real_time = if runs { product.real_time } else { running };
        Some(AntivirusProduct { running, real_time, ..product })
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let value = self.products(look)?;
        Ok(Section::Antivirus(Reading::ok(value, "procfs, clamd, mdatp", look.now)))
    }
}

/// What runs, and whether the system has just started.
pub struct Services {
    names: HashSet<String>,
    starting: bool,
}

impl Services {
    fn of(root: &Path) -> Result<Services, Unread> {
        let proc = root.join("proc");
        let uptime = std::fs::read_to_string(proc.join("uptime")).unwrap_or_default();
        let seconds = uptime.split('.').next().and_then(|text| text.parse().ok());
        Ok(Services {
            names: processes::names(&proc)?,
            starting: seconds.is_some_and(|up| Duration::from_secs(up) < GRACE_AFTER_BOOT),
        })
    }

    /// Whether one of them runs; unknown while the system is still starting.
    pub fn running(&self, any_of: &[&str]) -> Option<bool> {
        let runs = any_of.iter().any(|name| self.names.contains(processes::as_listed(name)));
        if runs || !self.starting { Some(runs) } else { None }
    }
}

/// Kept so that an unchanged file is not read again: length and time of change.
pub type Stamp = (u64, Option<SystemTime>);

/// Values by file, with the stamp they were read at.
pub type ByFile<T> = BTreeMap<PathBuf, (Stamp, T)>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Depth;

    fn machine(uptime: &str, processes: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let proc = root.path().join("proc");
        for (at, name) in processes.iter().enumerate() {
            let folder = proc.join((at + 2).to_string());
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("stat"), format!("{} ({name}) S 1 1", at + 2)).unwrap();
        }
        std::fs::create_dir_all(root.path().join("var/lib/clamav")).unwrap();
        std::fs::create_dir_all(&proc).unwrap();
        std::fs::write(proc.join("uptime"), format!("{uptime} 1.00\n")).unwrap();
        root
    }

    fn read(root: &tempfile::TempDir) -> Vec<AntivirusProduct> {
        let mut reader = Reader::new(&Settings::default());
        reader.root = root.path().into();
        reader.products(&Look::for_tests(Depth::Full)).unwrap().products
    }

    fn clamav(root: &tempfile::TempDir) -> AntivirusProduct {
        read(root).into_iter().find(|product| product.name == "ClamAV").unwrap()
    }

    #[test]
    fn clamd_alone_runs_but_does_not_watch() {
        let product = clamav(&machine("9000.10", &["clamd", "freshclam"]));
        assert_eq!((product.running, product.real_time), (Some(true), Some(false)));
        assert_eq!(product.signatures_at, None, "no database, no date");
    }

    #[test]
    fn clamonacc_watches_only_while_clamd_answers() {
        let product = clamav(&machine("9000.10", &["clamd", "clamonacc"]));
        assert_eq!(product.real_time, Some(true));
        let product = clamav(&machine("9000.10", &["clamonacc"]));
        assert_eq!((product.running, product.real_time), (Some(false), Some(false)));
    }

    #[test]
    fn just_after_the_start_a_missing_service_is_unknown_not_stopped() {
        assert_eq!(clamav(&machine("20.10", &[])).running, None);
    }

    #[test]
    fn signatures_and_detections_come_from_the_files() {
        let root = machine("9000.10", &["clamd"]);
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clamav");
        for name in ["daily.cld", "main.cvd"] {
            let target = root.path().join("var/lib/clamav").join(name);
            std::fs::copy(fixtures.join(name), target).unwrap();
        }
        let logs = root.path().join("var/log/clamav");
        std::fs::create_dir_all(&logs).unwrap();
        std::fs::write(logs.join("clamav.log"), "/tmp/a: Win.Test FOUND\n").unwrap();
        let product = clamav(&root);
        assert_eq!(product.signatures_at, Some("2025-11-22T09:26:40Z".parse().unwrap()));
        assert_eq!((product.detections.len(), product.last_scan_at), (1, None));
    }

    #[test]
    fn scans_by_cron_are_found_beside_the_log_of_clamd_and_a_pipe_holds_nothing_up() {
        let root = machine("9000.10", &["clamd"]);
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clamav");
        let logs = root.path().join("var/log/clamav");
        std::fs::create_dir_all(&logs).unwrap();
        for name in ["clamscan.log", "clamonacc.log"] {
            std::fs::copy(fixtures.join(name), logs.join(name)).unwrap();
        }
        let pipe = std::process::Command::new("mkfifo").arg(logs.join("a.log")).status().unwrap();
        assert!(pipe.success());
        let product = clamav(&root);
        assert_eq!(product.detections.len(), 2);
        assert!(product.last_scan_at.is_some());
    }

    #[test]
    fn whether_the_updater_runs_is_a_fact_of_its_own() {
        assert_eq!(clamav(&machine("9000.10", &["clamd", "freshclam"])).updater_running, Some(true));
        let root = machine("9000.10", &["clamd"]);
        assert_eq!(clamav(&root).updater_running, Some(false));
        let timers = root.path().join("etc/systemd/system/timers.target.wants");
        std::fs::create_dir_all(&timers).unwrap();
        std::fs::write(timers.join("clamav-freshclam-once.timer"), "").unwrap();
        assert_eq!(clamav(&root).updater_running, None, "started by a clock, it need not run now");
    }

    #[test]
    fn another_product_is_found_by_its_folder_and_its_service() {
        let root = machine("9000.10", &["oaeventd"]);
        std::fs::create_dir_all(root.path().join("opt/eset/eea")).unwrap();
        let products = read(&root);
        let eset = products.iter().find(|product| product.name.starts_with("ESET")).unwrap();
        assert_eq!((eset.running, eset.real_time, eset.signatures_at), (Some(true), None, None));
    }
}
