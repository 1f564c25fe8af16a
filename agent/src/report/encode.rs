//! Encoding of record bodies, within their bound.

use atalaya_proto::v1::{self, record_body::Body};
use atalaya_proto::{answer_to_wire, decode_body, limits, sample_to_wire, section_to_wire};
use atalaya_reading::{Sample, Section, SectionKind, bounds};
use jiff::Timestamp;
use prost::Message;

use crate::action::Answer;
use crate::spool::{Class, Loss, LossReason};

/// How an update of this program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateEnd {
    /// The new version was welcomed.
    Installed,
    /// The release is not taken.
    Refused,
    /// It could not be fetched or written.
    Failed,
    /// The version before is back.
    Restored,
}

fn encode(class: Class, now: Timestamp, body: Body) -> Vec<u8> {
    let record_class = match class {
        Class::Security => v1::RecordClass::Security,
        Class::State => v1::RecordClass::State,
        Class::Metric => v1::RecordClass::Metric,
    };
    let taken_at_us = now.as_microsecond();
    v1::RecordBody { taken_at_us, record_class: record_class.into(), body: Some(body) }
        .encode_to_vec()
}

/// A section's full reading. What exceeds the bound is left out, longest list first, and counted where there is a place for it.
pub fn section(section: &Section, class: Class, now: Timestamp) -> Vec<u8> {
    let mut reading = section_to_wire(section);
    loop {
        let change = v1::SectionChange { reading: Some(reading.clone()) };
        let body = encode(class, now, Body::Section(change));
        let excess = body.len().saturating_sub(limits::BODY_BYTES);
        if excess == 0 || !shorten(&mut reading, excess) {
            return body;
        }
    }
}

/// Shortens the list that takes most, by `excess` bytes where its entries are many and small, else by half; false if
/// there is nothing to shorten.
fn shorten(reading: &mut v1::SectionReading, excess: usize) -> bool {
    use v1::section_reading::Value;
    fn halve<T>(list: &mut Vec<T>) -> usize {
        let before = list.len();
        list.truncate(before / 2);
        before - list.len()
    }
    let gone = match &mut reading.value {
        Some(Value::Firewall(firewall)) => {
            let gone = halve(&mut firewall.listening);
            firewall.listening_left_out = firewall.listening_left_out.saturating_add(gone as u32);
            gone + if gone == 0 { halve(&mut firewall.allowed) } else { 0 }
        }
        Some(Value::Antivirus(antivirus)) => {
            antivirus.products.iter_mut().map(|product| halve(&mut product.detections)).sum()
        }
        Some(Value::Disk(disk)) => {
            let reasons: usize =
                disk.drives.iter_mut().map(|drive| halve(&mut drive.reasons)).sum();
            reasons + if reasons == 0 { halve(&mut disk.volumes) } else { 0 }
        }
        Some(Value::Connectivity(connectivity)) => {
            halve(&mut connectivity.interfaces) + halve(&mut connectivity.targets)
        }
        Some(Value::Software(software)) => {
            let gone = drop_last(&mut software.programs, excess);
            software.left_out = software.left_out.saturating_add(gone as u32);
            gone
        }
        Some(Value::Accounts(accounts)) => {
            let gone = drop_last(&mut accounts.accounts, excess);
            accounts.left_out = accounts.left_out.saturating_add(gone as u32);
            gone
        }
        Some(Value::Updates(updates)) => halve(&mut updates.waiting),
        Some(Value::System(_)) | None => 0,
    };
    if gone > 0 {
        let detail = format!("{} (lista recortada: no cabía completa)", reading.detail);
        if !reading.detail.contains("recortada") {
            reading.detail = bounds::text(detail.trim(), bounds::TEXT);
        }
    }
    gone > 0
}

/// Drops entries from the end until at least `excess` bytes are gone; how many.
fn drop_last<T: Message>(list: &mut Vec<T>, excess: usize) -> usize {
    let (before, mut gone) = (list.len(), 0);
    while gone < excess
        && let Some(last) = list.pop()
    {
        // The tag and a length of at least one byte go with it.
        gone += last.encoded_len() + 2;
    }
    before - list.len()
}

/// The regular measurement, with the sections looked at and found unchanged and the age of the look in seconds.
pub fn report(sample: &Sample, unchanged: &[(SectionKind, u32)], now: Timestamp) -> Vec<u8> {
    let mark = |(kind, age_s): &(SectionKind, u32)| v1::SectionMark {
        kind: v1::SectionKind::from(*kind).into(),
        age_s: *age_s,
    };
    let unchanged = unchanged.iter().map(mark).collect();
    encode(Class::Metric, now, Body::Report(v1::Report { unchanged, ..sample_to_wire(sample) }))
}

/// How an order went, for the collector and for people.
pub fn action_result(order: &str, answer: &Answer, now: Timestamp) -> Vec<u8> {
    let (outcome, evidence) = answer_to_wire(answer.outcome, answer.evidence.as_ref());
    let result = v1::ActionResult {
        action_id: bounds::text(order, limits::ACTION_ID),
        outcome: outcome.into(),
        detail: bounds::text(&answer.detail, limits::ACTION_DETAIL),
        finished_at_us: now.as_microsecond(),
        evidence,
    };
    encode(Class::Security, now, Body::ActionResult(result))
}

/// How an update ended, for the collector and for people. `version` is empty when the manifest could not be read.
pub fn update_result(version: &str, end: UpdateEnd, detail: &str, now: Timestamp) -> Vec<u8> {
    let outcome = match end {
        UpdateEnd::Installed => v1::UpdateOutcome::Installed,
        UpdateEnd::Refused => v1::UpdateOutcome::Refused,
        UpdateEnd::Failed => v1::UpdateOutcome::Failed,
        UpdateEnd::Restored => v1::UpdateOutcome::Restored,
    };
    let result = v1::UpdateResult {
        version: bounds::text(version, limits::VERSION),
        outcome: outcome.into(),
        detail: bounds::text(detail, limits::ACTION_DETAIL),
    };
    encode(Class::Security, now, Body::UpdateResult(result))
}

/// A loss, as the spool captures it.
pub fn describe_loss(loss: &Loss) -> Vec<u8> {
    let record_class = match loss.class {
        Class::Security => v1::RecordClass::Security,
        Class::State => v1::RecordClass::State,
        Class::Metric => v1::RecordClass::Metric,
    };
    let reason = match loss.reason {
        LossReason::Full => v1::GapReason::SpoolFull,
        LossReason::Corrupt => v1::GapReason::SpoolCorrupt,
        LossReason::Refused => v1::GapReason::RefusedByCollector,
    };
    let gap = v1::Gap {
        record_class: record_class.into(),
        first_seq: loss.first,
        last_seq: loss.last,
        count: loss.count,
        reason: reason.into(),
        epoch: loss.epoch,
    };
    encode(Class::Security, Timestamp::now(), Body::Gap(gap))
}

/// When a captured record was taken.
pub fn taken_at(body: &[u8]) -> Option<Timestamp> {
    Timestamp::from_microsecond(decode_body(body).ok()?.taken_at_us).ok()
}
