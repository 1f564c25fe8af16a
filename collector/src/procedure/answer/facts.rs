//! What is known when a step asks something: the PCs it is about, each with its readings, how old they are and what
//! the rules say of them. A reading of a silent PC, or an old one, proves nothing of now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::snapshot::Snapshot;
use crate::domain::address_check::{MailCheck, PageCheck};
use crate::domain::alert::{Alert, Judgement, Rule, Verdict};
use crate::domain::id::DeviceId;
use crate::domain::network_device::NetworkDevice;
use crate::domain::reading::{Connectivity, NetworkTest, Section, SectionKind};

/// A reading taken in every round proves something of now for this long.
pub const FRESH: SignedDuration = SignedDuration::from_mins(20);
/// The same for lists that are read a few times a day.
pub const FRESH_LIST: SignedDuration = SignedDuration::from_hours(26);
/// A network test proves something of now for this long.
pub const FRESH_TEST: SignedDuration = SignedDuration::from_mins(30);
/// Names in a sentence; the rest are counted.
const NAMED: usize = 4;

/// What is known when a step asks something.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The PC of the step, or those of its area or network.
    pub devices: Vec<DeviceFacts>,
    /// Routers, switches and the like of its network.
    pub network_devices: Vec<NetworkDevice>,
    /// Alerts of the run, open and cleared.
    pub alerts: Vec<Alert>,
    /// Pages the collector looked at for this run.
    pub pages: Vec<PageCheck>,
    /// Mail domain the collector looked up for this run.
    pub mail: Option<MailCheck>,
    /// The address of the mailbox the run is about, as it was written.
    pub mailbox: Option<String>,
    /// Folio of a run that ended with that same mailbox.
    pub mailbox_made_by: Option<String>,
    /// How the PC was when the visit began.
    pub before: Option<Snapshot>,
    /// When a measurement is bad.
    pub limits: Limits,
}

/// When a measurement is bad; the thresholds of the rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Loss above this is unstable, per cent.
    pub loss_pct: f64,
    /// Jitter above this is unstable, milliseconds.
    pub jitter_ms: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { loss_pct: 5.0, jitter_ms: 50.0 }
    }
}

/// What is known of one PC.
#[derive(Debug, Clone)]
pub struct DeviceFacts {
    /// Which.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Its agent does not report now.
    pub silent: bool,
    /// Last sign of life by the collector's clock; `None`: never.
    pub seen_at: Option<Timestamp>,
    /// Its sections.
    pub sections: BTreeMap<SectionKind, SectionFact>,
    /// What the rules say now.
    pub judgements: Vec<Judgement>,
    /// Its open alerts.
    pub alerts: Vec<Alert>,
    /// Its newest network test that was carried out.
    pub test: Option<TestFact>,
}

/// A section and when it was last looked at.
#[derive(Debug, Clone)]
pub struct SectionFact {
    /// The reading.
    pub section: Section,
    /// When it was last looked at, by the collector's clock.
    pub looked_at: Timestamp,
}

/// What a network test measured.
#[derive(Debug, Clone)]
pub struct TestFact {
    /// What.
    pub test: NetworkTest,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// What a rule says of a PC, if it can be believed now.
pub(super) struct Told<'a> {
    /// Unknown also where the reading is old or the PC silent.
    pub verdict: Verdict,
    /// In a sentence.
    pub summary: String,
    /// What answered.
    pub source: &'a str,
    /// When it was looked at.
    pub looked_at: Option<Timestamp>,
}

impl Told<'_> {
    fn unknown(summary: String) -> Self {
        Told { verdict: Verdict::Unknown, summary, source: "", looked_at: None }
    }

    /// Whether it is known and bad.
    pub fn is_bad(&self) -> bool {
        self.verdict.severity().is_some()
    }

    /// Whether it is known and good.
    pub fn is_ok(&self) -> bool {
        self.verdict == Verdict::Ok
    }
}

impl DeviceFacts {
    /// What a rule says of the PC now.
    pub(super) fn told(&self, rule: Rule, now: Timestamp) -> Told<'_> {
        let fact = match self.fact(rule.section(), now) {
            Ok(fact) => fact,
            Err(why) => return Told::unknown(why),
        };
        let judgement = self.judgements.iter().find(|judgement| judgement.rule == rule);
        let Some(judgement) = judgement else {
            return Told::unknown("Ninguna regla lo ha juzgado todavía.".into());
        };
        Told {
            verdict: judgement.verdict,
            summary: judgement.summary.clone(),
            source: fact.section.source(),
            looked_at: Some(fact.looked_at),
        }
    }

    /// A section that still proves something of now.
    ///
    /// # Errors
    /// Why it does not, in a sentence.
    pub(super) fn fact(&self, kind: SectionKind, now: Timestamp) -> Result<&SectionFact, String> {
        if self.silent {
            return Err(match self.seen_at {
                Some(at) => format!("{} no reporta desde hace {}.", self.name, age(at, now)),
                None => format!("{} no ha reportado nunca.", self.name),
            });
        }
        let fact = self.sections.get(&kind);
        let fact = fact.ok_or_else(|| "Todavía no hay lectura.".to_owned())?;
        let fresh = if kind.is_every_round() { FRESH } else { FRESH_LIST };
        if now.duration_since(fact.looked_at) > fresh {
            return Err(format!(
                "La última lectura es de hace {}: ya no dice nada de ahora.",
                age(fact.looked_at, now)
            ));
        }
        Ok(fact)
    }

    /// How the PC is connected, while that is known.
    pub(super) fn connectivity(&self, now: Timestamp) -> Option<(&Connectivity, Timestamp)> {
        let fact = self.fact(SectionKind::Connectivity, now).ok()?;
        let Section::Connectivity(reading) = &fact.section else { return None };
        Some((reading.known()?, fact.looked_at))
    }

    /// Its network test, while that says something of now.
    pub(super) fn fresh_test(&self, now: Timestamp) -> Option<&TestFact> {
        self.test.as_ref().filter(|test| now.duration_since(test.ended_at) <= FRESH_TEST)
    }
}

impl Facts {
    /// The one PC a question is about.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn device(&self) -> Result<&DeviceFacts, &'static str> {
        match self.devices.as_slice() {
            [one] => Ok(one),
            [] => Err("No hay ningún equipo con agente del que tomar la lectura."),
            [..] => Err("La pregunta es de un equipo: elija cuál."),
        }
    }
}

/// `PC-01, PC-02 y 3 más`.
pub(super) fn names<'a>(devices: impl IntoIterator<Item = &'a DeviceFacts>) -> String {
    let all: Vec<&str> = devices.into_iter().map(|device| device.name.as_str()).collect();
    let named = all.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        rest => format!("{named} y {rest} más"),
    }
}

/// How long ago, in words: `3 min`, `2 h`, `5 días`.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at).as_secs().max(0) {
        seconds if seconds < 60 => "menos de un minuto".into(),
        seconds if seconds < 2 * 3_600 => format!("{} min", seconds / 60),
        seconds if seconds < 2 * 86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} días", seconds / 86_400),
    }
}
