//! The bounds Windows itself enforces: the process puts itself, and what it starts, into a job.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use windows::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_CPU_RATE_CONTROL_ENABLE,
    JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP, JOB_OBJECT_LIMIT_JOB_MEMORY,
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION, JOBOBJECT_CPU_RATE_CONTROL_INFORMATION_0,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectCpuRateControlInformation,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows::Win32::System::Threading::{
    ALL_PROCESSOR_GROUPS, GetActiveProcessorCount, GetCurrentProcess,
};
use windows::core::PCWSTR;

use super::Settings;

/// Bursts of at most a quarter of a core, as in the unit of Linux: a hard bound at the 2 % it keeps to would show in
/// each round trip it measures. In hundredths of a per cent of one core.
const BURST: u32 = 2_500;
/// Memory that may be committed with the programs it runs, as a multiple of what it may keep: reading a list takes some
/// for a moment, and Windows counts what was asked for and never used.
const COMMIT: u64 = 2;

/// Confines this process and what it starts. Where that is refused, it says so and goes on.
pub fn confine(settings: &Settings) {
    if let Err(error) = confined(settings) {
        tracing::warn!(%error, "Windows does not confine the agent");
    }
}

fn confined(settings: &Settings) -> windows::core::Result<()> {
    // SAFETY: no name, no attributes. The handle stays open on purpose: the job lives as long as the process.
    let job = unsafe { CreateJobObjectW(None, PCWSTR::null()) }?;
    let mut memory = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    memory.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_JOB_MEMORY;
    let most = settings.memory_mib.saturating_mul(COMMIT << 20);
    memory.JobMemoryLimit = usize::try_from(most).unwrap_or(usize::MAX);
    // SAFETY: the structure is the one this class takes, and its size is told.
    unsafe {
        SetInformationJobObject(
            job,
            JobObjectExtendedLimitInformation,
            (&raw const memory).cast(),
            size_of_val(&memory) as u32,
        )
    }?;
    // SAFETY: no pointers.
    let cores = unsafe { GetActiveProcessorCount(ALL_PROCESSOR_GROUPS) }.max(1);
    let rate = JOBOBJECT_CPU_RATE_CONTROL_INFORMATION {
        ControlFlags: JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP,
        Anonymous: JOBOBJECT_CPU_RATE_CONTROL_INFORMATION_0 { CpuRate: (BURST / cores).max(1) },
    };
    // SAFETY: as above.
    let capped = unsafe {
        SetInformationJobObject(
            job,
            JobObjectCpuRateControlInformation,
            (&raw const rate).cast(),
            size_of_val(&rate) as u32,
        )
    };
    if let Err(error) = capped {
        // Not on every edition, and not where a terminal server shares the processor out itself.
        tracing::debug!(%error, "Windows does not cap the processor");
    }
    // SAFETY: the handle of this process needs no closing.
    unsafe { AssignProcessToJobObject(job, GetCurrentProcess()) }
}
