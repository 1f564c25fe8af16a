//! A certificate is replaced in two phases, against the real collector.

use atalaya_agent::identity::renewal::{confirm, renew};
use atalaya_tests::fixture::{Agent, Collector};
use tonic::Code;

use crate::wire::{Wire, hello};

#[tokio::test(flavor = "multi_thread")]
async fn both_generations_work_until_the_new_one_is_confirmed_and_then_only_that() {
    let collector = Collector::start();
    let agent = Agent::enrolled(&collector.code());
    let (store, first) = (agent.store(), agent.identity());
    renew(&store, &first, 0).await.unwrap();
    let second = store.next().unwrap().unwrap();
    assert_eq!(second.generation, 2);
    drop(Wire::welcomed(&first).await);
    drop(Wire::welcomed(&second).await);
    confirm(&store, &second).await.unwrap();
    // A lost answer: saying it again does no harm.
    store.put_next(&second).unwrap();
    confirm(&store, &second).await.unwrap();
    drop(Wire::welcomed(&second).await);
    let status = match Wire::open(&first, hello()).await {
        Ok(mut wire) => wire.end().await,
        Err(status) => status,
    };
    let refused = [Code::Unauthenticated, Code::PermissionDenied];
    assert!(refused.contains(&status.code()), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_whose_answer_was_lost_can_be_asked_again() {
    let collector = Collector::start();
    let agent = Agent::enrolled(&collector.code());
    let (store, first) = (agent.store(), agent.identity());
    renew(&store, &first, 0).await.unwrap();
    store.discard_next().unwrap();
    renew(&store, &first, 0).await.unwrap();
    confirm(&store, &store.next().unwrap().unwrap()).await.unwrap();
    drop(Wire::welcomed(&agent.identity()).await);
}
