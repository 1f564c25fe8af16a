//! Security 8: is the firewall configured correctly? The policy of the PC's area says what correct is. What is let in
//! or listens beyond it is named with its port and process.

use jiff::Timestamp;

use super::facts::{DeviceFacts, Facts};
use super::one_device;
use crate::domain::alert::{Rule, Verdict};
use crate::domain::proposal::{Proposal, Sureness};
use crate::domain::reading::{Section, SectionKind};

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    one_device(facts, |device| of(device, now))
}

fn of(device: &DeviceFacts, now: Timestamp) -> Proposal {
    let off = device.told(Rule::FirewallOff, now);
    let policy = device.told(Rule::FirewallPolicy, now);
    let ports = device.told(Rule::UnexpectedPort, now);
    let (answer, sureness, because) = if off.is_bad() {
        (false, Sureness::Certain, with_ports(off.summary, &ports))
    } else if policy.is_bad() {
        (false, Sureness::Certain, with_ports(policy.summary, &ports))
    } else if policy.verdict == Verdict::Unknown {
        // A port that listens is not proof while what is let in is not known.
        return Proposal::unknown(with_ports(policy.summary, &ports));
    } else if ports.is_bad() {
        let because =
            format!("{} {} El cortafuegos no los deja entrar.", policy.summary, ports.summary);
        (true, Sureness::Likely, because)
    } else if ports.is_ok() {
        (true, Sureness::Certain, policy.summary)
    } else {
        (true, Sureness::Likely, format!("{} {}", policy.summary, ports.summary))
    };
    Proposal {
        answer: Some(answer),
        value: value(device, now),
        because,
        source: off.source.to_owned(),
        taken_at: off.looked_at,
        sureness,
    }
}

fn with_ports(because: String, ports: &super::facts::Told<'_>) -> String {
    match ports.is_bad() {
        true => format!("{because} {}", ports.summary),
        false => because,
    }
}

fn value(device: &DeviceFacts, now: Timestamp) -> String {
    let Ok(fact) = device.fact(SectionKind::Firewall, now) else { return String::new() };
    let Section::Firewall(reading) = &fact.section else { return String::new() };
    let Some(firewall) = reading.known() else { return String::new() };
    let state = match firewall.enabled {
        Some(true) => "encendido",
        Some(false) => "apagado",
        None => "estado desconocido",
    };
    let open = firewall.listening.iter().filter(|socket| !socket.loopback).count();
    format!("{state}, {open} puertos a la escucha")
}
