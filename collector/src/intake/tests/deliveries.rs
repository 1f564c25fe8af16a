//! At-least-once on the wire, exactly-once in the store, and nothing an agent says stops its stream needlessly.

use atalaya_proto::v1::agent_message;
use atalaya_proto::v1::collector_message::Body;
use atalaya_proto::v1::{Gap, GapReason, Record, RecordClass, Report, SectionMark, record_body};
use jiff::{SignedDuration, Timestamp};
use tonic::Code;

use super::client::{Uplink, body, hello, report, reports};
use super::{Bed, assert_eventually};
use crate::domain::device::DeviceStatus;

#[tokio::test]
async fn what_is_acknowledged_is_stored_and_a_replay_doubles_nothing() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    let records = uplink.records(1, reports(30));
    uplink.send(records.clone()).await;
    assert_eq!(uplink.acknowledged().await, 30);
    assert_eq!(bed.samples(&identity.device).await, 30);
    uplink.send(records[10..].to_vec()).await;
    assert_eq!(uplink.acknowledged().await, 30);
    assert_eq!(bed.samples(&identity.device).await, 30);
}

#[tokio::test]
async fn after_a_restart_the_agent_is_told_what_is_stored_and_goes_on() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    assert_eq!(uplink.deliver(1, reports(3)).await, 3);
    let chain = uplink.records(4, reports(2));
    let bed = bed.restart().await;
    let first = agent_message::Body::Hello(hello(7));
    let mut uplink = Uplink::start(&bed, &identity, first, 7).await.unwrap();
    match uplink.receive().await.unwrap() {
        Body::Welcome(welcome) => assert_eq!(welcome.stored_seq, 3),
        other => panic!("a welcome was expected: {other:?}"),
    }
    uplink.send(chain).await;
    assert_eq!(uplink.acknowledged().await, 5);
    assert_eq!(bed.samples(&identity.device).await, 5);
}

#[tokio::test]
async fn epochs_are_counted_apart() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    assert_eq!(uplink.deliver(1, reports(3)).await, 3);
    let mut other = Uplink::open(&bed, &identity, u64::MAX).await;
    let later = Timestamp::now() + SignedDuration::from_secs(1);
    assert_eq!(other.deliver(1, vec![report(later, 5)]).await, 1);
    assert_eq!(bed.samples(&identity.device).await, 4);
}

#[tokio::test]
async fn records_that_cannot_be_understood_are_set_aside_and_the_stream_goes_on() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    let now = Timestamp::now();
    let marks = vec![SectionMark { kind: 1, age_s: 1 }; atalaya_proto::limits::SECTIONS + 1];
    let too_many = Report { unchanged: marks, ..Report::default() };
    let bodies = vec![
        b"\xff\xff\xff".to_vec(),
        vec![0; atalaya_proto::limits::BODY_BYTES + 1],
        // Class and time, but a kind this version does not know (field 15).
        vec![8, 1, 16, 3, 122, 0],
        body(now, record_body::Body::Report(too_many)),
        report(now, 100),
    ];
    assert_eq!(uplink.deliver(1, bodies).await, 5);
    assert_eq!(bed.samples(&identity.device).await, 1);
    let mut read = bed.store.read().await.unwrap();
    let letters = read.dead_letters(&identity.device, 10).await.unwrap();
    let reasons: Vec<&str> = letters.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(letters.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for (reason, part) in reasons.iter().zip(["protobuf", "at most", "unknown kind", "unchanged"]) {
        assert!(reason.contains(part), "{reason}");
    }
}

