//! The questions Windows takes about a drive and the answers it gives: bytes of `ntddstor.h` and of the NVMe health
//! log. Pure; an answer may be cut or claim lengths it does not have.

use atalaya_reading::{DriveKind, bounds};

use super::report::{NvmeLog, Report};

const DEVICE_PROPERTY: u32 = 0;
const SEEK_PENALTY_PROPERTY: u32 = 7;
const DEVICE_PROTOCOL_SPECIFIC_PROPERTY: u32 = 50;
const PROTOCOL_NVME: u32 = 3;
const DATA_LOG_PAGE: u32 = 2;
const HEALTH_LOG: u32 = 2;
/// Bytes of the health log.
const LOG: usize = 512;
/// `STORAGE_PROTOCOL_SPECIFIC_DATA`.
const SPECIFIC: usize = 40;
/// Bytes before it: in the question property and kind of query, in the answer version and size.
const BEFORE: usize = 8;

const BUS_NVME: u32 = 17;

/// What a drive says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Maker's model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Can be taken out.
    pub removable: bool,
    /// Speaks NVMe.
    pub nvme: bool,
}

impl Descriptor {
    /// Asks for it.
    pub const QUESTION: [u8; 12] = question(DEVICE_PROPERTY);

    /// `STORAGE_DEVICE_DESCRIPTOR`.
    pub fn parse(answer: &[u8]) -> Option<Descriptor> {
        let text = |at: usize| {
            let offset = usize::try_from(number(answer, at)?).ok().filter(|offset| *offset > 0)?;
            let rest = answer.get(offset..)?;
            let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
            let text = String::from_utf8_lossy(&rest[..end]);
            Some(bounds::text(text.trim(), bounds::TEXT)).filter(|text| !text.is_empty())
        };
        let maker = text(12).filter(|maker| !matches!(maker.as_str(), "ATA" | "NVMe"));
        let product = text(16);
        let model = match (maker, product) {
            (Some(maker), Some(product)) => Some(format!("{maker} {product}")),
            (maker, product) => product.or(maker),
        };
        let removable = *answer.get(10)? != 0;
        Some(Descriptor {
            model,
            serial: text(24),
            removable,
            nvme: number(answer, 28)? == BUS_NVME,
        })
    }
}

/// Asks whether seeking costs time.
pub const SEEK_PENALTY: [u8; 12] = question(SEEK_PENALTY_PROPERTY);

/// Turning or not, by `DEVICE_SEEK_PENALTY_DESCRIPTOR`.
pub fn kind_by_seek_penalty(answer: &[u8]) -> DriveKind {
    match answer.get(8) {
        Some(0) => DriveKind::Ssd,
        Some(_) => DriveKind::Hdd,
        None => DriveKind::Unknown,
    }
}

/// Asks for the NVMe health log; the answer takes the same room.
pub fn health_log_question() -> Vec<u8> {
    let mut bytes = question(DEVICE_PROTOCOL_SPECIFIC_PROPERTY)[..BEFORE].to_vec();
    for field in [PROTOCOL_NVME, DATA_LOG_PAGE, HEALTH_LOG, 0, SPECIFIC as u32, LOG as u32] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.resize(BEFORE + SPECIFIC + LOG, 0);
    bytes
}

/// The log within the answer, as far as `judge` uses it.
pub fn health_log(answer: &[u8]) -> Option<Report> {
    let offset = usize::try_from(number(answer, BEFORE + 16)?).ok()?;
    let length = usize::try_from(number(answer, BEFORE + 20)?).ok()?;
    let start = BEFORE.checked_add(offset)?;
    let log = answer.get(start..start.checked_add(LOG)?).filter(|_| length >= LOG)?;
    let byte = |at: usize| Some(u32::from(log[at]));
    // Counters have 16 bytes; none in this world needs more than 8.
    let counter = |at: usize| Some(u64::from_le_bytes(log.get(at..at + 8)?.try_into().ok()?));
    let kelvin = i32::from(u16::from_le_bytes([log[1], log[2]]));
    let health = NvmeLog {
        critical_warning: byte(0),
        available_spare: byte(3),
        available_spare_threshold: byte(4),
        percentage_used: byte(5),
        media_errors: counter(160),
    };
    let celsius = (kelvin > 0).then(|| kelvin - 273);
    Some(Report::of_nvme(health, celsius, counter(128)))
}

/// Whether the drive foretells its failure, by `STORAGE_PREDICT_FAILURE`.
pub fn prediction(answer: &[u8]) -> Option<Report> {
    number(answer, 0).map(|fails| Report::of_prediction(fails != 0))
}

