//! How a PC is, in a few lines: kept when a preventive visit begins and when its checklist is done, so that both can be
//! laid side by side. What was not read is said to be unknown, and compares with nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::facts::{DeviceFacts, Facts, age};
use super::one_device;
use crate::domain::alert::{Rule, Verdict};
use crate::domain::proposal::{Proposal, Sureness};
use crate::domain::reading::{Section, SectionKind};

/// What a figure says where nothing was read.
const UNKNOWN: &str = "desconocido";

/// How a PC was at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When it was put together, by the collector's clock.
    pub taken_at: Timestamp,
    /// Its figures, in the order they are shown.
    pub figures: Vec<Figure>,
}

/// One line of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Short name, the same in every snapshot.
    pub code: String,
    /// As people read it.
    pub label: String,
    /// What was read, or «desconocido».
    pub value: String,
    /// Word of the verdict: `ok`, `warning`, `critical` or `unknown`.
    pub verdict: String,
}

/// One line of two snapshots side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// As people read it.
    pub label: String,
    /// Before the visit; `None`: it was not looked at.
    pub before: Option<String>,
    /// After it.
    pub after: Option<String>,
    /// How they compare.
    pub change: Change,
}

/// How a figure changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is as it was.
    Same,
    /// It says something else, neither better nor worse.
    Different,
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// One of the two is unknown.
    Unknown,
}

/// The snapshot of a PC now.
pub fn snapshot(device: &DeviceFacts, now: Timestamp) -> Snapshot {
    let figures = vec![
        judged(device, now, "antivirus", "Antivirus", Rule::AntivirusOff),
        judged(device, now, "signatures", "Firmas", Rule::SignaturesOld),
        judged(device, now, "detections", "Detecciones", Rule::DetectionPresent),
        judged(device, now, "firewall", "Cortafuegos", Rule::FirewallPolicy),
        judged(device, now, "ports", "Puertos abiertos", Rule::UnexpectedPort),
        judged(device, now, "drives", "Discos", Rule::DriveHealth),
        judged(device, now, "space", "Espacio libre", Rule::VolumeLow),
        judged(device, now, "internet", "Internet", Rule::NoInternet),
        judged(device, now, "stability", "Conexión", Rule::Unstable),
        judged(device, now, "updates", "Actualizaciones", Rule::UpdatesPending),
        judged(device, now, "restart", "Reinicio", Rule::RebootPending),
        system(device, now, "memory", "Memoria en uso", |read| {
            let (used, total) = (read.memory_used_bytes?, read.memory_total_bytes?);
            Some(format!("{} %", used.min(total).checked_mul(100)?.checked_div(total)?))
        }),
        system(device, now, "uptime", "Encendido desde hace", |read| {
            let seconds = i64::try_from(read.uptime_s?).ok()?;
            let since = now.checked_sub(jiff::SignedDuration::from_secs(seconds)).ok()?;
            Some(age(since, now))
        }),
    ];
    Snapshot { taken_at: now, figures }
}

fn judged(device: &DeviceFacts, now: Timestamp, code: &str, label: &str, rule: Rule) -> Figure {
    let told = device.told(rule, now);
    let value = match told.verdict {
        Verdict::Unknown => UNKNOWN.to_owned(),
        Verdict::Ok | Verdict::Warning | Verdict::Critical => told.summary,
    };
    let verdict = told.verdict.as_str().to_owned();
    Figure { code: code.to_owned(), label: label.to_owned(), value, verdict }
}

fn system(
    device: &DeviceFacts,
    now: Timestamp,
    code: &str,
    label: &str,
    figure: impl Fn(&crate::domain::reading::System) -> Option<String>,
) -> Figure {
    let value = match device.fact(SectionKind::System, now).map(|fact| &fact.section) {
        Ok(Section::System(reading)) => reading.known().and_then(figure),
        Ok(_) | Err(_) => None,
    };
    let verdict = if value.is_some() { Verdict::Ok } else { Verdict::Unknown };
    Figure {
        code: code.to_owned(),
        label: label.to_owned(),
        value: value.unwrap_or_else(|| UNKNOWN.to_owned()),
        verdict: verdict.as_str().to_owned(),
    }
}

/// Two snapshots side by side; lines that only one has are kept.
pub fn differences(before: &Snapshot, after: &Snapshot) -> Vec<Difference> {
    let find = |snapshot: &Snapshot, code: &str| {
        snapshot.figures.iter().find(|figure| figure.code == code).cloned()
    };
    let gone = before.figures.iter().filter(|figure| find(after, &figure.code).is_none());
    let all = after.figures.iter().chain(gone);
    all.map(|figure| {
        let (was, is) = (find(before, &figure.code), find(after, &figure.code));
        Difference {
            label: figure.label.clone(),
            change: compare(was.as_ref(), is.as_ref()),
            before: was.map(|figure| figure.value),
            after: is.map(|figure| figure.value),
        }
    })
    .collect()
}

fn compare(was: Option<&Figure>, is: Option<&Figure>) -> Change {
    let rank = |figure: &Figure| match Verdict::parse(&figure.verdict) {
        Some(Verdict::Ok) => Some(0),
        Some(Verdict::Warning) => Some(1),
        Some(Verdict::Critical) => Some(2),
        Some(Verdict::Unknown) | None => None,
    };
    let (Some(was), Some(is)) = (was, is) else { return Change::Unknown };
    match (rank(was), rank(is)) {
        (Some(before), Some(after)) if after < before => Change::Better,
        (Some(before), Some(after)) if after > before => Change::Worse,
        (Some(_), Some(_)) if was.value == is.value => Change::Same,
        (Some(_), Some(_)) => Change::Different,
        _ => Change::Unknown,
    }
}

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    one_device(facts, |device| {
        let after = snapshot(device, now);
        let known = after.figures.iter().filter(|figure| figure.value != UNKNOWN).count();
        if known == 0 {
            return Proposal::unknown(device.told(Rule::AntivirusOff, now).summary);
        }
        let (value, because) = match &facts.before {
            None => (
                format!("{known} de {} lecturas", after.figures.len()),
                "Todavía no hay una foto de antes con la que comparar.".to_owned(),
            ),
            Some(before) => told(before, &after),
        };
        Proposal {
            answer: None,
            value,
            because,
            source: "agente del equipo".into(),
            taken_at: Some(now),
            sureness: Sureness::Certain,
        }
    })
}

fn told(before: &Snapshot, after: &Snapshot) -> (String, String) {
    let differences = differences(before, after);
    let count = |change| differences.iter().filter(|one| one.change == change).count();
    let value = format!(
        "{} mejor, {} peor, {} igual",
        count(Change::Better),
        count(Change::Worse),
        count(Change::Same)
    );
    let named: Vec<String> = differences
        .iter()
        .filter(|one| matches!(one.change, Change::Better | Change::Worse))
        .map(|one| {
            let unknown = || UNKNOWN.to_owned();
            let (was, is) = (one.before.clone(), one.after.clone());
            format!(
                "{}: antes «{}», ahora «{}».",
                one.label,
                was.unwrap_or_else(unknown),
                is.unwrap_or_else(unknown)
            )
        })
        .collect();
    let because = match named.as_slice() {
        [] => "Nada cambió de bien a mal ni de mal a bien.".to_owned(),
        named => named.join(" "),
    };
    (value, because)
}
