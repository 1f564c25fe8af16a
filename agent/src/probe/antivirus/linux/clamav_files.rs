//! The files of ClamAV: its databases' headers and the end of its log. A file that did not change is not read again.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use atalaya_reading::Detection;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{ByFile, Stamp, clamav};

/// How much of the end of a log is read.
const TAIL: u64 = 256 * 1024;

const CONFIGS: [&str; 4] =
    ["etc/clamav/clamd.conf", "etc/clamd.d/scan.conf", "etc/clamd.conf", "usr/local/etc/clamd.conf"];
const DATABASES: [&str; 4] = ["daily.cld", "daily.cvd", "main.cld", "main.cvd"];

/// What the files say.
pub struct Seen {
    /// When the newest signatures were made.
    pub signatures_at: Option<Timestamp>,
    /// What was found.
    pub detections: Vec<Detection>,
}

/// What was read of them.
pub struct Files {
    detections_days: u64,
    logs: ByFile<Vec<Detection>>,
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
        let on_access = log.with_file_name("clamonacc.log");
        let since = clamav::history_before(now, self.detections_days);
        let mut detections = self.found(log, since);
        detections.extend(self.found(on_access, since));
        detections.sort_by_key(|detection| std::cmp::Reverse(detection.found_at));
        detections.truncate(atalaya_reading::bounds::DETECTIONS);
        Seen { signatures_at, detections }
    }

    fn found(&mut self, log: PathBuf, since: Timestamp) -> Vec<Detection> {
        let Ok(data) = log.metadata() else { return Vec::new() };
        let stamp: Stamp = (data.len(), data.modified().ok());
        let known = self.logs.get(&log).filter(|(read_at, _)| *read_at == stamp);
        let mut found = match known {
            Some((_, found)) => found.clone(),
            None => {
                let text = tail(&log).unwrap_or_default();
                let found = clamav::detections(&text, &TimeZone::system(), since);
                self.logs.insert(log, (stamp, found.clone()));
                found
            }
        };
        found.retain(|detection| detection.found_at.is_none_or(|at| at >= since));
        found
    }
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
