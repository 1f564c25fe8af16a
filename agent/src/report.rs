//! From readings to records: what is news, how worthy it is, and its encoding.
//!
//! Pure: it reads no clock and no file. It decides what is captured, never when it is looked at or sent.

mod encode;

use std::collections::BTreeSet;
use std::time::Duration;

use atalaya_reading::{Sample, Section, SectionKind};
use jiff::Timestamp;

use crate::spool::Class;

pub use encode::{UpdateEnd, action_result, describe_loss, taken_at, update_result};

/// A section is sent in full at least this often, whatever was said before.
const REFRESH: Duration = Duration::from_secs(6 * 3600);
/// Installed software at least this often: it is a hundred times as long as any other section, and when it was last
/// looked at is told by the reports between.
const REFRESH_SOFTWARE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A record to be captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Its worth.
    pub class: Class,
    /// Encoded.
    pub body: Vec<u8>,
}

/// What is known of each section, and what of it was captured.
#[derive(Debug, Default)]
pub struct Reporter {
    seen: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    section: Section,
    looked_at: Duration,
    /// Looked at since the last report, and nothing new.
    unchanged: bool,
    sent: Option<Sent>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    fingerprint: [u8; 16],
    at: Duration,
}

impl Reporter {
    /// Takes a reading in; the record to capture if it is news. `clock` counts from any fixed moment and never jumps;
    /// `now` is the wall clock.
    pub fn take(&mut self, section: Section, clock: Duration, now: Timestamp) -> Option<Capture> {
        let at = self.seen.iter().position(|seen| seen.section.kind() == section.kind());
        let before = at.map(|at| self.seen.swap_remove(at));
        let fingerprint = section.fingerprint();
        let due = |sent: &Sent| {
            let refresh = match section.kind() {
                SectionKind::Software => REFRESH_SOFTWARE,
                _ => REFRESH,
            };
            sent.fingerprint != fingerprint || clock.saturating_sub(sent.at) >= refresh
        };
        let sent = before.as_ref().and_then(|seen| seen.sent);
        let news = sent.as_ref().is_none_or(due);
        let class = match &before {
            _ if !news => Class::State,
            Some(seen) if sent.is_some() => class_of(&section, Some(&seen.section)),
            _ => class_of(&section, None),
        };
        let capture = news.then(|| Capture { class, body: encode::section(&section, class, now) });
        let sent = if news { Some(Sent { fingerprint, at: clock }) } else { sent };
        self.seen.push(Seen { section, looked_at: clock, unchanged: !news, sent });
        capture
    }

    /// Everything counts as news at the next look: the collector does not have it.
    pub fn forget_sent(&mut self) {
        self.seen.iter_mut().for_each(|seen| seen.sent = None);
    }

    /// Every section known, to be captured whether it is news or not.
    pub fn all(&mut self, clock: Duration, now: Timestamp) -> Vec<Capture> {
        let capture = |seen: &mut Seen| {
            seen.sent = Some(Sent { fingerprint: seen.section.fingerprint(), at: clock });
            let class = Class::State;
            Capture { class, body: encode::section(&seen.section, class, now) }
        };
        self.seen.iter_mut().map(capture).collect()
    }

    /// One section counts as news at the next look.
    pub fn forget_sent_of(&mut self, kind: SectionKind) {
        let seen = self.seen.iter_mut().filter(|seen| seen.section.kind() == kind);
        seen.for_each(|seen| seen.sent = None);
    }

    /// The regular measurement from the latest sections.
    pub fn report(&mut self, clock: Duration, now: Timestamp) -> Capture {
        let sample = Sample::of(self.seen.iter().map(|seen| &seen.section));
        let mut unchanged: Vec<(SectionKind, u32)> = Vec::new();
        for seen in self.seen.iter_mut().filter(|seen| seen.unchanged) {
            let age = clock.saturating_sub(seen.looked_at).as_secs();
            unchanged.push((seen.section.kind(), u32::try_from(age).unwrap_or(u32::MAX)));
            seen.unchanged = false;
        }
        unchanged.sort_unstable();
        Capture { class: Class::Metric, body: encode::report(&sample, &unchanged, now) }
    }
}

/// A detection not seen before is a security event; anything else is state.
fn class_of(section: &Section, before: Option<&Section>) -> Class {
    let known = before.map(detections).unwrap_or_default();
    if detections(section).is_subset(&known) { Class::State } else { Class::Security }
}

fn detections(section: &Section) -> BTreeSet<(&str, Option<&str>, Option<Timestamp>)> {
    let Section::Antivirus(reading) = section else { return BTreeSet::new() };
    let all = reading.value.products.iter().flat_map(|product| &product.detections);
    all.map(|found| (found.name.as_str(), found.path.as_deref(), found.found_at)).collect()
}

#[cfg(test)]
mod list_tests;
#[cfg(test)]
mod tests;
