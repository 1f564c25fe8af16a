//! Orders of the collector: each is taken once, carried out only where the settings allow it, and always answered.
//!
//! `Orders` decides and keeps account; `carry` does the work beside the regular looks, which never wait for it. Nothing
//! here knows the wire.

pub mod antivirus;
mod audit_log;
mod blocks;
mod carry;
mod diagnostics;
mod journal;
mod network_test;
mod order;
pub mod ports;
pub mod privileged;
mod settings;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use atalaya_reading::{Action, ActionKind, ActionOutcome, SectionKind, bounds};
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::config::Config;
use crate::report::{self, Capture};
use crate::spool::Class;
use crate::state::StateDir;
use crate::status::Work;
use crate::uplink::Outbox;
use audit_log::AuditLog;
use blocks::Blocks;
use carry::Carrier;
use journal::Journal;
pub use order::{Accepted, Answer, Ended, Look, Order, Unclear};
pub use settings::Settings;

/// Orders that may wait for one of their kind to end.
const WAITING: usize = 16;
/// After an undo that failed, the next try.
const UNDO_AGAIN: Duration = Duration::from_secs(300);

/// What diagnostics tell beside what the account of orders knows.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The operating system.
    pub os: &'a str,
    /// When the service began.
    pub started_at: Timestamp,
    /// What it takes.
    pub work: &'a RefCell<Work>,
}

/// Takes orders and keeps account of them.
pub struct Orders<'a> {
    outbox: &'a Outbox,
    config: Config,
    state: StateDir,
    about: About<'a>,
    journal: Journal,
    audit_log: AuditLog,
    blocks: Blocks,
    carrier: Carrier,
    running: Vec<ActionKind>,
    waiting: VecDeque<(Accepted, Option<Timestamp>)>,
    undo_again: Option<tokio::time::Instant>,
}

impl<'a> Orders<'a> {
    /// The account of orders, and where it is told that an order came to its end. What was under way when the agent last stopped is
    /// answered as interrupted.
    pub fn open(
        outbox: &'a Outbox,
        config: &Config,
        state: &StateDir,
        collector: Option<String>,
        about: About<'a>,
    ) -> (Orders<'a>, mpsc::Receiver<Ended>) {
        let (ended, told) = mpsc::channel(WAITING);
        let mut orders = Orders {
            outbox,
            config: config.clone(),
            state: state.clone(),
            about,
            journal: Journal::open(state),
            audit_log: AuditLog::new(state),
            blocks: Blocks::open(state),
            carrier: Carrier::new(config, collector, ended),
            running: Vec::new(),
            waiting: VecDeque::new(),
            undo_again: None,
        };
        orders.take_up();
        (orders, told)
    }

    /// Answers what was interrupted, and brings the blocked ports to where they should be.
    fn take_up(&mut self) {
        for accepted in self.journal.interrupted() {
            let what = "interrumpida: el agente se detuvo antes de terminarla";
            if let Action::BlockPort { protocol, port, .. } = accepted.action
                && !self.blocks.has(protocol, port)
            {
                // Whether the rule was made nobody knows: afterwards it is not there.
                self.carrier.undo(protocol, port);
            }
            self.answer(&accepted, &Answer::failed(what));
        }
        for block in self.blocks.all() {
            match block.minutes_left(Timestamp::now()) {
                Some(minutes) if self.config.actions.allows(ActionKind::BlockPort) => {
                    self.carrier.block_again(block.protocol, block.port, minutes);
                }
                Some(_) => self.undo(&block, "la configuración ya no permite bloquear puertos"),
                // Undone by `undo_what_is_due`.
                None => {}
            }
        }
    }

    /// Takes an order. Comes back with the sections to look at when that is what was ordered; afterwards
    /// [`Orders::finish`] is to be told.
    pub fn take(&mut self, order: Order) -> Option<Look> {
        if order.id.is_empty() || self.journal.knows(&order.id) {
            tracing::debug!(order = order.id, "an order that came before: not begun again");
            return None;
        }
        let action = match self.examine(&order) {
            Ok(action) => action,
            Err(answer) => {
                let kind = order.action.as_ref().map_or("unknown", |action| action.kind().as_str());
                self.audit_log.ordered(&order.id, kind, &order.requested_by, None);
                self.journal.answered(&order.id);
                self.tell(&order.id, kind, &order.requested_by, &answer);
                return None;
            }
        };
        let Order { id, requested_by, expires_at, .. } = order;
        let accepted = Accepted { id, requested_by, action };
        let kind = accepted.action.kind();
        self.audit_log.ordered(
            &accepted.id,
            kind.as_str(),
            &accepted.requested_by,
            Some(&accepted.action),
        );
        if let Err(error) = self.journal.begin(&accepted) {
            // Begun without a note, it might be begun again after a restart.
            let what = format!("no se pudo anotar la orden en la carpeta de estado: {error}");
            self.answer(&accepted, &Answer::failed(what));
            return None;
        }
        if self.running.contains(&kind) {
            if self.waiting.len() >= WAITING {
                self.answer(&accepted, &Answer::failed("demasiadas órdenes en espera"));
            } else {
                self.waiting.push_back((accepted, expires_at));
            }
            return None;
        }
        self.begin(accepted)
    }

