//! The machine by the Windows API and the registry. Processor use comes from `GetSystemTimes`: performance counters
//! cost more and are missing where their library is damaged.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::time::Duration;

use atalaya_reading::{Reading, Section, System as Machine, bounds};
use jiff::{SignedDuration, Timestamp};
use windows::Win32::Foundation::FILETIME;
use windows::Win32::System::ProcessStatus::{ENUM_PAGE_FILE_INFORMATION, EnumPageFilesW};
use windows::Win32::System::SystemInformation::{
    ComputerNamePhysicalDnsHostname, GetComputerNameExW, GetNativeSystemInfo, GetSystemFirmwareTable, GetTickCount64,
    GlobalMemoryStatusEx, MEMORYSTATUSEX, PROCESSOR_ARCHITECTURE_AMD64, PROCESSOR_ARCHITECTURE_ARM64,
    PROCESSOR_ARCHITECTURE_INTEL, RSMB, SYSTEM_INFO,
};
use windows::Win32::System::Threading::{ALL_PROCESSOR_GROUPS, GetActiveProcessorCount, GetSystemTimes};
use windows::Win32::System::Time::{DYNAMIC_TIME_ZONE_INFORMATION, GetDynamicTimeZoneInformation};
use windows::core::{BOOL, PCWSTR, PWSTR};
use windows_registry::{Key, LOCAL_MACHINE};

use super::cpu_times::CpuTimes;
use super::windows_version::{CurrentVersion, utc_offset_minutes};
use super::{smbios, stated};
use crate::probe::{Look, Probe, Unread};

const CURRENT_VERSION: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
const PROCESSOR: &str = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0";
const FIRMWARE: &str = r"HARDWARE\DESCRIPTION\System\BIOS";

