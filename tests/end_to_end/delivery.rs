//! Nothing captured is lost and nothing is stored twice: over cut networks, killed collectors, damaged spools.

use std::fs::OpenOptions;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use atalaya_agent::identity::Store;
use atalaya_agent::machine::Hints;
use atalaya_agent::report::{Capture, Reporter, describe_loss};
use atalaya_agent::spool::{Class, Limits, Spool};
use atalaya_agent::uplink::{Outbox, Uplink};
use atalaya_tests::fixture::{Agent, Collector, assert_eventually, eventually};
use jiff::Timestamp;

fn waiting(agent: &Agent) -> u64 {
    let records = &agent.status()["service"]["spool"]["records"];
    ["p0", "p1", "p2"].iter().filter_map(|class| records[class].as_u64()).sum()
}

#[test]
fn an_agent_that_was_cut_off_delivers_everything_afterwards() {
    let (collector, link) = Collector::start_behind_a_link();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
    link.cut();
    assert_eventually("records that wait", || waiting(&agent) > 4);
    // A crash of the agent while it is cut off loses nothing that was captured.
    agent.kill();
    agent.start();
    assert_eventually("more records that wait", || waiting(&agent) > 8);
    link.mend();
    assert_eventually("nothing waits", || waiting(&agent) == 0);
    assert_eq!(collector.sql("SELECT lost, reason FROM device_gap"), Vec::<Vec<String>>::new());
    assert_eq!(collector.number("SELECT count(*) FROM dead_letter"), 0);
    assert_eq!(collector.number("SELECT count(*) FROM device_stream"), 1);
    // One measurement a second: the time without a connection is there too.
    let widest = "SELECT coalesce(max(gap), 0) FROM (SELECT taken_at - lag(taken_at) OVER (ORDER BY taken_at) AS gap FROM sample)";
    assert!(collector.number(widest) < 20_000_000);
}

#[test]
fn a_truncated_spool_costs_only_what_was_cut_and_is_counted() {
    let (collector, link) = Collector::start_behind_a_link();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
    link.cut();
    assert_eventually("records that wait", || waiting(&agent) > 5);
    agent.kill();
    let last = agent.segments().pop().unwrap();
    let length = std::fs::metadata(&last).unwrap().len();
    OpenOptions::new().write(true).open(&last).unwrap().set_len(length - 5).unwrap();
    link.mend();
    agent.start();
    let gaps = eventually("a gap", || {
        let rows = collector.sql("SELECT lost FROM device_gap WHERE reason = 'spool_corrupt'");
        Some(rows).filter(|rows| !rows.is_empty())
    });
    assert_eq!(gaps, [["1"]]);
    // Numbers that may have been given are not given again.
    assert_eventually("a second epoch", || {
        collector.number("SELECT count(*) FROM device_stream WHERE last_seq > 1") == 2
    });
    assert_eq!(collector.sql("SELECT status FROM device"), [["approved"]]);
}

/// Captures measurements as fast as the disk takes them and delivers them, with the agent's own spool and uplink.
fn deliver_fast(agent: &Agent, count: u64) -> thread::JoinHandle<()> {
    let (store, dir) = (Store::new(&agent.state()), agent.state().file("fast"));
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let spool = Spool::open(&dir, Limits::with_total(64 << 20), describe_loss).unwrap();
            let outbox = Outbox::new(spool);
            let (send, _requests) = tokio::sync::mpsc::channel(4);
            let uplink = Uplink::new(&outbox, store, Hints::default(), send);
            let capture = async {
                let mut reporter = Reporter::default();
                for _ in 0..count {
                    let Capture { class, body } = reporter.report(Duration::ZERO, Timestamp::now());
                    outbox.capture([Capture { class, body }]);
                    tokio::time::sleep(Duration::from_micros(500)).await;
                }
                while outbox.spool.borrow().waiting(Class::Metric) > 0 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::select! {
                ended = uplink.run() => panic!("{ended:?}"),
                () = capture => {}
            }
        });
    })
}

#[test]
fn killing_the_collector_in_a_loop_loses_and_doubles_nothing() {
    const RECORDS: u64 = 4000;
    let mut collector = Collector::start();
    let agents: Vec<Agent> = (0..3).map(|_| Agent::enrolled(&collector.code())).collect();
    let (done, all) = mpsc::channel();
    let deliveries: Vec<_> = agents.iter().map(|agent| deliver_fast(agent, RECORDS)).collect();
    let waiter = thread::spawn(move || {
        deliveries.into_iter().for_each(|delivery| delivery.join().unwrap());
        done.send(()).unwrap();
    });
    let mut before = 0;
    for _ in 0..8 {
        // Each life of the collector takes some in, so that every kill falls into work.
        assert_eventually("progress", || {
            let stored = collector.number("SELECT coalesce(sum(last_seq), 0) FROM device_stream");
            let more = stored > before + 200;
            if more {
                before = stored;
            }
            more || all.try_recv().is_ok()
        });
        collector.kill();
        collector.serve();
    }
    waiter.join().unwrap();
    let rows = collector.sql(
        "SELECT s.last_seq, count(DISTINCT m.taken_at), count(*) FROM device d
         JOIN device_stream s ON s.device_id = d.id JOIN sample m ON m.device_number = d.number GROUP BY d.id",
    );
    let expected = RECORDS.to_string();
    assert_eq!(rows, vec![vec![expected.clone(), expected.clone(), expected]; 3]);
    assert_eq!(collector.number("SELECT count(*) FROM device_gap"), 0);
}

#[test]
fn a_collector_that_is_away_at_the_start_is_found_when_it_comes() {
    let mut collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    collector.kill();
    agent.start();
    assert_eventually("the problem in the status", || {
        let status = agent.status();
        let text = status["service"]["last_error"]["text"].as_str().unwrap_or_default().to_owned();
        text.contains("no se puede llegar al colector")
    });
    collector.serve();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
    assert_eventually("no problem left", || agent.status()["service"]["last_error"].is_null());
}

#[test]
fn a_look_asked_for_on_the_page_is_taken_and_its_end_recorded() {
    let collector = Collector::start();
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
    let url = format!("{}/equipos/{}/medir", collector.url, agent.identity().device_id);
    let page = collector.administrator().post(&url, &[]);
    assert!(page.status < 400, "{page:?}");
    assert_eventually("the end of the action", || {
        collector.sql("SELECT outcome FROM action") == [["done"]]
    });
}

#[test]
fn a_disk_that_fails_to_keep_records_costs_none_of_them() {
    let (collector, link) = Collector::start_behind_a_link();
    let mut agent = Agent::enrolled(&collector.code());
    link.cut();
    // Each promise to keep, from the third on, every second time.
    let broken = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"];
    agent.start_under(&[&broken[..], &["-e", "inject=fdatasync:error=EIO:when=3+2"]].concat());
    assert_eventually("records that wait", || waiting(&agent) > 12);
    link.mend();
    assert_eventually("every section", || collector.number("SELECT count(*) FROM section") == 8);
    assert_eventually("nothing waits", || waiting(&agent) == 0);
    assert_eq!(collector.number("SELECT count(*) FROM device_gap"), 0);
    assert_eq!(collector.sql("SELECT status FROM device"), [["approved"]]);
    // Whose keeping is in doubt gets no number again: each failure began an epoch.
    assert!(collector.number("SELECT count(*) FROM device_stream") > 2);
}
