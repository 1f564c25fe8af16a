//! What goes down comes up the same, and neither side's nonsense gets through.

use atalaya_reading::{Measurement, Target, TargetKind};
use prost::Message;

use super::*;

fn every_action() -> Vec<Action> {
    let target =
        |kind, address: &str| TestTarget { name: "á".into(), kind, address: address.into() };
    let protocol = Protocol::Udp;
    vec![
        Action::ProbeNow { sections: vec![SectionKind::Firewall, SectionKind::Disk] },
        Action::NetworkTest {
            targets: vec![
                target(TargetKind::Icmp, "192.0.2.1"),
                target(TargetKind::Tcp, "192.0.2.1:443"),
            ],
            seconds: 60,
        },
        Action::UpdateSignatures {},
        Action::QuickScan {},
        Action::BlockPort { protocol: Protocol::Tcp, port: 445, minutes: 60 },
        Action::BlockPort { protocol, port: 65_535, minutes: 0 },
        Action::UnblockPort { protocol, port: 1 },
        Action::CollectDiagnostics {},
    ]
}

#[test]
fn every_action_survives_the_wire() {
    for action in every_action() {
        let message = v1::Action {
            id: "a".into(),
            kind: Some(action_to_wire(&action)),
            ..v1::Action::default()
        };
        let back = v1::Action::decode(message.encode_to_vec().as_slice()).unwrap();
        assert_eq!(action_from_wire(back.kind.unwrap()).unwrap(), action);
    }
}

#[test]
fn nonsense_of_a_collector_is_no_action() {
    use v1::action::Kind;
    let tcp = v1::Protocol::Tcp.into();
    let target = v1::TestTarget { name: "x".into(), kind: 1, address: "192.0.2.1".into() };
    let long = v1::TestTarget { address: "x".repeat(1 << 20), ..target.clone() };
    let nowhere = v1::TestTarget { kind: 99, ..target.clone() };
    let test = |targets: Vec<v1::TestTarget>, seconds| {
        Kind::NetworkTest(v1::NetworkTest { targets, seconds })
    };
    for kind in [
        Kind::BlockPort(v1::BlockPort { protocol: tcp, port: 0, minutes: 1 }),
        Kind::BlockPort(v1::BlockPort { protocol: tcp, port: 65_536, minutes: 1 }),
        Kind::BlockPort(v1::BlockPort { protocol: 0, port: 1, minutes: 1 }),
        Kind::BlockPort(v1::BlockPort { protocol: tcp, port: 1, minutes: u32::MAX }),
        Kind::UnblockPort(v1::UnblockPort { protocol: 9, port: 1 }),
        test(vec![target.clone(); 100], 5),
        test(vec![target.clone()], 0),
        test(vec![target.clone()], u32::MAX),
        test(vec![long], 5),
        test(vec![nowhere], 5),
    ] {
        assert!(action_from_wire(kind.clone()).is_err(), "{kind:?}");
    }
    let kinds = vec![3, 99, 3];
    let probe = action_from_wire(Kind::ProbeNow(v1::ProbeNow { kinds })).unwrap();
    assert_eq!(probe, Action::ProbeNow { sections: vec![SectionKind::Disk] });
}

fn every_evidence() -> Vec<Evidence> {
    let target = Target {
        id: None,
        name: "Quad9".into(),
        kind: TargetKind::Icmp,
        address: "9.9.9.9".into(),
        fallback: None,
        measurement: Measurement::of(10, &[1.0, 2.5]),
    };
    let tested = TargetTest { target, lost_by_second: vec![0, 3, 5] };
    let part = DiagnosticsPart { name: "status".into(), text: "uno\ndos".into() };
    let found = Finding { name: "Eicar".into(), path: "/tmp/ñ".into() };
    vec![
        Evidence::NetworkTest(NetworkTest { seconds: 5, targets: vec![tested] }),
        Evidence::Diagnostics(Diagnostics { parts: vec![part] }),
        Evidence::Block(BlockEvidence { before: String::new(), after: "table\n".into() }),
        Evidence::Scan(ScanEvidence {
            product: "ClamAV".into(),
            places: vec!["/home".into()],
            complete: true,
            found: vec![found],
            left_out: 2,
        }),
    ]
}

#[test]
fn every_outcome_and_evidence_survives_the_wire() {
    for outcome in ActionOutcome::ALL {
        let (wire, none) = answer_to_wire(outcome, None);
        assert_eq!(answer_from_wire(wire.into(), none).unwrap(), (outcome, None));
    }
    for evidence in every_evidence() {
        let (wire, evidence_wire) = answer_to_wire(ActionOutcome::Done, Some(&evidence));
        let back = answer_from_wire(wire.into(), evidence_wire).unwrap();
        assert_eq!(back, (ActionOutcome::Done, Some(evidence)));
    }
    assert!(answer_from_wire(0, None).is_err());
    assert!(answer_from_wire(77, None).is_err());
}

#[test]
fn an_answer_is_cut_to_its_bounds_and_what_was_left_out_is_counted() {
    let part = DiagnosticsPart { name: "log".into(), text: "ñ".repeat(50_000) };
    let parts = Evidence::Diagnostics(Diagnostics { parts: vec![part; 40] });
    let found = vec![Finding { name: "x".repeat(9_999), path: "\u{7}y".into() }; 100];
    let scan = Evidence::Scan(ScanEvidence { found, left_out: 1, ..ScanEvidence::default() });
    let back = |evidence| {
        let (wire, evidence) = answer_to_wire(ActionOutcome::Done, Some(evidence));
        answer_from_wire(wire.into(), evidence).unwrap().1.unwrap()
    };
    let Evidence::Diagnostics(kept) = back(&parts) else { panic!("diagnostics") };
    assert_eq!(kept.parts.len(), bounds::DIAGNOSTICS_PARTS);
    assert_eq!(kept.parts.iter().map(|part| part.text.len()).sum::<usize>(), 65_536);
    let Evidence::Scan(kept) = back(&scan) else { panic!("scan") };
    assert_eq!((kept.found.len(), kept.left_out), (bounds::DETECTIONS, 37));
    assert_eq!((kept.found[0].name.len(), kept.found[0].path.as_str()), (limits::HINT, "y"));
}
