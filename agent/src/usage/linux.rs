//! Clocks and counters of Linux, and the two knobs of glibc's allocator that keep a small program small.

#![allow(unsafe_code, reason = "getrusage and the allocator's knobs are C; each call states why it is sound")]

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::Usage;

/// Processor time of this thread.
pub fn thread_cpu() -> Option<Duration> {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// Processor time of the programs that were run and have ended.
pub fn children_cpu() -> Option<Duration> {
    rusage(libc::RUSAGE_CHILDREN)
}

fn rusage(who: libc::c_int) -> Option<Duration> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a whole rusage, which the call fills.
    if unsafe { libc::getrusage(who, usage.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: all its fields are integers, zeroed before and filled by the call.
    let usage = unsafe { usage.assume_init() };
    let micros = |time: libc::timeval| {
        Some(u64::try_from(time.tv_sec).ok()? * 1_000_000 + u64::try_from(time.tv_usec).ok()?)
    };
    Some(Duration::from_micros(micros(usage.ru_utime)? + micros(usage.ru_stime)?))
}

/// What this process takes.
pub fn usage() -> Usage {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let cpu = rusage(libc::RUSAGE_SELF).zip(children_cpu()).map(|(own, children)| own + children);
    Usage {
        rss_kib: number_of(&status, "VmRSS:"),
        pss_kib: number_of(&rollup, "Pss:"),
        cpu_ms: cpu.and_then(|cpu| u64::try_from(cpu.as_millis()).ok()),
        threads: number_of(&status, "Threads:").and_then(|count| u32::try_from(count).ok()),
    }
}

fn number_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Few arenas: each thread that reads would otherwise keep a heap of its own.
pub fn keep_memory_tight() {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: sets a number of the allocator, before other threads are there.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
        // Freed memory at the top of the heap goes back from this many bytes on.
        // SAFETY: as above.
        unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, 64 * 1024) };
    }
}

/// Freed memory goes back to the system, after a reading that needed much of it.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it only releases what is free.
    unsafe {
        libc::malloc_trim(0)
    };
}
