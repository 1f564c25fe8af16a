//! The stream: what is sent, kept, sent again, and when nothing is.

use std::time::Duration;

use atalaya_agent::action::Unclear;
use atalaya_agent::machine::Hints;
use atalaya_agent::spool::Class;
use atalaya_agent::uplink::{Outbox, Request, Uplink};
use atalaya_proto::v1::collector_message::Body;
use atalaya_proto::v1::{self, Throttle};
use atalaya_reading::{Action, SectionKind};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::Status;

use crate::collector::{Collector, texts, welcome};
use crate::{Pc, append};

/// An enrolled PC whose uplink runs while the test plays the collector.
async fn play<F, R>(
    script: impl FnOnce(Collector, std::rc::Rc<Outbox>, mpsc::Receiver<Request>) -> F,
) -> R
where
    F: Future<Output = R>,
{
    let (collector, pc) = (Collector::start().await, Pc::new());
    pc.enrol(&collector).await;
    let outbox = std::rc::Rc::new(pc.outbox());
    let (send, requests) = mpsc::channel(4);
    let hints = Hints { hostname: "ventanilla-1".into(), ..Hints::default() };
    let uplink = Uplink::new(&outbox, pc.store(), hints, send).with_devices(pc.devices());
    let script = script(collector, outbox.clone(), requests);
    tokio::select! {
        ended = uplink.run() => panic!("{ended:?}"),
        result = script => result,
    }
}

