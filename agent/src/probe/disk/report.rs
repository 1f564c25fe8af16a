//! One drive's report, the output of `smartctl -a -j`, as far as it is used. Reads it; `judge` says what it means.

use atalaya_reading::{Drive, DriveKind, bounds};
use jiff::Timestamp;
use serde::Deserialize;

use super::attribute::Attribute;
use super::memory::Memory;
use super::{figures, judge};
use crate::probe::Unread;

/// Exit bits that say the drive was not read: wrong arguments, could not be opened. The others carry data.
const NOT_READ: i32 = 0b11;
/// The drive says that it fails.
const FAILING: i32 = 0b1000;

/// A report. A field is missing where the drive does not say it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    smartctl: Smartctl,
    device: Device,
    model_name: Option<String>,
    scsi_model_name: Option<String>,
    serial_number: Option<String>,
    rotation_rate: Option<u32>,
    temperature: Option<Temperature>,
    power_on_time: Option<PowerOnTime>,
    pub(super) smart_support: Option<SmartSupport>,
    pub(super) smart_status: Option<SmartStatus>,
    pub(super) ata_smart_attributes: Option<Attributes>,
    pub(super) ata_smart_data: Option<AtaData>,
    pub(super) nvme_smart_health_information_log: Option<NvmeLog>,
    pub(super) scsi_grown_defect_list: Option<u64>,
    pub(super) scsi_error_counter_log: Option<ScsiErrors>,
    pub(super) scsi_percentage_used_endurance_indicator: Option<u32>,
    pub(super) endurance_used: Option<Endurance>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Smartctl {
    exit_status: i32,
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Message {
    string: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Device {
    protocol: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Temperature {
    current: Option<i32>,
}

#[derive(Debug, Deserialize)]
struct PowerOnTime {
    hours: Option<u64>,
}

/// Whether the drive keeps such figures at all.
#[derive(Debug, Deserialize)]
pub struct SmartSupport {
    /// It does not, says smartctl.
    pub available: Option<bool>,
}

/// The drive's own overall word.
#[derive(Debug, Deserialize)]
pub struct SmartStatus {
    /// `false`: the drive expects to fail.
    pub passed: Option<bool>,
}

/// ATA attributes.
#[derive(Debug, Deserialize)]
pub struct Attributes {
    /// One row an attribute.
    #[serde(default)]
    pub table: Vec<Attribute>,
}

/// ATA self-tests.
#[derive(Debug, Deserialize)]
pub struct AtaData {
    /// The last one.
    pub self_test: Option<SelfTest>,
}

/// A self-test.
#[derive(Debug, Deserialize)]
pub struct SelfTest {
    /// How it ended.
    pub status: Option<SmartStatus>,
}

/// The NVMe health log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NvmeLog {
    /// Bits, see `judge`.
    pub critical_warning: Option<u32>,
    /// Per cent of spare blocks left.
    pub available_spare: Option<u32>,
    /// Per cent below which the maker calls it worn.
    pub available_spare_threshold: Option<u32>,
    /// Per cent of the life the maker expects, may pass 100.
    pub percentage_used: Option<u32>,
    /// Data the drive could not give back.
    pub media_errors: Option<u64>,
}

/// SCSI error counters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ScsiErrors {
    /// While reading.
    pub read: ScsiCounter,
    /// While writing.
    pub write: ScsiCounter,
    /// While verifying.
    pub verify: ScsiCounter,
}

/// One SCSI counter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ScsiCounter {
    /// Errors that lost data.
    pub total_uncorrected_errors: u64,
}

/// Wear of a solid-state drive.
#[derive(Debug, Deserialize)]
pub struct Endurance {
    /// Per cent of the life the maker expects.
    pub current_percent: Option<u32>,
}

/// Why a report says nothing of the drive.
#[derive(Debug)]
pub enum Silent {
    /// It sleeps and was not woken.
    Asleep,
    /// It was not read.
    Unread(Unread),
}

impl Report {
    /// Reads the JSON.
    pub fn parse(output: &[u8]) -> Result<Report, Unread> {
        serde_json::from_slice(output)
            .map_err(|error| Unread::Failed(format!("respuesta de smartctl ilegible: {error}")))
    }

