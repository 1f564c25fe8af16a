//! The names of the processes that run, one short file each, nothing kept.

use std::collections::HashSet;
use std::path::Path;

use crate::probe::Unread;

/// The kernel cuts names to this many bytes.
const COMM: usize = 15;

/// Names of all processes that are alive; one that ended and was not yet collected is not.
pub fn names(proc: &Path) -> Result<HashSet<String>, Unread> {
    let entries = std::fs::read_dir(proc)
        .map_err(|error| Unread::from_io(&proc.display().to_string(), &error))?;
    let is_process = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    Ok(entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_process))
        .filter_map(|entry| alive(&std::fs::read(entry.path().join("stat")).ok()?))
        .collect())
}

/// A name as the kernel lists it.
pub fn as_listed(name: &str) -> &str {
    name.get(..COMM).unwrap_or(name)
}

/// `7 (name) S …`: a name may hold anything, even `) Z`; the last parenthesis ends it.
fn alive(stat: &[u8]) -> Option<String> {
    let start = stat.iter().position(|byte| *byte == b'(')? + 1;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let state = *stat.get(end + 2)?;
    let name = stat.get(start..end)?;
    (!matches!(state, b'Z' | b'X')).then(|| String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_ended_does_not_run() {
        assert_eq!(alive(b"7 (clamd) S 1 7").as_deref(), Some("clamd"));
        assert_eq!(alive(b"7 (clamd) Z 1 7"), None);
        assert_eq!(alive(b"7 (a) Z (b) S 1").as_deref(), Some("a) Z (b"));
        assert_eq!(alive(b"7 (cut"), None);
    }
}
