//! Rules: readings + now → verdicts. Pure; one rule a file, thresholds in one place.

mod address_conflict;
mod antivirus_off;
mod clock_skew;
mod detection_present;
mod drive_health;
mod firewall_off;
mod firewall_policy;
mod inodes_low;
mod licence_expired;
mod link_flapping;
mod network_device_down;
mod new_administrator;
mod no_antivirus;
mod no_internet;
mod real_time_off;
mod reboot_pending;
mod remounted_read_only;
mod signatures_old;
mod silent;
mod thresholds;
mod unexpected_port;
mod unstable;
mod updates_pending;
mod volume_low;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

pub use network_device_down::network_device;
pub use new_administrator::administrators;
pub use silent::silence;
pub use thresholds::Thresholds;

use crate::domain::alert::{Hysteresis, Judgement, Rule, Verdict};
use crate::domain::firewall_policy::AreaPolicy;
use crate::domain::reading::{
    Accounts, Antivirus, Connectivity, Disk, Firewall, Reading, Sample, Section, SectionKind,
    System, Updates,
};

/// What is known of a device when it is judged.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Its sections.
    pub sections: HashMap<SectionKind, Section>,
    /// Its newest measurement.
    pub sample: Option<Sample>,
    /// When that was taken.
    pub sampled_at: Option<Timestamp>,
    /// Its clock minus the collector's, microseconds.
    pub clock_skew_us: Option<i64>,
    /// What its area decided about open ports; `None`: the ports of the configuration hold.
    pub area_policy: Option<AreaPolicy>,
    /// Since when each section has been like this.
    pub changed_at: HashMap<SectionKind, Timestamp>,
    /// Accounts known to command it; `None`: nothing to compare with yet.
    pub administrators: Option<BTreeSet<String>>,
}

macro_rules! section {
    ($name:ident, $variant:ident) => {
        fn $name(&self) -> Option<&Reading<$variant>> {
            match self.sections.get(&SectionKind::$variant) {
                Some(Section::$variant(reading)) => Some(reading),
                _ => None,
            }
        }
    };
}

impl Facts {
    section!(antivirus, Antivirus);
    section!(firewall, Firewall);
    section!(disk, Disk);
    section!(connectivity, Connectivity);
    section!(system, System);
    section!(updates, Updates);
    section!(accounts, Accounts);
}

/// What a rule found: its verdict and the sentence that says why.
struct Finding {
    verdict: Verdict,
    summary: String,
}

impl Finding {
    fn ok(summary: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Ok, summary: summary.into() }
    }

    fn unknown(summary: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Unknown, summary: summary.into() }
    }

    fn warning(summary: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Warning, summary: summary.into() }
    }

    fn critical(summary: impl Into<String>) -> Self {
        Finding { verdict: Verdict::Critical, summary: summary.into() }
    }

    /// No reading, or one that could not be taken.
    fn unread<T>(reading: Option<&Reading<T>>) -> Self {
        match reading {
            None => Finding::unknown("Todavía no hay lectura."),
            Some(reading) => {
                let why = reading.detail.as_deref().unwrap_or("sin más detalle");
                Finding::unknown(format!("No se pudo leer ({}): {why}.", reading.status.as_str()))
            }
        }
    }
}

/// Asks every rule but those the clock asks (silence, and what PCs see of other devices) and identity, which shows when
/// a device connects.
pub fn judge(facts: &Facts, thresholds: &Thresholds, now: Timestamp) -> Vec<Judgement> {
    let asked = Rule::ALL.iter().copied().filter(|rule| !asked_elsewhere(*rule));
    let judged = asked.filter_map(|rule| {
        let finding = ask(rule, facts, thresholds, now)?;
        let section = facts.sections.get(&rule.section());
        Some(Judgement {
            rule,
            verdict: finding.verdict,
            summary: finding.summary,
            source: section.map(|section| section.source().to_owned()).unwrap_or_default(),
            taken_at: section.map(Section::taken_at),
        })
    });
    judged.collect()
}

