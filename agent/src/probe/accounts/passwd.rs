//! passwd, group, shadow and login.defs. Pure; a line that is none is passed by.

/// An account of passwd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Its own group.
    pub gid: u32,
    /// The person's name, the first part of the comment.
    pub full_name: String,
    /// What starts when it logs on.
    pub shell: String,
}

/// The account of a line.
pub fn entry(line: &str) -> Option<Entry> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, comment, _, shell] = fields.as_slice() else { return None };
    // `+` and `-` begin lines that stand for accounts of a directory.
    if name.is_empty() || name.starts_with(['+', '-', '#']) {
        return None;
    }
    Some(Entry {
        name: (*name).into(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        full_name: comment.split(',').next().unwrap_or_default().trim().into(),
        shell: shell.trim().into(),
    })
}

impl Entry {
    /// Whether its shell ends a log-on at once.
    pub fn cannot_log_on(&self) -> bool {
        let program = self.shell.rsplit('/').next().unwrap_or_default();
        ["nologin", "false", "sync", "halt", "shutdown"].contains(&program)
    }
}

/// Name, number and members of a group's line.
pub fn group(line: &str) -> Option<(&str, u32, Vec<&str>)> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, gid, members] = fields.as_slice() else { return None };
    let members = members.split(',').map(str::trim).filter(|member| !member.is_empty());
    Some((name, gid.parse().ok()?, members.collect()))
}

/// Name of a shadow line, and whether its account is open on that day since 1970: its password is not locked and it has
/// not expired. The password itself goes no further.
pub fn is_open(line: &str, today: i64) -> Option<(&str, bool)> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, password, _, _, _, _, _, expires, ..] = fields.as_slice() else { return None };
    let locked = password.starts_with(['!', '*']);
    let expired = expires.parse::<i64>().is_ok_and(|day| day <= today);
    Some((name, !locked && !expired))
}

/// Numbers of people's accounts, by login.defs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeopleRange {
    /// First.
    pub first: u32,
    /// Last.
    pub last: u32,
}

impl Default for PeopleRange {
    /// What shadow takes where login.defs says nothing.
    fn default() -> Self {
        PeopleRange { first: 1_000, last: 60_000 }
    }
}

impl PeopleRange {
    /// Takes a line of login.defs in.
    pub fn add(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (key, value) = (words.next(), words.next().and_then(|word| word.parse().ok()));
        match (key, value) {
            (Some("UID_MIN"), Some(first)) => self.first = first,
            (Some("UID_MAX"), Some(last)) => self.last = last,
            _ => {}
        }
    }

    /// Whether it is the number of a person's account.
    pub fn holds(&self, uid: u32) -> bool {
        (self.first..=self.last).contains(&uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_and_lines_that_are_none_are_passed_by() {
        let ana = entry("ana:x:1000:1000:Ana Ruiz,oficina 3,,:/home/ana:/bin/bash").unwrap();
        assert_eq!((ana.uid, ana.full_name.as_str()), (1000, "Ana Ruiz"));
        assert!(!ana.cannot_log_on());
        let daemon = entry("daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin").unwrap();
        assert!(daemon.cannot_log_on());
        for bad in [
            "",
            "+::::::",
            "# x",
            "a:b",
            "a:x:-1:0:::",
            "a:x:99999999999:0:::",
            ":x:0:0:::",
            "a:x:0:0::::::",
        ] {
            assert_eq!(entry(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_locked_or_expired_account_is_not_open_and_one_without_a_password_is() {
        let open = |line| is_open(line, 20_000);
        assert_eq!(open("ana:$y$j9T$x:19000:0:99999:7:::"), Some(("ana", true)));
        assert_eq!(open("ana:!$y$j9T$x:19000:0:99999:7:::"), Some(("ana", false)));
        assert_eq!(open("bin:*:19000:0:99999:7:::"), Some(("bin", false)));
        assert_eq!(open("ana:$y$x:19000:0:99999:7::19999:"), Some(("ana", false)));
        assert_eq!(open("ana::19000:0:99999:7:::"), Some(("ana", true)));
        assert_eq!(open("rubbish"), None);
    }

    #[test]
    fn groups_and_the_range_of_people_are_read() {
        assert_eq!(group("sudo:x:27:ana, beto,"), Some(("sudo", 27, vec!["ana", "beto"])));
        assert_eq!(group("sudo:x:27"), None);
        let mut range = PeopleRange::default();
        for line in ["# UID_MIN 1", "UID_MIN\t\t\t  500", "UID_MAX x", ""] {
            range.add(line);
        }
        assert_eq!(range, PeopleRange { first: 500, last: 60_000 });
        assert!(range.holds(500) && !range.holds(65_534) && !range.holds(0));
    }
}
