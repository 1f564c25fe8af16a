//! What readings and the collector's own checks answer to a question of a step: a proposal with its evidence, never a
//! decision. One file a question; silence and old readings are unknown.

mod antivirus_updated;
mod cabling_fault;
mod configuration_fault;
mod device_fault;
mod facts;
mod faults_cleared;
mod firewall_correct;
mod has_antivirus;
mod has_internet;
mod is_stable;
mod mailbox_domain_ready;
mod mailbox_exists;
mod malware_present;
mod other_anomaly;
mod page_published;
mod several;
mod snapshot;

pub use facts::{DeviceFacts, FRESH, Facts, Limits, SectionFact, TestFact};
pub use snapshot::{Change, Difference, Figure, Snapshot, differences, snapshot};

use jiff::Timestamp;

use crate::domain::procedure::Question;
use crate::domain::proposal::Proposal;

/// Answers a question from what is known now.
pub fn propose(question: Question, facts: &Facts, now: Timestamp) -> Proposal {
    match question {
        Question::FaultsCleared => faults_cleared::ask(facts, now),
        Question::HasInternet => has_internet::ask(facts, now),
        Question::IsStable => is_stable::ask(facts, now),
        Question::DeviceFault => device_fault::ask(facts, now),
        Question::CablingFault => cabling_fault::ask(facts, now),
        Question::ConfigurationFault => configuration_fault::ask(facts, now),
        Question::HasAntivirus => has_antivirus::ask(facts, now),
        Question::AntivirusUpdated => antivirus_updated::ask(facts, now),
        Question::FirewallCorrect => firewall_correct::ask(facts, now),
        Question::MalwarePresent => malware_present::ask(facts, now),
        Question::OtherAnomaly => other_anomaly::ask(facts, now),
        Question::Snapshot => snapshot::ask(facts, now),
        Question::PagePublished => page_published::ask(facts, now),
        Question::MailboxExists => mailbox_exists::ask(facts, now),
        Question::MailboxDomainReady => mailbox_domain_ready::ask(facts, now),
    }
}

/// Answers a question about the one PC the step stands at.
fn one_device(facts: &Facts, answer: impl FnOnce(&DeviceFacts) -> Proposal) -> Proposal {
    match facts.device() {
        Ok(device) => answer(device),
        Err(why) => Proposal::unknown(why),
    }
}

#[cfg(test)]
mod tests;