fn ask(rule: Rule, facts: &Facts, thresholds: &Thresholds, now: Timestamp) -> Option<Finding> {
    Some(match rule {
        Rule::NoAntivirus => no_antivirus::ask(facts),
        Rule::AntivirusOff => antivirus_off::ask(facts, thresholds),
        Rule::SignaturesOld => signatures_old::ask(facts, thresholds, now),
        Rule::DetectionPresent => detection_present::ask(facts, thresholds, now),
        Rule::RealTimeOff => real_time_off::ask(facts),
        Rule::LicenceExpired => licence_expired::ask(facts),
        Rule::FirewallOff => firewall_off::ask(facts),
        Rule::FirewallPolicy => firewall_policy::ask(facts, thresholds),
        Rule::UnexpectedPort => unexpected_port::ask(facts, thresholds),
        Rule::DriveHealth => drive_health::ask(facts),
        Rule::VolumeLow => volume_low::ask(facts, thresholds),
        Rule::InodesLow => inodes_low::ask(facts, thresholds),
        Rule::RemountedReadOnly => remounted_read_only::ask(facts),
        Rule::LinkFlapping => link_flapping::ask(facts, thresholds),
        Rule::AddressConflict => address_conflict::ask(facts),
        Rule::UpdatesPending => updates_pending::ask(facts, thresholds, now),
        Rule::RebootPending => reboot_pending::ask(facts, thresholds, now),
        Rule::NewAdministrator => new_administrator::ask(facts),
        Rule::NoInternet => no_internet::ask(facts),
        Rule::Unstable => unstable::ask(facts.sample.as_ref(), thresholds),
        Rule::ClockSkew => clock_skew::ask(facts.clock_skew_us, thresholds),
        Rule::IdentityConflict | Rule::NetworkDeviceDown | Rule::Silent => return None,
    })
}

fn asked_elsewhere(rule: Rule) -> bool {
    matches!(rule, Rule::IdentityConflict | Rule::NetworkDeviceDown | Rule::Silent)
}

/// Looks in a row before a rule is believed: figures that jump need more than states that stand.
pub fn hysteresis(rule: Rule) -> Hysteresis {
    let (raise_after, clear_after) = match rule {
        Rule::NoAntivirus
        | Rule::AntivirusOff
        | Rule::SignaturesOld
        | Rule::DetectionPresent
        | Rule::RealTimeOff
        | Rule::LicenceExpired
        | Rule::FirewallOff
        | Rule::FirewallPolicy
        | Rule::InodesLow
        | Rule::RemountedReadOnly
        | Rule::UpdatesPending
        | Rule::RebootPending
        | Rule::NewAdministrator
        | Rule::UnexpectedPort
        | Rule::DriveHealth
        | Rule::VolumeLow
        | Rule::IdentityConflict
        | Rule::NetworkDeviceDown
        | Rule::Silent => (1, 1),
        Rule::NoInternet | Rule::AddressConflict | Rule::LinkFlapping => (2, 2),
        Rule::ClockSkew => (2, 2),
        Rule::Unstable => (3, 3),
    };
    Hysteresis { raise_after, clear_after }
}

/// The verdicts that rest on a measurement alone, as bits: while they stay the same, and nothing is being
/// counted, a new measurement changes nothing.
pub fn sample_signature(thresholds: &Thresholds, sample: &Sample, clock_skew_us: i64) -> u32 {
    let facts =
        Facts { sample: Some(*sample), clock_skew_us: Some(clock_skew_us), ..Facts::default() };
    let verdicts = [
        unstable::ask(facts.sample.as_ref(), thresholds).verdict,
        clock_skew::ask(facts.clock_skew_us, thresholds).verdict,
        volume_low::ask(&facts, thresholds).verdict,
    ];
    let starting = u32::from(sample.uptime_s.is_some_and(|up| up < thresholds.antivirus_grace_s));
    verdicts.iter().fold(starting, |bits, verdict| bits * 4 + *verdict as u32)
}

#[cfg(test)]
mod tests;
