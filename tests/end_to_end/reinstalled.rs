//! A PC that was installed again: proposed as the one it was, merged by a person with its history, or told apart.

use atalaya_tests::fixture::{Agent, Collector, assert_eventually};

/// A PC with a history that was switched off, and the same PC as it enrols after its disk was formatted.
fn reinstalled(collector: &Collector) -> (Agent, Agent) {
    let mut before = Agent::enrolled(&collector.code());
    before.start();
    assert_eventually("a history", || {
        collector.number("SELECT count(*) FROM sample") > 1
            && collector.number("SELECT count(*) FROM alert") > 0
    });
    before.stop();
    // Both read this machine's own machine id and serial number.
    (before, Agent::enrolled(&collector.code()))
}

fn proposed(collector: &Collector) -> String {
    collector.run(&["device", "alike"])
}

#[test]
fn a_person_merges_it_with_what_it_was_and_the_history_is_under_one_device() {
    let collector = Collector::start();
    let (mut before, mut after) = reinstalled(&collector);
    let (known, device) = (before.identity().device_id, after.identity().device_id);
    assert!(proposed(&collector).contains(&known), "{}", proposed(&collector));
    after.start();
    let of_new = format!(
        "SELECT count(*) FROM sample s JOIN device d ON d.number = s.device_number WHERE d.id = '{device}'"
    );
    assert_eventually("its own measurements", || {
        collector.number(&of_new) > 1
            && collector.number("SELECT count(*) FROM alert WHERE cleared_at IS NULL") > 1
    });
    let folios = collector.sql("SELECT folio FROM run ORDER BY folio");
    let alerts = collector.number("SELECT count(*) FROM alert");
    let measured_before =
        collector.number("SELECT count(*) FROM sample") - collector.number(&of_new);

    let person = collector.administrator();
    let page = person.get(&format!("{}/equipos/{device}", collector.url)).unwrap();
    assert!(page.text.contains("instalado de nuevo?"), "{page:?}");
    let merge = format!("{}/equipos/{device}/unir", collector.url);
    assert_eq!(person.post(&merge, &[("conocido", &device)]).status, 422, "nobody proposed that");
    let page = person.post(&merge, &[("conocido", &known)]);
    assert!(page.status < 400, "{page:?}");

    assert!(collector.number(&of_new) > measured_before + 1);
    for table in ["alert", "run", "action"] {
        let left = format!("SELECT count(*) FROM {table} WHERE device_id = '{known}'");
        assert_eq!(collector.number(&left), 0, "{table}");
    }
    assert_eq!(collector.sql("SELECT folio FROM run ORDER BY folio"), folios);
    assert!(collector.number("SELECT count(*) FROM alert") >= alerts);
    let twice = "SELECT count(*) FROM (SELECT rule FROM alert WHERE cleared_at IS NULL GROUP BY rule HAVING count(*) > 1)";
    assert_eq!(collector.number(twice), 0);
    assert_eq!(collector.number("SELECT count(*) FROM run WHERE closed_at IS NULL"), 1);
    let status = format!("SELECT status FROM device WHERE id = '{known}'");
    assert_eq!(collector.sql(&status), [["revoked"]]);
    let page = person.get(&format!("{}/equipos/{known}", collector.url)).unwrap();
    assert!(page.text.contains("se instaló de nuevo: su historia está en"), "{page:?}");
    assert_eq!(collector.number("SELECT count(*) FROM audit WHERE act = 'device.merge'"), 1);

    // The old certificate opens nothing; the new one goes on.
    let stored = collector.number(&of_new);
    before.start();
    assert_eventually("the old identity is refused", || {
        let status = before.status();
        status["service"]["last_error"]["text"].as_str().unwrap_or_default().contains("revocado")
    });
    assert_eventually("measurements", || collector.number(&of_new) > stored);
    assert_eq!(proposed(&collector), "");
}

#[test]
fn what_a_person_tells_apart_is_not_proposed_again_and_a_reader_decides_nothing() {
    let collector = Collector::start();
    let (before, after) = reinstalled(&collector);
    let (known, device) = (before.identity().device_id, after.identity().device_id);
    let token = collector.run(&["token", "create", "--name", "lector", "--scope", "read"]);
    let merge = format!("{}/equipos/{device}/unir", collector.url);
    let anybody = atalaya_tests::fixture::Person::anybody();
    let refused = anybody.post(&merge, &[("conocido", &known)]);
    assert!(refused.status == 401 || refused.status == 303, "{refused:?}");
    let bearer = std::process::Command::new("curl")
        .args([
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            "--request",
            "POST",
        ])
        .args(["--header", &format!("authorization: Bearer {}", token.trim())])
        .args(["--data-urlencode", &format!("conocido={known}"), &merge])
        .output()
        .unwrap();
    let status = String::from_utf8_lossy(&bearer.stdout).into_owned();
    assert!(status == "401" || status == "303", "{status}");
    assert!(proposed(&collector).contains(&known));
    assert_eq!(collector.number("SELECT count(*) FROM device WHERE status = 'revoked'"), 0);

    collector.run(&["device", "apart", &device, &known]);
    assert_eq!(proposed(&collector), "");
    let again = collector.command(&["device", "merge", &device, &known]).output().unwrap();
    assert!(!again.status.success());
    assert_eq!(collector.number("SELECT count(*) FROM device WHERE status = 'approved'"), 2);
}
