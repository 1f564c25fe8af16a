//! A made-up PC: what stays the same about it. What it reads at a given time is in `reading`.

use atalaya_reading::Section;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::illness::{self, Illness};
use super::municipality::{self, Area};
use super::reading;

/// Operating systems found in such offices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name says it")]
pub enum Platform {
    Windows10,
    Windows11,
    Debian12,
}

/// A PC of the sample municipality.
#[derive(Debug, Clone)]
pub struct Pc {
    /// Counts from 0; decides area and illness.
    pub number: u32,
    /// Where it stands.
    pub area: Area,
    /// Host name, at most 15 characters as NetBIOS wants.
    pub hostname: String,
    /// Operating system.
    pub platform: Platform,
    /// Maker and model.
    pub make: (&'static str, &'static str),
    /// Serial number by the firmware.
    pub serial: String,
    /// Processor and its logical cores.
    pub cpu: (&'static str, u32),
    /// Physical memory, bytes.
    pub memory_bytes: u64,
    /// Turning disk instead of solid state.
    pub turning_disk: bool,
    /// Hours its drive had run when the sample began.
    pub drive_hours: u64,
    /// What ails it.
    pub illness: Option<Illness>,
    seed: u64,
}

const MAKES: [(&str, &str); 5] = [
    ("HP", "ProDesk 400 G6"),
    ("Dell Inc.", "OptiPlex 3080"),
    ("LENOVO", "ThinkCentre M70s"),
    ("HP", "EliteDesk 800 G3"),
    ("Acer", "Veriton N4640G"),
];

const CPUS: [(&str, u32); 4] = [
    ("Intel(R) Core(TM) i3-10100 CPU @ 3.60GHz", 8),
    ("Intel(R) Core(TM) i5-7500 CPU @ 3.40GHz", 4),
    ("Intel(R) Pentium(R) Gold G6400 CPU @ 4.00GHz", 4),
    ("AMD Ryzen 5 PRO 4650G with Radeon Graphics", 12),
];

const GIB: u64 = 1 << 30;

impl Pc {
    /// The PC of that number; with `sick`, some are ill.
    pub fn new(seed: u64, number: u32, sick: bool) -> Pc {
        let mut rng =
            Rng::with_seed(seed ^ (u64::from(number) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let area = municipality::area_of(number);
        let platform = match rng.u32(0..10) {
            0..=4 => Platform::Windows10,
            5..=8 => Platform::Windows11,
            _ => Platform::Debian12,
        };
        Pc {
            number,
            area,
            hostname: format!(
                "{}-{:03}",
                area.prefix,
                number / municipality::AREAS.len() as u32 + 1
            ),
            platform,
            make: MAKES[rng.usize(0..MAKES.len())],
            serial: format!("MUESTRA{:05}{:02}", number, rng.u32(0..100)),
            cpu: CPUS[rng.usize(0..CPUS.len())],
            memory_bytes: [4, 8, 8, 16][rng.usize(0..4)] * GIB,
            turning_disk: rng.u32(0..10) < 4,
            drive_hours: rng.u64(900..32_000),
            illness: if sick { illness::of(number) } else { None },
            seed: rng.u64(..),
        }
    }

    /// Operating system as people name it.
    pub fn os(&self) -> &'static str {
        match self.platform {
            Platform::Windows10 => "Windows 10 Pro",
            Platform::Windows11 => "Windows 11 Pro",
            Platform::Debian12 => "Debian GNU/Linux 12 (bookworm)",
        }
    }

    /// Machine id of the operating system.
    pub fn machine_id(&self) -> String {
        format!("{:016x}{:016x}", self.seed, self.number)
    }

    /// What its own clock shows.
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        let ahead = SignedDuration::from_mins(if self.illness == Some(Illness::ClockAhead) {
            17
        } else {
            0
        });
        now.checked_add(ahead).unwrap_or(now)
    }

    /// Everything it reads at that time. The same minute gives the same readings.
    pub fn sections(&self, now: Timestamp) -> Vec<Section> {
        reading::sections(self, self.clock(now))
    }

    /// Chance that is the same for the same PC, purpose and minute.
    pub(super) fn chance(&self, purpose: u64, minute: i64) -> Rng {
        Rng::with_seed(
            self.seed ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ minute.cast_unsigned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_number_and_minute_give_the_same_pc_and_readings() {
        let at: Timestamp = "2026-11-23T15:04:00Z".parse().unwrap();
        let (one, two) = (Pc::new(7, 12, true), Pc::new(7, 12, true));
        assert_eq!(one.sections(at), two.sections(at));
        assert_ne!(one.sections(at), Pc::new(8, 12, true).sections(at));
    }

    #[test]
    fn a_healthy_pc_changes_no_section_from_one_minute_to_the_next() {
        let at: Timestamp = "2026-11-23T15:04:00Z".parse().unwrap();
        let next = at + SignedDuration::from_mins(1);
        for number in 0..60 {
            let pc = Pc::new(7, number, false);
            for (before, after) in pc.sections(at).iter().zip(pc.sections(next)) {
                assert_eq!(
                    before.fingerprint(),
                    after.fingerprint(),
                    "PC {number}: {before:?}\n{after:?}"
                );
            }
        }
    }

    #[test]
    fn names_fit_the_fifteen_characters_of_netbios_and_differ() {
        let names: std::collections::HashSet<String> =
            (0..10_000).map(|n| Pc::new(7, n, true).hostname).collect();
        assert_eq!(names.len(), 10_000);
        assert!(names.iter().all(|name| name.len() <= 15));
    }
}
