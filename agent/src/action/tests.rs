//! Orders taken, refused, expired, interrupted and carried out; what is answered is read back from the spool.

use atalaya_proto::v1::record_body::Body;
use atalaya_reading::{Evidence, Protocol, TargetKind, TestTarget};
use jiff::SignedDuration;

use super::*;
use crate::spool::{Limits, Spool};

struct Pc {
    folder: tempfile::TempDir,
    config: Config,
    work: RefCell<Work>,
}

impl Pc {
    fn new() -> Pc {
        let work = RefCell::new(Work::default());
        Pc { folder: tempfile::tempdir().unwrap(), config: Config::default(), work }
    }

    fn state(&self) -> StateDir {
        StateDir::new(self.folder.path())
    }

    fn outbox(&self) -> Outbox {
        let limits = Limits::with_total(64 << 20);
        let folder = self.folder.path().join("spool");
        Outbox::new(Spool::open(&folder, limits, report::describe_loss).unwrap())
    }

    fn orders<'a>(&'a self, outbox: &'a Outbox) -> (Orders<'a>, mpsc::Receiver<Ended>) {
        let about = About { os: "Debian", started_at: Timestamp::now(), work: &self.work };
        Orders::open(outbox, &self.config, &self.state(), None, about)
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

/// What was answered: order, outcome and detail, oldest first.
fn answers(outbox: &Outbox) -> Vec<(String, ActionOutcome, String)> {
    let batch = outbox.spool.borrow_mut().next_batch(Class::Metric).unwrap();
    let records = batch.map(|batch| batch.records).unwrap_or_default();
    let read = |record: &crate::spool::Record| {
        let body = atalaya_proto::decode_body(&record.body).unwrap();
        assert_eq!(body.record_class(), atalaya_proto::v1::RecordClass::Security);
        let Some(Body::ActionResult(result)) = body.body else { panic!("{body:?}") };
        let (outcome, _) =
            atalaya_proto::answer_from_wire(result.outcome, result.evidence).unwrap();
        assert!(result.finished_at_us > 0);
        (result.action_id, outcome, result.detail)
    };
    records.iter().map(read).collect()
}

fn order(id: &str, action: Action) -> Order {
    let requested_by = "Ana Pérez".into();
    Order { id: id.into(), requested_by, expires_at: None, action: Ok(action) }
}

fn block(port: u16) -> Action {
    Action::BlockPort { protocol: Protocol::Tcp, port, minutes: 0 }
}

fn short_test() -> Action {
    let target =
        TestTarget { name: "x".into(), kind: TargetKind::Icmp, address: "no.invalid".into() };
    Action::NetworkTest { targets: vec![target], seconds: 5 }
}

#[tokio::test]
async fn what_is_not_allowed_unknown_malformed_or_too_late_is_answered_and_not_begun() {
    let pc = Pc::new();
    let outbox = pc.outbox();
    let (mut orders, _ended) = pc.orders(&outbox);
    let past = Timestamp::now() - SignedDuration::from_secs(1);
    let given = [
        order("1", block(445)),
        Order { action: Err(Unclear::Unknown), ..order("2", block(1)) },
        Order { action: Err(Unclear::Malformed("port: 0".into())), ..order("3", block(1)) },
        Order { expires_at: Some(past), ..order("4", Action::QuickScan {}) },
        // The wire refuses it before; here it is refused again.
        order("5", Action::NetworkTest { targets: vec![], seconds: 999 }),
    ];
    for order in given {
        assert_eq!(orders.take(order), None);
    }
    assert!(orders.running.is_empty() && orders.waiting.is_empty());
    let answered = answers(&outbox);
    let outcomes: Vec<ActionOutcome> = answered.iter().map(|(_, outcome, _)| *outcome).collect();
    use ActionOutcome::{Expired, Refused, Unsupported};
    assert_eq!(outcomes, [Refused, Unsupported, Refused, Expired, Refused]);
    for (at, part) in
        ["`block_port = true`", "no conoce", "port: 0", "venció", "de 5 a 60"].iter().enumerate()
    {
        assert!(answered[at].2.contains(part), "{}", answered[at].2);
    }
    let log = pc.file("actions.log");
    assert_eq!(
        log.lines().count(),
        10,
        "each is in the agent's own record, as ordered and as answered"
    );
    assert!(log.contains("Ana Pérez") && log.contains("\"refused\""));
}

#[tokio::test]
async fn an_order_that_comes_again_is_not_begun_again_even_after_a_restart() {
    let pc = Pc::new();
    let outbox = pc.outbox();
    let (mut orders, _ended) = pc.orders(&outbox);
    let probe = || order("1", Action::ProbeNow { sections: vec![SectionKind::Disk] });
    let look = orders.take(probe()).unwrap();
    assert_eq!(look.sections, [SectionKind::Disk]);
    assert_eq!(orders.take(probe()), None);
    orders.looked(&look);
    assert_eq!(orders.take(probe()), None);
    drop(orders);
    let (mut orders, _ended) = pc.orders(&outbox);
    assert_eq!(orders.take(probe()), None);
    assert_eq!(orders.take(order("", Action::QuickScan {})), None, "nobody could be answered");
    assert_eq!(answers(&outbox), [("1".into(), ActionOutcome::Done, "disk".into())]);
}

#[tokio::test]
async fn an_order_under_way_when_the_agent_died_is_answered_as_interrupted() {
    let pc = Pc::new();
    let outbox = pc.outbox();
    let (mut orders, _ended) = pc.orders(&outbox);
    assert!(orders.take(order("1", Action::ProbeNow { sections: vec![] })).is_some());
    assert!(answers(&outbox).is_empty());
    // As after a kill: nothing was told to anybody.
    drop(orders);
    let (_orders, _ended) = pc.orders(&outbox);
    let answered = answers(&outbox);
    assert_eq!((answered.len(), answered[0].1), (1, ActionOutcome::Failed));
    assert!(answered[0].2.contains("interrumpida"), "{}", answered[0].2);
    let (_orders, _ended) = pc.orders(&outbox);
    assert_eq!(answers(&outbox).len(), 1, "said once");
}

#[tokio::test]
async fn two_of_a_kind_are_carried_out_one_after_the_other() {
    let pc = Pc::new();
    let outbox = pc.outbox();
    let (mut orders, mut ended) = pc.orders(&outbox);
    for id in ["1", "2"] {
        assert_eq!(orders.take(order(id, short_test())), None);
    }
    assert_eq!((orders.running.len(), orders.waiting.len()), (1, 1));
    for id in ["1", "2"] {
        let one =
            tokio::time::timeout(Duration::from_secs(30), ended.recv()).await.unwrap().unwrap();
        assert_eq!(one.accepted.id, id);
        assert_eq!(orders.finish(&one), []);
    }
    assert!(orders.running.is_empty());
    let answered = answers(&outbox);
    assert!(answered.iter().all(|(_, outcome, _)| *outcome == ActionOutcome::Done), "{answered:?}");
}

#[tokio::test]
async fn too_many_orders_at_once_are_turned_away() {
    let pc = Pc::new();
    let outbox = pc.outbox();
    let (mut orders, _ended) = pc.orders(&outbox);
    (0..WAITING + 3).for_each(|number| {
        orders.take(order(&number.to_string(), short_test()));
    });
    let answered = answers(&outbox);
    assert_eq!(answered.len(), 2, "one runs, {WAITING} wait");
    assert!(answered[0].2.contains("demasiadas órdenes"));
}

#[tokio::test]
async fn an_order_that_cannot_be_noted_is_not_begun() {
    let pc = Pc::new();
    let outbox = pc.outbox();
    let (mut orders, _ended) = pc.orders(&outbox);
    // A folder in the place of the journal: it cannot be written, not even by root.
    std::fs::create_dir(pc.folder.path().join("orders.json")).unwrap();
    assert_eq!(orders.take(order("1", Action::QuickScan {})), None);
    assert!(orders.running.is_empty());
    let answered = answers(&outbox);
    assert_eq!(answered[0].1, ActionOutcome::Failed);
    assert!(answered[0].2.contains("no se pudo anotar"), "{}", answered[0].2);
}

#[tokio::test]
async fn diagnostics_tell_status_settings_and_log_and_no_key() {
    let mut pc = Pc::new();
    let file = pc.folder.path().join("agent.toml");
    std::fs::write(&file, "interval_s = 7\n# token = \"hola\"\n").unwrap();
    std::fs::write(pc.folder.path().join("identity.json"), "PRIVATE KEY").unwrap();
    pc.config.file = Some(file);
    let outbox = pc.outbox();
    let (mut orders, _ended) = pc.orders(&outbox);
    orders.take(order("1", Action::CollectDiagnostics {}));
    let batch = outbox.spool.borrow_mut().next_batch(Class::Metric).unwrap().unwrap();
    let body = atalaya_proto::decode_body(&batch.records[0].body).unwrap();
    let Some(Body::ActionResult(result)) = body.body else { panic!("{body:?}") };
    let (_, evidence) = atalaya_proto::answer_from_wire(result.outcome, result.evidence).unwrap();
    let Some(Evidence::Diagnostics(told)) = evidence else { panic!("{evidence:?}") };
    let names: Vec<&str> = told.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["agent", "status", "settings", "blocked_ports", "orders", "log"]);
    let all: String = told.parts.iter().map(|part| part.text.as_str()).collect();
    assert!(all.contains("interval_s = 7") && all.contains("\"spool\"") && all.contains("Debian"));
    assert!(!all.contains("hola") && !all.contains("PRIVATE KEY"));
}

