//! The package managers of Linux. Asking apt costs two seconds of processor, so it is asked again only when its lists,
//! its settings or what is installed changed; both halves come from the disk, never over the network.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use atalaya_reading::{Reading, Section, Updates};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Waiting, apt, dnf};
use crate::probe::lines::each_line;
use crate::probe::{Look, Probe, Unread};

/// On a slow disk apt takes long; the service's share of the processor makes it longer.
const LIMIT: Duration = Duration::from_secs(50);
/// What was found holds this long at most, whatever the files say.
const ASK_AGAIN: Duration = Duration::from_secs(24 * 3600);

/// Files and folders whose change may change what waits.
const APT_STAMPS: [&str; 6] = [
    "/var/lib/dpkg/status",
    "/var/lib/apt/lists",
    "/var/lib/apt/lists/partial",
    "/etc/apt",
    "/etc/apt/sources.list.d",
    "/etc/apt/preferences.d",
];
/// Any of them is changed when apt fetches its lists.
const APT_CHECKED: [&str; 3] =
    ["/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists/partial", "/var/lib/apt/lists"];
const APT_HISTORY: &str = "/var/log/apt/history.log";
const APT_TIMER: &str = "/etc/systemd/system/apt-daily-upgrade.timer";
const UNATTENDED: &str = "/usr/bin/unattended-upgrade";

const DNF_CACHE: &str = "/var/cache/dnf";
const DNF_STAMPS: [&str; 3] =
    [DNF_CACHE, "/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite"];
const DNF_AUTOMATIC: &str = "/etc/dnf/automatic.conf";
const TIMERS: &str = "/etc/systemd/system/timers.target.wants";

/// Asks the package manager; keeps its answer while nothing it rests on changed.
pub struct Reader {
    kept: Option<Kept>,
}

struct Kept {
    at: Instant,
    stamps: Vec<Option<SystemTime>>,
    waiting: Waiting,
}

impl Reader {
    /// There are no settings.
    pub fn new(_: &()) -> Reader {
        Reader { kept: None }
    }

    /// What waits: as before, or asked anew.
    fn waiting(
        &mut self,
        look: &Look,
        files: &[&str],
        ask: impl FnOnce(&Look) -> Result<Waiting, Unread>,
    ) -> Result<Waiting, Unread> {
        let stamps: Vec<Option<SystemTime>> = files.iter().map(changed_at).collect();
        if let Some(kept) = &self.kept
            && kept.stamps == stamps
            && !look.is_due(Some(kept.at), ASK_AGAIN)
        {
            return Ok(kept.waiting.clone());
        }
        self.kept = None;
        let waiting = ask(look)?;
        self.kept = Some(Kept { at: Instant::now(), stamps, waiting: waiting.clone() });
        Ok(waiting)
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let (updates, waiting, source) = if has_packages_of_dpkg() && look.programs.find("apt-get").is_some() {
            let waiting = self.waiting(look, &APT_STAMPS, ask_apt);
            (of_apt(look), waiting, "apt-get -s upgrade, history.log")
        } else if look.programs.find("dnf").is_some() {
            let waiting = self.waiting(look, &DNF_STAMPS, ask_dnf);
            (of_dnf(), waiting, "dnf -C check-update")
        } else {
            return Err(Unread::NotApplicable("no hay apt ni dnf".into()));
        };
        Ok(Section::Updates(match waiting {
            Ok(waiting) => {
                let updates = Updates {
                    pending: Some(waiting.pending),
                    security: waiting.security,
                    waiting: waiting.list,
                    ..updates
                };
                Reading::ok(updates, source, look.now)
            }
            // What is known beside it is said all the same.
            Err(unread) => Reading {
                value: updates,
                ..Reading::unknown(unread.status(), unread.to_string(), source, look.now)
            },
        }))
    }
}

fn has_packages_of_dpkg() -> bool {
    fs::metadata("/var/lib/dpkg/status").is_ok_and(|data| data.len() > 0)
}

