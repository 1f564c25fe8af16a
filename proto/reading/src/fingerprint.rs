//! What matters in a section, as a hash: while it stays the same there is nothing new to send or to store.
//!
//! Figures that never stand still (temperatures, free bytes, round trips, process ids) are left out or made
//! coarse here; the regular report carries them.

use sha2::{Digest, Sha256};

use crate::{Measurement, Section};

impl Section {
    /// First 16 bytes of a SHA-256 over what matters.
    pub fn fingerprint(&self) -> [u8; 16] {
        let steady = steady(self).to_json().to_string();
        let digest = Sha256::digest(steady.as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        first
    }
}

/// The section without its restless figures.
fn steady(section: &Section) -> Section {
    let mut section = section.clone();
    match &mut section {
        Section::Antivirus(reading) => {
            reading.taken_at = Default::default();
            for product in &mut reading.value.products {
                product.signatures_age_days = None;
            }
        }
        Section::Firewall(reading) => {
            reading.taken_at = Default::default();
            for socket in &mut reading.value.listening {
                socket.pid = None;
            }
            reading.value.listening.sort();
            reading.value.listening.dedup();
        }
        Section::Disk(reading) => {
            reading.taken_at = Default::default();
            for drive in &mut reading.value.drives {
                drive.temperature_c = None;
                drive.power_on_hours = None;
            }
            for volume in &mut reading.value.volumes {
                // Steps of 2 %: a volume that fills is news, a file written is not.
                volume.free_bytes = u64::from(volume.free_permille().unwrap_or(0) / 20);
            }
        }
        Section::Connectivity(reading) => {
            reading.taken_at = Default::default();
            let value = &mut reading.value;
            value.gateway.measurement = Measurement::default();
            value.dns.answer_ms = None;
            for target in value.targets.iter_mut().chain(&mut value.collector) {
                target.measurement = answers_only(&target.measurement);
            }
        }
        Section::System(reading) => {
            reading.taken_at = Default::default();
            let value = &mut reading.value;
            value.uptime_s = None;
            value.booted_at = None;
            value.cpu_pct = None;
            value.memory_used_bytes = None;
            value.swap_used_bytes = None;
        }
    }
    section
}

/// All answered, some did, none did: the rest is in the regular report.
fn answers_only(measurement: &Measurement) -> Measurement {
    let received = match measurement.received {
        0 => 0,
        n if n >= measurement.sent => 2,
        _ => 1,
    };
    Measurement { sent: u32::from(measurement.sent > 0), received, ..Measurement::default() }
}

#[cfg(test)]
mod tests {
    use crate::*;

    fn disk(free: u64, temperature: i32, health: DriveHealth) -> Section {
        let drive = Drive {
            device: "/dev/sda".into(),
            model: None,
            serial: None,
            kind: DriveKind::Hdd,
            health,
            reasons: vec![],
            temperature_c: Some(temperature),
            power_on_hours: Some(1),
        };
        let volume = Volume {
            mount: "/".into(),
            filesystem: "ext4".into(),
            total_bytes: 1000,
            free_bytes: free,
            read_only: false,
        };
        let value = Disk { drives: vec![drive], volumes: vec![volume], ..Disk::default() };
        Section::Disk(Reading::ok(value, "smartctl", Default::default()))
    }

    #[test]
    fn warmth_and_a_written_file_are_no_news_but_a_failing_drive_is() {
        let before = disk(500, 30, DriveHealth::Ok).fingerprint();
        assert_eq!(before, disk(505, 44, DriveHealth::Ok).fingerprint());
        assert_ne!(before, disk(400, 30, DriveHealth::Ok).fingerprint());
        assert_ne!(before, disk(500, 30, DriveHealth::Failing).fingerprint());
    }
}
