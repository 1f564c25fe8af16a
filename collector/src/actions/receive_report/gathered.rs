//! Rows of a group of deliveries, gathered so that each table is written by one statement.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::delivery::{Content, Delivery, Record};
use super::order;
use crate::actions::order_action::audit_end;
use crate::domain::access::Actor;
use crate::domain::action::ActionResult;
use crate::domain::id::{ActionId, DeviceId};
use crate::domain::reading::{Sample, Section};
use crate::domain::release::Ended;
use crate::store::{
    self, ActionRecord, Arrival, AuditEntry, DeadLetter, GapRecord, Progress, SampleRow, Write,
};

/// What is new of a device.
#[derive(Default)]
pub(super) struct News<'a> {
    /// A section came.
    pub section: bool,
    /// The newest measurement and the skew it came with.
    pub newest: Option<(&'a Sample, i64)>,
}

/// What was written that others act on.
pub(super) struct Saved<'a> {
    /// What is new of each device, in order of device.
    pub news: BTreeMap<&'a DeviceId, News<'a>>,
    /// Orders that came to their end.
    pub ended: Vec<ActionRecord>,
}

/// Rows of a group, gathered so that each table is written by one statement.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    samples: Vec<SampleRow>,
    arrivals: HashMap<&'a DeviceId, Arrival>,
    missing: Vec<GapRecord>,
    told: Vec<GapRecord>,
    dead: Vec<DeadLetter>,
    sections: Vec<(&'a DeviceId, &'a Section)>,
    results: Vec<(&'a ActionId, &'a DeviceId, &'a ActionResult)>,
    updates: Vec<(&'a DeviceId, Ended)>,
    progress: HashMap<(&'a DeviceId, u64), Progress>,
    news: BTreeMap<&'a DeviceId, News<'a>>,
}

impl<'a> Gathered<'a> {
    /// Takes in what is new of a delivery.
    pub fn take(&mut self, delivery: &'a Delivery, fresh: &order::Fresh<'a>) {
        let arrival = self.arrivals.entry(&delivery.device).or_insert_with(|| Arrival {
            device: delivery.device.clone(),
            seen_at: delivery.received_at,
            taken_at: delivery.received_at,
            clock_skew_us: delivery.clock_skew_us,
            unchanged: String::new(),
        });
        arrival.seen_at = delivery.received_at;
        arrival.clock_skew_us = delivery.clock_skew_us;
        if let Some(last) = delivery.records.last() {
            arrival.taken_at = last.taken_at;
        }
        let marks = fresh.records.iter().rev().find_map(|record| match &record.content {
            Content::Report { unchanged, .. } if !unchanged.is_empty() => Some(unchanged),
            _ => None,
        });
        if let Some(unchanged) = marks {
            arrival.unchanged.clone_from(unchanged);
        }
        for (first_seq, last_seq) in &fresh.missing {
            self.missing.push(GapRecord {
                device: delivery.device.clone(),
                epoch: delivery.epoch,
                first_seq: *first_seq,
                last_seq: *last_seq,
                lost: last_seq - first_seq + 1,
                record_class: "unknown",
                reason: "missing",
            });
        }
        let count = fresh.records.len();
        for (place, record) in fresh.records.iter().enumerate() {
            self.take_record(delivery, record, count - place);
        }
        if !fresh.records.is_empty() {
            self.progress.insert((&delivery.device, delivery.epoch), fresh.reached);
        }
    }

    fn take_record(&mut self, delivery: &'a Delivery, record: &'a Record, from_end: usize) {
        match &record.content {
            Content::Report { sample, .. } => {
                self.samples.push(SampleRow {
                    device_number: delivery.number,
                    taken_at: order::corrected(record.taken_at, delivery, from_end),
                    sample: *sample,
                });
                let news = self.news.entry(&delivery.device).or_default();
                news.newest = Some((sample, delivery.clock_skew_us));
            }
            Content::Section(section) => {
                self.sections.push((&delivery.device, section));
                self.news.entry(&delivery.device).or_default().section = true;
            }
            Content::Gap { epoch, first_seq, last_seq, lost, record_class, reason } => {
                self.told.push(GapRecord {
                    device: delivery.device.clone(),
                    epoch: *epoch,
                    first_seq: *first_seq,
                    last_seq: *last_seq,
                    lost: *lost,
                    record_class,
                    reason,
                });
            }
            Content::ActionResult { action, result } => {
                self.results.push((action, &delivery.device, result));
            }
            Content::Update { version, outcome, detail } => {
                let (version, detail) = (version.clone(), detail.clone());
                let at = delivery.received_at;
                let ended = Ended { version, outcome: *outcome, detail, at };
                self.updates.push((&delivery.device, ended));
            }
            Content::Dead { reason, body } => self.dead.push(DeadLetter {
                device: delivery.device.clone(),
                epoch: delivery.epoch,
                seq: record.seq,
                reason: reason.clone(),
                body: body.clone(),
            }),
        }
    }

    /// Writes the rows.
    pub async fn save(self, write: &mut Write, now: Timestamp) -> store::Result<Saved<'a>> {
        write.add_samples(&self.samples).await?;
        for (device, section) in &self.sections {
            write.put_section(device, section, now).await?;
        }
        let arrivals: Vec<Arrival> = self.arrivals.into_values().collect();
        write.touch(&arrivals).await?;
        write.add_gaps(&self.missing, now).await?;
        write.add_gaps(&self.told, now).await?;
        write.explain_missing(&self.told).await?;
        write.add_dead_letters(&self.dead, now).await?;
        let mut ended = Vec::new();
        for (action, device, result) in &self.results {
            if let Some(record) = write.finish_action(action, device, result, now).await? {
                audit_end(write, &record, now).await?;
                ended.push(record);
            }
        }
        for (device, ended) in &self.updates {
            if write.put_update_end(device, ended).await? {
                let entry = AuditEntry {
                    act: "device.update",
                    subject: format!("device {device}"),
                    detail: format!("{} {}", ended.version, ended.outcome.as_str()),
                };
                write.audit(&Actor::Machine, &entry, now).await?;
            }
        }
        let progress: Vec<(DeviceId, u64, Progress)> = self
            .progress
            .into_iter()
            .map(|((device, epoch), progress)| (device.clone(), epoch, progress))
            .collect();
        write.advance(&progress).await?;
        if !self.sections.is_empty() {
            write.bump("section");
        }
        if !self.samples.is_empty() {
            write.bump("sample");
        }
        Ok(Saved { news: self.news, ended })
    }
}
