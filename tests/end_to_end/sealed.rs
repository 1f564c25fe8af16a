//! Disk images: a PC is sealed, and what starts from its disk enrols as PCs of their own.

use std::fs;
use std::process::Output;

use atalaya_tests::fixture::{Agent, Collector, assert_eventually};

fn seal(agent: &Agent, options: &[&str]) -> Output {
    agent.command(&[&["seal"], options].concat()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_sealed_image_booted_twice_enrols_as_two_devices() {
    let collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
    let refused = seal(&agent, &[]);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(said(&refused).contains("deténgalo primero"), "{refused:?}");
    agent.stop();
    // The last look before the stop may not be delivered yet.
    let sealed = seal(&agent, &["--discard"]);
    assert!(sealed.status.success(), "{sealed:?}");
    assert!(seal(&agent, &[]).status.success(), "twice");
    assert_eq!(agent.status()["enrolled"], false);
    assert_eq!(fs::read_dir(agent.state().path()).unwrap().count(), 0);

    let (mut one, mut other) = (agent.copied(), agent.copied());
    for pc in [&mut one, &mut other] {
        pc.set(&format!("code_file = \"{}\"", pc.file("code").display()));
        pc.start();
        assert_eventually("it waits", || pc.log_text().contains("waiting for a code"));
        fs::write(pc.file("code"), collector.code()).unwrap();
    }
    for pc in [&one, &other] {
        assert_eventually("it enrols and delivers", || {
            !pc.status()["service"]["last_delivery_at"].is_null()
        });
        assert!(!pc.file("code").exists(), "a spent code is taken away");
    }
    assert_ne!(one.identity().device_id, other.identity().device_id);
    assert_eq!(collector.number("SELECT count(*) FROM device WHERE status = 'approved'"), 3);
    assert_eq!(collector.number("SELECT count(*) FROM identity_conflict"), 0);
    assert!(one.stop().success() && other.stop().success());
}

#[test]
fn records_that_wait_keep_an_image_from_being_sealed_unless_they_may_be_lost() {
    let (collector, link) = Collector::start_behind_a_link();
    let mut agent = Agent::enrolled(&collector.code());
    link.cut();
    agent.start();
    assert_eventually("records that wait", || {
        agent.status()["service"]["spool"]["records"]["p2"].as_u64() > Some(0)
    });
    agent.stop();
    let refused = seal(&agent, &[]);
    assert!(!refused.status.success() && said(&refused).contains("--discard"), "{refused:?}");
    assert_eq!(agent.status()["enrolled"], true);
    let foreign = agent.state().file("notas.txt");
    fs::write(&foreign, "de otra persona").unwrap();
    let sealed = seal(&agent, &["--discard"]);
    assert!(sealed.status.success(), "{sealed:?}");
    assert!(String::from_utf8_lossy(&sealed.stdout).contains("notas.txt"), "{sealed:?}");
    assert!(foreign.exists());
    assert_eq!(agent.status()["enrolled"], false);
}

#[test]
fn a_wrong_code_in_the_file_is_tried_once_and_the_next_one_is_taken() {
    let collector = Collector::start();
    let spent = collector.code();
    drop(Agent::enrolled(&spent));
    let mut agent = Agent::new();
    agent.set(&format!("code_file = \"{}\"", agent.file("code").display()));
    fs::write(agent.file("code"), spent).unwrap();
    agent.start();
    assert_eventually("the refusal", || agent.log_text().contains("el colector rechazó el código"));
    let reused = "SELECT count(*) FROM audit WHERE act = 'code.reused'";
    assert_eq!(collector.number(reused), 1);
    fs::write(agent.file("code"), collector.code()).unwrap();
    assert_eventually("it enrols", || agent.status()["enrolled"] == true);
    assert_eq!(collector.number(reused), 1);
}