const fn question(property: u32) -> [u8; 12] {
    let [a, b, c, d] = property.to_le_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0]
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use atalaya_reading::DriveHealth;

    use super::*;

    /// A `STORAGE_DEVICE_DESCRIPTOR` with its texts after the fixed part.
    fn descriptor(bus: u32, removable: u8, texts: [&str; 4]) -> Vec<u8> {
        let mut tail = Vec::new();
        let offsets = texts.map(|text| {
            let at = 40 + tail.len() as u32;
            tail.extend(text.bytes().chain([0]));
            if text.is_empty() { 0 } else { at }
        });
        let mut bytes = [40u32, 0].map(u32::to_le_bytes).concat();
        bytes.extend([0, 0, removable, 1]);
        offsets.iter().for_each(|offset| bytes.extend(offset.to_le_bytes()));
        bytes.extend(bus.to_le_bytes());
        bytes.resize(40, 0);
        bytes.extend(tail);
        bytes
    }

    /// The answer Windows gives about the drive whose smartctl report is `nvme-ageing.json`.
    fn ageing() -> Vec<u8> {
        let mut answer = health_log_question();
        let log = BEFORE + SPECIFIC;
        answer[log + 1..log + 3].copy_from_slice(&(35u16 + 273).to_le_bytes());
        answer[log + 3..log + 6].copy_from_slice(&[99, 10, 3]);
        answer[log + 128..log + 136].copy_from_slice(&12_798u64.to_le_bytes());
        answer[log + 160..log + 168].copy_from_slice(&7u64.to_le_bytes());
        answer
    }

    #[test]
    fn the_log_by_windows_is_judged_like_the_one_by_smartctl() {
        let by_windows = health_log(&ageing()).unwrap().drive("x").unwrap();
        let json = include_bytes!("../../../fixtures/smartctl/nvme-ageing.json");
        let by_smartctl = Report::parse(json).unwrap().drive("x").unwrap();
        assert_eq!(by_windows.health, DriveHealth::Warning);
        assert_eq!(by_windows.reasons, by_smartctl.reasons);
        assert_eq!(by_windows.temperature_c, by_smartctl.temperature_c);
        assert_eq!(by_windows.power_on_hours, by_smartctl.power_on_hours);
        assert_eq!(by_windows.kind, by_smartctl.kind);
    }

    #[test]
    fn an_answer_cut_anywhere_or_pointing_elsewhere_is_no_log() {
        let whole = ageing();
        for cut in 0..whole.len() {
            assert!(health_log(&whole[..cut]).is_none(), "cut at {cut}");
        }
        let mut elsewhere = whole;
        elsewhere[BEFORE + 16..BEFORE + 20].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(health_log(&elsewhere).is_none());
    }

    #[test]
    fn a_drive_that_foretells_its_failure_is_failing() {
        let drive = prediction(&[1, 0, 0, 0]).unwrap().drive("x").unwrap();
        assert_eq!(drive.health, DriveHealth::Failing);
        let drive = prediction(&[0; 516]).unwrap().drive("x").unwrap();
        assert_eq!(drive.health, DriveHealth::Ok);
        assert!(prediction(&[]).is_none());
    }

    #[test]
    fn a_descriptor_names_maker_model_and_serial() {
        let found = Descriptor::parse(&descriptor(11, 0, ["", "WDC WD10EZEX", "01.01", " WCC6Y "]))
            .unwrap();
        assert_eq!(found.model.as_deref(), Some("WDC WD10EZEX"));
        assert_eq!(found.serial.as_deref(), Some("WCC6Y"));
        assert!(!found.nvme && !found.removable);
        let stick =
            Descriptor::parse(&descriptor(7, 1, ["Kingston", "DataTraveler", "", ""])).unwrap();
        assert_eq!(stick.model.as_deref(), Some("Kingston DataTraveler"));
        assert!(stick.removable);
        let nvme =
            Descriptor::parse(&descriptor(17, 0, ["NVMe", "KXG60ZNV512G", "", "X"])).unwrap();
        assert_eq!((nvme.model.as_deref(), nvme.nvme), (Some("KXG60ZNV512G"), true));
    }

    #[test]
    fn a_descriptor_cut_anywhere_does_no_harm() {
        let whole = descriptor(17, 0, ["NVMe", "KXG60ZNV512G", "A", "X"]);
        for cut in 0..whole.len() {
            let _ = Descriptor::parse(&whole[..cut]);
        }
    }

    #[test]
    fn questions_name_their_property_and_take_what_is_standard() {
        assert_eq!(Descriptor::QUESTION, [0; 12]);
        assert_eq!(SEEK_PENALTY, [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let question = health_log_question();
        assert_eq!(question[..20], [50, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(question.len(), 560);
    }

    #[test]
    fn what_seeks_turns() {
        assert_eq!(kind_by_seek_penalty(&[12, 0, 0, 0, 12, 0, 0, 0, 1]), DriveKind::Hdd);
        assert_eq!(kind_by_seek_penalty(&[12, 0, 0, 0, 12, 0, 0, 0, 0]), DriveKind::Ssd);
        assert_eq!(kind_by_seek_penalty(&[]), DriveKind::Unknown);
    }
}
