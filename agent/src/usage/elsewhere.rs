//! Where nothing is known of what a process takes.

use std::time::Duration;

use super::Usage;

/// Not known here.
pub fn thread_cpu() -> Option<Duration> {
    None
}

/// Not known here.
pub fn children_cpu() -> Option<Duration> {
    None
}

/// Not known here.
pub fn usage() -> Usage {
    Usage::default()
}

/// Nothing to be set.
pub fn keep_memory_tight() {}

/// Nothing to be given back.
pub fn give_memory_back() {}