fn waiting(outbox: &Outbox) -> u64 {
    Class::ALL.into_iter().map(|class| outbox.spool.borrow().waiting(class)).sum()
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    crate::soon(what, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_acknowledged_is_forgotten_and_one_batch_is_in_flight() {
    play(async |mut collector, outbox, _requests| {
        append(&outbox, Class::State, "uno");
        let (hello, mut stream) = collector.stream().await;
        assert_eq!((hello.hostname.as_str(), hello.next_seq), ("ventanilla-1", 1));
        stream.welcome(0).await;
        let first = stream.batch().await;
        assert_eq!((first.epoch, texts(&first)), (hello.epoch, vec!["uno".into()]));
        append(&outbox, Class::Metric, "dos");
        append(&outbox, Class::Security, "tres");
        stream.ack(&first).await;
        // Both waited for the acknowledgement and come together.
        let second = stream.batch().await;
        assert_eq!(texts(&second), ["dos", "tres"]);
        assert_eq!(waiting(&outbox), 2);
        stream.ack(&second).await;
        until("an empty spool", || waiting(&outbox) == 0).await;
        assert!(outbox.health.borrow().delivered_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn after_a_broken_stream_the_same_bytes_are_sent_again_and_nothing_is_lost() {
    play(async |mut collector, outbox, _requests| {
        append(&outbox, Class::State, "uno");
        append(&outbox, Class::State, "dos");
        let (_, mut stream) = collector.stream().await;
        stream.welcome(0).await;
        let sent = stream.batch().await;
        stream.end(Status::unavailable("crash")).await;
        append(&outbox, Class::State, "tres");
        let (hello, mut stream) = collector.stream().await;
        assert_eq!(hello.next_seq, 1);
        stream.welcome(0).await;
        let again = stream.batch().await;
        assert_eq!(again.records[..2], sent.records[..]);
        assert_eq!(texts(&again), ["uno", "dos", "tres"]);
    })
    .await;
}

#[tokio::test]
async fn what_the_collector_stored_without_answering_is_not_sent_again() {
    play(async |mut collector, outbox, _requests| {
        append(&outbox, Class::State, "uno");
        append(&outbox, Class::State, "dos");
        let (_, mut stream) = collector.stream().await;
        stream.welcome(0).await;
        stream.batch().await;
        stream.end(Status::unavailable("crash")).await;
        let (_, mut stream) = collector.stream().await;
        stream.welcome(1).await;
        assert_eq!(texts(&stream.batch().await), ["dos"]);
    })
    .await;
}

#[tokio::test]
async fn before_approval_nothing_is_sent() {
    play(async |mut collector, outbox, _requests| {
        append(&outbox, Class::Security, "uno");
        let (_, mut stream) = collector.stream().await;
        stream.send(Body::Welcome(v1::Welcome { approved: false, ..welcome(0) })).await;
        until("the wait is known", || outbox.health.borrow().approved == Some(false)).await;
        // The next message of the stream is the batch that follows the approval.
        stream.welcome(0).await;
        assert_eq!(texts(&stream.batch().await), ["uno"]);
        assert_eq!(outbox.health.borrow().approved, Some(true));
    })
    .await;
}

#[tokio::test]
async fn a_throttle_is_kept_to_and_then_security_records_go_first() {
    play(async |mut collector, outbox, _requests| {
        append(&outbox, Class::Metric, "medida");
        let (_, mut stream) = collector.stream().await;
        stream.welcome(0).await;
        assert_eq!(texts(&stream.batch().await), ["medida"]);
        append(&outbox, Class::Security, "deteccion");
        let quiet = Duration::from_millis(300);
        let accept_up_to = v1::RecordClass::Security.into();
        let asked = Instant::now();
        stream.send(Body::Throttle(Throttle { retry_after_ms: 300, accept_up_to })).await;
        let batch = stream.batch().await;
        assert!(asked.elapsed() >= quiet);
        assert_eq!(texts(&batch), ["deteccion"]);
        // The measurement gave way and is counted.
        assert_eq!(outbox.spool.borrow().lost(Class::Metric), 1);
        stream.ack(&batch).await;
        let gap = stream.batch().await;
        let body = atalaya_proto::decode_body(&gap.records[0].body).unwrap().body;
        let Some(v1::record_body::Body::Gap(gap)) = body else { panic!("{body:?}") };
        assert_eq!((gap.count, gap.reason()), (1, v1::GapReason::RefusedByCollector));
    })
    .await;
}

#[tokio::test]
async fn an_incompatible_collector_is_named_in_the_status() {
    play(async |collector, outbox, _requests| {
        collector.record.lock().unwrap().refuse = Some(Status::failed_precondition("protocol 2"));
        until("the refusal", || outbox.health.borrow().last_error.is_some()).await;
        let text = outbox.health.borrow().last_error.clone().unwrap().1;
        assert!(
            text.contains("otra versión del protocolo") && text.contains("protocol 2"),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn actions_become_orders_and_nonsense_is_named_as_such() {
    use v1::action::Kind;
    play(async |mut collector, _outbox, mut requests| {
        let (_, stream) = collector.stream().await;
        stream.send(Body::Welcome(v1::Welcome { want_sections: true, ..welcome(0) })).await;
        assert_eq!(requests.recv().await.unwrap(), Request::AllSections);
        let mut told = async |message: v1::Action| {
            stream.send(Body::Action(message)).await;
            match requests.recv().await.unwrap() {
                Request::Order(order) => order,
                other => panic!("an order was expected: {other:?}"),
            }
        };
        let kinds = vec![v1::SectionKind::Disk.into(), 99, v1::SectionKind::Disk.into()];
        let kind = Some(Kind::ProbeNow(v1::ProbeNow { kinds }));
        let expires_at_us = 1_700_000_000_000_000;
        let requested_by = format!("Ana\u{1b}[31m{}", "x".repeat(30_000));
        let order = told(v1::Action { id: "a".into(), kind, expires_at_us, requested_by }).await;
        assert_eq!(order.action, Ok(Action::ProbeNow { sections: vec![SectionKind::Disk] }));
        assert_eq!(order.expires_at, Some("2023-11-14T22:13:20Z".parse().unwrap()));
        assert!(order.requested_by.len() <= 200 && order.requested_by.starts_with("Ana[31m"));
        let order = told(v1::Action { id: "b".into(), ..v1::Action::default() }).await;
        assert_eq!((order.id.as_str(), order.action), ("b", Err(Unclear::Unknown)));
        let target = v1::TestTarget { name: "x".into(), kind: 1, address: "192.0.2.1".into() };
        for kind in [
            Kind::BlockPort(v1::BlockPort { protocol: 1, port: 0, minutes: 0 }),
            Kind::NetworkTest(v1::NetworkTest { targets: vec![target; 100], seconds: 5 }),
        ] {
            let (id, kind) = ("c".repeat(30_000), Some(kind));
            let order = told(v1::Action { id, kind, ..v1::Action::default() }).await;
            assert_eq!(order.id.len(), 64);
            assert!(matches!(order.action, Err(Unclear::Malformed(_))), "{:?}", order.action);
        }
    })
    .await;
}

#[tokio::test]
async fn targets_the_collector_gives_are_kept_and_nonsense_among_them_breaks_nothing() {
    let (mut collector, pc) = (Collector::start().await, Pc::new());
    pc.enrol(&collector).await;
    let outbox = pc.outbox();
    let (send, _requests) = mpsc::channel(4);
    let devices = pc.devices();
    let uplink = Uplink::new(&outbox, pc.store(), Hints::default(), send);
    let uplink = uplink.with_devices(devices.clone());
    let spec = |id: &str, address: &str| v1::TargetSpec {
        id: id.into(),
        name: "impresora".into(),
        kind: v1::TargetKind::Icmp.into(),
        address: address.into(),
    };
    let script = async {
        let (_, stream) = collector.stream().await;
        stream.welcome(0).await;
        let targets = vec![spec("t-1", "192.0.2.7"), spec("t-2", "224.0.0.1"), spec("", "x")];
        stream.send(Body::Settings(v1::Settings { targets })).await;
        until("the target that can be measured", || devices.targets().len() == 1).await;
        assert_eq!(devices.targets()[0].address, "192.0.2.7");
        assert_eq!(pc.devices().targets(), devices.targets(), "kept on the disk too");
        let many = (0..5_000).map(|n| spec(&n.to_string(), "192.0.2.7")).collect();
        stream.send(Body::Settings(v1::Settings { targets: many })).await;
        // More than fits into a message is refused with the stream, and the next one goes on.
        let (_, stream) = collector.stream().await;
        stream.welcome(0).await;
        stream.send(Body::Settings(v1::Settings::default())).await;
        until("no targets", || devices.targets().is_empty()).await;
    };
    tokio::select! {
        ended = uplink.run() => panic!("{ended:?}"),
        () = script => {}
    }
}
