//! Notices by e-mail with real programs: a server that is away, a collector that is killed in the worst moment.

use std::time::Duration;

use atalaya_tests::fixture::{Collector, Person, Script, Smtp, assert_eventually, free_port};
use tokio::runtime::Runtime;

fn settings(port: u16) -> String {
    format!(
        "[mail]\nserver = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"avisos@ejemplo.gob.mx\"\n\
         per_minute = 6000\n"
    )
}

/// An administrator asks for a test on the page.
fn asks_for_a_test(collector: &Collector, person: &Person) {
    let page = format!("{}/administracion/correo/prueba", collector.url);
    let answer = person.post(&page, &[("direccion", "ana@ejemplo.gob.mx")]);
    assert_eq!(answer.status, 303, "{answer:?}");
}

fn state(collector: &Collector) -> String {
    collector.sql("SELECT state FROM outbox")[0][0].clone()
}

#[test]
fn a_server_that_is_away_is_waited_for_and_gets_the_message_once() {
    let runtime = Runtime::new().unwrap();
    let port = free_port();
    let mut collector = Collector::start_with(&settings(port));
    let person = collector.administrator();
    asks_for_a_test(&collector, &person);
    assert_eventually("an attempt that failed", || {
        collector.number("SELECT attempts FROM outbox WHERE state = 'queued'") == 1
    });
    let listed = collector.run(&["mail", "queue"]);
    assert!(listed.contains("En cola: 1") && listed.contains("ana@ejemplo.gob.mx"), "{listed}");
    collector.kill();
    collector.serve();
    let smtp = runtime.block_on(Smtp::start_at(Script::default(), port));
    // The next attempt would come in a minute: its time has come.
    collector.sql("UPDATE outbox SET next_at = 0");
    assert_eventually("the message sent", || state(&collector) == "sent");
    assert_eq!(smtp.taken().len(), 1);
    assert!(smtp.taken()[0].text.contains("Auto-Submitted: auto-generated"));
    let said = collector.run(&["mail", "test", "eva@ejemplo.gob.mx"]);
    assert!(said.contains("el servidor lo aceptó: 250"), "{said}");
    assert_eq!(smtp.taken().len(), 2);
}

#[test]
fn a_collector_killed_while_the_server_thinks_does_not_send_twice_and_says_so() {
    let runtime = Runtime::new().unwrap();
    let thinks = Script { thinks: Duration::from_secs(3_600), ..Script::default() };
    let smtp = runtime.block_on(Smtp::start(thinks));
    let port = smtp.port();
    let mut collector = Collector::start_with(&settings(port));
    let person = collector.administrator();
    asks_for_a_test(&collector, &person);
    assert_eventually("the whole text at the server", || smtp.texts() == 1);
    collector.kill();
    runtime.block_on(smtp.stop());
    let smtp = runtime.block_on(Smtp::start_at(Script::default(), port));
    collector.serve();
    assert_eventually("it is known that nobody knows", || state(&collector) == "uncertain");
    let page = person.get(&format!("{}/administracion/correo", collector.url)).unwrap();
    assert!(page.text.contains("No se sabe si llegó") && page.text.contains("Reintentar"));
    assert!(smtp.taken().is_empty());
    let id = &collector.sql("SELECT id FROM outbox")[0][0];
    person.post(&format!("{}/administracion/correo/{id}/reintentar", collector.url), &[]);
    assert_eventually("sent because a person said so", || state(&collector) == "sent");
    assert_eq!(smtp.taken().len(), 1);
    let acts = collector.sql("SELECT act FROM audit WHERE act LIKE 'mail.%' ORDER BY number");
    assert_eq!(acts, [["mail.test"], ["mail.again"]]);
}

#[test]
fn a_server_that_cannot_be_used_is_named_with_its_remedy() {
    let collector = Collector::start();
    let output = collector.command(&["mail", "test", "ana@ejemplo.gob.mx"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("escriba `server`"), "{said}");
}
