//! The bounded queue before the one writer, and the writer: it takes what waits, stores it in one transaction,
//! and only then tells each stream what may be acknowledged.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::actions::receive_report::{self, Delivery, Outcome, Receiver};
use crate::live::Live;
use crate::store::Store;

/// What a record costs in memory beside its bytes, about.
const RECORD_BYTES: usize = 256;
/// Deliveries that may wait, whatever their size.
const DELIVERIES: usize = 4096;

/// The way to the writer. Clones share it.
#[derive(Debug, Clone)]
pub struct Queue {
    waiting: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
}

/// What a stream is told.
pub type Verdict = Result<Outcome, NotStored>;

/// Nothing was stored; deliver again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotStored;

#[derive(Debug)]
struct Waiting {
    delivery: Delivery,
    tell: oneshot::Sender<Verdict>,
    room: OwnedSemaphorePermit,
}

/// The other end of the queue.
#[derive(Debug)]
pub struct Writer {
    waiting: mpsc::Receiver<Waiting>,
    receiver: Receiver,
    commit_records: usize,
}

/// A queue that holds so many bytes, and its writer, which commits about so many records at a time.
pub fn queue(bytes: usize, commit_records: usize, receiver: Receiver) -> (Queue, Writer) {
    let (sender, waiting) = mpsc::channel(DELIVERIES);
    let room = Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS)));
    (Queue { waiting: sender, room }, Writer { waiting, receiver, commit_records })
}

impl Queue {
    /// Queues a delivery of that many bytes; `None` when the queue is full.
    pub fn push(&self, delivery: Delivery, bytes: usize) -> Option<oneshot::Receiver<Verdict>> {
        let cost = bytes + delivery.records.len() * RECORD_BYTES;
        let cost = u32::try_from(cost).ok()?;
        let room = self.room.clone().try_acquire_many_owned(cost).ok()?;
        let (tell, told) = oneshot::channel();
        self.waiting.try_send(Waiting { delivery, tell, room }).ok()?;
        let waiting = self.waiting.max_capacity() - self.waiting.capacity();
        metrics::gauge!("atalaya_queue_deliveries").set(waiting as f64);
        Some(told)
    }
}

impl Writer {
    /// Stores what comes until every stream and the queue are gone.
    ///
    /// # Errors
    /// When a commit failed: the process has to end.
    pub async fn run(mut self, store: &Store, live: &Live) -> Result<(), String> {
        while let Some(first) = self.waiting.recv().await {
            let mut group = vec![first];
            let mut records = group[0].delivery.records.len();
            while records < self.commit_records
                && let Ok(next) = self.waiting.try_recv()
            {
                records += next.delivery.records.len();
                group.push(next);
            }
            self.store_group(store, group, records).await?;
            live.nudge();
        }
        Ok(())
    }

    async fn store_group(
        &mut self,
        store: &Store,
        group: Vec<Waiting>,
        records: usize,
    ) -> Result<(), String> {
        let (mut deliveries, mut tellers) = (Vec::new(), Vec::new());
        for waiting in group {
            deliveries.push(waiting.delivery);
            tellers.push((waiting.tell, waiting.room));
        }
        let began = Instant::now();
        let outcome = self.receiver.receive(store, &deliveries, Timestamp::now()).await;
        metrics::histogram!("atalaya_commit_seconds").record(began.elapsed().as_secs_f64());
        metrics::histogram!("atalaya_commit_records").record(records as f64);
        match outcome {
            Ok(outcomes) => {
                metrics::counter!("atalaya_records_stored_total").increment(records as u64);
                for ((tell, _room), outcome) in tellers.into_iter().zip(outcomes) {
                    // A stream that is gone asks again when it is back.
                    let _ = tell.send(Ok(outcome));
                }
                Ok(())
            }
            Err(receive_report::Error::Refused(error)) => {
                tracing::error!(%error, records, "deliveries could not be stored; nothing of them is acknowledged");
                for (tell, _room) in tellers {
                    let _ = tell.send(Err(NotStored));
                }
                Ok(())
            }
            Err(receive_report::Error::Commit(error)) => Err(error.to_string()),
        }
    }
}
