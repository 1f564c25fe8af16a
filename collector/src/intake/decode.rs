//! From wire to domain types. Pure. Bytes of agents are hostile: a batch out of bounds ends the stream, a record
//! that cannot be understood becomes a dead letter and the stream goes on.

use std::fmt::Write;
use std::net::IpAddr;

use atalaya_proto::v1::{self, RecordClass, record_body::Body};
use atalaya_proto::{Malformed, chain, decode_body, limits};
use jiff::Timestamp;
use tonic::Status;

use crate::actions::receive_report::{Content, Delivery, Record};
use crate::domain::action::ActionResult;
use crate::domain::device::Hints;
use crate::domain::id::{ActionId, DeviceId};
use crate::domain::identity::Greeting;
use crate::domain::reading::bounds;
use crate::domain::release::UpdateOutcome;

/// Bytes kept of a record that cannot be understood.
const DEAD_BYTES: usize = 4 * 1024;
/// No sane clock is this far off; bounds the arithmetic.
const SKEW_US: i64 = 400 * 366 * 86_400 * 1_000_000;

/// What is known of the sender when a batch arrives.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Which device.
    pub device: DeviceId,
    /// Its number.
    pub number: i64,
    /// Its clock minus ours as measured at Hello, microseconds; for batches that do not say when they were sent.
    pub clock_skew_us: i64,
}

/// A batch, understood.
#[derive(Debug)]
pub struct Decoded {
    /// What is to be stored.
    pub delivery: Delivery,
    /// The least important class in it.
    pub least: RecordClass,
}

/// A batch as a delivery.
///
/// # Errors
/// `INVALID_ARGUMENT` when it breaks the bounds or the order of the contract.
pub fn batch(sender: &Sender, batch: v1::Batch, now: Timestamp) -> Result<Decoded, Status> {
    check(&batch)?;
    let clock_skew_us = match batch.sent_at_us {
        0 => sender.clock_skew_us,
        sent_at => skew(sent_at, now),
    };
    let mut least = RecordClass::Security;
    let mut records = Vec::with_capacity(batch.records.len());
    for one in batch.records {
        let (record, class) = record(one, batch.epoch, now);
        records.push(record);
        least = least.max(class);
    }
    let delivery = Delivery {
        device: sender.device.clone(),
        number: sender.number,
        epoch: batch.epoch,
        received_at: now,
        clock_skew_us,
        records,
    };
    Ok(Decoded { delivery, least })
}

/// The agent's clock minus ours, microseconds.
pub fn skew(sent_at_us: i64, now: Timestamp) -> i64 {
    sent_at_us.saturating_sub(now.as_microsecond()).clamp(-SKEW_US, SKEW_US)
}

/// What a PC says of itself at enrolment.
pub fn hints(hints: v1::DeviceHints) -> Hints {
    Hints {
        hostname: bounds::text(&hints.hostname, limits::HOSTNAME),
        os: bounds::text(&hints.os, limits::HINT),
        machine_id: bounds::text(&hints.machine_id, limits::HINT),
        manufacturer: bounds::text(&hints.manufacturer, limits::HINT),
        model: bounds::text(&hints.model, limits::HINT),
        serial: bounds::text(&hints.serial, limits::HINT),
        agent_version: bounds::text(&hints.agent_version, limits::VERSION),
    }
}

/// What a PC says of itself when it connects from an address.
pub fn greeting(hello: &v1::Hello, address: IpAddr) -> Greeting {
    let known_hash: Option<chain::Hash> = hello.known_hash.as_slice().try_into().ok();
    Greeting {
        hints: Hints {
            hostname: bounds::text(&hello.hostname, limits::HOSTNAME),
            os: bounds::text(&hello.os, limits::HINT),
            machine_id: bounds::text(&hello.machine_id, limits::HINT),
            manufacturer: bounds::text(&hello.manufacturer, limits::HINT),
            model: bounds::text(&hello.model, limits::HINT),
            serial: bounds::text(&hello.serial, limits::HINT),
            agent_version: bounds::text(&hello.agent_version, limits::VERSION),
        },
        epoch: hello.epoch,
        known: known_hash.filter(|_| hello.known_seq > 0).map(|hash| (hello.known_seq, hash)),
        start: hello.start_id,
        previous: hello.previous_start_id,
        address: address.to_string(),
    }
}

fn check(batch: &v1::Batch) -> Result<(), Status> {
    let refuse = |what: String| Err(Status::invalid_argument(what));
    let count = batch.records.len();
    if count > limits::BATCH_RECORDS {
        return refuse(format!("batch: {count} records, at most {}", limits::BATCH_RECORDS));
    }
    let bytes: usize = batch.records.iter().map(|one| one.body.len()).sum();
    if bytes > limits::BATCH_BYTES {
        return refuse(format!("batch: {bytes} bytes, at most {}", limits::BATCH_BYTES));
    }
    let mut last = 0;
    for one in &batch.records {
        // The column is signed; an honest agent needs longer than the sun to come this far.
        if one.seq <= last || one.seq > i64::MAX.cast_unsigned() {
            return refuse(format!("batch: record {} after {last}: numbers must ascend", one.seq));
        }
        if one.prev_hash.len() != chain::GENESIS.len() {
            return refuse(format!("record {}: prev_hash must be 16 bytes", one.seq));
        }
        last = one.seq;
    }
    Ok(())
}

