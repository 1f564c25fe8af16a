//! Has the agent stopped reporting? Asked by the clock, in working time unless told otherwise.

use jiff::Timestamp;

use super::Thresholds;
use crate::domain::alert::{Judgement, Rule, Verdict};
use crate::domain::working_time::{WorkingHours, elapsed};

/// Judges the silence of a device by when it was last seen.
pub fn silence(
    last_seen: Timestamp,
    thresholds: &Thresholds,
    hours: &WorkingHours,
    now: Timestamp,
) -> Judgement {
    let silent_s = if thresholds.silent_at_any_hour {
        now.as_second().saturating_sub(last_seen.as_second())
    } else {
        elapsed(hours, last_seen, now)
    };
    let (verdict, summary) = if silent_s > thresholds.silent_minutes * 60 {
        let since = last_seen.strftime("%Y-%m-%d %H:%M UTC");
        (Verdict::Warning, format!("El agente no reporta desde {since}."))
    } else {
        (Verdict::Ok, "El agente reporta.".to_owned())
    };
    Judgement {
        rule: Rule::Silent,
        verdict,
        summary,
        source: "colector".into(),
        taken_at: Some(now),
    }
}
