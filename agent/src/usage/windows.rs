//! Clocks and counters of Windows. Programs that were run are not counted: their handles are gone when they ended.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::time::Duration;

use windows::Win32::Foundation::FILETIME;
use windows::Win32::System::ProcessStatus::{GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows::Win32::System::Threading::{
    GetCurrentProcess, GetCurrentThread, GetProcessTimes, GetThreadTimes,
};

use super::Usage;

/// Kernel and user time that a call fills in.
fn together(
    fill: impl FnOnce(&mut [FILETIME; 4]) -> windows::core::Result<()>,
) -> Option<Duration> {
    let mut times = [FILETIME::default(); 4];
    fill(&mut times).ok()?;
    let ticks = |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    // Ticks of 100 ns.
    let ticks = ticks(times[2]).checked_add(ticks(times[3]))?;
    Some(Duration::from_nanos(ticks.checked_mul(100)?))
}

/// Processor time of this thread.
pub fn thread_cpu() -> Option<Duration> {
    together(|[created, ended, kernel, user]| {
        // SAFETY: four places for four times; the handle stands for this thread and needs no closing.
        unsafe { GetThreadTimes(GetCurrentThread(), created, ended, kernel, user) }
    })
}

/// Not known here.
pub fn children_cpu() -> Option<Duration> {
    None
}

/// What this process takes.
pub fn usage() -> Usage {
    let cpu = together(|[created, ended, kernel, user]| {
        // SAFETY: four places for four times; the handle stands for this process and needs no closing.
        unsafe { GetProcessTimes(GetCurrentProcess(), created, ended, kernel, user) }
    });
    let size = size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
    let mut memory = PROCESS_MEMORY_COUNTERS { cb: size, ..Default::default() };
    // SAFETY: the structure says its size and is filled within it.
    let told = unsafe { GetProcessMemoryInfo(GetCurrentProcess(), &mut memory, size) }.is_ok();
    Usage {
        rss_kib: told.then(|| memory.WorkingSetSize as u64 / 1024),
        pss_kib: None,
        cpu_ms: cpu.and_then(|cpu| u64::try_from(cpu.as_millis()).ok()),
        threads: None,
    }
}

/// Windows' own heap needs no such setting.
pub fn keep_memory_tight() {}

/// Windows' own heap gives back by itself.
pub fn give_memory_back() {}
