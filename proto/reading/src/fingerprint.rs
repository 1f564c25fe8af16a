//! What matters in a section, as a hash: while it stays the same there is nothing new to send or to store.
//!
//! Figures that never stand still (temperatures, free bytes, round trips, process ids) are left out or made
//! coarse here; the regular report carries them.

use sha2::{Digest, Sha256};

use crate::{DriveAttribute, Interface, Measurement, Section, Volume};

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
    let mut section = section.clone().with_cost(None);
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
                drive.attributes.retain(|attribute| !counts_time(attribute));
            }
            reading.value.volumes.iter_mut().for_each(steady_volume);
        }
        Section::Connectivity(reading) => {
            reading.taken_at = Default::default();
            let value = &mut reading.value;
            value.gateway.measurement = Measurement::default();
            value.dns.answer_ms = None;
            value.interfaces.iter_mut().for_each(steady_interface);
            let targets = value.targets.iter_mut().chain(&mut value.collector);
            for target in targets.chain(&mut value.devices) {
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
        Section::Updates(reading) => {
            reading.taken_at = Default::default();
            reading.value.last_checked_at = None;
        }
        Section::Software(reading) => reading.taken_at = Default::default(),
        Section::Accounts(reading) => {
            reading.taken_at = Default::default();
            // Somebody logs on every day; the section is sent at least as often as it is read.
            for account in &mut reading.value.accounts {
                account.last_logon_at = None;
            }
        }
    }
    section
}

/// Steps of 2 %: a volume that fills is news, a file written is not.
fn steady_volume(volume: &mut Volume) {
    volume.free_bytes = u64::from(volume.free_permille().unwrap_or(0) / 20);
    volume.inodes_free = volume.inodes_free_permille().map(|permille| u64::from(permille / 20));
    // Some file systems make room for more files as they go.
    volume.inodes_total = None;
}

/// A link that comes or goes is news; one more damaged frame is only when their number has another digit, and the
/// signal of a radio never stands still.
fn steady_interface(interface: &mut Interface) {
    let digits = |count: u64| u64::from(count.checked_ilog10().map_or(0, |digits| digits + 1));
    interface.rx_errors = interface.rx_errors.map(digits);
    interface.tx_errors = interface.tx_errors.map(digits);
    interface.wifi_signal_dbm = None;
}

/// Hours of work grow by themselves.
fn counts_time(attribute: &DriveAttribute) -> bool {
    attribute.id == Some(9) || attribute.name == "power_on_hours"
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
            kind: DriveKind::Hdd,
            health,
            temperature_c: Some(temperature),
            power_on_hours: Some(1),
            ..Drive::default()
        };
        let volume = Volume {
            mount: "/".into(),
            filesystem: "ext4".into(),
            total_bytes: 1000,
            free_bytes: free,
            ..Volume::default()
        };
        let value = Disk { drives: vec![drive], volumes: vec![volume], ..Disk::default() };
        Section::Disk(Reading::ok(value, "smartctl", Default::default()))
    }

    #[test]
    fn what_a_look_cost_and_a_log_on_are_no_news_but_a_new_administrator_is() {
        let accounts = |logon, administrator, cost| {
            let account = Account {
                name: "ana".into(),
                administrator: Some(administrator),
                last_logon_at: Some(jiff::Timestamp::from_second(logon).unwrap_or_default()),
                ..Account::default()
            };
            let value = Accounts { accounts: vec![account], left_out: 0 };
            let reading = Reading::ok(value, "passwd", Default::default());
            Section::Accounts(Reading { cost, ..reading }).fingerprint()
        };
        let before = accounts(1, false, None);
        let cost = Some(Cost { took_us: 9, cpu_us: Some(3) });
        assert_eq!(before, accounts(2, false, cost));
        assert_ne!(before, accounts(1, true, None));
    }

    #[test]
    fn warmth_and_a_written_file_are_no_news_but_a_failing_drive_is() {
        let before = disk(500, 30, DriveHealth::Ok).fingerprint();
        assert_eq!(before, disk(505, 44, DriveHealth::Ok).fingerprint());
        assert_ne!(before, disk(400, 30, DriveHealth::Ok).fingerprint());
        assert_ne!(before, disk(500, 30, DriveHealth::Failing).fingerprint());
    }

    #[test]
    fn a_counter_of_a_drive_that_grows_is_news_and_an_hour_of_work_is_not() {
        let with = |id: u32, raw: u64| {
            let attribute = DriveAttribute { id: Some(id), raw, ..DriveAttribute::default() };
            let drive = Drive { attributes: vec![attribute], ..Drive::default() };
            let value = Disk { drives: vec![drive], ..Disk::default() };
            Section::Disk(Reading::ok(value, "smartctl", Default::default())).fingerprint()
        };
        assert_eq!(with(9, 100), with(9, 101));
        assert_ne!(with(5, 8), with(5, 9));
    }

    #[test]
    fn a_link_that_flaps_is_news_and_a_few_more_errors_or_a_weaker_signal_are_not() {
        let with = |carrier_changes, rx_errors, wifi_signal_dbm| {
            let interface = Interface {
                carrier_changes: Some(carrier_changes),
                rx_errors: Some(rx_errors),
                wifi_signal_dbm: Some(wifi_signal_dbm),
                ..Interface::default()
            };
            let value = Connectivity { interfaces: vec![interface], ..Connectivity::default() };
            Section::Connectivity(Reading::ok(value, "x", Default::default())).fingerprint()
        };
        assert_eq!(with(2, 11, -60), with(2, 12, -71));
        assert_ne!(with(2, 11, -60), with(4, 11, -60));
        assert_ne!(with(2, 0, -60), with(2, 1, -60));
        assert_ne!(with(2, 99, -60), with(2, 100, -60));
    }
}