/// Waits for the end of what `undo` began.
async fn finished(orders: &mut Orders<'_>, ended: &mut mpsc::Receiver<Ended>) {
    let one = tokio::time::timeout(Duration::from_secs(30), ended.recv()).await.unwrap().unwrap();
    assert_eq!(orders.finish(&one), [SectionKind::Firewall]);
}

#[tokio::test]
async fn a_block_whose_time_is_over_is_undone_without_the_collector_and_kept_until_it_is() {
    let mut pc = Pc::new();
    // A filter that says of everything that it is not there: so a port is unblocked already.
    let tools = pc.folder.path().join("tools");
    std::fs::create_dir(&tools).unwrap();
    let nft = |text: &str| {
        std::fs::write(tools.join("nft"), format!("#!/bin/sh\necho '{text}' >&2; exit 1\n"))
            .unwrap();
        let made = std::process::Command::new("chmod").arg("755").arg(tools.join("nft")).status();
        assert!(made.unwrap().success());
    };
    pc.config.programs.path = format!("{}:/usr/bin:/bin", tools.display());
    let over = r#"[{"protocol":"tcp","port":445,"until":"2026-01-01T00:00:00Z","order":"1"}]"#;
    std::fs::write(pc.folder.path().join("blocked-ports.json"), over).unwrap();
    let outbox = pc.outbox();
    let (mut orders, mut ended) = pc.orders(&outbox);
    assert!(orders.undo_due().unwrap() <= tokio::time::Instant::now());
    nft("Operation not permitted");
    orders.undo_what_is_due();
    finished(&mut orders, &mut ended).await;
    assert!(orders.undo_due().unwrap() > tokio::time::Instant::now(), "tried again later");
    nft("No such file or directory");
    orders.undo_what_is_due();
    finished(&mut orders, &mut ended).await;
    assert_eq!(orders.undo_due(), None);
    assert_eq!(pc.file("blocked-ports.json"), "[]");
    assert!(answers(&outbox).is_empty(), "nobody ordered it");
    assert!(pc.file("actions.log").contains("terminó el plazo"));
}
