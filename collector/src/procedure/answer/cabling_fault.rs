//! Network 16: is the cabling at fault? Links that come and go, frames that come in damaged, PCs that fell silent while
//! their neighbours report. Agents do not see cables: a no is never more than weak.

use jiff::Timestamp;

use super::facts::{DeviceFacts, Facts, names};
use super::several::{Vote, Votes, nobody, oldest};
use crate::domain::alert::{Rule, Verdict};
use crate::domain::proposal::{Proposal, Sureness};

/// Damaged frames since the PC started that no good cable has.
const DAMAGED: u64 = 1_000;

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    let votes = Votes::of(facts, |device| {
        match (device.told(Rule::LinkFlapping, now).verdict, damaged(device, now)) {
            (Verdict::Warning | Verdict::Critical, _) => Vote::Yes,
            (_, Some(frames)) if frames >= DAMAGED => Vote::Yes,
            (Verdict::Ok, _) | (_, Some(_)) => Vote::No,
            (Verdict::Unknown, None) => Vote::Unknown,
        }
    });
    let silent: Vec<&DeviceFacts> = facts.devices.iter().filter(|device| device.silent).collect();
    if votes.cast() == 0 {
        return nobody(facts);
    }
    let told = |answer, sureness, value, because, rests_on: &[&DeviceFacts]| Proposal {
        answer: Some(answer),
        value,
        because,
        source: "contadores de enlace de los agentes".into(),
        taken_at: oldest(rests_on, now),
        sureness,
    };
    if !votes.yes.is_empty() {
        let of = |device: &&DeviceFacts| {
            let link = device.told(Rule::LinkFlapping, now);
            match damaged(device, now) {
                _ if link.is_bad() => format!("{}: {}", device.name, link.summary),
                frames => format!("{}: {} tramas dañadas.", device.name, frames.unwrap_or(0)),
            }
        };
        let because: Vec<String> = votes.yes.iter().take(3).map(of).collect();
        let value = votes.share(votes.yes.len(), "con enlace dañado o intermitente");
        return told(true, Sureness::Likely, value, because.join(" "), &votes.yes);
    }
    let value = votes.share(votes.no.len(), "con enlace sano");
    if !silent.is_empty() {
        let because = format!(
            "{} no reporta mientras sus vecinos sí: si está encendido, revise su cable.",
            names(silent)
        );
        return told(true, Sureness::Weak, value, because, &votes.no);
    }
    let because = "Los enlaces de los equipos que reportan se mantienen; los agentes no ven el resto del cableado.";
    told(false, Sureness::Weak, value, because.into(), &votes.no)
}

/// Most frames damaged or not sent on one interface since the PC started.
fn damaged(device: &DeviceFacts, now: Timestamp) -> Option<u64> {
    let (read, _) = device.connectivity(now)?;
    let of_one = |one: &crate::domain::reading::Interface| {
        one.rx_errors.into_iter().chain(one.tx_errors).max()
    };
    read.interfaces.iter().filter_map(of_one).max()
}
