//! The accounts of Linux by its own files; `lastlog2` is asked where its database stands in for lastlog.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use atalaya_reading::{Account, Reading, Section, bounds};
use jiff::Timestamp;

use super::passwd::{self, Entry, PeopleRange};
use super::sudoers::Sudoers;
use super::{listed, logons};
use crate::probe::lines::each_line;
use crate::probe::{Look, Probe, Unread};

/// Groups whose members may do everything where sudo or polkit are as installed.
const ADMINISTRATORS: [&str; 3] = ["sudo", "wheel", "admin"];
/// Accounts looked at; no PC has as many of its own.
const ENTRIES: usize = 10_000;
/// The newest records of wtmp that are looked at.
const WTMP_BYTES: u64 = 2 * 1024 * 1024;
const LASTLOG2: &str = "/var/lib/lastlog/lastlog2.db";
const LASTLOG2_LIMIT: Duration = Duration::from_secs(4);
const SECONDS_A_DAY: i64 = 86_400;

/// Reads the accounts; keeps nothing.
pub struct Reader;

impl Reader {
    /// There are no settings.
    pub fn new(_: &()) -> Reader {
        Reader
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let files = Files { root: Path::new("/"), now: look.now };
        let lastlog2 = lastlog2(look);
        let accounts = files.accounts(&lastlog2)?;
        let source = if lastlog2.is_empty() { "passwd, lastlog, wtmp" } else { "passwd, lastlog2, wtmp" };
        Ok(Section::Accounts(Reading::ok(listed(accounts), source, look.now)))
    }
}

fn lastlog2(look: &Look) -> BTreeMap<String, Timestamp> {
    if !Path::new(LASTLOG2).exists() {
        return BTreeMap::new();
    }
    // Without it the other sources remain, and a log-on nobody remembers is unknown.
    let Ok(said) = look.run("lastlog2", &[], LASTLOG2_LIMIT) else { return BTreeMap::new() };
    let text = String::from_utf8_lossy(&said.stdout);
    let lines = text.lines().take(ENTRIES).filter_map(logons::of_lastlog2);
    lines.map(|(name, at)| (name.to_string(), at)).collect()
}

/// The files below a root.
struct Files<'a> {
    root: &'a Path,
    now: Timestamp,
}

/// Who commands the PC; `None`: what sudo permits could not be read.
struct Commanders {
    users: BTreeSet<String>,
    gids: BTreeSet<u32>,
    complete: bool,
}

impl Files<'_> {
    fn lines(&self, file: &str, take: impl FnMut(&str)) -> io::Result<()> {
        each_line(BufReader::new(File::open(self.root.join(file))?), take)
    }

    fn accounts(&self, lastlog2: &BTreeMap<String, Timestamp>) -> Result<Vec<Account>, Unread> {
        let mut entries: Vec<Entry> = Vec::new();
        let read = self.lines("etc/passwd", |line| {
            if entries.len() < ENTRIES {
                entries.extend(passwd::entry(line));
            }
        });
        read.map_err(|error| Unread::from_io("/etc/passwd", &error))?;
        let mut people = PeopleRange::default();
        // Without the file the range is the one shadow was built with.
        let _ = self.lines("etc/login.defs", |line| people.add(line));
        let (open, commanders) = (self.open(), self.commanders());
        let (wtmp, lastlog) = (self.wtmp(), File::open(self.root.join("var/log/lastlog")).ok());
        let account = |entry: Entry| {
            let mut last = lastlog2.get(&entry.name).copied();
            last = last.max(wtmp.get(&entry.name).copied());
            last = last.max(lastlog.as_ref().and_then(|file| lastlog_of(file, entry.uid)));
            Account {
                enabled: match open.as_ref().map(|open| open.get(&entry.name).copied()) {
                    _ if entry.cannot_log_on() => Some(false),
                    Some(known) => known,
                    None => None,
                },
                administrator: commanders.commands(&entry),
                last_logon_at: last,
                system: !people.holds(entry.uid),
                full_name: Some(bounds::text(&entry.full_name, bounds::NAME)).filter(|n| !n.is_empty()),
                name: bounds::text(&entry.name, bounds::NAME),
            }
        };
        Ok(entries.into_iter().map(account).collect())
    }

    /// Which accounts are not locked; `None` where that may not be read.
    fn open(&self) -> Option<BTreeMap<String, bool>> {
        let today = self.now.as_second().div_euclid(SECONDS_A_DAY);
        let mut open = BTreeMap::new();
        let read = self.lines("etc/shadow", |line| {
            if open.len() < ENTRIES
                && let Some((name, is_open)) = passwd::is_open(line, today)
            {
                open.insert(name.to_string(), is_open);
            }
        });
        read.ok().map(|()| open)
    }

    fn commanders(&self) -> Commanders {
        let (sudoers, complete) = self.sudoers();
        let mut commanders = Commanders { users: sudoers.users, gids: BTreeSet::new(), complete };
        let read = self.lines("etc/group", |line| {
            let Some((name, gid, members)) = passwd::group(line) else { return };
            if ADMINISTRATORS.contains(&name) || sudoers.groups.contains(name) {
                commanders.gids.insert(gid);
                commanders.users.extend(members.into_iter().take(ENTRIES).map(String::from));
            }
        });
        commanders.complete &= read.is_ok();
        commanders
    }

    /// What sudo permits, and whether all of it could be read. Without sudo it permits nothing.
    fn sudoers(&self) -> (Sudoers, bool) {
        let mut sudoers = Sudoers::default();
        let mut complete = true;
        let mut files = vec!["etc/sudoers".to_string()];
        match std::fs::read_dir(self.root.join("etc/sudoers.d")) {
            Ok(entries) => {
                let names = entries.take(1_000).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                // sudo passes by copies that editors and packages leave behind.
                let names = names.filter(|name| !name.contains('.') && !name.ends_with('~'));
                files.extend(names.map(|name| format!("etc/sudoers.d/{name}")));
            }
            Err(error) => complete &= error.kind() == ErrorKind::NotFound,
        }
        for file in files {
            if let Err(error) = self.lines(&file, |line| sudoers.add(line)) {
                complete &= error.kind() == ErrorKind::NotFound;
            }
        }
        sudoers.resolve();
        (sudoers, complete)
    }

    fn wtmp(&self) -> BTreeMap<String, Timestamp> {
        let newest = || -> io::Result<Vec<u8>> {
            let mut file = File::open(self.root.join("var/log/wtmp"))?;
            let length = file.metadata()?.len();
            let whole = length - length % logons::WTMP_RECORD as u64;
            let most = WTMP_BYTES - WTMP_BYTES % logons::WTMP_RECORD as u64;
            file.seek(SeekFrom::Start(whole.saturating_sub(most)))?;
            let mut records = Vec::new();
            file.take(most).read_to_end(&mut records)?;
            Ok(records)
        };
        newest().map(|records| logons::of_wtmp(&records)).unwrap_or_default()
    }
}

