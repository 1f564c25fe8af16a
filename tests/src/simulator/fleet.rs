//! PCs at work: each reports every interval, sends sections that changed, and comes back after a break.

use std::time::Duration;

use anyhow::Result;
use atalaya_proto::v1::{
    ActionOutcome, ActionResult, RecordBody, RecordClass, SectionChange, SectionKind, SectionMark,
    action, collector_message::Body, record_body,
};
use atalaya_proto::{limits, sample_to_wire, section_to_wire};
use atalaya_reading::{Sample, Section};
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};
use tonic::Code;
use tracing::{info, warn};

use super::credentials::Credentials;
use super::illness::Illness;
use super::pc::Pc;
use super::spool::Spool;
use super::uplink::Uplink;

const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Works until it is dropped; with `once`, and where silence is the illness, until its first report is acknowledged.
pub async fn work(pc: Pc, mut credentials: Credentials, interval: Duration, once: bool) {
    let once = once || pc.illness == Some(Illness::Silent);
    let mut device = Device::new(pc, interval, once);
    let mut pause = Duration::from_secs(1);
    // PCs are not switched on in the same second.
    tokio::time::sleep(interval.mul_f64(f64::from(device.pc.number % 20) / 100.0)).await;
    loop {
        let before = device.spool.acknowledged;
        match device.session(&mut credentials).await {
            Ok(()) => return,
            Err(error) if is_shut_out(&error) => {
                warn!(pc = device.pc.hostname, "no longer wanted: {error:#}");
                if let Err(error) = credentials.forget() {
                    warn!(pc = device.pc.hostname, "{error:#}");
                }
                return;
            }
            Err(error) => warn!(pc = device.pc.hostname, "{error:#}"),
        }
        pause = if device.spool.acknowledged > before {
            Duration::from_secs(1)
        } else {
            (pause * 2).min(LONGEST_PAUSE)
        };
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
    }
}

/// The collector removed or revoked the PC; anything else is worth another try.
fn is_shut_out(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<tonic::Status>().map(tonic::Status::code);
    matches!(code, Some(Code::PermissionDenied | Code::Unauthenticated))
}

struct Device {
    pc: Pc,
    interval: Duration,
    once: bool,
    spool: Spool,
    /// Fingerprints of the sections as last sent.
    sent: Vec<[u8; 16]>,
}

impl Device {
    fn new(pc: Pc, interval: Duration, once: bool) -> Device {
        Device { pc, interval, once, spool: Spool::new(fastrand::u64(1..)), sent: Vec::new() }
    }

    async fn session(&mut self, credentials: &mut Credentials) -> Result<()> {
        let channel = credentials.connect().await?;
        let (mut uplink, welcome) = Uplink::open(channel, &self.pc, &self.spool).await?;
        info!(pc = self.pc.hostname, "connected");
        self.spool.acknowledge(welcome.stored_seq);
        if welcome.want_sections {
            self.sent.clear();
        }
        let mut ticks = tokio::time::interval_at(Instant::now(), self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut in_flight = false;
        loop {
            if !in_flight && !self.spool.is_empty() {
                let clock = self.pc.clock(Timestamp::now());
                uplink.send(&self.spool, limits::BATCH_RECORDS, clock).await?;
                in_flight = true;
            }
            tokio::select! {
                _ = ticks.tick() => self.look(),
                message = uplink.receive() => match message? {
                    Body::Ack(ack) => {
                        self.spool.acknowledge(ack.seq);
                        in_flight = false;
                        if self.once && self.spool.is_empty() {
                            return Ok(());
                        }
                    }
                    Body::Throttle(throttle) => {
                        tokio::time::sleep(Duration::from_millis(throttle.retry_after_ms.into())).await;
                        in_flight = false;
                    }
                    Body::Action(action) => self.act(action.id, action.kind),
                    Body::Welcome(_) | Body::Settings(_) => {}
                },
            }
        }
    }

    /// One look at everything: changed sections in full, the rest as marks of the report.
    fn look(&mut self) {
        let now = Timestamp::now();
        let sections = self.pc.sections(now);
        let prints: Vec<[u8; 16]> = sections.iter().map(Section::fingerprint).collect();
        let mut report = sample_to_wire(&Sample::of(&sections));
        for (place, section) in sections.iter().enumerate() {
            if self.sent.get(place) == prints.get(place) {
                let kind = SectionKind::from(section.kind()).into();
                report.unchanged.push(SectionMark { kind, age_s: 0 });
            } else {
                let reading = Some(section_to_wire(section));
                self.append(
                    now,
                    RecordClass::State,
                    record_body::Body::Section(SectionChange { reading }),
                );
            }
        }
        self.sent = prints;
        self.append(now, RecordClass::Metric, record_body::Body::Report(report));
    }

    fn act(&mut self, id: String, kind: Option<action::Kind>) {
        let (outcome, detail) = match kind {
            Some(action::Kind::ProbeNow(_)) => {
                self.sent.clear();
                self.look();
                (ActionOutcome::Done, "equipo de muestra")
            }
            // A PC that is made up has no network, no antivirus and no ports.
            Some(_) | None => {
                (ActionOutcome::Unsupported, "equipo de muestra: no hay con qué hacerlo")
            }
        };
        let result = ActionResult {
            action_id: id,
            outcome: outcome.into(),
            detail: detail.into(),
            ..ActionResult::default()
        };
        self.append(
            Timestamp::now(),
            RecordClass::Security,
            record_body::Body::ActionResult(result),
        );
    }

    fn append(&mut self, now: Timestamp, class: RecordClass, body: record_body::Body) {
        self.spool.append(&RecordBody {
            taken_at_us: self.pc.clock(now).as_microsecond(),
            record_class: class.into(),
            body: Some(body),
        });
    }
}