#[tokio::test]
async fn a_clock_in_the_year_2099_is_measured_and_its_readings_are_stored_in_our_time() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    let year_2099: Timestamp = "2099-01-01T00:00:00Z".parse().unwrap();
    let minute = SignedDuration::from_mins(1);
    let records = uplink.records(1, vec![report(year_2099 - minute, 1), report(year_2099, 2)]);
    uplink.send_at(records, year_2099).await;
    assert_eq!(uplink.acknowledged().await, 2);
    let number = bed.number(&identity.device).await;
    let mut read = bed.store.read().await.unwrap();
    let live = read.live(&identity.device).await.unwrap().unwrap();
    let off = SignedDuration::from_micros(live.clock_skew_us);
    assert!(off > SignedDuration::from_hours(24 * 365 * 60), "{off:?}");
    let samples = read.samples(number, Timestamp::UNIX_EPOCH, 10).await.unwrap();
    let now = Timestamp::now();
    for sample in &samples {
        let age = now.duration_since(sample.taken_at);
        assert!(age >= SignedDuration::ZERO && age < minute * 3, "{age:?}");
    }
    let between = samples[1].taken_at.duration_since(samples[0].taken_at);
    assert_eq!(between, minute);
}

#[tokio::test]
async fn numbers_that_never_came_are_counted_until_the_agent_says_why() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    assert_eq!(uplink.deliver(1, reports(2)).await, 2);
    assert_eq!(uplink.deliver(6, reports(1)).await, 6);
    let losses = bed.store.read().await.unwrap().losses(&identity.device).await.unwrap();
    assert_eq!(losses, [("missing".to_owned(), 3)]);
    let gap = Gap {
        record_class: RecordClass::Metric.into(),
        first_seq: 3,
        last_seq: 5,
        count: 3,
        reason: GapReason::SpoolFull.into(),
        epoch: 0,
    };
    let told = body(Timestamp::now(), record_body::Body::Gap(gap));
    assert_eq!(uplink.deliver(7, vec![told]).await, 7);
    let losses = bed.store.read().await.unwrap().losses(&identity.device).await.unwrap();
    assert_eq!(losses, [("spool_full".to_owned(), 3)]);
}

#[tokio::test]
async fn another_history_under_the_same_numbers_puts_the_device_in_quarantine() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    assert_eq!(uplink.deliver(1, reports(3)).await, 3);
    let forged = Record { seq: 4, prev_hash: vec![9; 16], body: report(Timestamp::now(), 1) };
    uplink.send(vec![forged]).await;
    let ended = uplink.receive().await.unwrap_err();
    assert_eq!(ended.code(), Code::PermissionDenied, "{ended:?}");
    assert!(ended.message().contains("cuarentena"));
    assert_eq!(bed.samples(&identity.device).await, 3);
    let stands = bed.store.read().await.unwrap().device(&identity.device).await.unwrap().unwrap();
    assert_eq!(stands.status, DeviceStatus::Quarantined);
    assert_eventually("the next stream is refused", async || {
        let first = agent_message::Body::Hello(hello(8));
        let mut next = Uplink::start(&bed, &identity, first, 8).await.ok()?;
        next.receive().await.err().filter(|status| status.code() == Code::PermissionDenied)
    })
    .await;
}

#[tokio::test]
async fn a_full_queue_asks_for_patience_and_stores_nothing() {
    let limits = super::Limits { queue_bytes: 100, ..super::limits() };
    let bed = Bed::with(limits, tempfile::tempdir().unwrap()).await;
    let (identity, mut uplink) = bed.uplink().await;
    let records = uplink.records(1, reports(2));
    uplink.send(records).await;
    match uplink.receive().await.unwrap() {
        Body::Throttle(throttle) => assert!(throttle.retry_after_ms >= 1000),
        other => panic!("a throttle was expected: {other:?}"),
    }
    assert_eq!(bed.samples(&identity.device).await, 0);
}

#[tokio::test]
async fn short_of_disk_only_security_events_are_taken() {
    let limits =
        super::Limits { low_disk: u64::MAX / 4, scarce_disk: u64::MAX / 4, ..super::limits() };
    let bed = Bed::with(limits, tempfile::tempdir().unwrap()).await;
    let (identity, mut uplink) = bed.uplink().await;
    let security = i32::from(RecordClass::Security);
    for attempt in 0..2 {
        match uplink.receive().await.unwrap() {
            Body::Throttle(throttle) => assert_eq!(throttle.accept_up_to, security),
            other => panic!("a throttle was expected: {other:?}"),
        }
        if attempt == 0 {
            let records = uplink.records(1, reports(1));
            uplink.send(records).await;
        }
    }
    assert_eq!(bed.samples(&identity.device).await, 0);
}
