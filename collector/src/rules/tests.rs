//! Every rule on good, bad and unknown readings.

use super::*;
use crate::domain::reading::{
    AllowedPort, AntivirusProduct, Detection, Drive, DriveHealth, DriveKind, Gateway,
    ListeningSocket, PacketPolicy, Status, Verdict as Way, Volume,
};

mod deep;

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

fn facts(sections: Vec<Section>) -> Facts {
    Facts { sections: sections.into_iter().map(|s| (s.kind(), s)).collect(), ..Facts::default() }
}

fn verdict(facts: &Facts, rule: Rule) -> Verdict {
    let judged = judge(facts, &Thresholds::default(), now());
    judged.into_iter().find(|judgement| judgement.rule == rule).unwrap().verdict
}

fn antivirus(products: Vec<AntivirusProduct>) -> Facts {
    facts(vec![Section::Antivirus(Reading::ok(Antivirus { products }, "test", now()))])
}

fn clamav() -> AntivirusProduct {
    AntivirusProduct { name: "ClamAV".into(), running: Some(true), ..AntivirusProduct::default() }
}

fn days_ago(days: i64) -> Option<Timestamp> {
    Timestamp::from_second(now().as_second() - days * 86_400).ok()
}

#[test]
fn a_section_that_was_denied_is_unknown_by_every_rule_on_it() {
    for kind in SectionKind::ALL {
        let denied = Section::unknown(kind, Status::Denied, "sin permiso", "test", now());
        let facts = facts(vec![denied]);
        for judgement in judge(&facts, &Thresholds::default(), now()) {
            assert_eq!(judgement.verdict, Verdict::Unknown, "{:?} of {kind:?}", judgement.rule);
        }
    }
}

#[test]
fn no_product_is_no_antivirus_and_a_stopped_one_is_off() {
    assert_eq!(verdict(&antivirus(vec![]), Rule::NoAntivirus), Verdict::Critical);
    let off = AntivirusProduct { running: Some(false), ..clamav() };
    assert_eq!(verdict(&antivirus(vec![off.clone()]), Rule::NoAntivirus), Verdict::Ok);
    assert_eq!(verdict(&antivirus(vec![off.clone()]), Rule::AntivirusOff), Verdict::Critical);
    assert_eq!(verdict(&antivirus(vec![off.clone(), clamav()]), Rule::AntivirusOff), Verdict::Ok);
    let untold = AntivirusProduct { running: None, ..clamav() };
    assert_eq!(verdict(&antivirus(vec![off, untold]), Rule::AntivirusOff), Verdict::Unknown);
}

#[test]
fn an_antivirus_that_is_not_up_yet_after_start_is_not_off() {
    let mut facts = antivirus(vec![AntivirusProduct { running: Some(false), ..clamav() }]);
    facts.sample = Some(Sample { uptime_s: Some(60), ..Sample::default() });
    assert_eq!(verdict(&facts, Rule::AntivirusOff), Verdict::Unknown);
    facts.sample = Some(Sample { uptime_s: Some(6_000), ..Sample::default() });
    assert_eq!(verdict(&facts, Rule::AntivirusOff), Verdict::Critical);
}

#[test]
fn signatures_age_while_nothing_else_changes() {
    let made = |signatures_at| antivirus(vec![AntivirusProduct { signatures_at, ..clamav() }]);
    for (days, expected) in [
        (0, Verdict::Ok),
        (7, Verdict::Ok),
        (8, Verdict::Warning),
        (31, Verdict::Critical),
        (-400, Verdict::Unknown),
    ] {
        assert_eq!(verdict(&made(days_ago(days)), Rule::SignaturesOld), expected, "{days} days");
    }
    assert_eq!(verdict(&made(None), Rule::SignaturesOld), Verdict::Unknown);
}

#[test]
fn a_recent_detection_counts_and_an_old_one_no_more() {
    let found = |found_at| {
        let detections = vec![Detection { name: "Eicar".into(), found_at, ..Detection::default() }];
        antivirus(vec![AntivirusProduct { detections, ..clamav() }])
    };
    assert_eq!(verdict(&found(days_ago(1)), Rule::DetectionPresent), Verdict::Critical);
    assert_eq!(verdict(&found(None), Rule::DetectionPresent), Verdict::Critical);
    assert_eq!(verdict(&found(days_ago(9)), Rule::DetectionPresent), Verdict::Ok);
    assert_eq!(verdict(&antivirus(vec![]), Rule::DetectionPresent), Verdict::Unknown);
}

fn firewall(enabled: Option<bool>, listening: Vec<ListeningSocket>, status: Status) -> Facts {
    let value = Firewall { enabled, listening, listening_status: status, ..Firewall::default() };
    facts(vec![Section::Firewall(Reading::ok(value, "test", now()))])
}

