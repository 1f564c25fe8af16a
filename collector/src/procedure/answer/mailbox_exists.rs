//! Mailbox 4: has the area a mailbox already? The collector knows what its own runs made, and whether the domain takes
//! mail at all. It does not ask the mail server for the address (SMTP RCPT): servers take that for an attack, and many
//! say yes to every address.

use jiff::Timestamp;

use super::facts::Facts;
use super::mailbox_domain_ready;
use crate::domain::proposal::{Proposal, Sureness};

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    let Some(address) = &facts.mailbox else {
        return Proposal::unknown("El trámite no dice todavía de qué dirección se trata.");
    };
    if let Some(folio) = &facts.mailbox_made_by {
        return Proposal {
            answer: Some(true),
            value: address.clone(),
            because: format!("El trámite {folio} ya generó la dirección {address}."),
            source: "trámites del colector".into(),
            taken_at: Some(now),
            sureness: Sureness::Likely,
        };
    }
    let domain = mailbox_domain_ready::ask(facts, now);
    if domain.answer == Some(false) {
        let because = format!("{} Así la dirección no puede recibir correo.", domain.because);
        return Proposal { answer: Some(false), because, ..domain };
    }
    let because = format!(
        "Ningún trámite generó {address}; si existe en el servidor de correo sólo lo dice su administración, \
         no se le pregunta al servidor. {}",
        domain.because
    );
    Proposal { value: domain.value, ..Proposal::unknown(because) }
}
