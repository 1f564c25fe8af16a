//! Network 7 and the test after a repair: is the network stable? A network test of a minute outweighs the few requests
//! of a round; a target that loses while another does not is that target's fault, not the network's.

use jiff::Timestamp;

use super::facts::{DeviceFacts, Facts, Limits, names};
use super::several::{Vote, Votes, nobody, oldest};
use crate::domain::alert::{Rule, Verdict};
use crate::domain::proposal::{Proposal, Sureness};
use crate::domain::reading::{Measurement, NetworkTest};

/// Targets of a network test that are not the internet, as agents call them.
const NEAR: [&str; 3] = ["Puerta de enlace", "Colector", "Servidor de nombres"];

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    let votes = Votes::of(facts, |device| vote(device, facts.limits, now));
    if votes.cast() == 0 {
        return nobody(facts);
    }
    let tested = facts.devices.iter().filter(|device| device.fresh_test(now).is_some()).count();
    let (stable, unstable) = (votes.yes.len(), votes.no.len());
    let (answer, mut sureness, because) = if unstable == 0 {
        let because = format!("Sin pérdidas ni variación notable en {}.", names(votes.yes.clone()));
        (true, Sureness::Certain, because)
    } else if unstable >= stable {
        (false, Sureness::Certain, why(&votes, facts.limits, now))
    } else {
        let because = format!(
            "{} Los demás equipos están bien: puede ser el cable o la radio de esos equipos.",
            why(&votes, facts.limits, now)
        );
        (false, Sureness::Weak, because)
    };
    if tested == 0 {
        sureness = sureness.min(Sureness::Likely);
    }
    let because = match tested {
        0 => {
            format!("{because} Son mediciones de rutina: ordene una prueba de 60 s para saber más.")
        }
        _ => because,
    };
    let rests_on = if answer { &votes.yes } else { &votes.no };
    Proposal {
        answer: Some(answer),
        value: value(&votes, facts, now),
        because,
        source: if tested > 0 { "prueba de red de los agentes" } else { "agentes de la red" }
            .into(),
        taken_at: taken_at(rests_on, now),
        sureness,
    }
}

fn vote(device: &DeviceFacts, limits: Limits, now: Timestamp) -> Vote {
    if let Some(fact) = device.fresh_test(now) {
        return match path(&fact.test) {
            Some(path) if is_bad(&path, limits) => Vote::No,
            Some(_) => Vote::Yes,
            None => Vote::Unknown,
        };
    }
    match device.told(Rule::Unstable, now).verdict {
        Verdict::Ok => Vote::Yes,
        Verdict::Warning | Verdict::Critical => Vote::No,
        Verdict::Unknown => Vote::Unknown,
    }
}

/// The way to the internet in a test: the best of its far targets. `None`: nothing far was measured.
pub(super) fn path(test: &NetworkTest) -> Option<Measurement> {
    let far = test.targets.iter().filter(|tested| !NEAR.contains(&tested.target.name.as_str()));
    let measured = far.map(|tested| tested.target.measurement).filter(|one| one.sent > 0);
    measured.min_by(|one, other| {
        let key = |m: &Measurement| (m.loss_pct.unwrap_or(100.0), m.jitter_ms.unwrap_or(f64::MAX));
        let (one, other) = (key(one), key(other));
        one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
    })
}

fn is_bad(path: &Measurement, limits: Limits) -> bool {
    let lost = path.loss_pct.is_none_or(|pct| pct > limits.loss_pct);
    lost || path.jitter_ms.is_some_and(|ms| ms > limits.jitter_ms)
}

fn why(votes: &Votes<'_>, limits: Limits, now: Timestamp) -> String {
    let of = |device: &&DeviceFacts| match device.fresh_test(now).and_then(|fact| path(&fact.test))
    {
        Some(path) if is_bad(&path, limits) => format!(
            "{}: pérdida {} %, variación {} ms en la prueba.",
            device.name,
            figure(path.loss_pct),
            figure(path.jitter_ms)
        ),
        _ => format!("{}: {}", device.name, device.told(Rule::Unstable, now).summary),
    };
    let told: Vec<String> = votes.no.iter().take(3).map(of).collect();
    let more = match votes.no.len().saturating_sub(3) {
        0 => String::new(),
        rest => format!(" Y {rest} más."),
    };
    format!("{}{more}", told.join(" "))
}

fn figure(figure: Option<f64>) -> String {
    figure.map_or("desconocida".into(), |figure| format!("{figure:.1}"))
}

fn value(votes: &Votes<'_>, facts: &Facts, now: Timestamp) -> String {
    let paths: Vec<Measurement> =
        facts.devices.iter().filter_map(|device| path(&device.fresh_test(now)?.test)).collect();
    let worst =
        |of: fn(&Measurement) -> Option<f64>| paths.iter().filter_map(of).max_by(f64::total_cmp);
    let stable = votes.share(votes.yes.len(), "con conexión estable");
    match (worst(|path| path.loss_pct), worst(|path| path.p95_ms)) {
        (Some(loss), Some(p95)) => format!("{stable}; peor pérdida {loss:.1} %, p95 {p95:.0} ms"),
        (Some(loss), None) => format!("{stable}; peor pérdida {loss:.1} %"),
        (None, _) => stable,
    }
}

fn taken_at(devices: &[&DeviceFacts], now: Timestamp) -> Option<Timestamp> {
    let tests = devices.iter().filter_map(|device| device.fresh_test(now));
    tests.map(|fact| fact.ended_at).min().or_else(|| oldest(devices, now))
}
