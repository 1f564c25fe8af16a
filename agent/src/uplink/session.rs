//! One stream: hello, welcome, batches and acknowledgements, until it ends for a reason that has a name.

use std::time::Duration;

use atalaya_proto::v1::{self, agent_message, collector_message};
use atalaya_proto::{PROTOCOL_MAX, PROTOCOL_MIN, action_from_wire, limits};
use atalaya_reading::bounds;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use super::backoff::Backoff;
use super::flow::Flow;
use super::{Request, Trouble, Uplink};
use crate::action::{Order, Unclear};
use crate::identity::Validity;
use crate::spool::{Batch, Class};

/// What a collector may say at once.
const MESSAGE_FROM_COLLECTOR: usize = 64 * 1024;
/// How long the collector may take to say welcome.
const WELCOME: Duration = Duration::from_secs(30);
/// Told when the collector has records that this spool never gave.
const WENT_BACK: &str =
    "el colector tiene registros que este equipo no conserva: su disco es una copia o se restauró";
/// What waits in the spool and cannot be read is tried again this often.
const READ_AGAIN: Duration = Duration::from_secs(30);

/// Why a stream ended.
pub enum End {
    /// What waited of its epoch is delivered; the next epoch wants a stream of its own.
    NextEpoch,
    /// The certificate wants to be renewed.
    RenewalDue,
    /// A person kept this PC and not the other that has its identity: what waits is numbered anew, and the certificate
    /// has to be renewed before anything else.
    StartAnew,
    /// The collector ended it and said why.
    Refused(Status),
    /// It broke.
    Lost(String),
}

type Sender = mpsc::Sender<v1::AgentMessage>;

struct Session<'a> {
    uplink: &'a Uplink<'a>,
    validity: &'a Validity,
    backoff: &'a mut Backoff,
    epoch: u64,
    flow: Flow,
    /// `None` until the welcome: before, the collector's time is not known.
    renewal_at: Option<Instant>,
    out: Sender,
}

/// Holds a stream until it ends.
pub async fn hold(
    uplink: &Uplink<'_>,
    channel: Channel,
    validity: &Validity,
    backoff: &mut Backoff,
) -> End {
    let (out, messages) = mpsc::channel(2);
    let (epoch, next_seq) = uplink.outbox.spool.borrow().position();
    let hello = agent_message::Body::Hello(hello(uplink, epoch, next_seq));
    if out.send(v1::AgentMessage { body: Some(hello) }).await.is_err() {
        return End::Lost("la conexión se cerró".into());
    }
    let mut client = v1::uplink_client::UplinkClient::new(channel)
        .max_encoding_message_size(limits::MESSAGE_BYTES)
        .max_decoding_message_size(MESSAGE_FROM_COLLECTOR);
    let opened = tokio::time::timeout(WELCOME, client.connect(ReceiverStream::new(messages))).await;
    let inbound = match opened {
        Ok(Ok(response)) => response.into_inner(),
        Ok(Err(status)) => return End::Refused(status),
        Err(_) => return End::Lost("el colector no contesta al saludo".into()),
    };
    let (flow, renewal_at) = (Flow::new(), None);
    let mut session = Session { uplink, validity, backoff, epoch, flow, renewal_at, out };
    let end = session.run(inbound).await;
    uplink.outbox.health.borrow_mut().connected = false;
    end
}

fn hello(uplink: &Uplink, epoch: u64, next_seq: u64) -> v1::Hello {
    let (known_seq, known_hash) = uplink
        .outbox
        .spool
        .borrow()
        .known()
        .map_or((0, Vec::new()), |(seq, hash)| (seq, hash.to_vec()));
    v1::Hello {
        protocol_min: PROTOCOL_MIN,
        protocol_max: PROTOCOL_MAX,
        agent_version: crate::version::version().into(),
        sent_at_us: Timestamp::now().as_microsecond(),
        epoch,
        next_seq,
        hostname: bounds::text(&uplink.hints.hostname, limits::HOSTNAME),
        os: bounds::text(&uplink.hints.os, limits::HINT),
        machine_id: bounds::text(&uplink.hints.machine_id, 128),
        manufacturer: bounds::text(&uplink.hints.manufacturer, limits::HINT),
        model: bounds::text(&uplink.hints.model, limits::HINT),
        serial: bounds::text(&uplink.hints.serial, limits::HINT),
        start_id: uplink.lineage.start_id,
        previous_start_id: uplink.lineage.previous_start_id,
        known_seq,
        known_hash,
    }
}