/// Folders of the registry, and what appears in them while updates wait for a restart.
const WAITING: [(&str, &str); 2] = [
    (r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing", "RebootPending"),
    (r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update", "RebootRequired"),
];

/// The largest firmware table that is read; the format itself allows no more.
const FIRMWARE_TABLE: usize = 64 * 1024 + 8;

/// Reads the machine; keeps the processor's counters between readings.
pub struct Reader {
    before: Option<CpuTimes>,
}

impl Reader {
    /// There are no settings.
    pub fn new(_: &()) -> Reader {
        Reader { before: None }
    }

    fn cpu_pct(&mut self) -> Option<f64> {
        if self.before.is_none() {
            self.before = cpu_times();
            // Use is a difference of two looks; the first reading must not lack it.
            std::thread::sleep(Duration::from_millis(250));
        }
        let now = cpu_times();
        let before = std::mem::replace(&mut self.before, now);
        now?.used_pct_since(before?)
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let cpu_pct = self.cpu_pct();
        Ok(Section::System(Reading::ok(machine(cpu_pct, look.now), "winapi, registry, smbios", look.now)))
    }
}

fn machine(cpu_pct: Option<f64>, now: Timestamp) -> Machine {
    let version = current_version();
    let (memory_total_bytes, memory_used_bytes) = memory().unzip();
    let (swap_total_bytes, swap_used_bytes) = page_files().unzip();
    let firmware = firmware_table().as_deref().and_then(smbios::parse).unwrap_or_default();
    let described = |name: &str| text(LOCAL_MACHINE, FIRMWARE, name);
    let said = |text: Option<String>| text.as_deref().and_then(stated);
    // SAFETY: no arguments.
    let uptime_s = unsafe { GetTickCount64() } / 1000;
    let since = SignedDuration::from_secs(i64::try_from(uptime_s).unwrap_or(0));
    Machine {
        hostname: said(hostname()),
        os: said(version.name()),
        os_version: said(version.release()),
        kernel: said(version.kernel()),
        architecture: architecture(),
        uptime_s: Some(uptime_s),
        booted_at: now.checked_sub(since).ok(),
        cpu_model: said(text(LOCAL_MACHINE, PROCESSOR, "ProcessorNameString")),
        // SAFETY: no pointers.
        cpu_cores: Some(unsafe { GetActiveProcessorCount(ALL_PROCESSOR_GROUPS) }).filter(|n| *n > 0),
        cpu_pct,
        memory_total_bytes,
        memory_used_bytes,
        swap_total_bytes,
        swap_used_bytes,
        reboot_needed: reboot_needed(),
        utc_offset_minutes: utc_offset(),
        manufacturer: said(firmware.manufacturer).or_else(|| said(described("SystemManufacturer"))),
        model: said(firmware.product).or_else(|| said(described("SystemProductName"))),
        serial: said(firmware.serial),
    }
}

fn text(root: &Key, folder: &str, name: &str) -> Option<String> {
    let text = root.open(folder).ok()?.get_string(name).ok()?;
    Some(bounds::text(&text, bounds::TEXT))
}

fn current_version() -> CurrentVersion {
    let number = |name: &str| LOCAL_MACHINE.open(CURRENT_VERSION).ok()?.get_u32(name).ok();
    let text = |name: &str| text(LOCAL_MACHINE, CURRENT_VERSION, name);
    CurrentVersion {
        product_name: text("ProductName"),
        display_version: text("DisplayVersion").or_else(|| text("ReleaseId")),
        major: number("CurrentMajorVersionNumber"),
        minor: number("CurrentMinorVersionNumber"),
        version: text("CurrentVersion"),
        build: text("CurrentBuild"),
        revision: number("UBR"),
    }
}

/// `None` where neither updater has ever left a trace.
fn reboot_needed() -> Option<bool> {
    let folders = WAITING.iter().filter_map(|(folder, sign)| Some((LOCAL_MACHINE.open(folder).ok()?, *sign)));
    folders.map(|(folder, sign)| folder.open(sign).is_ok()).reduce(|one, other| one || other)
}

fn cpu_times() -> Option<CpuTimes> {
    let [mut idle, mut kernel, mut user] = [FILETIME::default(); 3];
    // SAFETY: the three pointers are to values of ours that outlive the call.
    unsafe { GetSystemTimes(Some(&mut idle), Some(&mut kernel), Some(&mut user)) }.ok()?;
    let count = |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    Some(CpuTimes { idle: count(idle), kernel: count(kernel), user: count(user) })
}

/// Bytes of physical memory: all, and those in use.
fn memory() -> Option<(u64, u64)> {
    let mut status = MEMORYSTATUSEX { dwLength: size_of::<MEMORYSTATUSEX>() as u32, ..Default::default() };
    // SAFETY: the structure is ours and says its own length.
    unsafe { GlobalMemoryStatusEx(&mut status) }.ok()?;
    (status.ullTotalPhys > 0)
        .then(|| (status.ullTotalPhys, status.ullTotalPhys.saturating_sub(status.ullAvailPhys)))
}

/// Bytes of all page files: all, and those in use.
fn page_files() -> Option<(u64, u64)> {
    unsafe extern "system" fn add(
        sums: *mut core::ffi::c_void,
        file: *mut ENUM_PAGE_FILE_INFORMATION,
        _: PCWSTR,
    ) -> BOOL {
        // SAFETY: the system hands back the pointer to `sums` below, and one to a structure of its own, for the call only.
        if let (Some(sums), Some(file)) = unsafe { (sums.cast::<(u64, u64)>().as_mut(), file.as_ref()) } {
            sums.0 += file.TotalSize as u64;
            sums.1 += file.TotalInUse as u64;
        }
        true.into()
    }
    let mut pages = (0, 0);
    // SAFETY: `add` has the signature asked for, and `pages` outlives the call, which calls it on this thread.
    unsafe { EnumPageFilesW(Some(add), (&raw mut pages).cast()) }.ok()?;
    let page = u64::from(system_info().dwPageSize);
    Some((pages.0 * page, pages.1 * page))
}

fn system_info() -> SYSTEM_INFO {
    let mut info = SYSTEM_INFO::default();
    // SAFETY: the structure is ours.
    unsafe { GetNativeSystemInfo(&mut info) };
    info
}

fn architecture() -> Option<String> {
    // SAFETY: both members of the union are plain numbers of the same bytes.
    let number = unsafe { system_info().Anonymous.Anonymous.wProcessorArchitecture };
    let name = match number {
        PROCESSOR_ARCHITECTURE_AMD64 => "x86_64",
        PROCESSOR_ARCHITECTURE_ARM64 => "aarch64",
        PROCESSOR_ARCHITECTURE_INTEL => "x86",
        _ => return None,
    };
    Some(name.into())
}

fn hostname() -> Option<String> {
    let mut buffer = [0; 256];
    let mut length = buffer.len() as u32;
    let to = Some(PWSTR(buffer.as_mut_ptr()));
    // SAFETY: the buffer is ours and `length` says how long it is.
    unsafe { GetComputerNameExW(ComputerNamePhysicalDnsHostname, to, &mut length) }.ok()?;
    Some(String::from_utf16_lossy(buffer.get(..length as usize)?))
}

fn firmware_table() -> Option<Vec<u8>> {
    let mut table = vec![0; FIRMWARE_TABLE];
    // SAFETY: the buffer is ours and its length goes with it.
    let length = unsafe { GetSystemFirmwareTable(RSMB, 0, Some(&mut table)) } as usize;
    (1..=table.len()).contains(&length).then(|| {
        table.truncate(length);
        table
    })
}

fn utc_offset() -> Option<i32> {
    let mut zone = DYNAMIC_TIME_ZONE_INFORMATION::default();
    // SAFETY: the structure is ours.
    let holds = unsafe { GetDynamicTimeZoneInformation(&mut zone) };
    utc_offset_minutes(zone.Bias, zone.StandardBias, zone.DaylightBias, holds)
}
