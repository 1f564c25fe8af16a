//! A PC comes in: by a code, once, from the collector the code is of, and only when somebody approves.

use atalaya_proto::code::EnrolmentCode;
use atalaya_tests::fixture::{Agent, Collector, assert_eventually, eventually};

#[test]
fn a_pc_enrols_and_all_its_sections_arrive() {
    let collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("every section and a measurement", || {
        collector.number("SELECT count(*) FROM section") == 8
            && collector.number("SELECT count(*) FROM sample") > 0
    });
    let device = agent.identity().device_id;
    assert_eq!(collector.sql("SELECT id, status FROM device"), [[device.as_str(), "approved"]]);
    let status = eventually("a status with a delivery", || {
        Some(agent.status()).filter(|status| !status["service"]["last_delivery_at"].is_null())
    });
    assert_eq!(status["enrolled"], true);
    assert_eq!(status["running"], true);
    assert_eq!(status["service"]["connected"], true);
}

#[test]
fn a_code_works_once() {
    let collector = Collector::start();
    let code = collector.code();
    let first = Agent::enrolled(&code);
    let second = Agent::new();
    let said = second.refused(&code);
    assert!(said.contains("el colector rechazó el código"), "{said}");
    assert_eq!(collector.number("SELECT count(*) FROM device"), 1);
    // The one that has it may say so again.
    assert!(first.enrol(&code).status.success());
    assert_eq!(second.status()["enrolled"], false);
}

#[test]
fn an_expired_a_foreign_and_a_mistyped_code_are_told_apart() {
    let (collector, other) = (Collector::start(), Collector::start());
    let agent = Agent::new();

    let expired = collector.code();
    collector.sql("UPDATE enrolment_code SET expires_at = 1");
    let said = agent.refused(&expired);
    assert!(said.contains("venció"), "{said}");

    // A code of another collector that was told this one's address: nothing of it is sent.
    let mut foreign = EnrolmentCode::parse(&other.code()).unwrap();
    foreign.address = collector.address.clone();
    let said = agent.refused(&foreign.encode());
    assert!(said.contains("no es el colector esperado"), "{said}");

    // A secret nobody gave out.
    let mut invented = EnrolmentCode::parse(&collector.code()).unwrap();
    invented.secret = [1; 32];
    let said = agent.refused(&invented.encode());
    assert!(said.contains("el colector rechazó el código"), "{said}");

    let mut mistyped = collector.code();
    mistyped.replace_range(30..31, if &mistyped[30..31] == "A" { "B" } else { "A" });
    let said = agent.refused(&mistyped);
    assert!(said.contains("mal copiado"), "{said}");
    assert_eq!(collector.number("SELECT count(*) FROM device"), 0);
}

#[test]
fn a_pc_that_nobody_approved_waits_and_delivers_once_approved() {
    let collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code_with(&[]));
    agent.start();
    assert_eventually("the agent knows that it waits", || {
        agent.status()["service"]["approved"] == false
    });
    assert_eq!(collector.number("SELECT count(*) FROM section"), 0);
    let device = agent.identity().device_id;
    let page =
        collector.administrator().post(&format!("{}/equipos/{device}/aprobar", collector.url), &[]);
    assert!(page.status < 400, "{page:?}");
    assert_eventually("its sections", || collector.number("SELECT count(*) FROM section") == 8);
}

#[test]
fn a_second_service_on_the_same_folder_is_refused_and_the_first_stops_when_asked() {
    let collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a running service", || agent.status()["running"] == true);
    let second = agent.command(&["run"]).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("ya hay otro agente"), "{said}");
    assert!(agent.stop().success());
    assert_eq!(agent.status()["running"], false);
}