impl Session<'_> {
    async fn run(&mut self, mut inbound: Streaming<v1::CollectorMessage>) -> End {
        let welcome_by = Instant::now() + WELCOME;
        loop {
            let now = Instant::now();
            if let Some(end) = self.overdue(now, welcome_by) {
                return end;
            }
            let mut wake = self.renewal_at.unwrap_or(welcome_by);
            match self.send_what_waits(now).await {
                Ok(Sent::Nothing | Sent::Batch) => {}
                Ok(Sent::OtherEpoch) => return End::NextEpoch,
                Err(error) => {
                    tracing::error!(%error, "the spool cannot be read");
                    wake = wake.min(now + READ_AGAIN);
                }
            }
            wake = self.flow.wakes_at(now).map_or(wake, |at| wake.min(at));
            tokio::select! {
                message = inbound.message() => match message {
                    Ok(Some(message)) => {
                        if let Err(end) = self.take(message) {
                            return end;
                        }
                    }
                    Ok(None) => return End::Lost("el colector cerró la conexión".into()),
                    Err(status) => return End::Refused(status),
                },
                () = self.uplink.outbox.news.notified() => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// What should have happened by now and ends the stream because it did not, or because it did.
    fn overdue(&mut self, now: Instant, welcome_by: Instant) -> Option<End> {
        if self.flow.is_stuck(now) {
            return Some(End::Lost("el colector no confirma lo enviado".into()));
        }
        match self.renewal_at {
            None if now >= welcome_by => {
                Some(End::Lost("el colector no contesta al saludo".into()))
            }
            Some(at) if now >= at => {
                let at = self.uplink.renewal_at(self.validity, now);
                self.renewal_at = Some(at);
                (now >= at).then_some(End::RenewalDue)
            }
            _ => None,
        }
    }

    async fn send_what_waits(&mut self, now: Instant) -> std::io::Result<Sent> {
        let Some(accept) = self.flow.may_send(now) else { return Ok(Sent::Nothing) };
        let batch = self.uplink.outbox.spool.borrow_mut().next_batch(accept)?;
        let Some(Batch { epoch, records }) = batch else { return Ok(Sent::Nothing) };
        if epoch != self.epoch {
            return Ok(Sent::OtherEpoch);
        }
        let last = records.last().map_or(0, |record| record.seq);
        let record = |record: crate::spool::Record| v1::Record {
            seq: record.seq,
            prev_hash: record.previous.to_vec(),
            body: record.body,
        };
        let batch = v1::Batch {
            epoch,
            records: records.into_iter().map(record).collect(),
            sent_at_us: Timestamp::now().as_microsecond(),
        };
        let body = Some(agent_message::Body::Batch(batch));
        // A closed stream shows at the next read.
        let _ = self.out.send(v1::AgentMessage { body }).await;
        self.flow.sent(last, now);
        Ok(Sent::Batch)
    }

    fn take(&mut self, message: v1::CollectorMessage) -> Result<(), End> {
        use collector_message::Body;
        let now = Instant::now();
        match message.body {
            Some(Body::Welcome(welcome)) => self.welcome(&welcome)?,
            Some(Body::Ack(ack)) => {
                self.uplink.outbox.spool.borrow_mut().acknowledge(ack.epoch, ack.seq);
                if ack.epoch == self.epoch {
                    self.flow.acknowledged(ack.seq, now);
                }
                self.backoff.reset();
                let mut health = self.uplink.outbox.health.borrow_mut();
                health.delivered_at = Some(Timestamp::now());
                health.last_error = None;
            }
            Some(Body::Throttle(throttle)) => {
                let quiet = Duration::from_millis(throttle.retry_after_ms.into());
                let accept = class_of(throttle.accept_up_to);
                tracing::info!(?quiet, ?accept, "the collector asks for quiet");
                self.flow.throttle(quiet, accept, now);
            }
            Some(Body::Action(action)) => self.ask(Request::Order(order_of(action))),
            Some(Body::Settings(settings)) => self.heed(settings),
            // A newer kind of message: nothing an agent of this version can do about it.
            None => {}
        }
        Ok(())
    }

    fn welcome(&mut self, welcome: &v1::Welcome) -> Result<(), End> {
        if !(PROTOCOL_MIN..=PROTOCOL_MAX).contains(&welcome.protocol) {
            let said = format!("eligió la versión {}", welcome.protocol);
            return Err(End::Refused(Status::failed_precondition(said)));
        }
        let outbox = self.uplink.outbox;
        self.uplink.note_addresses(&welcome.addresses);
        if welcome.start_anew {
            tracing::warn!(
                "a person kept this PC: what waits is numbered anew, the certificate renewed"
            );
            let begun = outbox.spool.borrow_mut().begin_anew();
            return Err(begun.map_or_else(
                |error| End::Lost(format!("no se puede leer lo que espera entrega: {error}")),
                |()| End::StartAnew,
            ));
        }
        if !outbox.spool.borrow_mut().reconcile(self.epoch, welcome.stored_seq) {
            return Err(End::Refused(Status::permission_denied(WENT_BACK)));
        }
        self.flow.welcome(welcome.approved);
        let mut health = outbox.health.borrow_mut();
        if health.approved != Some(welcome.approved) || !health.connected {
            tracing::info!(approved = welcome.approved, "connected to the collector");
        }
        health.connected = true;
        health.approved = Some(welcome.approved);
        if let Ok(theirs) = Timestamp::from_microsecond(welcome.now_us) {
            health.clock_offset = theirs.duration_since(Timestamp::now());
        }
        if welcome.approved {
            health.last_error = None;
            self.backoff.reset();
        }
        drop(health);
        outbox.welcome.notify_one();
        self.uplink.heed_renewal(welcome.renew_soon);
        self.renewal_at = Some(self.uplink.renewal_at(self.validity, Instant::now()));
        if welcome.want_sections {
            self.ask(Request::AllSections);
        }
        Ok(())
    }

    /// What cannot be measured is named in the log and costs nothing else.
    fn heed(&self, settings: v1::Settings) {
        let (targets, refused) = atalaya_proto::targets_from_wire(settings);
        if let Some((place, field)) = refused.first() {
            let count = refused.len();
            tracing::warn!(count, place, field, "targets of the collector are refused");
        }
        self.uplink.devices.replace(targets);
    }

    fn ask(&self, request: Request) {
        // The service is busy with many requests already: what is asked again later is not lost.
        if self.uplink.requests.try_send(request).is_err() {
            tracing::warn!("a request of the collector is left out: too many at once");
        }
    }
}

enum Sent {
    Nothing,
    Batch,
    OtherEpoch,
}

fn class_of(accept_up_to: i32) -> Class {
    match v1::RecordClass::try_from(accept_up_to) {
        Ok(v1::RecordClass::Security) => Class::Security,
        Ok(v1::RecordClass::State) => Class::State,
        // Unspecified means all; so does a class this version does not know, for it can only be less worthy.
        Ok(v1::RecordClass::Metric | v1::RecordClass::Unspecified) | Err(_) => Class::Metric,
    }
}

fn order_of(message: v1::Action) -> Order {
    let action = match message.kind {
        None => Err(Unclear::Unknown),
        Some(kind) => action_from_wire(kind).map_err(|error| {
            Unclear::Malformed(bounds::text(&error.to_string(), limits::ACTION_DETAIL / 2))
        }),
    };
    // An instant outside the calendar is no limit that could pass.
    let expires_at = match message.expires_at_us {
        0 => None,
        us => Timestamp::from_microsecond(us).ok(),
    };
    Order {
        id: bounds::text(&message.id, limits::ACTION_ID),
        requested_by: bounds::text(&message.requested_by, limits::REQUESTED_BY),
        expires_at,
        action,
    }
}

/// The collector says that the certificate is past its end.
pub fn is_expired(status: &Status) -> bool {
    status.code() == Code::Unauthenticated
}

/// What a refusal means for the next attempt, and in Spanish for people.
pub fn trouble_of(status: &Status) -> Trouble {
    let said = bounds::text(status.message(), 300);
    let (text, needs_person) = match status.code() {
        Code::PermissionDenied => (
            format!("el colector no admite a este equipo ({said}); pregunte a quien lo administra"),
            true,
        ),
        Code::FailedPrecondition | Code::Unimplemented => (
            format!(
                "el colector habla otra versión del protocolo ({said}); actualice el agente o el colector"
            ),
            true,
        ),
        Code::ResourceExhausted => (format!("el colector está ocupado ({said})"), false),
        Code::Unavailable | Code::Aborted | Code::Unauthenticated | Code::InvalidArgument
            if !said.is_empty() =>
        {
            (format!("el colector terminó la conexión ({said})"), false)
        }
        // What the libraries say of a broken connection helps nobody but us.
        code => {
            tracing::debug!(?code, said, "stream broken");
            ("se perdió la conexión con el colector".into(), false)
        }
    };
    Trouble { text, needs_person }
}
