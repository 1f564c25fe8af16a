//! Readings to messages and back. The way back is where hostile data is cut to the bounds or refused.

mod accounts;
mod action;
mod antivirus;
mod connectivity;
mod disk;
mod firewall;
mod settings;
mod software;
mod system;
mod updates;

pub use action::{action_from_wire, action_to_wire, answer_from_wire, answer_to_wire};
use atalaya_reading::{Cost, Reading, Sample, Section, SectionKind, Status, bounds};
use jiff::Timestamp;
use prost::Message;

pub use settings::{targets_from_wire, targets_to_wire};

use crate::{limits, v1};

/// A message that says something no honest agent says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes are no message.
    #[error("not a protobuf message: {0}")]
    Encoding(String),
    /// A field that must be there is not, or holds what it may not.
    #[error("{field}: {why}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl Malformed {
    fn missing(field: &'static str) -> Self {
        Malformed::Field { field, why: "missing".into() }
    }

    fn too_many(field: &'static str, found: usize, most: usize) -> Self {
        Malformed::Field { field, why: format!("{found} entries, at most {most}") }
    }
}

/// Decodes a record's body. An unknown newer field is ignored; an unknown newer kind of body is `body: None`.
///
/// # Errors
/// When the bytes are too many or no message.
pub fn decode_body(bytes: &[u8]) -> Result<v1::RecordBody, Malformed> {
    if bytes.len() > limits::BODY_BYTES {
        return Err(Malformed::too_many("body", bytes.len(), limits::BODY_BYTES));
    }
    v1::RecordBody::decode(bytes).map_err(|error| Malformed::Encoding(error.to_string()))
}

/// A section as a message.
pub fn section_to_wire(section: &Section) -> v1::SectionReading {
    use v1::section_reading::Value;
    let value = match section {
        Section::Antivirus(reading) => Value::Antivirus((&reading.value).into()),
        Section::Firewall(reading) => Value::Firewall((&reading.value).into()),
        Section::Disk(reading) => Value::Disk((&reading.value).into()),
        Section::Connectivity(reading) => Value::Connectivity((&reading.value).into()),
        Section::System(reading) => Value::System((&reading.value).into()),
        Section::Updates(reading) => Value::Updates((&reading.value).into()),
        Section::Software(reading) => Value::Software((&reading.value).into()),
        Section::Accounts(reading) => Value::Accounts((&reading.value).into()),
    };
    v1::SectionReading {
        kind: v1::SectionKind::from(section.kind()).into(),
        status: v1::ReadingStatus::from(section.status()).into(),
        source: bounds::text(section.source(), bounds::TEXT),
        taken_at_us: section.taken_at().as_microsecond(),
        detail: bounds::text(section.detail().unwrap_or_default(), bounds::TEXT),
        cost: section.cost().map(|cost| v1::Cost { took_us: cost.took_us, cpu_us: cost.cpu_us }),
        value: Some(value),
    }
}

/// A message as a section.
///
/// # Errors
/// When a list is over its bound, or a field holds what it may not. Long texts are cut, not refused.
pub fn section_from_wire(message: v1::SectionReading) -> Result<Section, Malformed> {
    use v1::section_reading::Value;
    let status = status_from_wire(message.status).ok_or_else(|| Malformed::missing("status"))?;
    let taken_at = instant("taken_at_us", message.taken_at_us)?;
    let kind = kind_from_wire(message.kind).ok_or_else(|| Malformed::missing("kind"))?;
    let source = bounds::text(&message.source, bounds::TEXT);
    let detail = some_text(&message.detail);
    let cost = message.cost.map(|cost| Cost { took_us: cost.took_us, cpu_us: cost.cpu_us });
    macro_rules! section {
        ($variant:ident, $value:expr) => {
            Section::$variant(Reading { status, source, taken_at, detail, cost, value: $value })
        };
    }
    let section = match message.value.ok_or_else(|| Malformed::missing("value"))? {
        Value::Antivirus(value) => section!(Antivirus, antivirus::read(value, taken_at)?),
        Value::Firewall(value) => section!(Firewall, value.try_into()?),
        Value::Disk(value) => section!(Disk, value.try_into()?),
        Value::Connectivity(value) => section!(Connectivity, value.try_into()?),
        Value::System(value) => section!(System, value.try_into()?),
        Value::Updates(value) => section!(Updates, value.try_into()?),
        Value::Software(value) => section!(Software, value.try_into()?),
        Value::Accounts(value) => section!(Accounts, value.try_into()?),
    };
    if section.kind() != kind {
        return Err(Malformed::Field { field: "kind", why: format!("says {}", kind.as_str()) });
    }
    Ok(section)
}

