//! A PC that was shut out is heard no more, on open streams too.

use atalaya_tests::fixture::{Agent, Collector, assert_eventually};
use tonic::Code;

use crate::wire::{Wire, hello};

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_loses_its_open_stream_and_gets_no_other() {
    let collector = Collector::start();
    let agent = Agent::enrolled(&collector.code());
    let identity = agent.identity();
    let mut wire = Wire::welcomed(&identity).await;
    let url = format!("{}/equipos/{}/revocar", collector.url, identity.device_id);
    let page = collector.administrator().post(&url, &[]);
    assert!(page.status < 400, "{page:?}");
    let status = wire.end().await;
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    let status = match Wire::open(&identity, hello()).await {
        Ok(mut wire) => wire.end().await,
        Err(status) => status,
    };
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
}

#[test]
fn a_revoked_agent_says_so_and_loses_nothing_it_captured() {
    let collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
    let url = format!("{}/equipos/{}/revocar", collector.url, agent.identity().device_id);
    collector.administrator().post(&url, &[]);
    assert_eventually("the reason in the status", || {
        let status = agent.status();
        let text = status["service"]["last_error"]["text"].as_str().unwrap_or_default().to_owned();
        text.contains("no admite a este equipo")
            && status["service"]["spool"]["records"]["p2"].as_u64() > Some(1)
    });
    let stored = collector.number("SELECT count(*) FROM sample");
    assert!(agent.stop().success());
    assert_eq!(collector.number("SELECT count(*) FROM sample"), stored);
}
