//! What no honest agent says or shows: refused with a reason, set aside, or made harmless; the collector goes on.

use std::process::Command;

use atalaya_agent::identity::{Identity, tls};
use atalaya_proto::limits;
use atalaya_proto::v1::{
    Batch, RecordBody, SectionChange, SectionKind, SectionReading, System, agent_message,
    record_body, section_reading,
};
use atalaya_tests::fixture::{Agent, Collector, assert_eventually};
use prost::Message;
use tonic::Code;

use crate::wire::{Wire, batch, hello, now_us, report};

fn enrolled() -> (Collector, Identity) {
    let collector = Collector::start();
    let identity = Agent::enrolled(&collector.code()).identity();
    (collector, identity)
}

async fn refusal(opened: Result<Wire, tonic::Status>) -> tonic::Status {
    match opened {
        Ok(mut wire) => wire.end().await,
        Err(status) => status,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_certificate_or_with_one_of_another_authority_nobody_reports() {
    let (collector, identity) = enrolled();
    let other = Collector::start();
    let stranger = Agent::enrolled(&other.code()).identity();

    let mut peer = identity.peer().unwrap();
    peer.client = None;
    let channel = tls::connect(peer).await.unwrap();
    let mut client = atalaya_proto::v1::uplink_client::UplinkClient::new(channel);
    let status = client.connect(tokio_stream::iter([])).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");

    let mut peer = identity.peer().unwrap();
    peer.client = stranger.peer().unwrap().client;
    // Refused in the handshake, which a TLS 1.3 client may learn only with its first request.
    if let Ok(channel) = tls::connect(peer).await {
        let mut client = atalaya_proto::v1::uplink_client::UplinkClient::new(channel);
        client.connect(tokio_stream::iter([])).await.unwrap_err();
    }
    assert_eq!(collector.number("SELECT count(*) FROM device_live"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protocol_nobody_speaks_is_refused_clearly() {
    let (_collector, identity) = enrolled();
    let newer = atalaya_proto::v1::Hello { protocol_min: 98, protocol_max: 99, ..hello() };
    let status = refusal(Wire::open(&identity, newer).await).await;
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    assert!(status.message().contains("99"), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_does_not_begin_with_hello_is_refused() {
    let (_collector, identity) = enrolled();
    let first = agent_message::Body::Batch(batch(vec![report(now_us())]));
    let status = refusal(Wire::begin(&identity, first).await).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_over_their_bounds_are_refused_and_the_next_honest_one_is_taken() {
    let (_collector, identity) = enrolled();
    let too_many = batch(vec![report(now_us()); limits::BATCH_RECORDS + 1]);
    let too_much = batch(vec![vec![0; limits::BODY_BYTES]; 4]);
    let mut backwards = batch(vec![report(now_us()), report(now_us())]);
    backwards.records.reverse();
    for bad in [too_many, too_much, backwards] {
        let mut wire = Wire::welcomed(&identity).await;
        wire.send(bad).await;
        let status = wire.end().await;
        let named = [Code::InvalidArgument, Code::OutOfRange];
        assert!(named.contains(&status.code()), "{status:?}");
    }
    let mut wire = Wire::welcomed(&identity).await;
    wire.send(batch(vec![report(now_us())])).await;
    assert_eq!(wire.ack().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_means_nothing_is_set_aside_and_the_stream_goes_on() {
    let (collector, identity) = enrolled();
    let mut wire = Wire::welcomed(&identity).await;
    let too_long = vec![0; limits::BODY_BYTES + 1];
    wire.send(batch(vec![b"\xff\xff\xff garbage".to_vec(), too_long, report(now_us())])).await;
    assert_eq!(wire.ack().await, 3);
    assert_eq!(collector.number("SELECT count(*) FROM dead_letter"), 2);
    assert_eq!(collector.number("SELECT count(*) FROM sample"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_of_2099_is_taken_as_skew_not_as_the_future() {
    let (collector, identity) = enrolled();
    let ahead = 73 * 365 * 86_400 * 1_000_000;
    let shifted = atalaya_proto::v1::Hello { sent_at_us: now_us() + ahead, ..hello() };
    let mut wire = Wire::open(&identity, shifted).await.unwrap();
    let taken = report(now_us() + ahead);
    wire.send(Batch { sent_at_us: now_us() + ahead, ..batch(vec![taken]) }).await;
    assert_eq!(wire.ack().await, 1);
    assert!(collector.number("SELECT clock_skew_us FROM device_live") > 60_000_000);
    // What is stored is where it belongs by the collector's time, give or take a day.
    let day = 86_400_000_000;
    let stored = collector.number("SELECT taken_at FROM sample");
    assert!(stored.abs_diff(now_us() as u64) < day, "{stored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_cut_and_shown_as_text() {
    let (collector, identity) = enrolled();
    let system = System {
        hostname: format!("<script>alert(1)</script>{}", "x".repeat(60_000)),
        ..System::default()
    };
    let reading = SectionReading {
        kind: SectionKind::System.into(),
        status: 1,
        source: "'; DROP TABLE device; --".into(),
        taken_at_us: now_us(),
        detail: String::new(),
        value: Some(section_reading::Value::System(system)),
        ..SectionReading::default()
    };
    let body = record_body::Body::Section(SectionChange { reading: Some(reading) });
    let record = RecordBody { taken_at_us: now_us(), record_class: 2, body: Some(body) };
    let mut wire = Wire::welcomed(&identity).await;
    wire.send(batch(vec![record.encode_to_vec()])).await;
    assert_eq!(wire.ack().await, 1);
    assert!(collector.number("SELECT max(length(body)) FROM section") < 5_000);
    let person = collector.administrator();
    let page = person.get(&format!("{}/equipos/{}", collector.url, identity.device_id)).unwrap();
    assert_eq!(page.status, 200);
    assert!(!page.text.contains("<script>alert"));
}

#[test]
fn noise_on_the_agent_port_hurts_nobody() {
    let collector = Collector::start();
    for noise in ["head -c 100000 /dev/urandom", "printf 'GET / HTTP/1.1\\r\\n\\r\\n'", "printf ''"]
    {
        let (host, port) = collector.address.split_once(':').unwrap();
        let script = format!("{noise} >/dev/tcp/{host}/{port}");
        // Whether the write works is the collector's choice; that it goes on is not.
        let _ = Command::new("bash").args(["-c", &script]).output();
    }
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
}
