//! Operating system, processor and memory.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The machine and its operating system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// Host name: a hint, not an identity.
    pub hostname: Option<String>,
    /// Name of the operating system.
    pub os: Option<String>,
    /// Its version.
    pub os_version: Option<String>,
    /// Kernel version.
    pub kernel: Option<String>,
    /// Processor architecture.
    pub architecture: Option<String>,
    /// Seconds since it started.
    pub uptime_s: Option<u64>,
    /// When it started.
    pub booted_at: Option<Timestamp>,
    /// Processor as its maker calls it.
    pub cpu_model: Option<String>,
    /// Logical processors.
    pub cpu_cores: Option<u32>,
    /// Processor use, per cent of all cores.
    pub cpu_pct: Option<f64>,
    /// Physical memory.
    pub memory_total_bytes: Option<u64>,
    /// Physical memory in use.
    pub memory_used_bytes: Option<u64>,
    /// Swap; 0 where there is none.
    pub swap_total_bytes: Option<u64>,
    /// Swap in use.
    pub swap_used_bytes: Option<u64>,
    /// Whether updates wait for a restart.
    pub reboot_needed: Option<bool>,
    /// Minutes the PC's clock shows ahead of UTC; central Mexico is −360 all year.
    pub utc_offset_minutes: Option<i32>,
    /// Maker, by the firmware.
    pub manufacturer: Option<String>,
    /// Model, by the firmware.
    pub model: Option<String>,
    /// Serial number, by the firmware.
    pub serial: Option<String>,
}
