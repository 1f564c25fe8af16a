//! One open stream of an agent, from its Hello to its end.

use std::sync::Arc;
use std::time::Duration;

use atalaya_proto::v1::{
    Ack, Action, AgentMessage, Batch, CollectorMessage, Hello, Throttle, Welcome, agent_message,
    collector_message::Body,
};
use atalaya_proto::{PROTOCOL_MAX, PROTOCOL_MIN, negotiate, targets_to_wire};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tonic::{Code, Status, Streaming};

use super::decode::{self, Sender};
use super::peer::Caller;
use super::pressure::Accepted;
use super::queue::{NotStored, Verdict};
use super::server::Shared;
use super::sessions::Session;
use crate::actions::admit::{self, Admission};
use crate::actions::receive_report::Outcome;
use crate::domain::device::DeviceStatus;

/// From the opening of a stream to its Hello.
const HELLO: Duration = Duration::from_secs(10);
/// How long a message may wait for an agent that does not read.
const UNREAD: Duration = Duration::from_secs(30);
/// After which a batch is tried again when the queue was full, and when the database refused.
const QUEUE_FULL_MS: u32 = 1_000;
const NOT_STORED_MS: u32 = 5_000;

/// Where messages to the agent go.
pub type Out = mpsc::Sender<Result<CollectorMessage, Status>>;

/// Serves a stream until either side ends it; the agent is told why.
pub async fn serve(
    shared: Arc<Shared>,
    caller: Caller,
    mut inbound: Streaming<AgentMessage>,
    out: Out,
) {
    let ended = match open(&shared, &caller, &mut inbound, &out).await {
        Ok(mut stream) => stream.run(inbound).await,
        Err(status) => Err(status),
    };
    if let Err(status) = ended {
        let (device, code, reason) = (&caller.device, status.code(), status.message());
        match code {
            // A connection that broke is everyday life.
            Code::Unknown | Code::Cancelled => {
                tracing::debug!(%device, ?code, reason, "stream broke")
            }
            _ => tracing::info!(%device, ?code, reason, "stream ended"),
        }
        // An agent that does not read is not waited for.
        let _ = out.try_send(Err(status));
    }
}

async fn open<'a>(
    shared: &'a Shared,
    caller: &Caller,
    inbound: &mut Streaming<AgentMessage>,
    out: &'a Out,
) -> Result<Stream<'a>, Status> {
    let first = tokio::time::timeout(HELLO, inbound.message()).await;
    let first = first.map_err(|_| Status::deadline_exceeded("no Hello came in time"))??;
    let Some(agent_message::Body::Hello(hello)) = first.and_then(|message| message.body) else {
        return Err(Status::invalid_argument("the first message of a stream must be Hello"));
    };
    let protocol = negotiate(hello.protocol_min, hello.protocol_max).ok_or_else(|| {
        Status::failed_precondition(format!(
            "el agente habla las versiones {} a {} del protocolo y el colector {PROTOCOL_MIN} a \
             {PROTOCOL_MAX}",
            hello.protocol_min, hello.protocol_max
        ))
    })?;
    // Subscribed before the look, so that a change in between is not missed.
    let changes = shared.roster.subscribe();
    let admission = admitted(shared, caller, &hello).await?;
    let mut stream = Stream {
        shared,
        out,
        session: shared.sessions.open(&caller.device, &caller.serial),
        changes,
        targets: shared.targets.subscribe(),
        accepted: shared.accepted.clone(),
        ending: shared.ending.clone(),
        sender: Sender {
            device: caller.device.clone(),
            number: admission.number,
            clock_skew_us: decode::skew(hello.sent_at_us, Timestamp::now()),
        },
        protocol,
        renew_soon: caller.renew_soon,
        approved: admission.status == DeviceStatus::Approved,
        admission,
        in_flight: None,
    };
    stream.welcome().await?;
    if !stream.accepted.borrow_and_update().takes_all() {
        stream.throttle(0).await?;
    }
    Ok(stream)
}

async fn admitted(shared: &Shared, caller: &Caller, hello: &Hello) -> Result<Admission, Status> {
    let (said, now) = (decode::greeting(hello, caller.address), Timestamp::now());
    let (store, bench) = (&shared.store, &shared.bench);
    let admitted = admit::admit(store, bench, &caller.device, &caller.serial, &said, now).await;
    admitted.map_err(|error| match error {
        admit::Error::Refused(why) => {
            // It may just have been put in quarantine: its other side learns it at once.
            shared.live.nudge();
            Status::permission_denied(why)
        }
        admit::Error::Store(_) | admit::Error::Failed(_) => {
            tracing::error!(%error, "a device could not be looked up");
            Status::unavailable("el colector no alcanza su base de datos")
        }
    })
}

struct Stream<'a> {
    shared: &'a Shared,
    out: &'a Out,
    session: Session,
    changes: super::roster::Changes,
    targets: super::targets::Changes,
    accepted: watch::Receiver<Accepted>,
    ending: watch::Receiver<bool>,
    sender: Sender,
    protocol: u32,
    renew_soon: bool,
    admission: Admission,
    approved: bool,
    /// The batch in the queue: its epoch, and where its verdict comes.
    in_flight: Option<(u64, oneshot::Receiver<Verdict>)>,
}

