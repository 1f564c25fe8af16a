//! The files of ClamAV: its databases' headers and the ends of its logs. A file that did not change is not read again.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use atalaya_reading::Detection;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::clamav::Told;
use super::{ByFile, Stamp, clamav};

/// How much of the end of a log is read.
const TAIL: u64 = 256 * 1024;

const CONFIGS: [&str; 4] =
    ["etc/clamav/clamd.conf", "etc/clamd.d/scan.conf", "etc/clamd.conf", "usr/local/etc/clamd.conf"];
const DATABASES: [&str; 4] = ["daily.cld", "daily.cvd", "main.cld", "main.cvd"];

/// Where freshclam is started by a clock and does not stay.
const SCHEDULES: [&str; 4] = [
    "etc/cron.d/clamav-freshclam",
    "etc/cron.d/clamav-update",
    "etc/cron.daily/freshclam",
    "etc/systemd/system/timers.target.wants/clamav-freshclam-once.timer",
];
/// Logs looked at; scans by cron may write one each.
const LOGS: usize = 16;

/// What the files say.
pub struct Seen {
    /// When the newest signatures were made.
    pub signatures_at: Option<Timestamp>,
    /// What was found.
    pub detections: Vec<Detection>,
    /// When the last scan ended that left a log.
    pub last_scan_at: Option<Timestamp>,
    /// Signatures are fetched by a clock, so that no service of theirs need run.
    pub fetched_by_clock: bool,
}

/// What was read of them.
pub struct Files {
    detections_days: u64,
    logs: ByFile<Told>,
}

impl Files {
    /// Detections of so many days.
    pub fn new(detections_days: u64) -> Files {
        Files { detections_days, logs: ByFile::new() }
    }

    /// Reads what changed.
    pub fn read(&mut self, root: &Path, now: Timestamp) -> Seen {
        let config = CONFIGS.iter().find_map(|file| std::fs::read_to_string(root.join(file)).ok());
        let config = config.unwrap_or_default();
        let folder = |key: &str, default: &str| {
            let path = clamav::setting(&config, key).unwrap_or(default);
            root.join(path.trim_start_matches('/'))
        };
        let databases = folder("DatabaseDirectory", "var/lib/clamav");
        let headers = DATABASES.iter().filter_map(|name| header(&databases.join(name)));
        let signatures_at = headers.filter_map(|header| clamav::made_at(&header)).max();
        let log = folder("LogFile", "var/log/clamav/clamav.log");
        let since = clamav::history_before(now, self.detections_days);
        let mut seen = Seen {
            signatures_at,
            detections: Vec::new(),
            last_scan_at: None,
            fetched_by_clock: SCHEDULES.iter().any(|file| root.join(file).exists()),
        };
        let logs = logs_beside(&log);
        self.logs.retain(|log, _| logs.contains(log));
        for log in logs {
            let told = self.told(log, since);
            seen.detections.extend(told.detections);
            seen.last_scan_at = seen.last_scan_at.max(told.last_scan_at);
        }
        seen.detections = clamav::summed_up(seen.detections, since);
        seen
    }

    fn told(&mut self, log: PathBuf, since: Timestamp) -> Told {
        // Neither a pipe, which would never end, nor a log nobody wrote to since long ago: its lines may have no time.
        let Ok(data) = log.metadata() else { return Told::default() };
        let written_at = data.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        if !data.is_file() || written_at.is_some_and(|at| at < since) {
            return Told::default();
        }
        let stamp: Stamp = (data.len(), data.modified().ok());
        match self.logs.get(&log) {
            Some((read_at, told)) if *read_at == stamp => told.clone(),
            _ => {
                let text = tail(&log).unwrap_or_default();
                let told = clamav::told(&text, &TimeZone::system(), since);
                self.logs.insert(log, (stamp, told.clone()));
                told
            }
        }
    }
}

/// clamd's own log and what lies beside it, where clamonacc and scans by cron write theirs.
fn logs_beside(log: &Path) -> Vec<PathBuf> {
    let is_log = |path: &PathBuf| {
        path != log
            && path.extension().is_some_and(|extension| extension == "log")
            && path.file_stem().is_some_and(|name| name != "freshclam")
    };
    let folder = log.parent().and_then(|folder| std::fs::read_dir(folder).ok());
    let mut beside: Vec<PathBuf> = folder
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_log)
        .collect();
    beside.sort();
    beside.insert(0, log.into());
    beside.truncate(LOGS);
    beside
}

fn header(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = vec![0; clamav::HEADER];
    File::open(file).ok()?.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn tail(file: &Path) -> std::io::Result<String> {
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