    /// What an NVMe health log says, read without smartctl; temperature in degrees Celsius.
    #[cfg(any(windows, test))]
    pub fn of_nvme(
        log: NvmeLog,
        temperature_c: Option<i32>,
        power_on_hours: Option<u64>,
    ) -> Report {
        Report {
            device: Device { protocol: Some("NVMe".into()) },
            temperature: Some(Temperature { current: temperature_c }),
            power_on_time: Some(PowerOnTime { hours: power_on_hours }),
            nvme_smart_health_information_log: Some(log),
            ..Report::default()
        }
    }

    /// The drive's own overall word alone, read without smartctl.
    #[cfg(any(windows, test))]
    pub fn of_prediction(fails: bool) -> Report {
        Report { smart_status: Some(SmartStatus { passed: Some(!fails) }), ..Report::default() }
    }

    /// The drive with its verdict, as far as one report says: by a person's hand, without a past.
    #[cfg(test)]
    pub fn drive(&self, device: &str) -> Result<Drive, Silent> {
        self.drive_with(device, None, None, Timestamp::UNIX_EPOCH)
    }

    /// The drive with its verdict by what `memory` knows of its past. `serial`: where the report does not say it.
    ///
    /// # Errors
    /// When the report says nothing of the drive.
    pub fn drive_with(
        &self,
        device: &str,
        serial: Option<&str>,
        memory: Option<&mut Memory>,
        now: Timestamp,
    ) -> Result<Drive, Silent> {
        if self.smartctl.exit_status & NOT_READ != 0 {
            return Err(self.silence());
        }
        let serial = self.serial_number.as_deref().or(serial).map(str::trim);
        let mut figures = figures::figures(self);
        // A drive without a serial number cannot be told from another one in its place.
        if let (Some(memory), Some(serial)) = (memory, serial.filter(|serial| !serial.is_empty())) {
            memory.compare(&bounds::text(serial, 128), &mut figures, now);
        }
        let (health, reasons) = judge::judge(self, &figures, now);
        let model = self.model_name.as_ref().or(self.scsi_model_name.as_ref());
        Ok(Drive {
            device: bounds::text(device, bounds::TEXT),
            model: model.map(|text| bounds::text(text.trim(), bounds::TEXT)),
            serial: serial.map(|text| bounds::text(text, bounds::TEXT)),
            kind: self.kind(),
            health,
            reasons: reasons.into_iter().take(bounds::REASONS).collect(),
            temperature_c: self.temperature.as_ref().and_then(|t| t.current),
            power_on_hours: self.power_on_time.as_ref().and_then(|time| time.hours),
            attributes: figures.into_iter().map(|figure| figure.attribute).collect(),
        })
    }

    /// Whether the exit code says that the drive fails.
    pub(super) fn says_failing(&self) -> bool {
        self.smartctl.exit_status & FAILING != 0
    }

    fn silence(&self) -> Silent {
        let messages = self.smartctl.messages.iter().map(|message| message.string.as_str());
        let said = bounds::text(&messages.collect::<Vec<_>>().join("; "), bounds::TEXT);
        if said.contains("STANDBY") || said.contains("SLEEP") {
            Silent::Asleep
        } else if said.contains("Permission denied") || said.contains("Operation not permitted") {
            Silent::Unread(Unread::Denied("smartctl necesita privilegios de root".into()))
        } else {
            Silent::Unread(Unread::Failed(format!("smartctl no pudo leerlo: {said}")))
        }
    }

