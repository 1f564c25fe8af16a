//! Who may do everything, by sudoers: users and groups of rules that end in ALL. Pure; a rule for a single program makes
//! nobody an administrator.

use std::collections::{BTreeMap, BTreeSet};

/// Who is named.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sudoers {
    /// Accounts.
    pub users: BTreeSet<String>,
    /// Groups.
    pub groups: BTreeSet<String>,
    aliases: BTreeMap<String, Vec<String>>,
}

/// More names than this are not kept.
const NAMES: usize = 4_096;

impl Sudoers {
    /// Takes a line in. Aliases must come before the rules that use them, as sudo itself does not demand; see
    /// [`Sudoers::resolve`].
    pub fn add(&mut self, line: &str) {
        let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
        if let Some(rest) = line.strip_prefix("User_Alias") {
            if let Some((name, members)) = rest.split_once('=') {
                let members = members.split(',').map(|member| member.trim().to_string()).collect();
                self.aliases.insert(name.trim().into(), members);
            }
            return;
        }
        if line.starts_with('@') || line.starts_with("Defaults") || line.contains("_Alias") {
            return;
        }
        let Some((who, what)) = line.split_once(char::is_whitespace) else { return };
        let Some((_, commands)) = what.split_once('=') else { return };
        let everything = commands.rsplit([' ', ')', ':', ',']).next() == Some("ALL");
        if everything && self.users.len() + self.groups.len() < NAMES {
            for name in who.split(',') {
                self.name(name.trim());
            }
        }
    }

    fn name(&mut self, name: &str) {
        match name.strip_prefix('%') {
            Some(group) => self.groups.insert(group.into()),
            None => self.users.insert(name.into()),
        };
    }

    /// Puts the members of aliases in the aliases' place.
    pub fn resolve(&mut self) {
        for (alias, members) in std::mem::take(&mut self.aliases) {
            if self.users.remove(&alias) {
                members.iter().for_each(|member| self.name(member));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_for_everything_count_and_rules_for_one_program_do_not() {
        let mut sudoers = Sudoers::default();
        // Debian's file as it is installed, and lines after the manual of sudoers.
        let text = "Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL # todos\n\
            @includedir /etc/sudoers.d\nSOPORTE ALL=(ALL) NOPASSWD: ALL\nUser_Alias SOPORTE = ana, beto\n\
            carlos ALL=(root) /usr/bin/apt update\n#dora ALL=(ALL) ALL\n\nrubbish\n= = =\n";
        text.lines().for_each(|line| sudoers.add(line));
        sudoers.resolve();
        let users: Vec<&str> = sudoers.users.iter().map(String::as_str).collect();
        assert_eq!(users, ["ana", "beto", "root"]);
        assert!(sudoers.groups.contains("sudo") && sudoers.groups.len() == 1);
    }
}
