//! What agents deliver becomes stored readings, alerts and runs: many deliveries in one transaction.
//!
//! Exactly-once by (device, epoch, seq): what is stored already is passed over. Nothing may be acknowledged
//! before [`Receiver::receive`] has returned.

mod judged;
mod order;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use self::judged::{Judged, Standing};
use super::judge::{self, Bench};
use crate::domain::access::Actor;
use crate::domain::device::DeviceStatus;
use crate::domain::id::{ActionId, DeviceId};
use crate::domain::reading::{Sample, Section};
use crate::store::{
    self, Arrival, AuditEntry, DeadLetter, GapRecord, Progress, SampleRow, Store, Write,
};

/// Records of one device and epoch, in order.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Whose.
    pub device: DeviceId,
    /// The device's number.
    pub number: i64,
    /// In which epoch.
    pub epoch: u64,
    /// When the collector received it.
    pub received_at: Timestamp,
    /// The agent's clock minus the collector's, microseconds.
    pub clock_skew_us: i64,
    /// Ascending by number.
    pub records: Vec<Record>,
}

/// A record.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its number.
    pub seq: u64,
    /// Chain hash of the record before.
    pub previous_hash: [u8; 16],
    /// Its own chain hash.
    pub hash: [u8; 16],
    /// When the agent took it, its own clock.
    pub taken_at: Timestamp,
    /// What it says.
    pub content: Content,
}

/// What a record says.
#[derive(Debug, Clone)]
pub enum Content {
    /// A measurement.
    Report {
        /// The figures.
        sample: Sample,
        /// `antivirus:12,firewall:60`: seconds since each unchanged section was looked at.
        unchanged: String,
    },
    /// A section in full.
    Section(Box<Section>),
    /// Records the agent had to drop.
    Gap {
        /// Epoch of the range.
        epoch: u64,
        /// First number of the range.
        first_seq: u64,
        /// Last number of the range.
        last_seq: u64,
        /// Records lost in it.
        lost: u64,
        /// Word of their class.
        record_class: &'static str,
        /// Word of the reason.
        reason: &'static str,
    },
    /// How an action went.
    ActionResult {
        /// Which.
        action: ActionId,
        /// `done`, `failed` or `refused`.
        outcome: &'static str,
        /// What the agent said.
        detail: String,
    },
    /// It can never be stored as what it should be.
    Dead {
        /// What is wrong with it.
        reason: String,
        /// Its bytes, shortened.
        body: Vec<u8>,
    },
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything up to here is committed.
    Stored {
        /// Highest stored number.
        seq: u64,
    },
    /// Its history contradicts what is stored: the device was put in quarantine and nothing was stored.
    Quarantined,
}

/// Why nothing of a group was stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was changed; the agents may deliver again.
    #[error("{0}")]
    Refused(store::Error),
    /// Whether it is durable cannot be told: the process has to end and begin anew.
    #[error("commit: {0}")]
    Commit(store::Error),
}

/// Stores deliveries, and remembers between them what spares work.
#[derive(Debug)]
pub struct Receiver {
    bench: Arc<Bench>,
    judged: Judged,
}

impl Receiver {
    /// A receiver that judges every device it has not heard of before.
    pub fn new(bench: Arc<Bench>) -> Self {
        Receiver { bench, judged: Judged::default() }
    }

    /// Stores a group of deliveries in one transaction; outcomes are in their order.
    ///
    /// Readings are kept even when judging them fails.
    ///
    /// # Errors
    /// [`Error::Refused`] when nothing was changed, [`Error::Commit`] when that cannot be told.
    pub async fn receive(
        &mut self,
        store: &Store,
        deliveries: &[Delivery],
        now: Timestamp,
    ) -> Result<Vec<Outcome>, Error> {
        let mut write = store.write().await.map_err(Error::Refused)?;
        let stored = save(&mut write, deliveries, now).await.map_err(Error::Refused)?;
        let standings = match self.judge(&mut write, &stored, now).await {
            Ok(standings) => standings,
            Err(error) => {
                tracing::error!(%error, "judging failed; the readings are stored without it");
                drop(write);
                write = store.write().await.map_err(Error::Refused)?;
                let again = save(&mut write, deliveries, now).await.map_err(Error::Refused)?;
                write.commit().await.map_err(Error::Commit)?;
                return Ok(again.outcomes);
            }
        };
        write.commit().await.map_err(Error::Commit)?;
        self.judged.remember(standings);
        Ok(stored.outcomes)
    }

