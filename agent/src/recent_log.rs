//! The last lines of the log, kept in memory for diagnostics: wherever the log goes on this system, they are at hand
//! without any right to read it there.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Bytes kept.
const KEPT: usize = 32 * 1024;

static LINES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Takes what is written to the log; one write is one line.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecentLog;

impl io::Write for RecentLog {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(String::from_utf8_lossy(line).trim_end().chars().take(2_000).collect());
        while lines.iter().map(|line| line.len() + 1).sum::<usize>() > KEPT {
            lines.pop_front();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The last lines, oldest first, at most `most` bytes.
pub fn tail(most: usize) -> String {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut room = most;
    let fits = |line: &&String| {
        let fits = line.len() < room;
        room = room.saturating_sub(line.len() + 1);
        fits
    };
    let mut last: Vec<&String> = lines.iter().rev().take_while(fits).collect();
    last.reverse();
    last.into_iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_the_first_go() {
        let long = "ñ".repeat(900);
        for number in 0..100 {
            RecentLog.write_all(format!("{number} {long}\n").as_bytes()).unwrap();
        }
        let all = tail(usize::MAX);
        assert!(all.len() <= KEPT && all.lines().last().unwrap().starts_with("99 "));
        let some = tail(4_000);
        assert!(some.len() <= 4_000 && some.lines().count() == 2, "{}", some.len());
    }
}