fn socket(port: u16, loopback: bool) -> ListeningSocket {
    ListeningSocket {
        protocol: "tcp".into(),
        address: "0.0.0.0".into(),
        port,
        process: Some("python3".into()),
        pid: Some(1),
        loopback,
        service: None,
    }
}

fn area_policy(ports: &[&str]) -> AreaPolicy {
    let ports = ports.iter().map(|port| port.parse().unwrap()).collect();
    AreaPolicy { with_common: false, ports, updated_by: "Ana".into(), updated_at: now() }
}

#[test]
fn a_firewall_keeps_to_the_policy_of_its_area_or_the_reason_is_named() {
    let read = |enabled, policy, ports: &[&str]| {
        let allowed = ports.iter().map(|port| AllowedPort {
            protocol: "tcp".into(),
            port: (*port).into(),
            source: "any".into(),
        });
        let value = Firewall {
            enabled: Some(enabled),
            default_inbound: policy,
            allowed: allowed.collect(),
            ..Firewall::default()
        };
        facts(vec![Section::Firewall(Reading::ok(value, "nft", now()))])
    };
    let drop = Some(PacketPolicy::Drop);
    assert_eq!(verdict(&read(true, drop, &["445"]), Rule::FirewallPolicy), Verdict::Ok);
    assert_eq!(verdict(&read(true, None, &["445"]), Rule::FirewallPolicy), Verdict::Unknown);
    assert_eq!(verdict(&read(false, drop, &["445"]), Rule::FirewallPolicy), Verdict::Unknown);
    let accepts = read(true, Some(PacketPolicy::Accept), &[]);
    assert_eq!(verdict(&accepts, Rule::FirewallPolicy), Verdict::Warning);
    let mut remote = read(true, drop, &["3389"]);
    let judged = judge(&remote, &Thresholds::default(), now());
    let found = judged.iter().find(|j| j.rule == Rule::FirewallPolicy).unwrap();
    assert_eq!(found.verdict, Verdict::Warning);
    assert!(
        found.summary.contains("al puerto tcp/3389 desde cualquier lugar"),
        "{}",
        found.summary
    );
    remote.area_policy = Some(area_policy(&["tcp/3389"]));
    assert_eq!(verdict(&remote, Rule::FirewallPolicy), Verdict::Ok);
    let mut shared = read(true, drop, &["445"]);
    shared.area_policy = Some(area_policy(&["tcp/3389"]));
    assert_eq!(verdict(&shared, Rule::FirewallPolicy), Verdict::Warning);
}

#[test]
fn a_firewall_of_unknown_state_is_neither_on_nor_off() {
    let cases =
        [(Some(true), Verdict::Ok), (Some(false), Verdict::Critical), (None, Verdict::Unknown)];
    for (enabled, expected) in cases {
        assert_eq!(verdict(&firewall(enabled, vec![], Status::Ok), Rule::FirewallOff), expected);
    }
}

#[test]
fn a_port_outside_every_list_is_named_with_its_process() {
    let mut facts = firewall(Some(true), vec![socket(8099, false), socket(445, false)], Status::Ok);
    let judged = judge(&facts, &Thresholds::default(), now());
    let port = judged.iter().find(|j| j.rule == Rule::UnexpectedPort).unwrap();
    assert_eq!(port.verdict, Verdict::Warning);
    assert_eq!(port.summary, "Puertos abiertos no permitidos: tcp/8099 (python3).");
    facts.area_policy = Some(area_policy(&["tcp/8000-8100", "tcp/445"]));
    assert_eq!(verdict(&facts, Rule::UnexpectedPort), Verdict::Ok);
    let loopback = firewall(Some(true), vec![socket(8099, true)], Status::Ok);
    assert_eq!(verdict(&loopback, Rule::UnexpectedPort), Verdict::Ok);
    let unread = firewall(Some(true), vec![], Status::Denied);
    assert_eq!(verdict(&unread, Rule::UnexpectedPort), Verdict::Unknown);
}

fn disk(health: &[DriveHealth], free_bytes: u64) -> Facts {
    let drives = health.iter().map(|health| Drive {
        device: "/dev/sda".into(),
        model: Some("WD10".into()),
        kind: DriveKind::Hdd,
        health: *health,
        reasons: vec!["197 Current_Pending_Sector = 8".into()],
        ..Drive::default()
    });
    let volume = Volume {
        mount: "C:".into(),
        filesystem: "NTFS".into(),
        total_bytes: 1000,
        free_bytes,
        ..Volume::default()
    };
    let value = Disk {
        drives_status: Status::Ok,
        drives: drives.collect(),
        volumes: vec![volume],
        ..Disk::default()
    };
    facts(vec![Section::Disk(Reading::ok(value, "smartctl", now()))])
}

