//! Clocks that are wrong by years and PCs that were off for months: nobody is locked out for good, nothing is stored where
//! it does not belong, and what cannot go on says what to do.

use atalaya_tests::fixture::{Agent, Clock, Collector, assert_eventually};

const DECADE: i64 = 3_650;
const DAY_US: u64 = 86_400_000_000;

fn samples(collector: &Collector) -> u64 {
    collector.number("SELECT count(*) FROM sample")
}

/// Everything stored is of today by the right clock, in one epoch, without a loss, and nobody renewed or was suspected.
fn is_in_order(collector: &Collector) {
    let now = jiff::Timestamp::now().as_microsecond().unsigned_abs();
    let oldest = collector.number("SELECT min(taken_at) FROM sample");
    let newest = collector.number("SELECT max(taken_at) FROM sample");
    assert!(oldest > now - DAY_US && newest < now + DAY_US, "{oldest} {newest} {now}");
    assert_eq!(collector.number("SELECT count(*) FROM device_stream"), 1);
    assert_eq!(collector.number("SELECT count(*) FROM device_gap"), 0);
    assert_eq!(collector.number("SELECT count(*) FROM certificate"), 1);
    assert_eq!(collector.number("SELECT count(*) FROM identity_conflict"), 0);
}

#[test]
fn a_pc_ten_years_ahead_or_behind_enrols_reports_and_its_clock_is_told() {
    for days in [DECADE, -DECADE] {
        let collector = Collector::start();
        let mut agent = Agent::new();
        agent.set_clock(&Clock::ahead(days));
        let enrolled = agent.enrol(&collector.code());
        assert!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));
        agent.start();
        assert_eventually("measurements", || samples(&collector) > 1);
        assert_eventually("the alert", || {
            !collector
                .sql("SELECT 1 FROM alert WHERE rule = 'clock_skew' AND cleared_at IS NULL")
                .is_empty()
        });
        let skew = "SELECT abs(clock_skew_us / 86400000000 - (DAYS)) FROM device_live";
        assert!(collector.number(&skew.replace("DAYS", &days.to_string())) <= 1);
        is_in_order(&collector);
    }
}

#[test]
fn a_clock_that_jumps_while_the_agent_works_costs_nothing() {
    let collector = Collector::start();
    let clock = Clock::ahead(0);
    let mut agent = Agent::new();
    agent.set_clock(&clock);
    assert!(agent.enrol(&collector.code()).status.success());
    agent.start();
    for days in [0, DECADE, -DECADE, 30, 0] {
        clock.jump_to(days);
        let stored = samples(&collector);
        assert_eventually("measurements", || samples(&collector) > stored + 2);
        agent.kill();
        agent.start();
    }
    is_in_order(&collector);
    // A storm would show here: about one measurement a second, and one connection for each start.
    let seconds = collector.number("SELECT (max(taken_at) - min(taken_at)) / 1000000 FROM sample");
    assert!(samples(&collector) < 3 * (seconds + 10), "{} in {seconds} s", samples(&collector));
}

/// A PC that delivered and was then off for so many days after its certificate expired.
fn after_days_off(days: i64) -> (Collector, Agent) {
    let mut collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || samples(&collector) > 0);
    agent.stop();
    collector.kill();
    let later = Clock::ahead(14 + days);
    collector.set_clock(&later);
    agent.set_clock(&later);
    collector.serve();
    (collector, agent)
}

#[test]
fn a_pc_that_was_off_for_sixty_days_too_long_renews_and_goes_on() {
    let (collector, mut agent) = after_days_off(60);
    let stored = samples(&collector);
    agent.start();
    assert_eventually("a renewed certificate", || agent.identity().generation == 2);
    assert_eventually("measurements", || samples(&collector) > stored + 1);
    assert_eq!(collector.number("SELECT count(*) FROM device"), 1);
    assert_eq!(
        collector.sql("SELECT state FROM certificate ORDER BY generation"),
        [["superseded"], ["active"]]
    );
}

#[test]
fn after_ninety_one_days_it_is_told_to_enrol_and_is_proposed_as_the_same_device() {
    let (collector, mut agent) = after_days_off(91);
    let known = agent.identity().device_id;
    agent.start();
    assert_eventually("what to do", || {
        let status = agent.status();
        let text = status["service"]["last_error"]["text"].as_str().unwrap_or_default().to_owned();
        text.contains("venció hace más de 90 días") && text.contains("enroll --force")
    });
    assert_eq!(collector.number("SELECT count(*) FROM certificate"), 1);
    agent.stop();
    let enrolled = agent.command(&["enroll", "--force", &collector.code()]).output().unwrap();
    assert!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));
    let proposed = collector.run(&["device", "alike"]);
    assert!(proposed.contains(&known), "{proposed}");
    agent.start();
    let device = agent.identity().device_id;
    let of_new = format!(
        "SELECT count(*) FROM sample s JOIN device d ON d.number = s.device_number WHERE d.id = '{device}'"
    );
    assert_eventually("measurements", || collector.number(&of_new) > 1);
    // The numbers of the old identity are not missed under the new one.
    assert_eq!(collector.number("SELECT count(*) FROM device_gap"), 0);
}
