//! The questions about one PC: antivirus, firewall, malware, other anomalies, and the faults of its run.

use super::*;
use crate::domain::alert::{Alert, Rule, Severity};
use crate::domain::id::AlertId;
use crate::domain::reading::{AllowedPort, Detection, ListeningSocket};

const OF_ONE_PC: [Question; 5] = [
    Question::HasAntivirus,
    Question::AntivirusUpdated,
    Question::FirewallCorrect,
    Question::MalwarePresent,
    Question::OtherAnomaly,
];

fn antivirus(products: Vec<AntivirusProduct>) -> Pc {
    Pc::well().with(Section::Antivirus(Reading::ok(Antivirus { products }, "clamd", now())))
}

#[test]
fn a_pc_in_good_health_answers_every_question_of_the_security_review() {
    let facts = one(Pc::well());
    check(Question::HasAntivirus, &facts, Some(true), Sureness::Certain);
    check(Question::AntivirusUpdated, &facts, Some(true), Sureness::Certain);
    check(Question::FirewallCorrect, &facts, Some(true), Sureness::Certain);
    check(Question::MalwarePresent, &facts, Some(false), Sureness::Weak);
    // What this PC's agent cannot read (restarts of its link, accounts) keeps the no from being more.
    check(Question::OtherAnomaly, &facts, Some(false), Sureness::Weak);
}

#[test]
fn a_silent_pc_answers_nothing_however_fresh_its_last_reading() {
    let facts = one(Pc { silent: true, minutes_old: 16, ..Pc::well() });
    for question in OF_ONE_PC {
        let said = check(question, &facts, None, Sureness::Weak);
        assert!(said.because.contains("no reporta desde hace 16 min"), "{said:?}");
    }
}

#[test]
fn old_readings_denied_readings_and_none_at_all_answer_nothing() {
    for question in OF_ONE_PC {
        let old = one(Pc { minutes_old: 21, ..Pc::well() });
        let said = check(question, &old, None, Sureness::Weak);
        assert!(said.because.contains("hace 21 min"), "{said:?}");
        let mut denied = Pc::well();
        for kind in SectionKind::ALL {
            denied = denied.unreadable(kind);
        }
        denied.sample = Sample::default();
        check(question, &one(denied), None, Sureness::Weak);
        let nothing = Pc { sections: Vec::new(), ..Pc::well() };
        check(question, &one(nothing), None, Sureness::Weak);
        check(question, &facts(Vec::new()), None, Sureness::Weak);
    }
}

#[test]
fn a_question_of_one_pc_is_not_answered_for_several() {
    let several = facts(vec![Pc::well().named("a"), Pc::well().named("b")]);
    for question in OF_ONE_PC {
        check(question, &several, None, Sureness::Weak);
    }
}

#[test]
fn no_antivirus_is_a_certain_no_and_a_stopped_one_a_likely_no() {
    check(Question::HasAntivirus, &one(antivirus(vec![])), Some(false), Sureness::Certain);
    let off = AntivirusProduct { running: Some(false), ..clamav() };
    let said =
        check(Question::HasAntivirus, &one(antivirus(vec![off])), Some(false), Sureness::Likely);
    assert!(said.because.contains("no está en marcha"), "{said:?}");
    let untold = AntivirusProduct { running: None, ..clamav() };
    check(Question::HasAntivirus, &one(antivirus(vec![untold])), Some(true), Sureness::Likely);
}

#[test]
fn old_signatures_are_not_updated_and_are_mentioned_beside_the_antivirus() {
    let old = AntivirusProduct { signatures_at: Some(ago(40 * 24 * 60)), ..clamav() };
    let facts = one(antivirus(vec![old]));
    check(Question::AntivirusUpdated, &facts, Some(false), Sureness::Certain);
    let said = check(Question::HasAntivirus, &facts, Some(true), Sureness::Certain);
    assert!(said.because.contains("40 días"), "{said:?}");
    let undated = AntivirusProduct { signatures_at: None, ..clamav() };
    check(Question::AntivirusUpdated, &one(antivirus(vec![undated])), None, Sureness::Weak);
}

fn listens(port: u16, process: &str) -> ListeningSocket {
    ListeningSocket {
        protocol: "tcp".into(),
        address: "0.0.0.0".into(),
        port,
        process: Some(process.into()),
        pid: Some(7),
        service: None,
        loopback: false,
    }
}

