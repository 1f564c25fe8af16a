//! The agent is taken away from a PC: nothing stays behind, unless it is all there is of some records.

use std::process::Output;

use atalaya_tests::fixture::{Agent, Collector, assert_eventually};

fn forget(agent: &Agent, arguments: &[&str]) -> Output {
    agent.command(&[&["forget"], arguments].concat()).output().unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn identity_and_spool_go_once_everything_is_delivered() {
    let collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
    assert!(complaint(&forget(&agent, &[])).contains("está en marcha"));
    // The last look of all may come after the last delivery: whoever removes a PC tries again.
    assert_eventually("nothing left", || {
        agent.stop();
        let gone = forget(&agent, &[]).status.success();
        agent.start();
        gone
    });
    agent.kill();
    assert!(!agent.state().file("identity.json").exists());
}

#[test]
fn records_that_nobody_else_has_are_kept_until_somebody_says_otherwise() {
    let (collector, link) = Collector::start_behind_a_link();
    let mut agent = Agent::enrolled(&collector.code());
    link.cut();
    agent.start();
    let waits = || agent.status()["undelivered"].as_u64().is_some_and(|count| count > 0);
    assert_eventually("records that wait", waits);
    // Killed, it could not say how many: they are counted where they are.
    agent.kill();
    std::fs::remove_file(agent.state().file("status.json")).unwrap();
    assert!(complaint(&forget(&agent, &[])).contains("esperan ser entregados"));
    let note = std::fs::read_to_string(agent.state().file("LEEME.txt")).unwrap();
    assert!(note.contains("instale otra vez"), "{note}");
    assert!(agent.state().file("identity.json").exists());
    assert!(!agent.segments().is_empty());
    assert!(forget(&agent, &["--discard"]).status.success());
    assert!(!agent.state().path().exists());
}

#[test]
fn a_folder_that_others_may_enter_is_not_taken_for_the_agents() {
    use std::os::unix::fs::PermissionsExt;
    let agent = Agent::new();
    std::fs::create_dir(agent.state().path()).unwrap();
    std::fs::write(agent.state().file("carta.txt"), "querida tía").unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(agent.state().path(), open).unwrap();
    assert!(complaint(&forget(&agent, &["--discard"])).contains("bórrela a mano"));
    assert!(agent.state().file("carta.txt").exists());
}

#[test]
fn an_installer_may_enrol_again_and_again_and_spends_no_second_code() {
    let collector = Collector::start();
    let agent = Agent::new();
    let enrolled = || agent.command(&["status", "--enrolled"]).output().unwrap();
    assert!(complaint(&enrolled()).contains("no está dado de alta"));
    let code = collector.code();
    let enrol = |code: &str| agent.command(&["enroll", "--if-needed", code]).output().unwrap();
    assert!(enrol(&code).status.success());
    assert!(enrolled().status.success());
    let before = agent.identity();
    assert!(enrol(&collector.code()).status.success());
    assert_eq!(agent.identity(), before);
    assert_eq!(collector.number("SELECT count(*) FROM device"), 1);
}
