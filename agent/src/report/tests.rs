//! What is news and what it costs on the wire.

use atalaya_proto::{decode_body, limits, v1};
use atalaya_reading::*;
use prost::Message;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_780_000_000).unwrap()
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn antivirus(detections: &[&str]) -> Section {
    let detection = |name: &&str| Detection { name: name.to_string(), ..Detection::default() };
    let product = AntivirusProduct {
        name: "ClamAV".into(),
        detections: detections.iter().map(detection).collect(),
        ..AntivirusProduct::default()
    };
    Section::Antivirus(Reading::ok(Antivirus { products: vec![product] }, "clamd", now()))
}

fn system(uptime: u64, hostname: &str) -> Section {
    let system = System {
        hostname: Some(hostname.into()),
        uptime_s: Some(uptime),
        cpu_pct: Some(73.4),
        memory_total_bytes: Some(8 << 30),
        memory_used_bytes: Some(3 << 30),
        swap_total_bytes: Some(2 << 30),
        swap_used_bytes: Some(1 << 30),
        ..System::default()
    };
    Section::System(Reading::ok(system, "sysinfo", now()))
}

fn firewall(sockets: usize) -> Section {
    let socket = |port: usize| ListeningSocket {
        protocol: "tcp".into(),
        address: "0.0.0.0".into(),
        port: port as u16,
        process: Some("x".repeat(200)),
        pid: Some(1),
        loopback: false,
        service: None,
    };
    let firewall = Firewall {
        listening: (0..sockets).map(socket).collect(),
        listening_status: Status::Ok,
        ..Firewall::default()
    };
    Section::Firewall(Reading::ok(firewall, "nft -j list ruleset", now()))
}

fn class(capture: Option<Capture>) -> Option<Class> {
    capture.map(|capture| capture.class)
}

#[test]
fn a_section_is_captured_first_then_only_when_it_changes_and_every_six_hours() {
    let mut reporter = Reporter::default();
    assert_eq!(class(reporter.take(system(1, "a"), s(0), now())), Some(Class::State));
    assert_eq!(class(reporter.take(system(2, "a"), s(60), now())), None);
    assert_eq!(class(reporter.take(system(3, "b"), s(120), now())), Some(Class::State));
    assert_eq!(class(reporter.take(system(4, "b"), s(121 + 6 * 3600), now())), Some(Class::State));
    reporter.forget_sent();
    assert_eq!(class(reporter.take(system(5, "b"), s(122 + 6 * 3600), now())), Some(Class::State));
}

#[test]
fn only_a_new_detection_is_a_security_event() {
    let mut reporter = Reporter::default();
    assert_eq!(class(reporter.take(antivirus(&[]), s(0), now())), Some(Class::State));
    assert_eq!(class(reporter.take(antivirus(&["Eicar"]), s(1), now())), Some(Class::Security));
    assert_eq!(class(reporter.take(antivirus(&["Eicar"]), s(2), now())), None);
    assert_eq!(class(reporter.take(antivirus(&[]), s(3), now())), Some(Class::State));
    assert_eq!(class(reporter.take(antivirus(&["Eicar"]), s(4), now())), Some(Class::Security));
}

#[test]
fn a_report_when_nothing_changed_costs_at_most_200_bytes_on_the_wire() {
    let mut reporter = Reporter::default();
    let target = |name: &str| Target {
        id: None,
        name: name.into(),
        kind: TargetKind::Icmp,
        address: "192.0.2.1".into(),
        measurement: Measurement {
            sent: 5,
            received: 4,
            loss_pct: Some(20.0),
            median_ms: Some(412.123),
            p95_ms: Some(933.456),
            jitter_ms: Some(120.5),
        },
        fallback: None,
    };
    let connectivity = Connectivity {
        gateway: Gateway { measurement: target("").measurement, ..Gateway::default() },
        targets: vec![target("a"), target("b")],
        ..Connectivity::default()
    };
    let drive = Drive {
        device: "/dev/sda".into(),
        kind: DriveKind::Hdd,
        health: DriveHealth::Ok,
        temperature_c: Some(48),
        ..Drive::default()
    };
    let volume = Volume {
        mount: "/".into(),
        filesystem: "ext4".into(),
        total_bytes: 1 << 40,
        free_bytes: 1 << 39,
        ..Volume::default()
    };
    let disk = Disk { drives: vec![drive], volumes: vec![volume], ..Disk::default() };
    for round in 0..2 {
        let sections = [
            antivirus(&[]),
            firewall(300),
            Section::Disk(Reading::ok(disk.clone(), "smartctl", now())),
            Section::Connectivity(Reading::ok(connectivity.clone(), "icmp", now())),
            system(90_000_000, "a"),
        ];
        for section in sections {
            let capture = reporter.take(section, s(round * 60), now());
            assert_eq!(capture.is_some(), round == 0);
        }
    }
    let body = reporter.report(s(119), now()).body;
    let report = match decode_body(&body).unwrap().body {
        Some(v1::record_body::Body::Report(report)) => report,
        other => panic!("{other:?}"),
    };
    assert_eq!(report.unchanged.len(), 5);
    assert!(report.drive_temperature_c.is_some() && report.rtt_p95_us.is_some());
    // A year of minutes into an epoch.
    let record = v1::Record { seq: 525_600, prev_hash: vec![0xFF; 16], body };
    let batch =
        v1::Batch { epoch: u64::MAX, records: vec![record], sent_at_us: now().as_microsecond() };
    let message = v1::AgentMessage { body: Some(v1::agent_message::Body::Batch(batch)) };
    // gRPC prefix 5, HTTP/2 frame 9, TLS 1.3 record 22.
    let wire = message.encoded_len() + 5 + 9 + 22;
    assert!(wire <= 200, "{wire} bytes");
}

#[test]
fn a_section_over_the_bound_is_cut_and_says_how_much_was_left_out() {
    let capture = Reporter::default().take(firewall(4096), s(0), now()).unwrap();
    assert!(capture.body.len() <= limits::BODY_BYTES);
    let Some(v1::record_body::Body::Section(change)) = decode_body(&capture.body).unwrap().body
    else {
        panic!("not a section")
    };
    let reading = change.reading.unwrap();
    assert!(reading.detail.contains("recortada"));
    let Some(v1::section_reading::Value::Firewall(firewall)) = reading.value else { panic!() };
    assert_eq!(firewall.listening.len() + firewall.listening_left_out as usize, 4096);
    assert!(firewall.listening.len() > 200);
}

#[test]
fn a_captured_record_tells_when_it_was_taken() {
    let body = action_result("x", &crate::action::Answer::done(""), now());
    assert_eq!(taken_at(&body), Some(now()));
    assert_eq!(taken_at(b"\xff\xff"), None);
}
