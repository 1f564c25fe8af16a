//! System: readings to messages and back.

use atalaya_reading::System;
use jiff::Timestamp;

use super::{Malformed, cut, some_instant, some_text};
use crate::v1;

impl From<&System> for v1::System {
    fn from(value: &System) -> Self {
        v1::System {
            hostname: cut(&value.hostname),
            os: cut(&value.os),
            os_version: cut(&value.os_version),
            kernel: cut(&value.kernel),
            architecture: cut(&value.architecture),
            uptime_s: value.uptime_s,
            booted_at_us: value.booted_at.map(Timestamp::as_microsecond),
            cpu_model: cut(&value.cpu_model),
            cpu_cores: value.cpu_cores,
            cpu_permille: value.cpu_pct.map(|pct| (pct * 10.0).round().clamp(0.0, 1000.0) as u32),
            memory_total_bytes: value.memory_total_bytes,
            memory_used_bytes: value.memory_used_bytes,
            swap_total_bytes: value.swap_total_bytes,
            swap_used_bytes: value.swap_used_bytes,
            reboot_needed: value.reboot_needed,
            utc_offset_minutes: value.utc_offset_minutes,
            manufacturer: cut(&value.manufacturer),
            model: cut(&value.model),
            serial: cut(&value.serial),
        }
    }
}

impl TryFrom<v1::System> for System {
    type Error = Malformed;

    fn try_from(message: v1::System) -> Result<Self, Malformed> {
        let offset = message.utc_offset_minutes;
        if offset.is_some_and(|minutes| minutes.abs() > 26 * 60) {
            let why = format!("{offset:?} is no offset");
            return Err(Malformed::Field { field: "system.utc_offset_minutes", why });
        }
        Ok(System {
            hostname: some_text(&message.hostname),
            os: some_text(&message.os),
            os_version: some_text(&message.os_version),
            kernel: some_text(&message.kernel),
            architecture: some_text(&message.architecture),
            uptime_s: message.uptime_s,
            booted_at: some_instant(message.booted_at_us),
            cpu_model: some_text(&message.cpu_model),
            cpu_cores: message.cpu_cores,
            cpu_pct: message.cpu_permille.filter(|p| *p <= 1000).map(|p| f64::from(p) / 10.0),
            memory_total_bytes: message.memory_total_bytes,
            memory_used_bytes: message.memory_used_bytes,
            swap_total_bytes: message.swap_total_bytes,
            swap_used_bytes: message.swap_used_bytes,
            reboot_needed: message.reboot_needed,
            utc_offset_minutes: offset,
            manufacturer: some_text(&message.manufacturer),
            model: some_text(&message.model),
            serial: some_text(&message.serial),
        })
    }
}
