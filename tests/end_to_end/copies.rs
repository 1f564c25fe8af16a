//! Copied disks: two PCs with one identity are both shut out, a person decides, and one PC alone never looks like two.

use atalaya_tests::fixture::{Agent, Collector, assert_eventually, eventually};
use tonic::Code;

use crate::wire::{Wire, hello};

const STATUS: &str = "SELECT status FROM device ORDER BY enrolled_at";

fn samples(collector: &Collector) -> u64 {
    collector.number("SELECT count(*) FROM sample")
}

fn last_error(agent: &Agent) -> String {
    agent.status()["service"]["last_error"]["text"].as_str().unwrap_or_default().to_owned()
}

fn restart(agent: &mut Agent) {
    agent.stop();
    agent.start();
}

/// A PC that delivers, and a copy of its disk made meanwhile that is started too: both in quarantine.
fn quarantined(collector: &Collector) -> (Agent, Agent) {
    let mut original = Agent::enrolled(&collector.code());
    original.start();
    assert_eventually("a measurement", || samples(collector) > 0);
    let mut copy = original.copied();
    copy.start();
    assert_eventually("the quarantine", || collector.sql(STATUS) == [["quarantined"]]);
    (original, copy)
}

fn sides(collector: &Collector, device: &str) -> Vec<String> {
    let text = collector.run(&["device", "conflict", device]);
    text.lines().skip(1).map(String::from).collect()
}

#[test]
fn a_copy_beside_its_original_shuts_both_out_until_a_person_keeps_one() {
    let collector = Collector::start();
    let (mut original, mut copy) = quarantined(&collector);
    let device = original.identity().device_id;
    let stored = samples(&collector);
    // Both say so, restarted too, and nothing more is stored.
    restart(&mut original);
    restart(&mut copy);
    for agent in [&original, &copy] {
        assert_eventually("the reason", || last_error(agent).contains("cuarentena"));
    }
    assert_eq!(samples(&collector), stored);
    let open = "SELECT rule, severity, summary FROM alert WHERE cleared_at IS NULL AND rule = 'identity_conflict'";
    let alerts = collector.sql(open);
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0][2].contains("Dos computadoras usan la identidad"), "{alerts:?}");
    let known = eventually("both sides", || {
        Some(sides(&collector, &device)).filter(|sides| sides.len() == 2)
    });
    assert!(known.iter().all(|side| side.contains("127.0.0.1")), "{known:?}");

    // Which of them is the original is known by the start it said last.
    let start = std::fs::read_to_string(original.state().file("last-start")).unwrap();
    let person = collector.administrator();
    let page = person.get(&format!("{}/equipos/{device}", collector.url)).unwrap();
    assert!(page.text.contains("Dos computadoras, una identidad"), "{page:?}");
    let keep = format!("{}/equipos/{device}/conservar", collector.url);
    assert_eq!(person.post(&keep, &[("lado", "00000000000000aa")]).status, 422);
    assert_eventually("the original is among them", || {
        person.post(&keep, &[("lado", start.split(' ').next().unwrap())]).status < 400
    });
    assert_eq!(collector.sql(STATUS), [["approved"]]);

    // The other one comes first and gets nothing, not even a certificate.
    restart(&mut copy);
    assert_eventually("the copy is told what to do", || {
        last_error(&copy).contains("enroll --force")
    });
    restart(&mut original);
    assert_eventually("the original delivers", || samples(&collector) > stored);
    assert_eventually("a certificate of its own", || original.identity().generation == 2);
    assert_eventually("no alert", || collector.sql(open).is_empty());
    restart(&mut copy);
    assert_eventually("the copy is refused", || last_error(&copy).contains("enroll --force"));
    assert_eq!(collector.sql(STATUS), [["approved"]]);
    assert_eq!(copy.identity().generation, 1);

    // Enrolled anew it is a PC of its own, and nothing of the two is mixed.
    copy.stop();
    let enrolled = copy.command(&["enroll", "--force", &collector.code()]).output().unwrap();
    assert!(enrolled.status.success(), "{enrolled:?}");
    copy.start();
    assert_eventually("measurements of the copy", || {
        collector.number("SELECT count(DISTINCT device_number) FROM sample") == 2
    });
    assert_eq!(collector.sql(STATUS), [["approved"], ["approved"]]);
    let audited = collector
        .sql("SELECT act FROM audit WHERE act IN ('device.quarantine', 'device.settle_conflict')");
    assert_eq!(audited, [["device.quarantine"], ["device.settle_conflict"]]);
}

