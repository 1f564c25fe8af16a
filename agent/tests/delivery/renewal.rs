//! Renewal in two phases, broken off at each point.

use atalaya_agent::identity::renewal;
use atalaya_agent::machine::Hints;
use atalaya_agent::spool::Class;
use atalaya_agent::uplink::Uplink;
use tokio::sync::mpsc;
use tonic::Status;

use crate::collector::{Collector, texts};
use crate::{Pc, append};

#[tokio::test]
async fn the_old_pair_stays_until_the_new_one_is_confirmed() {
    let (collector, pc) = (Collector::start().await, Pc::new());
    let first = pc.enrol(&collector).await;
    renewal::renew(&pc.store(), &first, 0).await.unwrap();
    assert_eq!(pc.store().current().unwrap(), first);
    let next = pc.store().next().unwrap().unwrap();
    assert_eq!(next.generation, 2);
    renewal::confirm(&pc.store(), &next).await.unwrap();
    assert_eq!((pc.store().current().unwrap(), pc.store().next().unwrap()), (next, None));
}

#[tokio::test]
async fn a_next_pair_the_collector_does_not_know_is_given_up() {
    let (collector, pc) = (Collector::start().await, Pc::new());
    let first = pc.enrol(&collector).await;
    renewal::renew(&pc.store(), &first, 0).await.unwrap();
    collector.record.lock().unwrap().refuse_confirm = Some(Status::unauthenticated("unknown"));
    let next = pc.store().next().unwrap().unwrap();
    renewal::confirm(&pc.store(), &next).await.unwrap_err();
    assert_eq!((pc.store().current().unwrap(), pc.store().next().unwrap()), (first, None));
}

#[tokio::test]
async fn a_confirmation_that_got_lost_is_made_again_at_the_next_start() {
    let (mut collector, pc) = (Collector::start().await, Pc::new());
    let first = pc.enrol(&collector).await;
    renewal::renew(&pc.store(), &first, 0).await.unwrap();
    let outbox = pc.outbox();
    let (send, _requests) = mpsc::channel(4);
    let uplink = Uplink::new(&outbox, pc.store(), Hints::default(), send);
    tokio::select! {
        ended = uplink.run() => panic!("{ended:?}"),
        _ = async { loop { tokio::time::sleep(std::time::Duration::from_secs(2)).await; eprintln!("{:?}", outbox.health.borrow()); } } => {}
        _ = collector.stream() => {}
    }
    assert_eq!(collector.record.lock().unwrap().confirmations, 1);
    assert_eq!(pc.store().current().unwrap().generation, 2);
}

#[tokio::test]
async fn past_its_half_life_a_certificate_is_renewed_and_delivery_goes_on() {
    let (mut collector, pc) = (Collector::start().await, Pc::new());
    collector.record.lock().unwrap().issue_years = Some((1980, 2040));
    pc.enrol(&collector).await;
    collector.record.lock().unwrap().issue_years = None;
    let outbox = pc.outbox();
    append(&outbox, Class::State, "uno");
    let (send, _requests) = mpsc::channel(4);
    let uplink = Uplink::new(&outbox, pc.store(), Hints::default(), send);
    let script = async {
        // The collector's time comes with the welcome, and with it the need to renew.
        let (_, stream) = collector.stream().await;
        stream.welcome(0).await;
        let (_, mut stream) = collector.stream().await;
        stream.welcome(0).await;
        assert_eq!(texts(&stream.batch().await), ["uno"]);
    };
    tokio::select! {
        ended = uplink.run() => panic!("{ended:?}"),
        _ = async { loop { tokio::time::sleep(std::time::Duration::from_secs(2)).await; eprintln!("{:?}", outbox.health.borrow()); } } => {}
        () = script => {}
    }
    let record = collector.record.lock().unwrap();
    assert_eq!((record.renewals, record.confirmations), (1, 1));
    assert_eq!(pc.store().current().unwrap().generation, 2);
}

#[tokio::test]
async fn a_certificate_the_collector_calls_expired_is_renewed() {
    let (mut collector, pc) = (Collector::start().await, Pc::new());
    pc.enrol(&collector).await;
    collector.record.lock().unwrap().refuse = Some(Status::unauthenticated("expired"));
    let outbox = pc.outbox();
    let (send, _requests) = mpsc::channel(4);
    let uplink = Uplink::new(&outbox, pc.store(), Hints::default(), send);
    tokio::select! {
        ended = uplink.run() => panic!("{ended:?}"),
        _ = async { loop { tokio::time::sleep(std::time::Duration::from_secs(2)).await; eprintln!("{:?}", outbox.health.borrow()); } } => {}
        _ = collector.stream() => {}
    }
    assert_eq!(pc.store().current().unwrap().generation, 2);
}
