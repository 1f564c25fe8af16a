//! Habits a reader relies on: short files that say what they are, names of the subject, one TLS library.

use crate::Violation;
use crate::source::Source;

/// A file past this wants to be two.
const LINES: usize = 400;

/// Names that say nothing of the subject.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];

/// Crates that would bring a second TLS or crypto library beside ring; `deny.toml` bans the same.
const BANNED: &[&str] =
    &["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls", "boring", "boring-sys"];

/// What is wrong in one file.
pub fn check(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut add = |line: usize, what: String, remedy: &str| {
        found.push(Violation {
            file: source.file.clone(),
            line,
            found: what,
            remedy: remedy.into(),
        });
    };
    let lines = source.text.lines().count();
    if lines > LINES {
        add(lines, format!("{lines} lines, at most {LINES}"), "split it by subject");
    }
    if !source.text.starts_with("//!") {
        add(
            1,
            "no `//!` at the top".into(),
            "open with two or three lines: what it is and what it must not do",
        );
    }
    let names = source.file.trim_end_matches(".rs").split('/');
    for name in names.filter(|name| EMPTY_NAMES.contains(name)) {
        add(1, format!("a module named `{name}`"), "name it after its subject");
    }
    found
}

/// Banned crates in a lock file.
pub fn banned_crates(lock: &str) -> Vec<Violation> {
    let named = |line: &str| {
        line.strip_prefix("name = \"").and_then(|rest| rest.strip_suffix('"')).map(String::from)
    };
    let lines = lock.lines().enumerate().filter_map(|(at, line)| Some((at + 1, named(line)?)));
    lines
        .filter(|(_, name)| BANNED.contains(&name.as_str()))
        .map(|(line, found)| Violation {
            file: "Cargo.lock".into(),
            line,
            found,
            remedy: "ring is the only crypto library here: choose the feature that uses it (`cargo tree -i` tells who asks)".into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_nameless_undocumented_file_is_found_three_times() {
        let text = "fn f() {}\n".repeat(LINES + 1);
        assert_eq!(check(&Source::of("agent/src/utils.rs", &text)).len(), 3);
        assert!(check(&Source::of("agent/src/spool.rs", "//! The spool.\n")).is_empty());
    }

    #[test]
    fn a_second_tls_library_in_the_lock_file_is_found() {
        let lock =
            "[[package]]\nname = \"ring\"\n[[package]]\nname = \"openssl-sys\"\nversion = \"1\"\n";
        let found = banned_crates(lock);
        assert_eq!((found.len(), found[0].line), (1, 4));
        assert!(banned_crates("name = \"openssl-probe\"\n").is_empty());
    }
}