    /// The action of an order, or why it is not begun.
    fn examine(&self, order: &Order) -> Result<Action, Answer> {
        let action = match &order.action {
            Ok(action) => action,
            Err(Unclear::Unknown) => {
                let what = "esta versión del agente no conoce la acción; actualice el agente";
                return Err(Answer::unsupported(what));
            }
            Err(Unclear::Malformed(what)) => {
                return Err(Answer::refused(format!("la orden no se entiende: {what}")));
            }
        };
        if self.is_over(order.expires_at) {
            return Err(expired());
        }
        if let Err(unfit) = action.check() {
            return Err(Answer::refused(unfit.0));
        }
        match self.config.actions.refusal(action.kind()) {
            Some(refusal) => Err(Answer::refused(refusal)),
            None => Ok(action.clone()),
        }
    }

    fn is_over(&self, expires_at: Option<Timestamp>) -> bool {
        let now = Timestamp::now();
        let theirs = now.checked_add(self.outbox.health.borrow().clock_offset).unwrap_or(now);
        expires_at.is_some_and(|at| theirs > at)
    }

    fn begin(&mut self, accepted: Accepted) -> Option<Look> {
        match &accepted.action {
            Action::ProbeNow { sections } => {
                let sections =
                    if sections.is_empty() { SectionKind::ALL.to_vec() } else { sections.clone() };
                return Some(Look { accepted, sections });
            }
            Action::CollectDiagnostics {} => {
                let evidence = diagnostics::collect(self);
                let answer = Answer::done("diagnóstico reunido").with(evidence);
                self.answer(&accepted, &answer);
            }
            Action::BlockPort { protocol, port, .. } if self.blocks.is_full(*protocol, *port) => {
                let what = "ya hay demasiados puertos bloqueados; desbloquee alguno primero";
                self.answer(&accepted, &Answer::failed(what));
            }
            _ => {
                self.running.push(accepted.action.kind());
                self.carrier.start(accepted);
            }
        }
        None
    }

    /// An order came to its end. Comes back with the sections it may have changed.
    pub fn finish(&mut self, ended: &Ended) -> Vec<SectionKind> {
        let Ended { accepted, answer } = ended;
        let kind = accepted.action.kind();
        if accepted.id.is_empty() {
            self.undone(ended);
            return vec![SectionKind::Firewall];
        }
        self.running.retain(|running| *running != kind);
        if answer.outcome == ActionOutcome::Done {
            self.blocks.note(accepted, Timestamp::now());
        }
        self.answer(accepted, answer);
        self.begin_next();
        match kind {
            ActionKind::UpdateSignatures | ActionKind::QuickScan => vec![SectionKind::Antivirus],
            ActionKind::BlockPort | ActionKind::UnblockPort => vec![SectionKind::Firewall],
            ActionKind::NetworkTest | ActionKind::ProbeNow | ActionKind::CollectDiagnostics => {
                Vec::new()
            }
        }
    }

    /// Sections were looked at as ordered.
    pub fn looked(&mut self, look: &Look) {
        let names: Vec<&str> = look.sections.iter().map(|kind| kind.as_str()).collect();
        self.answer(&look.accepted, &Answer::done(names.join(", ")));
    }

    fn begin_next(&mut self) {
        let free = |(accepted, _): &(Accepted, _)| !self.running.contains(&accepted.action.kind());
        let Some(at) = self.waiting.iter().position(free) else { return };
        let Some((accepted, expires_at)) = self.waiting.remove(at) else { return };
        if self.is_over(expires_at) {
            self.answer(&accepted, &expired());
        } else {
            // Looks are never kept waiting, so there is none to come back with.
            self.begin(accepted);
        }
    }

    /// When the next block is to be undone.
    pub fn undo_due(&self) -> Option<tokio::time::Instant> {
        let now = tokio::time::Instant::now();
        let left = self.blocks.next_end()?.duration_since(Timestamp::now());
        let at = now + Duration::try_from(left).unwrap_or_default();
        Some(self.undo_again.map_or(at, |again| at.max(again)))
    }

    /// Undoes the blocks whose time is over, connected or not.
    pub fn undo_what_is_due(&mut self) {
        self.undo_again = Some(tokio::time::Instant::now() + UNDO_AGAIN);
        for block in self.blocks.all() {
            if block.minutes_left(Timestamp::now()).is_none() {
                self.undo(&block, "terminó el plazo del bloqueo");
            }
        }
    }

    fn undo(&mut self, block: &blocks::Block, why: &str) {
        let port = format!("{}/{}", block.protocol.as_str(), block.port);
        self.audit_log.undone(&block.order, &port, why);
        self.carrier.undo(block.protocol, block.port);
    }

    /// A block is forgotten once it is undone, and not before.
    fn undone(&mut self, ended: &Ended) {
        if ended.answer.outcome == ActionOutcome::Done {
            self.blocks.note(&ended.accepted, Timestamp::now());
            self.undo_again = None;
        } else {
            tracing::warn!(detail = ended.answer.detail, "a port could not be unblocked");
        }
    }

    /// Captures the answer for good, then notes that it was given: a crash in between answers twice, never not at all.
    fn answer(&mut self, accepted: &Accepted, answer: &Answer) {
        let kind = accepted.action.kind().as_str();
        self.tell(&accepted.id, kind, &accepted.requested_by, answer);
        self.journal.answered(&accepted.id);
    }

    fn tell(&self, id: &str, kind: &str, requested_by: &str, answer: &Answer) {
        self.audit_log.answered(id, kind, requested_by, answer);
        let body = report::action_result(id, answer, Timestamp::now());
        self.outbox.capture([Capture { class: Class::Security, body }]);
    }
}

fn expired() -> Answer {
    Answer::new(ActionOutcome::Expired, "venció antes de poder empezar; no se hizo nada")
}

/// One line of what a program said, for a detail.
pub(crate) fn said(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.len().saturating_sub(3);
    bounds::text(&lines[last..].join("; "), 600)
}

#[cfg(test)]
mod tests;
