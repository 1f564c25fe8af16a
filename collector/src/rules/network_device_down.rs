//! Does a router, switch or printer answer those who look at it? Asked by the clock. It must stay like this for a
//! while to be believed, both ways; until then, and while nobody can tell, the rule changes nothing.

use jiff::Timestamp;

use super::Thresholds;
use crate::domain::alert::{Judgement, Rule, Verdict};
use crate::domain::network_device::Answering;

/// Judges a network device by what is said of it and since when; `seen_by` names the PCs that look.
pub fn network_device(
    state: Answering,
    since: Timestamp,
    seen_by: &str,
    thresholds: &Thresholds,
    now: Timestamp,
) -> Judgement {
    let lasted = now.as_second().saturating_sub(since.as_second());
    let believed = |minutes: i64| lasted >= minutes.max(0) * 60;
    let (verdict, summary) = match state {
        Answering::Up if believed(thresholds.network_device_up_minutes) => {
            (Verdict::Ok, format!("Responde a {seen_by}."))
        }
        Answering::Up => (Verdict::Unknown, "Acaba de volver a responder.".to_owned()),
        Answering::Down if believed(thresholds.network_device_down_minutes) => {
            let since = since.strftime("%Y-%m-%d %H:%M UTC");
            (Verdict::Critical, format!("No responde a {seen_by} desde {since}."))
        }
        Answering::Down => (Verdict::Unknown, "Acaba de dejar de responder.".to_owned()),
        Answering::Unknown => {
            (Verdict::Unknown, "Ningún equipo que lo vigile puede decir si responde.".to_owned())
        }
    };
    Judgement {
        rule: Rule::NetworkDeviceDown,
        verdict,
        summary,
        source: format!("agente de {seen_by}"),
        taken_at: Some(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_raises_after_its_delay_and_clears_after_another() {
        let since: Timestamp = "2026-11-23T18:00:00Z".parse().unwrap();
        let judged = |state, seconds| {
            let now = Timestamp::from_second(since.as_second() + seconds).unwrap();
            network_device(state, since, "PC-01", &Thresholds::default(), now).verdict
        };
        assert_eq!(judged(Answering::Down, 179), Verdict::Unknown);
        assert_eq!(judged(Answering::Down, 180), Verdict::Critical);
        assert_eq!(judged(Answering::Up, 59), Verdict::Unknown);
        assert_eq!(judged(Answering::Up, 60), Verdict::Ok);
        assert_eq!(judged(Answering::Unknown, 1_000_000), Verdict::Unknown);
    }
}
