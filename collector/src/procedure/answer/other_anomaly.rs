//! Security 14: has the PC another anomaly that affects its performance? Whatever the rules hold against it beyond the
//! questions asked before, and memory that runs out.

use jiff::Timestamp;

use super::facts::{DeviceFacts, Facts};
use super::one_device;
use crate::domain::alert::{Rule, Verdict};
use crate::domain::proposal::{Proposal, Sureness};
use crate::domain::reading::{Section, SectionKind, System};

/// Memory in use beyond this slows a PC down, per cent.
const MEMORY_PCT: u64 = 92;

/// What is looked at. Antivirus, firewall and malware have questions of their own.
const ASKED: [Rule; 13] = [
    Rule::DriveHealth,
    Rule::VolumeLow,
    Rule::InodesLow,
    Rule::RemountedReadOnly,
    Rule::NoInternet,
    Rule::Unstable,
    Rule::LinkFlapping,
    Rule::AddressConflict,
    Rule::UpdatesPending,
    Rule::RebootPending,
    Rule::NewAdministrator,
    Rule::ClockSkew,
    Rule::LicenceExpired,
];

/// Without these nothing can be said of how the PC fares.
const NEEDED: [Rule; 2] = [Rule::DriveHealth, Rule::VolumeLow];

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    one_device(facts, |device| of(device, now))
}

fn of(device: &DeviceFacts, now: Timestamp) -> Proposal {
    let told = ASKED.map(|rule| (rule, device.told(rule, now)));
    let mut bad: Vec<String> = told
        .iter()
        .filter(|(_, told)| told.is_bad())
        .map(|(_, told)| told.summary.clone())
        .collect();
    let memory = memory_pct(device, now);
    if let Some(pct) = memory.filter(|pct| *pct >= MEMORY_PCT) {
        bad.push(format!("La memoria está al {pct} %."));
    }
    let known = told.iter().filter(|(_, told)| told.verdict != Verdict::Unknown);
    let (sources, taken_at) = known.fold((Vec::new(), None), |(mut sources, oldest), (_, told)| {
        if !told.source.is_empty() && !sources.contains(&told.source) {
            sources.push(told.source);
        }
        (sources, earlier(oldest, told.looked_at))
    });
    let proposal = |answer, value: String, because, sureness| Proposal {
        answer,
        value,
        because,
        source: sources.join(", "),
        taken_at,
        sureness,
    };
    if !bad.is_empty() {
        let value = match bad.len() {
            1 => "1 anomalía".to_owned(),
            many => format!("{many} anomalías"),
        };
        return proposal(Some(true), value, bad.join(" "), Sureness::Certain);
    }
    let missing =
        told.iter().find(|(rule, told)| NEEDED.contains(rule) && told.verdict == Verdict::Unknown);
    if let Some((_, told)) = missing {
        return Proposal::unknown(told.summary.clone());
    }
    let unknown = told.iter().filter(|(_, told)| told.verdict == Verdict::Unknown).count();
    let memory = memory.map_or(String::new(), |pct| format!(", memoria al {pct} %"));
    let because = match unknown {
        0 => "Discos, espacio, conexión, actualizaciones y reloj están bien.".to_owned(),
        some => format!("De lo que se pudo leer nada está mal; {some} cosas no se pudieron leer."),
    };
    let sureness = if unknown == 0 { Sureness::Likely } else { Sureness::Weak };
    proposal(Some(false), format!("ninguna anomalía conocida{memory}"), because, sureness)
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

fn memory_pct(device: &DeviceFacts, now: Timestamp) -> Option<u64> {
    let fact = device.fact(SectionKind::System, now).ok()?;
    let Section::System(reading) = &fact.section else { return None };
    let System { memory_total_bytes, memory_used_bytes, .. } = reading.known()?;
    let (total, used) = ((*memory_total_bytes)?, (*memory_used_bytes)?);
    used.min(total).checked_mul(100)?.checked_div(total)
}