    async fn judge(
        &self,
        write: &mut Write,
        stored: &Stored<'_>,
        now: Timestamp,
    ) -> super::Result<Vec<(DeviceId, Standing)>> {
        let mut standings = Vec::new();
        // In one order, so that two collectors never wait for each other.
        for (device, news) in &stored.news {
            let signature =
                news.newest.map(|(sample, skew)| self.bench.sample_signature(sample, skew));
            if news.section || self.judged.asks_for(device, signature) {
                let unsettled = judge::judge(write, &self.bench, device, now).await?.unsettled;
                standings.push(((*device).clone(), Standing { signature, unsettled }));
            }
        }
        Ok(standings)
    }
}

/// What was stored and what it means for judging.
struct Stored<'a> {
    outcomes: Vec<Outcome>,
    news: BTreeMap<&'a DeviceId, News<'a>>,
}

/// What is new of a device.
#[derive(Default)]
struct News<'a> {
    section: bool,
    /// The newest measurement and the skew it came with.
    newest: Option<(&'a Sample, i64)>,
}

async fn save<'a>(
    write: &mut Write,
    deliveries: &'a [Delivery],
    now: Timestamp,
) -> store::Result<Stored<'a>> {
    let mut keys: Vec<(DeviceId, u64)> =
        deliveries.iter().map(|one| (one.device.clone(), one.epoch)).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut progress = write.progress_of(&keys).await?;
    let mut gathered = Gathered::default();
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        let key = (delivery.device.clone(), delivery.epoch);
        let known = progress.get(&key).copied().unwrap_or_default();
        match order::sort_out(known, &delivery.records) {
            Ok(fresh) => {
                gathered.take(delivery, &fresh);
                outcomes.push(Outcome::Stored { seq: fresh.reached.last_seq });
                progress.insert(key, fresh.reached);
            }
            Err(contradiction) => {
                quarantine(write, delivery, contradiction, now).await?;
                outcomes.push(Outcome::Quarantined);
            }
        }
    }
    let news = gathered.save(write, now).await?;
    Ok(Stored { outcomes, news })
}

/// Rows of a group, gathered so that each table is written by one statement.
#[derive(Default)]
struct Gathered<'a> {
    samples: Vec<SampleRow>,
    arrivals: HashMap<&'a DeviceId, Arrival>,
    missing: Vec<GapRecord>,
    told: Vec<GapRecord>,
    dead: Vec<DeadLetter>,
    sections: Vec<(&'a DeviceId, &'a Section)>,
    results: Vec<(&'a ActionId, &'a DeviceId, &'static str, &'a str)>,
    progress: HashMap<(&'a DeviceId, u64), Progress>,
    news: BTreeMap<&'a DeviceId, News<'a>>,
}

impl<'a> Gathered<'a> {
    fn take(&mut self, delivery: &'a Delivery, fresh: &order::Fresh<'a>) {
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
        if let Some(unchanged) =
            fresh.records.iter().rev().find_map(|record| match &record.content {
                Content::Report { unchanged, .. } => Some(unchanged),
                _ => None,
            })
        {
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
            Content::ActionResult { action, outcome, detail } => {
                self.results.push((action, &delivery.device, outcome, detail));
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

    async fn save(
        self,
        write: &mut Write,
        now: Timestamp,
    ) -> store::Result<BTreeMap<&'a DeviceId, News<'a>>> {
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
        for (action, device, outcome, detail) in &self.results {
            write.finish_action(action, device, outcome, detail, now).await?;
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
        Ok(self.news)
    }
}

async fn quarantine(
    write: &mut Write,
    delivery: &Delivery,
    contradiction: order::Contradiction,
    now: Timestamp,
) -> store::Result<()> {
    let device = &delivery.device;
    tracing::error!(
        %device, epoch = delivery.epoch, seq = contradiction.seq,
        "records contradict those stored: two devices use one identity; quarantined"
    );
    write.set_device_status(device, DeviceStatus::Quarantined).await?;
    let entry = AuditEntry {
        act: "device.quarantine",
        subject: format!("device {device}"),
        detail: format!("epoch {}, seq {}: {contradiction}", delivery.epoch, contradiction.seq),
    };
    write.audit(&Actor::Machine, &entry, now).await
}
