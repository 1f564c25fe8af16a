//! Orders to the agent on the sheet of a device: what can be ordered, the last orders, how they went and what proves it.

use axum::Form;
use axum::extract::Path;
use axum::response::Redirect;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::back_to;
use crate::actions::order_action::Order;
use crate::domain::action;
use crate::domain::device::DeviceStatus;
use crate::domain::id::DeviceId;
use crate::domain::reading::{Action, ActionKind, ActionOutcome, Evidence, Protocol, TargetTest};
use crate::store::ActionRecord;
use crate::web::access::{Technical, Viewer};
use crate::web::error::Error;
use crate::web::markup::Look;
use crate::web::words;

/// Orders shown.
pub const SHOWN: u32 = 10;
/// How long a network test from a page takes, seconds.
const TEST_SECONDS: u32 = 60;

/// The part of the sheet.
pub struct Orders {
    /// What whoever looks may order now.
    pub may: May,
    /// The last orders, newest first.
    pub last: Vec<OrderView>,
}

/// What whoever looks may order now.
pub struct May {
    /// Anything at all.
    pub order: bool,
    /// Ports.
    pub ports: bool,
}

/// One order.
pub struct OrderView {
    /// What, with its parameters.
    pub what: String,
    /// Name of who ordered it.
    pub by: String,
    /// When it was ordered.
    pub at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it stands.
    pub look: Look,
    /// What the agent said.
    pub detail: String,
    /// What proves it.
    pub evidence: Option<Evidence>,
    /// Undoes it: word of the protocol and port.
    pub undo: Option<(&'static str, u16)>,
}

impl Orders {
    /// For whoever looks.
    pub fn new(
        records: Vec<ActionRecord>,
        viewer: &Viewer,
        status: DeviceStatus,
        now: Timestamp,
    ) -> Orders {
        let approved = status == DeviceStatus::Approved;
        let may = May {
            order: approved && viewer.may_order(ActionKind::NetworkTest),
            ports: approved && viewer.may_order(ActionKind::BlockPort),
        };
        let undo: Vec<_> = (0..records.len())
            .map(|at| blocks_still(&records, at, now).filter(|_| may.ports))
            .collect();
        let last = records.into_iter().zip(undo).map(|(record, undo)| view(record, undo)).collect();
        Orders { may, last }
    }
}

/// The port that this order blocked and that is blocked still: nobody unblocked it since and its time is not over.
fn blocks_still(
    records: &[ActionRecord],
    at: usize,
    now: Timestamp,
) -> Option<(&'static str, u16)> {
    let record = records.get(at)?;
    let done = |record: &ActionRecord| record.outcome == Some(ActionOutcome::Done);
    let Some(Action::BlockPort { protocol, port, minutes }) = record.action else { return None };
    let until = record.finished_at? + SignedDuration::from_mins(minutes.into());
    if !done(record) || (minutes > 0 && until <= now) {
        return None;
    }
    let about = |later: &ActionRecord| match later.action {
        Some(Action::BlockPort { protocol: of, port: which, .. })
        | Some(Action::UnblockPort { protocol: of, port: which }) => {
            (of, which) == (protocol, port)
        }
        _ => false,
    };
    // Newest first: what comes before it in the list came later.
    let superseded = records[..at].iter().any(|later| about(later) && done(later));
    (!superseded).then_some((protocol.as_str(), port))
}

fn view(record: ActionRecord, undo: Option<(&'static str, u16)>) -> OrderView {
    OrderView {
        what: what(&record),
        look: words::order(record.state(), record.outcome),
        by: record.requested_by,
        at: record.requested_at,
        finished_at: record.finished_at,
        detail: record.detail,
        evidence: record.evidence,
        undo,
    }
}

fn what(record: &ActionRecord) -> String {
    let title = ActionKind::parse(&record.kind).map_or("Orden", action::title);
    match &record.action {
        Some(Action::NetworkTest { seconds, targets }) if targets.is_empty() => {
            format!("{title}, {seconds} s")
        }
        Some(Action::NetworkTest { seconds, targets }) => {
            format!("{title}, {seconds} s, {} destinos", targets.len())
        }
        Some(Action::BlockPort { protocol, port, minutes }) => {
            let until = match minutes {
                0 => "hasta desbloquearlo".to_owned(),
                minutes => format!("por {minutes} min"),
            };
            format!("{title} {}/{port}, {until}", protocol.as_str())
        }
        Some(Action::UnblockPort { protocol, port }) => {
            format!("{title} {}/{port}", protocol.as_str())
        }
        _ => title.to_owned(),
    }
}

/// The seconds of a test in which something was lost, `3, 7 a 12`.
pub fn seconds_lost(tested: &TargetTest) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let lost = tested.lost_by_second.iter().enumerate().filter(|(_, lost)| **lost > 0);
    for (second, _) in lost.map(|(at, lost)| (at + 1, lost)) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == second => *last = second,
            _ => ranges.push((second, second)),
        }
    }
    let shown = ranges.iter().take(8).map(|(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first} a {last}"),
    });
    let more = if ranges.len() > 8 { "…" } else { "" };
    format!("{}{more}", shown.collect::<Vec<_>>().join(", "))
}