fn ask_apt(look: &Look) -> Result<Waiting, Unread> {
    let said = look.run("apt-get", &apt::SIMULATE, LIMIT)?;
    if !said.status.success() {
        return Err(Unread::Failed(format!("apt-get: {} {}", said.status, said.stderr.trim())));
    }
    let text = String::from_utf8_lossy(&said.stdout);
    Ok(Waiting::of(text.lines().filter_map(apt::update).collect()))
}

fn of_apt(look: &Look) -> Updates {
    let mut history = apt::History::default();
    let read = File::open(APT_HISTORY)
        .and_then(|file| each_line(BufReader::new(file), |line| history.add(line)));
    if let Err(error) = read {
        tracing::debug!(%error, "apt's history is not there");
    }
    let automatic = look.run("apt-config", &apt::ASK_AUTOMATIC, LIMIT).ok().map(|said| {
        let on = apt::is_automatic(&String::from_utf8_lossy(&said.stdout));
        on && Path::new(UNATTENDED).exists() && !is_masked(APT_TIMER)
    });
    Updates {
        last_installed_at: history.last_at(&TimeZone::system()),
        last_checked_at: newest(APT_CHECKED.iter().map(PathBuf::from)),
        automatic,
        ..Updates::default()
    }
}

fn ask_dnf(look: &Look) -> Result<Waiting, Unread> {
    let said = look.run("dnf", &dnf::CHECK, LIMIT)?;
    if !said.status.success() && said.status.code() != Some(dnf::WAITING) {
        return Err(Unread::Failed(format!("dnf: {} {}", said.status, said.stderr.trim())));
    }
    let security = look.run("dnf", &dnf::SECURITY, LIMIT).ok().filter(|said| said.status.success());
    let security = security.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    let text = String::from_utf8_lossy(&said.stdout);
    Ok(Waiting::of(dnf::waiting(&text, security.as_deref())))
}

fn of_dnf() -> Updates {
    let cached = fs::read_dir(DNF_CACHE).into_iter().flatten().filter_map(|entry| {
        let folder = entry.ok()?.path().join("repodata");
        folder.is_dir().then_some(folder)
    });
    let timer = fs::read_dir(TIMERS).ok().map(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("dnf-automatic"))
        })
    });
    let applies = fs::read_to_string(DNF_AUTOMATIC).map(|text| {
        let value = text.lines().find_map(|line| line.trim().strip_prefix("apply_updates")?.trim().strip_prefix('='));
        value.is_some_and(|value| ["yes", "true", "1"].contains(&value.trim()))
    });
    Updates {
        last_installed_at: None,
        last_checked_at: newest(cached),
        automatic: timer.map(|timer| timer && applies.unwrap_or(false)),
        ..Updates::default()
    }
}

fn changed_at(file: impl AsRef<Path>) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

/// When the newest of these was changed; one dated before 1980 is a file that was never touched.
fn newest(files: impl Iterator<Item = PathBuf>) -> Option<Timestamp> {
    let changed = files.filter_map(changed_at).max()?;
    let floor = Date::constant(1980, 1, 1).to_zoned(TimeZone::UTC).ok()?.timestamp();
    Timestamp::try_from(changed).ok().filter(|at| *at > floor)
}

fn is_masked(unit: &str) -> bool {
    fs::read_link(unit).is_ok_and(|target| target == Path::new("/dev/null"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Depth;

    #[test]
    fn the_answer_is_kept_until_a_file_it_rests_on_changes_or_somebody_asks_for_everything() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let name = file.path().to_str().unwrap();
        let (routine, full) = (Look::for_tests(Depth::Routine), Look::for_tests(Depth::Full));
        let mut reader = Reader::new(&());
        let mut asked = 0;
        let mut read = |look: &Look| {
            let before = asked;
            let waiting = reader.waiting(look, &[name], |_| {
                asked += 1;
                Ok(Waiting { pending: 3, ..Waiting::default() })
            });
            assert_eq!(waiting.unwrap().pending, 3);
            asked > before
        };
        assert!(read(&routine) && !read(&routine) && read(&full) && !read(&routine));
        let earlier = SystemTime::now() - Duration::from_secs(1_000);
        file.as_file().set_modified(earlier).unwrap();
        assert!(read(&routine) && !read(&routine));
    }
}