#[test]
fn a_port_let_in_beyond_the_policy_is_named_with_its_process() {
    let lets_in = |port: &str| AllowedPort {
        protocol: "tcp".into(),
        port: port.into(),
        source: "any".into(),
    };
    let of =
        |read: Firewall| one(Pc::well().with(Section::Firewall(Reading::ok(read, "nft", now()))));
    let open = Firewall {
        allowed: vec![lets_in("5900")],
        listening: vec![listens(5900, "x11vnc")],
        ..firewall()
    };
    let said = check(Question::FirewallCorrect, &of(open), Some(false), Sureness::Certain);
    assert!(said.because.contains("tcp/5900"), "{said:?}");
    assert!(said.because.contains("x11vnc"), "{said:?}");
    let kept_out = Firewall { listening: vec![listens(5900, "x11vnc")], ..firewall() };
    let said = check(Question::FirewallCorrect, &of(kept_out), Some(true), Sureness::Likely);
    assert!(said.because.contains("x11vnc"), "{said:?}");
    let off = Firewall { enabled: Some(false), ..firewall() };
    check(Question::FirewallCorrect, &of(off), Some(false), Sureness::Certain);
    let unsure = Firewall { default_inbound: None, ..firewall() };
    check(Question::FirewallCorrect, &of(unsure), None, Sureness::Weak);
    let blind = Firewall { listening_status: Status::Denied, ..firewall() };
    check(Question::FirewallCorrect, &of(blind), Some(true), Sureness::Likely);
}

#[test]
fn a_detection_is_malware_and_none_is_never_clean() {
    let found = AntivirusProduct {
        detections: vec![Detection {
            name: "Eicar-Signature".into(),
            found_at: Some(ago(60)),
            ..Detection::default()
        }],
        ..clamav()
    };
    let said = check(
        Question::MalwarePresent,
        &one(antivirus(vec![found])),
        Some(true),
        Sureness::Certain,
    );
    assert!(said.because.contains("Eicar-Signature"), "{said:?}");
    let said = check(Question::MalwarePresent, &one(Pc::well()), Some(false), Sureness::Weak);
    assert!(said.because.contains("no prueba"), "{said:?}");
}

#[test]
fn an_antivirus_that_is_off_old_or_never_looks_says_nothing_of_malware() {
    for doubtful in [
        AntivirusProduct { running: Some(false), ..clamav() },
        AntivirusProduct { running: None, ..clamav() },
        AntivirusProduct { signatures_at: Some(ago(60 * 24 * 60)), ..clamav() },
        AntivirusProduct { signatures_at: None, ..clamav() },
        AntivirusProduct { real_time: Some(false), ..clamav() },
        AntivirusProduct { real_time: None, last_scan_at: Some(ago(8 * 24 * 60)), ..clamav() },
    ] {
        check(Question::MalwarePresent, &one(antivirus(vec![doubtful])), None, Sureness::Weak);
    }
    check(Question::MalwarePresent, &one(antivirus(vec![])), None, Sureness::Weak);
    let scanned =
        AntivirusProduct { real_time: None, last_scan_at: Some(ago(24 * 60)), ..clamav() };
    check(Question::MalwarePresent, &one(antivirus(vec![scanned])), Some(false), Sureness::Weak);
}

#[test]
fn a_failing_drive_and_full_memory_are_anomalies_and_an_unread_drive_is_unknown() {
    let failing = Disk {
        drives: vec![Drive {
            device: "/dev/sda".into(),
            health: DriveHealth::Failing,
            reasons: vec!["Reallocated_Sector_Ct".into()],
            ..Drive::default()
        }],
        ..disk()
    };
    let with_disk = |read| Pc::well().with(Section::Disk(Reading::ok(read, "smartctl", now())));
    let said =
        check(Question::OtherAnomaly, &one(with_disk(failing)), Some(true), Sureness::Certain);
    assert!(said.because.contains("Reallocated_Sector_Ct"), "{said:?}");
    let full = System { memory_used_bytes: Some(7_900), ..system() };
    let pc = Pc::well().with(Section::System(Reading::ok(full, "proc", now())));
    let said = check(Question::OtherAnomaly, &one(pc), Some(true), Sureness::Certain);
    assert!(said.because.contains("98 %"), "{said:?}");
    let unread = Disk { drives_status: Status::Unsupported, drives: Vec::new(), ..disk() };
    check(Question::OtherAnomaly, &one(with_disk(unread)), None, Sureness::Weak);
}

fn alert(rule: Rule, cleared: bool) -> Alert {
    Alert {
        id: AlertId::new("a"),
        rule,
        device: DeviceId::new("PC-01"),
        severity: Severity::Critical,
        summary: "x".into(),
        opened_at: ago(90),
        updated_at: ago(5),
        cleared_at: cleared.then(|| ago(5)),
        reopened: 0,
        run: None,
    }
}

#[test]
fn the_faults_of_a_run_are_gone_when_every_alert_is_and_the_pc_still_speaks() {
    let of = |alerts: Vec<Alert>, pc: Pc| Facts { alerts, ..one(pc) };
    let gone = alert(Rule::NoAntivirus, true);
    let stands = alert(Rule::DriveHealth, false);
    let question = Question::FaultsCleared;
    check(question, &of(vec![gone.clone()], Pc::well()), Some(true), Sureness::Certain);
    let said = check(
        question,
        &of(vec![gone.clone(), stands], Pc::well()),
        Some(false),
        Sureness::Certain,
    );
    assert!(said.because.contains("Disco"), "{said:?}");
    check(question, &of(vec![], Pc::well()), None, Sureness::Weak);
    let silent = Pc { silent: true, ..Pc::well() };
    check(question, &of(vec![gone], silent), None, Sureness::Weak);
}
