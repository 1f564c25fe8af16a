//! The contract's bounds and versions: clear refusals, and the collector goes on.

use atalaya_proto::limits;
use atalaya_proto::v1::{Hello, Record, agent_message};
use tonic::{Code, Status};

use super::Bed;
use super::client::{Uplink, hello, reports};

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