#[test]
fn a_copy_that_ran_while_its_original_was_off_is_noticed_when_the_original_is_back() {
    let collector = Collector::start();
    let mut original = Agent::enrolled(&collector.code());
    original.start();
    assert_eventually("a measurement", || samples(&collector) > 1);
    original.stop();
    let mut copy = original.copied();
    copy.start();
    let stored = samples(&collector);
    assert_eventually("measurements of the copy", || samples(&collector) > stored + 1);
    copy.stop();
    assert_eq!(collector.sql(STATUS), [["approved"]], "so far it may be one PC");
    original.start();
    assert_eventually("the quarantine", || collector.sql(STATUS) == [["quarantined"]]);
    assert_eq!(collector.sql("SELECT sign FROM identity_conflict"), [["went_back"]]);
    // The one that is back renumbered nothing: what it captured still waits as it was.
    assert_eventually("the reason", || last_error(&original).contains("cuarentena"));
    assert_eq!(collector.number("SELECT count(*) FROM device_stream"), 1);
    // The command line keeps the second side: the copy ran before, the original is the last that came.
    let device = original.identity().device_id;
    collector.run(&["device", "release", &device, "--keep", "2"]);
    let stored = samples(&collector);
    restart(&mut original);
    assert_eventually("the original delivers", || samples(&collector) > stored);
    assert_eventually("a certificate of its own", || original.identity().generation == 2);
    assert_eq!(collector.sql(STATUS), [["approved"]]);
}

#[test]
fn one_pc_never_looks_like_two() {
    let (collector, link) = Collector::start_behind_a_link();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    for round in 0..4 {
        let stored = samples(&collector);
        assert_eventually("measurements", || samples(&collector) > stored + 1);
        match round {
            0 => restart(&mut agent),
            1 => {
                link.cut();
                agent.kill();
                agent.start();
                assert_eventually("records that wait", || {
                    agent.status()["service"]["spool"]["records"]["p2"].as_u64() > Some(1)
                });
                link.mend();
            }
            2 => {
                agent.kill();
                agent.start();
            }
            _ => {
                link.cut();
                link.mend();
            }
        }
    }
    let stored = samples(&collector);
    assert_eventually("measurements", || samples(&collector) > stored + 1);
    assert_eq!(collector.sql(STATUS), [["approved"]]);
    assert_eq!(collector.number("SELECT count(*) FROM identity_conflict"), 0);
    let device = agent.identity().device_id;
    assert!(collector.run(&["device", "conflict", &device]).contains("Una sola"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_operating_system_is_noticed_and_another_name_or_an_unreadable_id_is_not() {
    let collector = Collector::start();
    let agent = Agent::enrolled(&collector.code());
    let identity = agent.identity();
    let renamed = atalaya_proto::v1::Hello { hostname: "otro-nombre".into(), ..hello() };
    drop(Wire::open(&identity, renamed).await.unwrap());
    drop(Wire::welcomed(&identity).await);
    assert_eq!(collector.sql(STATUS), [["approved"]]);
    let other = atalaya_proto::v1::Hello { machine_id: "otra".into(), start_id: 5, ..hello() };
    let status = match Wire::open(&identity, other).await {
        Ok(mut wire) => wire.end().await,
        Err(status) => status,
    };
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    assert_eq!(collector.sql(STATUS), [["quarantined"]]);
    assert_eq!(collector.sql("SELECT sign FROM identity_conflict"), [["machine_id"]]);
}