    fn kind(&self) -> DriveKind {
        match (self.device.protocol.as_deref(), self.rotation_rate) {
            (Some("NVMe"), _) => DriveKind::Nvme,
            (_, Some(0)) => DriveKind::Ssd,
            (_, Some(_)) => DriveKind::Hdd,
            _ => DriveKind::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use atalaya_reading::DriveHealth;

    use super::*;

    macro_rules! fixture {
        ($name:literal) => {
            Report::parse(include_bytes!(concat!("../../../fixtures/smartctl/", $name))).unwrap()
        };
    }

    #[test]
    fn a_failing_disk_says_so_and_names_its_attributes() {
        let drive = fixture!("ata-failing.json").drive("/dev/sdc").unwrap();
        assert_eq!((drive.kind, drive.health), (DriveKind::Hdd, DriveHealth::Failing));
        assert_eq!(drive.model.as_deref(), Some("Hitachi HDS721050DLE630"));
        assert_eq!((drive.temperature_c, drive.power_on_hours), (Some(25), Some(65_592)));
        let reasons = drive.reasons.join("\n");
        for part in ["predice su falla", "5 Reallocated_Sector_Ct", "197 Current_Pending_Sector"] {
            assert!(reasons.contains(part), "{reasons}");
        }
    }

    #[test]
    fn a_sound_solid_state_disk_has_no_reasons() {
        let drive = fixture!("ata-sound.json").drive("/dev/sda").unwrap();
        assert_eq!((drive.kind, drive.health), (DriveKind::Ssd, DriveHealth::Ok));
        assert_eq!(drive.reasons, [""; 0]);
    }

    #[test]
    fn a_passed_self_assessment_does_not_hide_a_bad_attribute() {
        let drive = fixture!("ata-ageing.json").drive("/dev/sda").unwrap();
        assert_eq!(drive.health, DriveHealth::Warning);
        assert!(drive.reasons.join("\n").contains("198 Offline_Uncorrectable"));
    }

    #[test]
    fn packed_raw_values_of_seagate_are_no_timeouts() {
        let drive = fixture!("ata-seagate.json").drive("/dev/sda").unwrap();
        assert_eq!(
            (drive.health, drive.reasons.len()),
            (DriveHealth::Ok, 0),
            "{:?}",
            drive.reasons
        );
    }

    #[test]
    fn nvme_is_judged_by_its_log() {
        let sound = fixture!("nvme-sound.json").drive("/dev/nvme0").unwrap();
        assert_eq!((sound.kind, sound.health), (DriveKind::Nvme, DriveHealth::Ok));
        let ageing = fixture!("nvme-ageing.json").drive("/dev/nvme0").unwrap();
        assert_eq!(ageing.health, DriveHealth::Warning);
        assert!(ageing.reasons[0].contains("media_errors"), "{:?}", ageing.reasons);
        let failing = fixture!("nvme-failing.json").drive("/dev/nvme0").unwrap();
        assert_eq!(failing.health, DriveHealth::Failing);
        assert!(failing.reasons.join("\n").contains("critical_warning"));
    }

    #[test]
    fn scsi_is_judged_by_defects_and_lost_data() {
        let drive = fixture!("scsi.json").drive("/dev/sdg").unwrap();
        assert_eq!((drive.kind, drive.health), (DriveKind::Hdd, DriveHealth::Warning));
        assert!(drive.reasons[0].contains("scsi_grown_defect_list"), "{:?}", drive.reasons);
    }

    #[test]
    fn a_drive_that_does_not_open_is_unknown_never_good() {
        let report = fixture!("virtual.json");
        assert!(matches!(report.drive("/dev/vda"), Err(Silent::Unread(Unread::Failed(_)))));
        let report = fixture!("denied.json");
        assert!(matches!(report.drive("/dev/sda"), Err(Silent::Unread(Unread::Denied(_)))));
        let report = fixture!("standby.json");
        assert!(matches!(report.drive("/dev/sda"), Err(Silent::Asleep)));
    }

    #[test]
    fn a_report_that_says_nothing_is_unknown() {
        let drive = Report::parse(b"{}").unwrap().drive("/dev/sda").unwrap();
        assert_eq!(drive.health, DriveHealth::Unknown);
    }

    #[test]
    fn a_report_cut_short_anywhere_is_an_error() {
        let whole = include_bytes!("../../../fixtures/smartctl/nvme-sound.json");
        for cut in 0..whole.len() - 2 {
            assert!(Report::parse(&whole[..cut]).is_err(), "cut at {cut}");
        }
    }
}
