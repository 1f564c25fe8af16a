//! What several PCs of one network say together: who says yes, who says no, who says nothing. Silence is no vote.

use jiff::Timestamp;

use super::facts::{DeviceFacts, Facts, names};
use crate::domain::proposal::Proposal;

/// What one PC says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vote {
    /// It is so.
    Yes,
    /// It is not.
    No,
    /// It cannot tell, or nothing of it is fresh.
    Unknown,
}

/// Votes of the PCs of a network.
pub(super) struct Votes<'a> {
    pub yes: Vec<&'a DeviceFacts>,
    pub no: Vec<&'a DeviceFacts>,
    pub unknown: Vec<&'a DeviceFacts>,
}

impl<'a> Votes<'a> {
    /// Asks every PC.
    pub fn of(facts: &'a Facts, vote: impl Fn(&DeviceFacts) -> Vote) -> Votes<'a> {
        let mut votes = Votes { yes: Vec::new(), no: Vec::new(), unknown: Vec::new() };
        for device in &facts.devices {
            match vote(device) {
                Vote::Yes => votes.yes.push(device),
                Vote::No => votes.no.push(device),
                Vote::Unknown => votes.unknown.push(device),
            }
        }
        votes
    }

    /// How many said something.
    pub fn cast(&self) -> usize {
        self.yes.len() + self.no.len()
    }

    /// How many there are.
    pub fn all(&self) -> usize {
        self.cast() + self.unknown.len()
    }

    /// `3 de 4 PC con internet`.
    pub fn share(&self, part: usize, what: &str) -> String {
        format!("{part} de {} PC {what}", self.all())
    }
}

/// Nobody can say: because there are no PCs, because they are silent, or because nothing was read.
pub(super) fn nobody(facts: &Facts) -> Proposal {
    if facts.devices.is_empty() {
        return Proposal::unknown(
            "La red no tiene equipos con agente: compruébelo en el sitio o asigne equipos a la red.",
        );
    }
    let silent: Vec<&DeviceFacts> = facts.devices.iter().filter(|device| device.silent).collect();
    let all = facts.devices.len();
    if silent.len() == all {
        let value = format!("{all} de {all} PC sin reportar");
        let because = format!(
            "Ningún equipo de la red reporta ({}): puede faltar la red, la energía o el colector.",
            names(silent)
        );
        return Proposal { value, ..Proposal::unknown(because) };
    }
    Proposal::unknown("Ningún equipo de la red tiene una lectura reciente que lo diga.")
}

/// When the oldest reading of these PCs was taken.
pub(super) fn oldest(devices: &[&DeviceFacts], now: Timestamp) -> Option<Timestamp> {
    devices.iter().filter_map(|device| device.connectivity(now)).map(|(_, at)| at).min()
}
