//! A collector that moves: agents hear of the new address, go there when the old one is silent, and believe nobody who lacks
//! the authority they know.

use std::fs;

use atalaya_tests::fixture::{Agent, Collector, Link, assert_eventually};

fn announce(collector: &mut Collector, addresses: &[&str]) {
    let file = collector.folder().join("collector.toml");
    let text = fs::read_to_string(&file).unwrap();
    let line = format!("[agent_listener]\nannounce = {addresses:?}");
    fs::write(&file, text.replace("[agent_listener]", &line)).unwrap();
    collector.kill();
    collector.serve();
}

#[test]
fn an_agent_follows_its_collector_to_a_new_address_and_not_an_impostor() {
    let impostor = Collector::start();
    let (mut collector, old) = Collector::start_behind_a_link();
    let new = Link::to(collector.listen_address());
    announce(&mut collector, &[&impostor.address, &new.address]);
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("it has heard of them", || agent.identity().others.len() == 2);
    assert_eq!(agent.identity().collector, old.address);
    let samples = || collector.number("SELECT count(*) FROM sample");
    assert_eventually("a measurement", || samples() > 0);
    old.cut();
    let stored = samples();
    assert_eventually("measurements by the new address", || samples() > stored + 1);
    // It answers at the new one and tells of the old one no more.
    assert_eventually("the new one is known", || agent.identity().collector == new.address);
    assert_eq!(agent.identity().others, std::slice::from_ref(&impostor.address));
    assert_eq!(impostor.number("SELECT count(*) FROM device_live"), 0);
    // Started again it goes there at once.
    agent.stop();
    let stored = samples();
    agent.start();
    assert_eventually("measurements", || samples() > stored + 1);
    assert_eq!(collector.number("SELECT count(*) FROM identity_conflict"), 0);
}
