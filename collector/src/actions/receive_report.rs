//! What agents deliver becomes stored readings, alerts and runs: many deliveries in one transaction.
//!
//! Exactly-once by (device, epoch, seq): what is stored already is passed over. Nothing may be acknowledged
//! before [`Receiver::receive`] has returned.

mod delivery;
mod gathered;
mod judged;
mod order;

use std::sync::Arc;

use jiff::Timestamp;

pub use self::delivery::{Content, Delivery, Record};
use self::gathered::{Gathered, Saved};
use self::judged::{Judged, Standing};
use super::judge::{self, Bench};
use super::quarantine;
use super::runs::append_machine_event;
use crate::domain::id::DeviceId;
use crate::domain::identity::Sign;
use crate::domain::reading::ActionKind;
use crate::domain::run::{Event, Evidence, Run};
use crate::store::{self, ActionRecord, Store, Write};

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

impl Error {
    fn of_commit(error: store::Error) -> Error {
        // Without room nothing was written: there is nothing to doubt.
        if error.is_disk_full() { Error::Refused(error) } else { Error::Commit(error) }
    }
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
                write.commit().await.map_err(Error::of_commit)?;
                return Ok(again.outcomes);
            }
        };
        write.commit().await.map_err(Error::of_commit)?;
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
        for device in &stored.quarantined {
            quarantine::tell(write, &self.bench, device, now).await?;
        }
        // In one order, so that two collectors never wait for each other.
        for (device, news) in &stored.saved.news {
            let signature =
                news.newest.map(|(sample, skew)| self.bench.sample_signature(sample, skew));
            if news.section || self.judged.asks_for(device, signature) {
                let unsettled = judge::judge(write, &self.bench, device, now).await?.unsettled;
                standings.push(((*device).clone(), Standing { signature, unsettled }));
            }
        }
        for ended in &stored.saved.ended {
            attach(write, &self.bench, ended, now).await?;
        }
        Ok(standings)
    }
}

/// How an order went is evidence in the run it was given from, else in the device's open corrective run.
async fn attach(
    write: &mut Write,
    bench: &Bench,
    ended: &ActionRecord,
    now: Timestamp,
) -> super::Result<()> {
    let run = match write.run_of_action(&ended.id).await? {
        Some(run) => write.run(&run).await?.filter(Run::is_open),
        None => write.open_corrective(&ended.device).await?,
    };
    let Some(run) = run else { return Ok(()) };
    let outcome = ended.outcome.map_or("unknown", |outcome| outcome.as_str());
    let evidence = Evidence {
        rule: ended.kind.clone(),
        summary: format!("{}: {}", in_words(ended), ended.detail),
        source: format!("orden de {} ({outcome})", ended.requested_by),
        taken_at: ended.finished_at,
    };
    append_machine_event(write, bench, &run.id, Event::ActionEnded { evidence }, now).await
}

/// What was ordered and how it ended.
fn in_words(ended: &ActionRecord) -> String {
    let kind = ActionKind::parse(&ended.kind);
    let what = kind.map_or("Orden", crate::domain::action::title);
    let how = ended.outcome.map_or("sin resultado", crate::domain::action::outcome_word);
    format!("{what}, {how}")
}

/// What was stored and what it means for judging.
struct Stored<'a> {
    outcomes: Vec<Outcome>,
    saved: Saved<'a>,
    quarantined: Vec<&'a DeviceId>,
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
    let (mut outcomes, mut quarantined) = (Vec::with_capacity(deliveries.len()), Vec::new());
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
                let (device, particulars) = (&delivery.device, contradiction.to_string());
                if quarantine::quarantine(write, device, Sign::Chain, &particulars, now).await? {
                    quarantined.push(device);
                }
                outcomes.push(Outcome::Quarantined);
            }
        }
    }
    let saved = gathered.save(write, now).await?;
    Ok(Stored { outcomes, saved, quarantined })
}