/// The file is sparse: only the account's own place is read.
fn lastlog_of(file: &File, uid: u32) -> Option<Timestamp> {
    let mut place = [0; 4];
    file.read_exact_at(&mut place, u64::from(uid) * logons::LASTLOG_RECORD).ok()?;
    logons::of_lastlog(&place)
}

impl Commanders {
    fn commands(&self, entry: &Entry) -> Option<bool> {
        let named = entry.uid == 0 || self.users.contains(&entry.name) || self.gids.contains(&entry.gid);
        // Not being named says something only when everything that could name it was read.
        if named { Some(true) } else { self.complete.then_some(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = root.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        root
    }

    fn accounts(root: &tempfile::TempDir) -> Vec<Account> {
        let files = Files { root: root.path(), now: Timestamp::from_second(1_763_000_000).unwrap() };
        files.accounts(&BTreeMap::new()).unwrap()
    }

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/bash\n\
        daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nrubbish\n\xff\xfe:x:5:5:::\n\
        ana:x:1000:1000:Ana Ruiz,,,:/home/ana:/bin/bash\n\
        beto:x:1001:1001:,,,:/home/beto:/bin/bash\ncarla:x:1002:27::/home/carla:/bin/sh\n";
    const GROUP: &[u8] = b"sudo:x:27:ana\nusers:x:100:beto\n";
    const SHADOW: &[u8] = b"root:*:1::::::\nana:$y$secret:1::::::\nbeto:!:1::::::\n";

    #[test]
    fn administrators_locked_accounts_and_last_log_ons_are_told() {
        let mut lastlog = vec![0; 1001 * 292 + 292];
        lastlog[1000 * 292..][..4].copy_from_slice(&1_700_000_000_u32.to_ne_bytes());
        let root = root(&[
            ("etc/passwd", PASSWD),
            ("etc/group", GROUP),
            ("etc/shadow", SHADOW),
            ("etc/sudoers.d/beto", b"beto ALL=(ALL) ALL\n"),
            ("var/log/lastlog", &lastlog),
        ]);
        let accounts = accounts(&root);
        let of = |name: &str| accounts.iter().find(|account| account.name == name).unwrap();
        assert_eq!((of("root").enabled, of("root").administrator, of("root").system), (Some(false), Some(true), true));
        assert_eq!((of("ana").enabled, of("ana").administrator), (Some(true), Some(true)));
        assert_eq!(of("ana").full_name.as_deref(), Some("Ana Ruiz"));
        assert_eq!(of("ana").last_logon_at.map(Timestamp::as_second), Some(1_700_000_000));
        assert_eq!((of("beto").enabled, of("beto").administrator), (Some(false), Some(true)));
        assert_eq!((of("carla").enabled, of("carla").administrator), (None, Some(true)));
        assert_eq!((of("daemon").enabled, of("daemon").administrator), (Some(false), Some(false)));
        assert!(of("beto").last_logon_at.is_none() && of("daemon").system && !of("ana").system);
        assert!(!format!("{accounts:?}").contains("secret"));
    }

    #[test]
    fn what_may_not_be_read_is_unknown_never_no() {
        // Folders where the files should be: they cannot be read, for root either.
        let root = root(&[
            ("etc/passwd", PASSWD),
            ("etc/group", GROUP),
            ("etc/shadow/x", b""),
            ("etc/sudoers/x", b""),
        ]);
        let accounts = accounts(&root);
        let of = |name: &str| accounts.iter().find(|account| account.name == name).unwrap();
        assert_eq!((of("beto").enabled, of("beto").administrator), (None, None));
        assert_eq!(of("ana").administrator, Some(true));
        assert_eq!(of("daemon").enabled, Some(false));
    }

    #[test]
    fn without_passwd_there_is_no_answer() {
        let root = root(&[]);
        let files = Files { root: root.path(), now: Timestamp::UNIX_EPOCH };
        assert!(matches!(files.accounts(&BTreeMap::new()), Err(Unread::NotApplicable(_))));
    }
}