/// A part of diagnostics as people call it.
pub fn part(name: &str) -> &str {
    match name {
        "agent" => "Agente",
        "status" => "Estado",
        "settings" => "Configuración",
        "blocked_ports" => "Puertos bloqueados",
        "orders" => "Últimas órdenes",
        "log" => "Últimos mensajes",
        other => other,
    }
}

#[derive(Deserialize)]
pub(super) struct OrderForm {
    accion: String,
    #[serde(default)]
    protocolo: String,
    #[serde(default)]
    puerto: String,
    #[serde(default)]
    minutos: String,
}

impl OrderForm {
    fn action(&self) -> Result<Action, Error> {
        let unknown = || Error::Invalid("Esa orden no existe.".into());
        Ok(match ActionKind::parse(&self.accion).ok_or_else(unknown)? {
            ActionKind::ProbeNow => Action::ProbeNow { sections: Vec::new() },
            ActionKind::NetworkTest => {
                Action::NetworkTest { targets: Vec::new(), seconds: TEST_SECONDS }
            }
            ActionKind::UpdateSignatures => Action::UpdateSignatures {},
            ActionKind::QuickScan => Action::QuickScan {},
            ActionKind::CollectDiagnostics => Action::CollectDiagnostics {},
            ActionKind::BlockPort => Action::BlockPort {
                protocol: self.protocol()?,
                port: self.port()?,
                minutes: self.minutes()?,
            },
            ActionKind::UnblockPort => {
                Action::UnblockPort { protocol: self.protocol()?, port: self.port()? }
            }
        })
    }

    fn protocol(&self) -> Result<Protocol, Error> {
        match self.protocolo.as_str() {
            "tcp" => Ok(Protocol::Tcp),
            "udp" => Ok(Protocol::Udp),
            _ => Err(Error::Invalid("El protocolo es tcp o udp.".into())),
        }
    }

    fn port(&self) -> Result<u16, Error> {
        let port = self.puerto.trim().parse().ok().filter(|port: &u16| *port > 0);
        port.ok_or_else(|| Error::Invalid("El puerto es un número de 1 a 65535.".into()))
    }

    fn minutes(&self) -> Result<u32, Error> {
        let minutes = self.minutos.trim().parse().ok();
        minutes.ok_or_else(|| Error::Invalid("El plazo es un número de minutos.".into()))
    }
}

/// `POST /equipos/{id}/ordenes`.
pub(super) async fn order(
    Path(id): Path<String>,
    technical: Technical,
    Form(form): Form<OrderForm>,
) -> Result<Redirect, Error> {
    let order = Order { action: form.action()?, patience: None };
    technical.order(&DeviceId::new(id.clone()), &order).await?;
    Ok(back_to(&id, "#ordenes"))
}

/// `POST /equipos/{id}/medir`.
pub(super) async fn probe(Path(id): Path<String>, technical: Technical) -> Result<Redirect, Error> {
    let order = Order { action: Action::ProbeNow { sections: Vec::new() }, patience: None };
    technical.order(&DeviceId::new(id.clone()), &order).await?;
    Ok(back_to(&id, ""))
}

#[cfg(test)]
mod tests {
    use crate::domain::reading::{Measurement, Target, TargetKind};

    use super::*;

    #[test]
    fn seconds_in_which_something_was_lost_are_told_as_ranges() {
        let target = Target {
            id: None,
            name: "x".into(),
            kind: TargetKind::Icmp,
            address: "192.0.2.1".into(),
            fallback: None,
            measurement: Measurement::default(),
        };
        let lost_by_second = vec![0, 0, 1, 0, 5, 5, 2, 0];
        let mut tested = TargetTest { target, lost_by_second };
        assert_eq!(seconds_lost(&tested), "3, 5 a 7");
        tested.lost_by_second = (0..60).map(|second| second % 2).collect();
        assert!(seconds_lost(&tested).ends_with("16…"), "{}", seconds_lost(&tested));
    }
}
