//! Mailbox 8 and 9: does the domain of the mailbox take mail? The names of the internet say which hosts do.

use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, age};
use crate::domain::address_check::MailOutcome;
use crate::domain::proposal::{Proposal, Sureness};

/// A look-up older than this says nothing of now.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    let Some(check) = &facts.mail else {
        return Proposal::unknown("El colector no ha consultado el dominio todavía.");
    };
    if now.duration_since(check.checked_at) > FRESH {
        let because = format!("El dominio se consultó hace {}.", age(check.checked_at, now));
        return Proposal::unknown(because);
    }
    let domain = &check.domain;
    let (answer, sureness, value, because) = match &check.outcome {
        MailOutcome::Hosts { hosts } => {
            let named = hosts.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let because = format!("El dominio {domain} recibe correo en {named}.");
            (Some(true), Sureness::Certain, format!("MX: {named}"), because)
        }
        MailOutcome::TakesNone => {
            let because = format!("El dominio {domain} declara que no recibe correo.");
            (Some(false), Sureness::Certain, "MX nulo".into(), because)
        }
        MailOutcome::NoHosts { has_address: true } => {
            let because = format!(
                "El dominio {domain} no nombra servidores de correo; sólo tiene una dirección propia."
            );
            (Some(false), Sureness::Weak, "sin MX".into(), because)
        }
        MailOutcome::NoHosts { has_address: false } => {
            let because = format!("El dominio {domain} no nombra servidores de correo.");
            (Some(false), Sureness::Certain, "sin MX".into(), because)
        }
        MailOutcome::NoDomain => {
            let because = format!("El dominio {domain} no existe.");
            (Some(false), Sureness::Certain, "dominio inexistente".into(), because)
        }
        MailOutcome::Failed { why } => {
            return Proposal::unknown(format!("No se pudo consultar {domain}: {why}."));
        }
    };
    Proposal {
        answer,
        value,
        because,
        source: "colector, DNS".into(),
        taken_at: Some(check.checked_at),
        sureness,
    }
}