impl Stream<'_> {
    async fn run(&mut self, mut inbound: Streaming<AgentMessage>) -> Result<(), Status> {
        loop {
            tokio::select! {
                biased;
                () = self.session.ended.notified() => {
                    return Err(Status::aborted("otra conexión de este equipo tomó su lugar"));
                }
                () = end_of(&mut self.ending) => {
                    return Err(Status::unavailable("el colector se detiene"));
                }
                status = self.changes.next(&self.sender.device) => self.stands(status).await?,
                verdict = verdict_of(&mut self.in_flight) => self.conclude(verdict).await?,
                Ok(()) = self.accepted.changed() => self.throttle(0).await?,
                () = self.targets.changed() => self.settings(false).await?,
                Some(action) = self.session.actions.recv() => self.act(action).await?,
                message = inbound.message(), if self.in_flight.is_none() => match message? {
                    Some(message) => self.take(message).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    /// The device's status may have changed.
    async fn stands(&mut self, status: Option<DeviceStatus>) -> Result<(), Status> {
        let status = status.ok_or_else(|| Status::permission_denied(admit::UNKNOWN))?;
        admit::refuse_shut_out(status).map_err(|why| Status::permission_denied(why.to_string()))?;
        let approved = status == DeviceStatus::Approved;
        if approved != self.approved {
            self.approved = approved;
            self.welcome().await?;
        }
        Ok(())
    }

    async fn take(&mut self, message: AgentMessage) -> Result<(), Status> {
        match message.body {
            Some(agent_message::Body::Batch(batch)) => self.deliver(batch).await,
            Some(agent_message::Body::Hello(_)) => {
                Err(Status::invalid_argument("Hello is the first message of a stream only"))
            }
            // A newer kind of message: what it asks for this version cannot give.
            None => Ok(()),
        }
    }

    async fn deliver(&mut self, batch: Batch) -> Result<(), Status> {
        if !self.approved {
            return Err(Status::permission_denied(
                "este equipo espera la aprobación de un técnico",
            ));
        }
        let epoch = batch.epoch;
        let bytes: usize = batch.records.iter().map(|one| one.body.len()).sum();
        let decoded = decode::batch(&self.sender, batch, Timestamp::now())?;
        metrics::counter!("atalaya_received_bytes_total").increment(bytes as u64);
        if !self.accepted.borrow().takes(decoded.least) {
            return self.throttle(QUEUE_FULL_MS).await;
        }
        match self.shared.queue.push(decoded.delivery, bytes) {
            Some(told) => {
                self.in_flight = Some((epoch, told));
                Ok(())
            }
            None => {
                metrics::counter!("atalaya_queue_full_total").increment(1);
                // Not all at the same moment again.
                let jitter = Timestamp::now().subsec_microsecond().unsigned_abs() % QUEUE_FULL_MS;
                self.throttle(QUEUE_FULL_MS + jitter).await
            }
        }
    }

    async fn conclude(&mut self, (epoch, verdict): (u64, Verdict)) -> Result<(), Status> {
        match verdict {
            Ok(Outcome::Stored { seq }) => self.send(Body::Ack(Ack { epoch, seq })).await,
            Ok(Outcome::Quarantined) => Err(Status::permission_denied(admit::QUARANTINED)),
            Err(NotStored) => self.throttle(NOT_STORED_MS).await,
        }
    }

    async fn act(&mut self, action: Action) -> Result<(), Status> {
        self.send(Body::Action(action)).await
    }

    async fn welcome(&mut self) -> Result<(), Status> {
        let welcome = Welcome {
            protocol: self.protocol,
            stored_seq: self.admission.stored_seq,
            now_us: Timestamp::now().as_microsecond(),
            approved: self.approved,
            want_sections: self.approved && !self.admission.sections_known,
            start_anew: self.approved && self.admission.start_anew,
            addresses: if self.approved { self.shared.announce.clone() } else { Vec::new() },
            renew_soon: self.renew_soon,
        };
        self.send(Body::Welcome(welcome)).await?;
        if self.approved { self.settings(true).await } else { Ok(()) }
    }

    /// Says what the PC is to measure beside its own targets; after a welcome also that there is nothing, for the
    /// agent keeps what it was told before.
    async fn settings(&mut self, always: bool) -> Result<(), Status> {
        let news = self.targets.take(&self.sender.device);
        if self.approved && (always || news) {
            let settings = targets_to_wire(self.targets.of_device());
            self.send(Body::Settings(settings)).await?;
        }
        Ok(())
    }

    async fn throttle(&mut self, retry_after_ms: u32) -> Result<(), Status> {
        let accept_up_to = self.accepted.borrow_and_update().least.into();
        self.send(Body::Throttle(Throttle { retry_after_ms, accept_up_to })).await
    }

    async fn send(&mut self, body: Body) -> Result<(), Status> {
        let message = Ok(CollectorMessage { body: Some(body) });
        match tokio::time::timeout(UNREAD, self.out.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Status::cancelled("the agent is gone")),
            Err(_) => Err(Status::deadline_exceeded("the agent does not read")),
        }
    }
}

/// Waits until the collector stops.
async fn end_of(ending: &mut watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await;
}

/// The verdict on the batch in flight; never, while there is none. A writer that is gone stored nothing.
async fn verdict_of(in_flight: &mut Option<(u64, oneshot::Receiver<Verdict>)>) -> (u64, Verdict) {
    let Some((epoch, told)) = in_flight else { return std::future::pending().await };
    let outcome = (*epoch, told.await.unwrap_or(Err(NotStored)));
    *in_flight = None;
    outcome
}
