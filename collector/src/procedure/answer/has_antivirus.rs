//! Security 5: has the PC an antivirus? One that is installed and does not run protects nobody.

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
    let there = device.told(Rule::NoAntivirus, now);
    let runs = device.told(Rule::AntivirusOff, now);
    let (answer, sureness, because) = match (there.verdict, runs.verdict) {
        (Verdict::Unknown, _) => return Proposal::unknown(there.summary),
        (Verdict::Warning | Verdict::Critical, _) => (false, Sureness::Certain, there.summary),
        (Verdict::Ok, Verdict::Ok) => (true, Sureness::Certain, runs.summary),
        (Verdict::Ok, Verdict::Unknown) => {
            (true, Sureness::Likely, format!("{} {}", there.summary, runs.summary))
        }
        (Verdict::Ok, Verdict::Warning | Verdict::Critical) => {
            let because = format!("{} Así no protege.", runs.summary);
            (false, Sureness::Likely, because)
        }
    };
    let old = device.told(Rule::SignaturesOld, now);
    let because = match answer && old.is_bad() {
        true => format!("{because} Además: {}", old.summary),
        false => because,
    };
    Proposal {
        answer: Some(answer),
        value: products(device, now),
        because,
        source: there.source.to_owned(),
        taken_at: there.looked_at,
        sureness,
    }
}

/// Names of the products, with their versions.
pub(super) fn products(device: &DeviceFacts, now: Timestamp) -> String {
    let Ok(fact) = device.fact(SectionKind::Antivirus, now) else { return String::new() };
    let Section::Antivirus(reading) = &fact.section else { return String::new() };
    let Some(antivirus) = reading.known() else { return String::new() };
    let name = |product: &crate::domain::reading::AntivirusProduct| match &product.version {
        Some(version) => format!("{} {version}", product.name),
        None => product.name.clone(),
    };
    match antivirus.products.as_slice() {
        [] => "ningún antivirus".into(),
        products => products.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}
