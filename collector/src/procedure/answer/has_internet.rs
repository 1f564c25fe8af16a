//! Network 5: has the network internet? One PC behind the gateway that reaches the internet proves that there is some.

use jiff::Timestamp;

use super::facts::{Facts, names};
use super::several::{Vote, Votes, nobody, oldest};
use crate::domain::alert::{Rule, Verdict};
use crate::domain::proposal::{Proposal, Sureness};

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    let votes = Votes::of(facts, |device| match device.told(Rule::NoInternet, now).verdict {
        Verdict::Ok => Vote::Yes,
        Verdict::Warning | Verdict::Critical => Vote::No,
        Verdict::Unknown => Vote::Unknown,
    });
    if votes.cast() == 0 {
        return nobody(facts);
    }
    let (yes, no) = (votes.yes.len(), votes.no.len());
    let value = votes.share(yes, "con internet");
    let (answer, sureness, because) = match (yes, no) {
        (0, 1) => (false, Sureness::Likely, no_internet(facts, &votes, now)),
        (0, _) => (false, Sureness::Certain, no_internet(facts, &votes, now)),
        (1, 0) => {
            (true, Sureness::Likely, format!("{} sale a internet.", names(votes.yes.clone())))
        }
        (_, 0) => {
            (true, Sureness::Certain, format!("{} salen a internet.", names(votes.yes.clone())))
        }
        (yes, no) => {
            let sureness = if yes >= no { Sureness::Likely } else { Sureness::Weak };
            let because = format!(
                "La red tiene salida, pero {} no llega a internet: revise esos equipos.",
                names(votes.no.clone())
            );
            (true, sureness, because)
        }
    };
    let rests_on = if answer { &votes.yes } else { &votes.no };
    Proposal {
        answer: Some(answer),
        value,
        because,
        source: "agentes de la red, destinos de internet".into(),
        taken_at: oldest(rests_on, now),
        sureness,
    }
}

/// Where the way ends: at the gateway or beyond it.
fn no_internet(facts: &Facts, votes: &Votes<'_>, now: Timestamp) -> String {
    let reachable = |wanted| {
        let of = |device: &&super::facts::DeviceFacts| {
            device.connectivity(now).is_some_and(|(read, _)| read.gateway.reachable == Some(wanted))
        };
        facts.devices.iter().filter(of).count()
    };
    let who = names(votes.no.clone());
    match (reachable(true), reachable(false)) {
        (0, 0) => format!("Ningún destino de internet responde a {who}."),
        (0, _) => {
            format!("Ningún destino de internet responde a {who}, y la puerta de enlace tampoco.")
        }
        (_, _) => format!(
            "Ningún destino de internet responde a {who}; la puerta de enlace sí responde: puede ser el proveedor."
        ),
    }
}
