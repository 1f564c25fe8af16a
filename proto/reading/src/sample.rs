//! The regular measurement: one wide row of figures taken from the latest sections.

use serde::{Deserialize, Serialize};

use crate::{Measurement, Section, Status};

/// One row of figures. A figure that was not read is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Processor use, thousandths of all cores.
    pub cpu_permille: Option<u32>,
    /// Physical memory in use, thousandths.
    pub memory_permille: Option<u32>,
    /// Swap in use, thousandths; `None` also where there is none.
    pub swap_permille: Option<u32>,
    /// Free space of the fullest writable volume, thousandths of its size.
    pub volume_free_permille: Option<u32>,
    /// Hottest drive, degrees Celsius.
    pub drive_temperature_c: Option<i32>,
    /// Seconds since the system started.
    pub uptime_s: Option<u64>,
    /// Loss to all targets together, thousandths.
    pub loss_permille: Option<u32>,
    /// Median of the targets' median round trips, microseconds.
    pub rtt_median_us: Option<u32>,
    /// Worst 95th percentile of the targets, microseconds.
    pub rtt_p95_us: Option<u32>,
    /// Worst jitter of the targets, microseconds.
    pub jitter_us: Option<u32>,
    /// Median round trip to the gateway, microseconds.
    pub gateway_rtt_us: Option<u32>,
    /// Listening sockets that are not loopback.
    pub listening_ports: Option<u32>,
}

impl Sample {
    /// How many figures a row carries.
    pub const FIGURES: usize = 12;

    /// The figures of the given sections; at most one section of each kind is expected.
    pub fn of<'a>(sections: impl IntoIterator<Item = &'a Section>) -> Sample {
        let mut sample = Sample::default();
        for section in sections {
            sample.add(section);
        }
        sample
    }

    fn add(&mut self, section: &Section) {
        match section {
            Section::System(reading) => {
                let Some(system) = reading.known() else { return };
                self.cpu_permille = system.cpu_pct.map(|pct| (pct * 10.0).round().max(0.0) as u32);
                self.memory_permille =
                    permille(system.memory_used_bytes, system.memory_total_bytes);
                self.swap_permille = permille(system.swap_used_bytes, system.swap_total_bytes);
                self.uptime_s = system.uptime_s;
            }
            Section::Disk(reading) => {
                if let Some(disk) = reading.known() {
                    let writable = disk.volumes.iter().filter(|volume| !volume.read_only);
                    self.volume_free_permille = writable.filter_map(|v| v.free_permille()).min();
                }
                let drives = &reading.value.drives;
                self.drive_temperature_c = drives.iter().filter_map(|d| d.temperature_c).max();
            }
            Section::Connectivity(reading) => {
                let Some(connectivity) = reading.known() else { return };
                let targets: Vec<&Measurement> =
                    connectivity.targets.iter().map(|target| &target.measurement).collect();
                let sent: u64 = targets.iter().map(|m| u64::from(m.sent)).sum();
                let received: u64 = targets.iter().map(|m| u64::from(m.received)).sum();
                self.loss_permille = permille(Some(sent.saturating_sub(received)), Some(sent));
                let mut medians: Vec<u32> =
                    targets.iter().filter_map(|m| micros(m.median_ms)).collect();
                medians.sort_unstable();
                self.rtt_median_us = medians.get(medians.len() / 2).copied();
                self.rtt_p95_us = targets.iter().filter_map(|m| micros(m.p95_ms)).max();
                self.jitter_us = targets.iter().filter_map(|m| micros(m.jitter_ms)).max();
                self.gateway_rtt_us = micros(connectivity.gateway.measurement.median_ms);
            }
            Section::Firewall(reading) => {
                let firewall = &reading.value;
                if firewall.listening_status == Status::Ok {
                    let open = firewall.listening.iter().filter(|socket| !socket.loopback).count();
                    self.listening_ports = u32::try_from(open).ok();
                }
            }
            Section::Antivirus(_)
            | Section::Updates(_)
            | Section::Software(_)
            | Section::Accounts(_) => {}
        }
    }
}

fn permille(part: Option<u64>, whole: Option<u64>) -> Option<u32> {
    let (part, whole) = (u128::from(part?), u128::from(whole?));
    u32::try_from((part.min(whole) * 1000).checked_div(whole)?).ok()
}

fn micros(ms: Option<f64>) -> Option<u32> {
    ms.map(|ms| (ms * 1000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Reading, SectionKind, System};

    #[test]
    fn a_section_that_was_not_read_leaves_its_figures_unknown() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let denied = Section::unknown(SectionKind::System, Status::Denied, "no", "x", at);
        assert_eq!(Sample::of([&denied]), Sample::default());
    }

    #[test]
    fn swap_that_does_not_exist_is_unknown_not_empty() {
        let system = System {
            swap_total_bytes: Some(0),
            swap_used_bytes: Some(0),
            memory_total_bytes: Some(4),
            memory_used_bytes: Some(1),
            ..System::default()
        };
        let section = Section::System(Reading::ok(system, "x", Default::default()));
        let sample = Sample::of([&section]);
        assert_eq!((sample.swap_permille, sample.memory_permille), (None, Some(250)));
    }
}
