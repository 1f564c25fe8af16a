//! What this PC says of itself: hints for people, never credentials.

cfg_select! {
    target_os = "linux" => {
        mod linux;
        use linux::machine_id;
    }
    windows => {
        mod windows;
        use self::windows::machine_id;
    }
    _ => {
        /// Not known here.
        fn machine_id() -> Option<String> {
            None
        }
    }
}

use atalaya_reading::{Section, SectionKind};

use crate::probe::{Depth, Probes};

/// Hints of a PC. Empty: unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// Host name.
    pub hostname: String,
    /// Operating system as people name it.
    pub os: String,
    /// Machine id of the operating system.
    pub machine_id: String,
    /// Maker, by the firmware.
    pub manufacturer: String,
    /// Model, by the firmware.
    pub model: String,
    /// Serial number, by the firmware.
    pub serial: String,
}

/// Reads them.
pub async fn hints(probes: &mut Probes) -> Hints {
    let section = probes.read(SectionKind::System, Depth::Full).await.section;
    Hints { machine_id: machine_id().unwrap_or_default(), ..of_section(section) }
}

fn of_section(section: Section) -> Hints {
    let Section::System(reading) = section else { return Hints::default() };
    let system = reading.value;
    let os = [system.os, system.os_version].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Hints {
        hostname: system.hostname.unwrap_or_default(),
        os,
        machine_id: String::new(),
        manufacturer: system.manufacturer.unwrap_or_default(),
        model: system.model.unwrap_or_default(),
        serial: system.serial.unwrap_or_default(),
    }
}
