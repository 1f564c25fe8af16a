//! Every question on good, bad, old, silent and unreadable facts; the judgements are those of the real rules.

mod addresses;
mod one_pc;
mod several_pcs;
mod snapshots;

use std::collections::HashMap;

use jiff::SignedDuration;

use super::*;
use crate::domain::id::DeviceId;
use crate::domain::proposal::Sureness;
use crate::domain::reading::{
    Antivirus, AntivirusProduct, Connectivity, Disk, Drive, DriveHealth, Firewall, Gateway,
    PacketPolicy, Reading, Sample, Section, SectionKind, Status, System, Updates, Verdict, Volume,
};
use crate::rules::{self, Thresholds};

pub(super) fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

pub(super) fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// A PC in good health, to be spoilt by a test.
pub(super) struct Pc {
    pub sections: Vec<Section>,
    pub sample: Sample,
    pub minutes_old: i64,
    pub silent: bool,
}

impl Pc {
    pub fn well() -> Pc {
        Pc {
            sections: vec![
                Section::Antivirus(Reading::ok(
                    Antivirus { products: vec![clamav()] },
                    "clamd",
                    now(),
                )),
                Section::Firewall(Reading::ok(firewall(), "nft", now())),
                Section::Disk(Reading::ok(disk(), "smartctl", now())),
                Section::Connectivity(Reading::ok(connectivity(Verdict::Ok), "icmp", now())),
                Section::System(Reading::ok(system(), "proc", now())),
                Section::Updates(Reading::ok(
                    Updates { pending: Some(0), security: Some(0), ..Updates::default() },
                    "apt",
                    now(),
                )),
            ],
            sample: Sample {
                loss_permille: Some(0),
                jitter_us: Some(900),
                uptime_s: Some(90_000),
                volume_free_permille: Some(500),
                ..Sample::default()
            },
            minutes_old: 1,
            silent: false,
        }
    }

    /// With one section in place of its own.
    pub fn with(mut self, section: Section) -> Pc {
        self.sections.retain(|own| own.kind() != section.kind());
        self.sections.push(section);
        self
    }

    pub fn unreadable(self, kind: SectionKind) -> Pc {
        self.with(Section::unknown(kind, Status::Denied, "sin permiso", "x", now()))
    }

    pub fn named(self, name: &str) -> DeviceFacts {
        let sections: HashMap<SectionKind, Section> =
            self.sections.iter().map(|section| (section.kind(), section.clone())).collect();
        let known = rules::Facts {
            sections,
            sample: Some(self.sample),
            clock_skew_us: Some(0),
            ..rules::Facts::default()
        };
        let looked_at = ago(self.minutes_old);
        let sections = self.sections.into_iter();
        DeviceFacts {
            id: DeviceId::new(name),
            name: name.into(),
            silent: self.silent,
            seen_at: Some(looked_at),
            sections: sections
                .map(|section| (section.kind(), SectionFact { section, looked_at }))
                .collect(),
            judgements: rules::judge(&known, &Thresholds::default(), now()),
            alerts: Vec::new(),
            test: None,
        }
    }
}

pub(super) fn clamav() -> AntivirusProduct {
    AntivirusProduct {
        name: "ClamAV".into(),
        version: Some("1.0.7".into()),
        running: Some(true),
        real_time: Some(true),
        signatures_at: Some(ago(24 * 60)),
        ..AntivirusProduct::default()
    }
}

pub(super) fn firewall() -> Firewall {
    Firewall {
        enabled: Some(true),
        default_inbound: Some(PacketPolicy::Drop),
        listening_status: Status::Ok,
        ..Firewall::default()
    }
}

pub(super) fn disk() -> Disk {
    let drive = Drive { device: "/dev/sda".into(), health: DriveHealth::Ok, ..Drive::default() };
    let volume =
        Volume { mount: "/".into(), total_bytes: 100, free_bytes: 50, ..Volume::default() };
    Disk {
        drives_status: Status::Ok,
        drives: vec![drive],
        volumes: vec![volume],
        ..Disk::default()
    }
}

pub(super) fn system() -> System {
    System {
        memory_total_bytes: Some(8_000),
        memory_used_bytes: Some(4_000),
        uptime_s: Some(90_000),
        reboot_needed: Some(false),
        ..System::default()
    }
}

pub(super) fn connectivity(verdict: Verdict) -> Connectivity {
    let gateway = Gateway {
        address: Some("192.168.1.1".into()),
        reachable: Some(true),
        ..Gateway::default()
    };
    Connectivity { verdict, gateway, ..Connectivity::default() }
}

pub(super) fn facts(devices: Vec<DeviceFacts>) -> Facts {
    Facts { devices, ..Facts::default() }
}

pub(super) fn one(pc: Pc) -> Facts {
    facts(vec![pc.named("PC-01")])
}

/// Asks, and checks answer and sureness; what was said is returned.
#[track_caller]
pub(super) fn check(
    question: Question,
    facts: &Facts,
    answer: Option<bool>,
    sureness: Sureness,
) -> Proposal {
    let proposal = propose(question, facts, now());
    assert_eq!(
        (proposal.answer, proposal.sureness),
        (answer, sureness),
        "{question:?}: {proposal:?}"
    );
    assert!(!proposal.because.is_empty(), "{question:?} gives no reason");
    if answer.is_some() {
        assert!(!proposal.value.is_empty(), "{question:?} names no value");
        assert!(!proposal.source.is_empty(), "{question:?} names no source");
        assert!(proposal.taken_at.is_some(), "{question:?} does not say when");
    }
    proposal
}
