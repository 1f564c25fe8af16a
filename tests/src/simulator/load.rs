//! Load for the intake: many PCs, a known number of reports each, and a journal of what was acknowledged.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use atalaya_proto::sample_to_wire;
use atalaya_proto::v1::{RecordBody, RecordClass, collector_message::Body, record_body};
use atalaya_reading::Sample;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::warn;

use super::credentials::Credentials;
use super::pc::Pc;
use super::spool::Spool;
use super::uplink::Uplink;

/// How much is sent, by each PC.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Reports of each PC.
    pub reports: u64,
    /// Records in a batch.
    pub batch: usize,
    /// Time of the first report; one a minute follows.
    pub from: Timestamp,
    /// Give up after this long without an acknowledgement.
    pub patience: Duration,
}

/// What one PC sent and saw acknowledged: a line of the journal.
#[derive(Debug, Clone, Serialize)]
pub struct Delivered {
    /// Which PC.
    pub device_id: String,
    /// Its epoch, as text: it does not fit the numbers of JSON.
    pub epoch: String,
    /// Records taken, seq 1 to this.
    pub taken: u64,
    /// Highest seq acknowledged: everything up to it must be in the collector's database, once.
    pub acknowledged: u64,
    /// Times the stream broke and was opened again.
    pub breaks: u32,
}

/// Sends everything, reconnecting as often as it takes. Ends early when told to stop or its patience is at an end.
pub async fn deliver(
    pc: Pc,
    mut credentials: Credentials,
    load: Load,
    mut stop: watch::Receiver<bool>,
) -> Delivered {
    let mut spool = Spool::new(fastrand::u64(1..));
    let mut breaks = 0;
    let mut last_progress = Instant::now();
    while spool.acknowledged < load.reports && last_progress.elapsed() < load.patience {
        let before = spool.acknowledged;
        let outcome = tokio::select! {
            outcome = session(&pc, &mut credentials, load, &mut spool) => outcome,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        if spool.acknowledged > before {
            last_progress = Instant::now();
        }
        if let Err(error) = outcome {
            warn!(pc = pc.hostname, acknowledged = spool.acknowledged, "{error:#}");
            breaks += 1;
            tokio::time::sleep(Duration::from_millis(fastrand::u64(50..500))).await;
        }
    }
    Delivered {
        device_id: credentials.device_id().into(),
        epoch: spool.epoch.to_string(),
        taken: spool.next_seq() - 1,
        acknowledged: spool.acknowledged,
        breaks,
    }
}

async fn session(
    pc: &Pc,
    credentials: &mut Credentials,
    load: Load,
    spool: &mut Spool,
) -> Result<()> {
    let channel = credentials.connect().await?;
    let (mut uplink, welcome) = Uplink::open(channel, pc, spool).await?;
    spool.acknowledge(welcome.stored_seq);
    while spool.acknowledged < load.reports {
        while spool.len() < load.batch && spool.next_seq() <= load.reports {
            let body = report(pc, load.from, spool.next_seq());
            spool.append(&body);
        }
        uplink.send(spool, load.batch, Timestamp::now()).await?;
        loop {
            let message = tokio::time::timeout(load.patience, uplink.receive()).await;
            match message.context("no acknowledgement came")?? {
                Body::Ack(ack) => {
                    spool.acknowledge(ack.seq);
                    break;
                }
                Body::Throttle(throttle) => {
                    tokio::time::sleep(Duration::from_millis(throttle.retry_after_ms.into())).await;
                    break;
                }
                Body::Welcome(_) | Body::Action(_) | Body::Settings(_) => {}
            }
        }
    }
    Ok(())
}

/// The report of one minute, with every figure filled.
fn report(pc: &Pc, from: Timestamp, seq: u64) -> RecordBody {
    let minutes = SignedDuration::from_mins(i64::try_from(seq).unwrap_or(0));
    let at = from.checked_add(minutes).unwrap_or(from);
    let sections = pc.sections(at);
    RecordBody {
        taken_at_us: at.as_microsecond(),
        record_class: RecordClass::Metric.into(),
        body: Some(record_body::Body::Report(sample_to_wire(&Sample::of(&sections)))),
    }
}

/// Writes the journal: one JSON object a line.
///
/// # Errors
/// When the file cannot be written.
pub fn write_journal(file: &Path, delivered: &[Delivered]) -> Result<()> {
    let lines: Result<Vec<String>, _> = delivered.iter().map(serde_json::to_string).collect();
    std::fs::write(file, lines?.join("\n") + "\n").with_context(|| format!("{file:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_of_a_loaded_report_is_there() {
        let body = report(&Pc::new(1, 0, false), Timestamp::UNIX_EPOCH, 1);
        let Some(record_body::Body::Report(report)) = body.body else {
            panic!("a report was expected")
        };
        let sample = serde_json::to_value(atalaya_proto::sample_from_wire(&report)).unwrap();
        let figures = sample.as_object().unwrap();
        let unknown: Vec<&String> =
            figures.iter().filter(|(_, v)| v.is_null()).map(|(name, _)| name).collect();
        assert_eq!((figures.len(), unknown), (Sample::FIGURES, vec![]));
    }
}