/// A sample as the message that carries it; marks of unchanged sections are added by the sender.
pub fn sample_to_wire(sample: &Sample) -> v1::Report {
    v1::Report {
        cpu_permille: sample.cpu_permille,
        memory_permille: sample.memory_permille,
        swap_permille: sample.swap_permille,
        volume_free_permille: sample.volume_free_permille,
        drive_temperature_c: sample.drive_temperature_c,
        uptime_s: sample.uptime_s,
        loss_permille: sample.loss_permille,
        rtt_median_us: sample.rtt_median_us,
        rtt_p95_us: sample.rtt_p95_us,
        jitter_us: sample.jitter_us,
        gateway_rtt_us: sample.gateway_rtt_us,
        listening_ports: sample.listening_ports,
        unchanged: Vec::new(),
    }
}

/// The sample a report carries; a share above the whole or an absurd temperature is not believed.
pub fn sample_from_wire(report: &v1::Report) -> Sample {
    let share = |value: Option<u32>| value.filter(|permille| *permille <= 1000);
    Sample {
        cpu_permille: share(report.cpu_permille),
        memory_permille: share(report.memory_permille),
        swap_permille: share(report.swap_permille),
        volume_free_permille: share(report.volume_free_permille),
        drive_temperature_c: report.drive_temperature_c.filter(|c| (-60..=200).contains(c)),
        uptime_s: report.uptime_s.filter(|s| *s < 100 * 365 * 86_400),
        loss_permille: share(report.loss_permille),
        rtt_median_us: report.rtt_median_us,
        rtt_p95_us: report.rtt_p95_us,
        jitter_us: report.jitter_us,
        gateway_rtt_us: report.gateway_rtt_us,
        listening_ports: report.listening_ports.filter(|ports| *ports <= 2 * 65_536),
    }
}

/// The kind a number stands for; `None` for unspecified and for newer kinds.
pub fn kind_from_wire(kind: i32) -> Option<SectionKind> {
    Some(match v1::SectionKind::try_from(kind).ok()? {
        v1::SectionKind::Unspecified => return None,
        v1::SectionKind::Antivirus => SectionKind::Antivirus,
        v1::SectionKind::Firewall => SectionKind::Firewall,
        v1::SectionKind::Disk => SectionKind::Disk,
        v1::SectionKind::Connectivity => SectionKind::Connectivity,
        v1::SectionKind::System => SectionKind::System,
        v1::SectionKind::Updates => SectionKind::Updates,
        v1::SectionKind::Software => SectionKind::Software,
        v1::SectionKind::Accounts => SectionKind::Accounts,
    })
}

impl From<SectionKind> for v1::SectionKind {
    fn from(kind: SectionKind) -> Self {
        match kind {
            SectionKind::Antivirus => v1::SectionKind::Antivirus,
            SectionKind::Firewall => v1::SectionKind::Firewall,
            SectionKind::Disk => v1::SectionKind::Disk,
            SectionKind::Connectivity => v1::SectionKind::Connectivity,
            SectionKind::System => v1::SectionKind::System,
            SectionKind::Updates => v1::SectionKind::Updates,
            SectionKind::Software => v1::SectionKind::Software,
            SectionKind::Accounts => v1::SectionKind::Accounts,
        }
    }
}

impl From<Status> for v1::ReadingStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Ok => v1::ReadingStatus::Ok,
            Status::Unsupported => v1::ReadingStatus::Unsupported,
            Status::Denied => v1::ReadingStatus::Denied,
            Status::Timeout => v1::ReadingStatus::Timeout,
            Status::Error => v1::ReadingStatus::Error,
        }
    }
}

fn status_from_wire(status: i32) -> Option<Status> {
    Some(match v1::ReadingStatus::try_from(status).ok()? {
        v1::ReadingStatus::Unspecified => return None,
        v1::ReadingStatus::Ok => Status::Ok,
        v1::ReadingStatus::Unsupported => Status::Unsupported,
        v1::ReadingStatus::Denied => Status::Denied,
        v1::ReadingStatus::Timeout => Status::Timeout,
        v1::ReadingStatus::Error => Status::Error,
    })
}

fn instant(field: &'static str, microseconds: i64) -> Result<Timestamp, Malformed> {
    Timestamp::from_microsecond(microseconds)
        .map_err(|_| Malformed::Field { field, why: format!("{microseconds} is no instant") })
}

/// An instant that may be nonsense without spoiling the rest: then it is unknown.
fn some_instant(microseconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_microsecond(microseconds?).ok()
}

fn some_text(text: &str) -> Option<String> {
    some_text_to(text, bounds::TEXT)
}

fn some_text_to(text: &str, most: usize) -> Option<String> {
    let text = bounds::text(text, most);
    (!text.is_empty()).then_some(text)
}

fn cut(text: &Option<String>) -> String {
    cut_to(text, bounds::TEXT)
}

fn cut_to(text: &Option<String>, most: usize) -> String {
    bounds::text(text.as_deref().unwrap_or_default(), most)
}

fn at_most<T>(field: &'static str, list: Vec<T>, most: usize) -> Result<Vec<T>, Malformed> {
    if list.len() > most { Err(Malformed::too_many(field, list.len(), most)) } else { Ok(list) }
}
