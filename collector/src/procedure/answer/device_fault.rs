//! Network 14: is a router, access point or switch at fault? What the PCs that look at them see, and whether the PCs
//! reach their gateway.

use jiff::Timestamp;

use super::facts::{Facts, names};
use super::several::{Vote, Votes, nobody, oldest};
use crate::domain::network_device::{Answering, NetworkDevice, NetworkDeviceKind};
use crate::domain::proposal::{Proposal, Sureness};

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    // A printer that is off takes nobody's internet away.
    let carries = |device: &&NetworkDevice| {
        !matches!(device.kind, NetworkDeviceKind::Printer | NetworkDeviceKind::Other)
    };
    let carrying: Vec<&NetworkDevice> = facts.network_devices.iter().filter(carries).collect();
    let in_state = |state| -> Vec<&NetworkDevice> {
        carrying.iter().copied().filter(|device| device.state == state).collect()
    };
    let (down, up) = (in_state(Answering::Down), in_state(Answering::Up));
    if !down.is_empty() {
        let value = format!("{} de {} equipos de red sin responder", down.len(), carrying.len());
        let because = format!("No responden a los equipos que los vigilan: {}.", list(&down));
        let since = down.iter().map(|device| device.state_since).min();
        return told(true, Sureness::Certain, value, because, since);
    }
    let votes = Votes::of(facts, |device| {
        match device.connectivity(now).and_then(|(read, _)| read.gateway.reachable) {
            Some(true) => Vote::Yes,
            Some(false) => Vote::No,
            None => Vote::Unknown,
        }
    });
    if votes.cast() == 0 {
        return nobody(facts);
    }
    let value = votes.share(votes.yes.len(), "alcanzan su puerta de enlace");
    if votes.yes.is_empty() {
        let sureness = if votes.no.len() > 1 { Sureness::Likely } else { Sureness::Weak };
        let because = format!("La puerta de enlace no responde a {}.", names(votes.no.clone()));
        return told(true, sureness, value, because, oldest(&votes.no, now));
    }
    let all_up = !up.is_empty() && up.len() == carrying.len() && votes.no.is_empty();
    let because = match (up.as_slice(), votes.no.is_empty()) {
        ([], true) => {
            "La puerta de enlace responde; no hay otros equipos de red registrados que se vigilen."
                .into()
        }
        (up, true) => format!("Responden la puerta de enlace y {}.", list(up)),
        (_, false) => format!(
            "La puerta de enlace responde a unos y no a {}: puede ser su cable.",
            names(votes.no.clone())
        ),
    };
    let sureness = if all_up { Sureness::Likely } else { Sureness::Weak };
    told(false, sureness, value, because, oldest(&votes.yes, now))
}

fn list(devices: &[&NetworkDevice]) -> String {
    let named: Vec<&str> = devices.iter().take(4).map(|device| device.name.as_str()).collect();
    match devices.len().saturating_sub(4) {
        0 => named.join(", "),
        rest => format!("{} y {rest} más", named.join(", ")),
    }
}

fn told(
    answer: bool,
    sureness: Sureness,
    value: String,
    because: String,
    taken_at: Option<Timestamp>,
) -> Proposal {
    let source = "agentes que vigilan los equipos de red".into();
    Proposal { answer: Some(answer), value, because, source, taken_at, sureness }
}