/// A record and its class; one that cannot be understood counts as the most important, so that it is taken.
fn record(record: v1::Record, epoch: u64, now: Timestamp) -> (Record, RecordClass) {
    let mut previous_hash = chain::GENESIS;
    previous_hash.copy_from_slice(&record.prev_hash);
    let hash = chain::hash(&previous_hash, record.seq, &record.body);
    let (taken_at, class, content) = understand(&record.body, epoch).unwrap_or_else(|reason| {
        let body = record.body[..record.body.len().min(DEAD_BYTES)].to_vec();
        (None, RecordClass::Security, Content::Dead { reason, body })
    });
    let taken_at = taken_at.unwrap_or(now);
    (Record { seq: record.seq, previous_hash, hash, taken_at, content }, class)
}

fn understand(
    bytes: &[u8],
    epoch: u64,
) -> Result<(Option<Timestamp>, RecordClass, Content), String> {
    let body = decode_body(bytes).map_err(|error| error.to_string())?;
    let class = RecordClass::try_from(body.record_class).unwrap_or(RecordClass::Unspecified);
    if class == RecordClass::Unspecified {
        return Err(format!("record_class: {} is none", body.record_class));
    }
    // An instant outside the calendar is as unknown as a clock that is wrong by years.
    let taken_at = Timestamp::from_microsecond(body.taken_at_us).ok();
    let kind = body.body.ok_or("unknown kind of record: from a newer agent?")?;
    Ok((taken_at, class, content(kind, epoch)?))
}

fn content(body: Body, epoch: u64) -> Result<Content, String> {
    Ok(match body {
        Body::Report(report) => Content::Report {
            sample: atalaya_proto::sample_from_wire(&report),
            unchanged: unchanged(&report.unchanged)?,
        },
        Body::Section(change) => {
            let reading = change.reading.ok_or("section: missing")?;
            let section = atalaya_proto::section_from_wire(reading);
            Content::Section(Box::new(section.map_err(|error: Malformed| error.to_string())?))
        }
        Body::Gap(gap) => gap_content(&gap, epoch)?,
        Body::ActionResult(result) => {
            let answer = atalaya_proto::answer_from_wire(result.outcome, result.evidence);
            let (outcome, evidence) = answer.map_err(|error| error.to_string())?;
            let detail = bounds::text(&result.detail, limits::ACTION_DETAIL);
            Content::ActionResult {
                action: ActionId::new(bounds::text(&result.action_id, limits::ACTION_ID)),
                result: Box::new(ActionResult { outcome, detail, evidence }),
            }
        }
        Body::UpdateResult(result) => Content::Update {
            version: bounds::text(&result.version, limits::VERSION),
            outcome: update_outcome(result.outcome)?,
            detail: bounds::text(&result.detail, limits::ACTION_DETAIL),
        },
    })
}

fn update_outcome(outcome: i32) -> Result<UpdateOutcome, String> {
    match v1::UpdateOutcome::try_from(outcome) {
        Ok(v1::UpdateOutcome::Installed) => Ok(UpdateOutcome::Installed),
        Ok(v1::UpdateOutcome::Refused) => Ok(UpdateOutcome::Refused),
        Ok(v1::UpdateOutcome::Failed) => Ok(UpdateOutcome::Failed),
        Ok(v1::UpdateOutcome::Restored) => Ok(UpdateOutcome::Restored),
        Ok(v1::UpdateOutcome::Unspecified) | Err(_) => {
            Err(format!("update_result: {outcome} is no outcome"))
        }
    }
}

fn unchanged(marks: &[v1::SectionMark]) -> Result<String, String> {
    if marks.len() > limits::SECTIONS {
        return Err(format!("unchanged: {} entries, at most {}", marks.len(), limits::SECTIONS));
    }
    let mut text = String::new();
    for mark in marks {
        // A section this version does not know is none of its business.
        let Some(kind) = atalaya_proto::kind_from_wire(mark.kind) else { continue };
        let comma = if text.is_empty() { "" } else { "," };
        let _ = write!(text, "{comma}{}:{}", kind.as_str(), mark.age_s);
    }
    Ok(text)
}

fn gap_content(gap: &v1::Gap, own_epoch: u64) -> Result<Content, String> {
    let (first, last, lost) = (gap.first_seq, gap.last_seq, gap.count);
    let most = i64::MAX.cast_unsigned();
    if first == 0 || last < first || last > most || lost == 0 || lost > last - first + 1 {
        return Err(format!("gap: {lost} lost in {first}–{last} cannot be"));
    }
    let record_class = match RecordClass::try_from(gap.record_class) {
        Ok(RecordClass::Security) => "security",
        Ok(RecordClass::State) => "state",
        Ok(RecordClass::Metric) => "metric",
        Ok(RecordClass::Unspecified) | Err(_) => "unknown",
    };
    let reason = match v1::GapReason::try_from(gap.reason) {
        Ok(v1::GapReason::SpoolFull) => "spool_full",
        Ok(v1::GapReason::SpoolCorrupt) => "spool_corrupt",
        Ok(v1::GapReason::RefusedByCollector) => "refused_by_collector",
        Ok(v1::GapReason::Unspecified) | Err(_) => "unknown",
    };
    let epoch = if gap.epoch == 0 { own_epoch } else { gap.epoch };
    Ok(Content::Gap { epoch, first_seq: first, last_seq: last, lost, record_class, reason })
}
