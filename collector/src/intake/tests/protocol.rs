//! The contract's bounds and versions: clear refusals, and the collector goes on.

use atalaya_proto::limits;
use atalaya_proto::v1::{Hello, Record, agent_message};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

use super::client::{Uplink, channel, hello, reports, tls};
use super::{Bed, assert_eventually};

async fn refused(bed: &Bed, first: agent_message::Body) -> Status {
    let identity = bed.identity().await;
    let opened = Uplink::start(bed, &identity, first, 7).await;
    opened.unwrap().receive().await.unwrap_err()
}

#[tokio::test]
async fn an_incompatible_version_is_told_which_ones_are_spoken() {
    let bed = Bed::new().await;
    let newer = Hello { protocol_min: 5, protocol_max: 9, ..hello(7) };
    let status = refused(&bed, agent_message::Body::Hello(newer)).await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("5 a 9"), "{status:?}");
}

#[tokio::test]
async fn a_stream_must_begin_with_hello_and_hello_comes_once() {
    let bed = Bed::new().await;
    let status = refused(&bed, agent_message::Body::Batch(Default::default())).await;
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn batches_out_of_bounds_or_order_end_the_stream_and_store_nothing() {
    let bed = Bed::new().await;
    let body = reports(1).remove(0);
    let record = |seq, hash: usize| Record { seq, prev_hash: vec![0; hash], body: body.clone() };
    let many: Vec<Record> =
        (1..=limits::BATCH_RECORDS as u64 + 1).map(|seq| record(seq, 16)).collect();
    let large = |seq| Record { seq, prev_hash: vec![0; 16], body: vec![0; limits::BODY_BYTES] };
    for records in [
        many,
        vec![record(2, 16), record(2, 16)],
        vec![record(0, 16)],
        vec![record(u64::MAX, 16)],
        vec![record(1, 15)],
        vec![large(1), large(2), record(3, 16)],
    ] {
        let (identity, mut uplink) = bed.uplink().await;
        uplink.send(records).await;
        let status = uplink.receive().await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert_eq!(bed.samples(&identity.device).await, 0);
    }
}

#[tokio::test]
async fn a_message_beyond_all_bounds_is_refused_and_others_go_on() {
    let bed = Bed::new().await;
    let (_, mut honest) = bed.uplink().await;
    let (_, mut greedy) = bed.uplink().await;
    let huge = Record { seq: 1, prev_hash: vec![0; 16], body: vec![0; 1 << 20] };
    greedy.send(vec![huge]).await;
    assert!(greedy.receive().await.is_err());
    assert_eq!(honest.deliver(1, reports(1)).await, 1);
}

#[tokio::test]
async fn health_answers_anybody_and_says_serving() {
    let bed = Bed::new().await;
    let stranger = channel(bed.address, tls(&bed.authority, None)).await.unwrap();
    let mut client = HealthClient::new(stranger);
    let ask = HealthCheckRequest { service: "atalaya.v1.Uplink".into() };
    assert_eventually("the uplink serves", async || {
        let reply = client.check(ask.clone()).await.ok()?.into_inner();
        (reply.status() == ServingStatus::Serving).then_some(())
    })
    .await;
}

#[tokio::test]
async fn reflection_answers_only_when_asked_for() {
    for wanted in [true, false] {
        let bed = Bed::reflecting(wanted).await;
        let stranger = channel(bed.address, tls(&bed.authority, None)).await.unwrap();
        let ask = ServerReflectionRequest {
            message_request: Some(MessageRequest::ListServices(String::new())),
            ..Default::default()
        };
        let answer = ServerReflectionClient::new(stranger)
            .server_reflection_info(tokio_stream::once(ask))
            .await;
        match answer {
            Ok(stream) => {
                assert!(wanted);
                let reply = stream.into_inner().message().await.unwrap().unwrap();
                assert!(format!("{reply:?}").contains("atalaya.v1.Uplink"));
            }
            Err(status) => {
                assert!(!wanted);
                assert_eq!(status.code(), Code::Unimplemented);
            }
        }
    }
}