#[test]
fn the_worst_drive_speaks_and_an_unread_one_is_not_healthy() {
    use DriveHealth::{Failing, Ok, Unknown, Warning};
    let cases: [(&[DriveHealth], Verdict); 5] = [
        (&[Ok, Ok], Verdict::Ok),
        (&[Ok, Warning], Verdict::Warning),
        (&[Warning, Failing], Verdict::Critical),
        (&[Ok, Unknown], Verdict::Unknown),
        (&[], Verdict::Unknown),
    ];
    for (health, expected) in cases {
        assert_eq!(verdict(&disk(health, 500), Rule::DriveHealth), expected, "{health:?}");
    }
}

#[test]
fn room_is_judged_by_the_newest_measurement() {
    let mut facts = disk(&[DriveHealth::Ok], 500);
    assert_eq!(verdict(&facts, Rule::VolumeLow), Verdict::Ok);
    facts.sample = Some(Sample { volume_free_permille: Some(90), ..Sample::default() });
    assert_eq!(verdict(&facts, Rule::VolumeLow), Verdict::Warning);
    facts.sample = Some(Sample { volume_free_permille: Some(40), ..Sample::default() });
    assert_eq!(verdict(&facts, Rule::VolumeLow), Verdict::Critical);
}

#[test]
fn no_internet_says_whether_the_gateway_answers() {
    let value = Connectivity {
        verdict: Way::Down,
        gateway: Gateway { reachable: Some(true), ..Gateway::default() },
        ..Connectivity::default()
    };
    let facts = facts(vec![Section::Connectivity(Reading::ok(value, "test", now()))]);
    let judged = judge(&facts, &Thresholds::default(), now());
    let judgement = judged.iter().find(|j| j.rule == Rule::NoInternet).unwrap();
    assert_eq!(judgement.verdict, Verdict::Critical);
    assert!(judgement.summary.contains("revise al proveedor"));
}

#[test]
fn loss_and_jitter_make_a_connection_unstable_and_total_loss_does_not() {
    let thresholds = Thresholds::default();
    let ask = |loss, jitter| {
        let sample =
            Sample { loss_permille: Some(loss), jitter_us: Some(jitter), ..Sample::default() };
        unstable::ask(Some(&sample), &thresholds).verdict
    };
    assert_eq!(ask(0, 1_000), Verdict::Ok);
    assert_eq!(ask(60, 1_000), Verdict::Warning);
    assert_eq!(ask(0, 60_000), Verdict::Warning);
    assert_eq!(ask(1000, 0), Verdict::Unknown);
}

#[test]
fn a_clock_in_2099_is_told_by_its_skew() {
    let thresholds = Thresholds::default();
    let skew = 73 * 365 * 86_400 * 1_000_000;
    let finding = clock_skew::ask(Some(skew), &thresholds);
    assert_eq!(finding.verdict, Verdict::Warning);
    assert_eq!(finding.summary, "El reloj está adelantado 26645 días.");
    assert_eq!(clock_skew::ask(Some(-30_000_000), &thresholds).verdict, Verdict::Ok);
}

#[test]
fn a_night_switched_off_is_no_silence_but_a_working_hour_is() {
    let (thresholds, hours) = (Thresholds::default(), Default::default());
    let judged = |seen: &str, now: &str| {
        silence(seen.parse().unwrap(), &thresholds, &hours, now.parse().unwrap()).verdict
    };
    assert_eq!(judged("2026-11-23T18:00:00-06:00", "2026-11-24T09:10:00-06:00"), Verdict::Ok);
    assert_eq!(judged("2026-11-24T09:10:00-06:00", "2026-11-24T10:10:00-06:00"), Verdict::Warning);
}

#[test]
fn the_signature_of_a_measurement_changes_only_with_a_verdict() {
    let thresholds = Thresholds::default();
    let sample = Sample {
        volume_free_permille: Some(500),
        loss_permille: Some(0),
        uptime_s: Some(9_999),
        ..Sample::default()
    };
    let before = sample_signature(&thresholds, &sample, 0);
    let warmer = Sample { cpu_permille: Some(900), volume_free_permille: Some(450), ..sample };
    assert_eq!(sample_signature(&thresholds, &warmer, 5_000), before);
    let full = Sample { volume_free_permille: Some(60), ..sample };
    assert_ne!(sample_signature(&thresholds, &full, 0), before);
    assert_ne!(sample_signature(&thresholds, &sample, 600_000_000), before);
}
