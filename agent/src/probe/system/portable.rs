//! The machine by sysinfo; what sysinfo does not know (whether updates wait for a restart) is asked of the system's
//! own file.

use std::time::Duration;

use atalaya_reading::{Reading, Section, System as Machine};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sysinfo::{CpuRefreshKind, Product, System};

use super::stated;
use crate::probe::{Look, Probe, Unread};

cfg_select! {
    target_os = "linux" => {
        use super::linux::reboot_needed;
    }
    _ => {
        /// Not known here.
        fn reboot_needed(_kernel: Option<&str>) -> Option<bool> {
            None
        }
    }
}

/// Reads the machine; keeps the processor's counters between readings.
pub struct Reader {
    system: Option<System>,
}

impl Reader {
    /// There are no settings.
    pub fn new(_: &()) -> Reader {
        Reader { system: None }
    }

    fn counters(&mut self) -> Result<&mut System, Unread> {
        if self.system.is_none() {
            let mut system =
                System::new().map_err(|error| Unread::NotApplicable(error.to_string()))?;
            system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
            // Use of the processor is a difference of two looks; the first reading must not lack it.
            std::thread::sleep(
                sysinfo::MINIMUM_CPU_UPDATE_INTERVAL.max(Duration::from_millis(250)),
            );
            self.system = Some(system);
        }
        self.system.as_mut().ok_or_else(|| Unread::Failed("sysinfo".into()))
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let system = self.counters()?;
        system.refresh_cpu_usage();
        system.refresh_memory();
        Ok(Section::System(Reading::ok(machine(system, look.now), "sysinfo", look.now)))
    }
}

fn machine(system: &System, now: Timestamp) -> Machine {
    let kernel = System::kernel_version().ok();
    let boot = System::boot_time().ok().filter(|seconds| *seconds > 0);
    let booted_at = boot.and_then(|at| Timestamp::from_second(i64::try_from(at).ok()?).ok());
    let percent = f64::from(system.global_cpu_usage());
    Machine {
        hostname: System::host_name().ok().as_deref().and_then(stated),
        os: System::name().ok().as_deref().and_then(stated),
        os_version: System::os_version().ok().as_deref().and_then(stated),
        reboot_needed: reboot_needed(kernel.as_deref()),
        kernel: kernel.as_deref().and_then(stated),
        architecture: stated(&System::cpu_arch()),
        uptime_s: System::uptime().ok(),
        booted_at,
        cpu_model: system.cpus().first().and_then(|cpu| stated(cpu.brand())),
        cpu_cores: u32::try_from(system.cpus().len()).ok().filter(|count| *count > 0),
        cpu_pct: percent.is_finite().then(|| (percent.clamp(0.0, 100.0) * 10.0).round() / 10.0),
        memory_total_bytes: Some(system.total_memory()).filter(|bytes| *bytes > 0),
        memory_used_bytes: (system.total_memory() > 0).then(|| system.used_memory()),
        swap_total_bytes: Some(system.total_swap()),
        swap_used_bytes: Some(system.used_swap()),
        utc_offset_minutes: Some(TimeZone::system().to_offset(now).seconds() / 60),
        manufacturer: Product::vendor_name().ok().as_deref().and_then(stated),
        model: Product::name().ok().as_deref().and_then(stated),
        serial: Product::serial_number().ok().as_deref().and_then(stated),
    }
}
