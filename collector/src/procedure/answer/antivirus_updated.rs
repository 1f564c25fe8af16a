//! Security 6: is the antivirus up to date? Judged by the date of its signatures, not by that of a file.

use jiff::Timestamp;

use super::facts::Facts;
use super::{has_antivirus, one_device};
use crate::domain::alert::{Rule, Verdict};
use crate::domain::proposal::{Proposal, Sureness};

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    one_device(facts, |device| {
        let there = device.told(Rule::NoAntivirus, now);
        let signatures = device.told(Rule::SignaturesOld, now);
        let (answer, because) = match (there.verdict, signatures.verdict) {
            (Verdict::Warning | Verdict::Critical, _) => (false, there.summary),
            (_, Verdict::Unknown) => return Proposal::unknown(signatures.summary),
            (_, Verdict::Ok) => (true, signatures.summary),
            (_, Verdict::Warning | Verdict::Critical) => (false, signatures.summary),
        };
        Proposal {
            answer: Some(answer),
            value: has_antivirus::products(device, now),
            because,
            source: there.source.to_owned(),
            taken_at: there.looked_at,
            sureness: Sureness::Certain,
        }
    })
}
