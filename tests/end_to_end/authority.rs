//! The collector changes its certificate authority under agents that run, that come new, and that were off meanwhile.

use atalaya_tests::fixture::{Agent, Collector, assert_eventually};

/// What a command that must be refused says.
fn refused(collector: &Collector, arguments: &[&str]) -> String {
    let output = collector.command(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn restart(collector: &mut Collector) {
    collector.kill();
    collector.serve();
}

fn samples(collector: &Collector, agent: &Agent) -> u64 {
    let device = agent.identity().device_id;
    collector.number(&format!(
        "SELECT count(*) FROM sample JOIN device ON number = device_number WHERE id = '{device}'"
    ))
}

/// Waits until more is stored of this agent than is now.
fn goes_on(collector: &Collector, agent: &Agent) {
    let stored = samples(collector, agent);
    assert_eventually("more measurements", || samples(collector, agent) > stored + 1);
}

#[test]
fn agents_go_over_to_the_new_authority_and_whoever_missed_it_is_told() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    let mut absent = Agent::enrolled(&collector.code());
    let code_of_before = collector.code();
    let first = agent.identity();
    agent.start();
    goes_on(&collector, &agent);

    collector.run(&["ca", "rotate"]);
    let error = refused(&collector, &["ca", "rotate"]);
    assert!(error.contains("el relevo anterior no ha terminado"), "{error}");
    restart(&mut collector);
    assert_eventually("a certificate of the new authority", || agent.identity().generation == 2);
    let second = agent.identity();
    assert_ne!(first.ca_pin, second.ca_pin);
    goes_on(&collector, &agent);
    for code in [collector.code(), code_of_before] {
        let mut newcomer = Agent::enrolled(&code);
        assert_eq!(newcomer.identity().ca_pin, second.ca_pin);
        newcomer.start();
        goes_on(&collector, &newcomer);
        newcomer.stop();
    }

    let error = refused(&collector, &["ca", "retire"]);
    assert!(error.contains("anterior: 1\n") && error.contains("nunca ha entregado"), "{error}");
    assert!(collector.run(&["ca", "show"]).contains("dependen de la anterior: 1\n"));
    collector.run(&["ca", "retire", "--force"]);
    restart(&mut collector);
    goes_on(&collector, &agent);
    let acts = "SELECT act, subject FROM audit WHERE act LIKE 'authority.%' ORDER BY act";
    let expected = [["authority.retire", "authority 1"], ["authority.rotate", "authority 2"]];
    assert_eq!(collector.sql(acts), expected);

    absent.start();
    assert_eventually("the reason in the status, and the spool kept", || {
        let service = &absent.status()["service"];
        let text = service["last_error"]["text"].as_str().unwrap_or_default();
        text.contains("la autoridad del colector cambió")
            && text.contains("dé de alta el equipo")
            && service["spool"]["records"]["p2"].as_u64() > Some(1)
    });
    assert!(absent.log_text().contains("la autoridad del colector cambió"));
    absent.stop();
    let code = collector.code();
    let output = absent.command(&["enroll", "--force", &code]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    absent.start();
    goes_on(&collector, &absent);

    // One epoch from the first measurement to the last, and nothing missing in it.
    agent.stop();
    let device = &second.device_id;
    let epochs = format!("SELECT count(*) FROM device_stream WHERE device_id = '{device}'");
    assert_eq!(collector.number(&epochs), 1);
    assert_eq!(collector.number("SELECT count(*) FROM device_gap"), 0);
    assert_eq!(collector.number("SELECT count(*) FROM dead_letter"), 0);
    assert_eq!(collector.number("SELECT count(*) FROM identity_conflict"), 0);
}
