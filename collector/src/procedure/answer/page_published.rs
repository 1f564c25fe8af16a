//! Publication 4: can the published pages be seen? The collector asked for them itself. That a page answers does not
//! say that it shows what was asked for: a person looks.

use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, age};
use crate::domain::address_check::{PageCheck, PageOutcome};
use crate::domain::proposal::{Proposal, Sureness};

/// A look older than this says nothing of now.
const FRESH: SignedDuration = SignedDuration::from_mins(60);
/// A certificate that ends sooner than this is mentioned, days.
const SOON_DAYS: i64 = 15;

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    let Some(oldest) = facts.pages.iter().map(|page| page.checked_at).min() else {
        return Proposal::unknown("El colector no ha mirado las direcciones todavía.");
    };
    if now.duration_since(oldest) > FRESH {
        let because = format!("El colector las miró hace {}: mírelas otra vez.", age(oldest, now));
        return Proposal::unknown(because);
    }
    let visible = facts.pages.iter().filter(|page| page.outcome.is_visible()).count();
    let failed = facts.pages.iter().any(|page| matches!(page.outcome, PageOutcome::Refused { .. }));
    let all = facts.pages.len();
    let because: Vec<String> = facts.pages.iter().map(|page| sentence(page, now)).collect();
    Proposal {
        // An address that was not asked for proves nothing, unless another one is known to fail.
        answer: match (visible == all, failed && only_refused(facts)) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        },
        value: format!("{visible} de {all} direcciones responden"),
        because: because.join(" "),
        source: "colector, HTTP".into(),
        taken_at: Some(oldest),
        sureness: if visible == all { Sureness::Likely } else { Sureness::Certain },
    }
}

fn only_refused(facts: &Facts) -> bool {
    let harmless = |page: &PageCheck| {
        page.outcome.is_visible() || matches!(page.outcome, PageOutcome::Refused { .. })
    };
    facts.pages.iter().all(harmless)
}

fn sentence(page: &PageCheck, now: Timestamp) -> String {
    let url = &page.url;
    match &page.outcome {
        PageOutcome::Answered { status, led_to, title, certificate_until, .. } => {
            let title = title.as_ref().map_or(String::new(), |title| format!(", «{title}»"));
            let led = led_to.as_ref().map_or(String::new(), |to| format!(", lleva a {to}"));
            let days = certificate_until.map(|until| now.duration_until(until).as_hours() / 24);
            let soon = match days {
                Some(days) if days < SOON_DAYS => format!(", su certificado vence en {days} días"),
                _ => String::new(),
            };
            format!("{url} contesta {status}{title}{led}{soon}.")
        }
        PageOutcome::Refused { why } => format!("{url} no se miró: {why}."),
        PageOutcome::Failed { why } => format!("{url} no responde: {why}."),
    }
}
