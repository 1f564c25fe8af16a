//! Orders to agents: given at the collector, carried out by the agent with real programs, answered whatever dies.

use atalaya_tests::fixture::{Agent, Collector, assert_eventually, namespace};
use serde_json::{Value, json};

use crate::antivirus::CLAMAV;

fn started(collector: &Collector) -> Agent {
    let mut agent = Agent::enrolled(&collector.code());
    agent.start();
    assert_eventually("a measurement", || collector.number("SELECT count(*) FROM sample") > 0);
    agent
}

/// Gives an order and waits for its end; what the command prints, and whether it says that it went well.
fn ordered(collector: &Collector, agent: &Agent, kind: &[&str]) -> (Value, bool) {
    let device = agent.identity().device_id;
    let arguments = [&["action", &device, "--wait", "60"][..], kind].concat();
    let output = collector.command(&arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"));
    (told, output.status.success())
}

#[test]
fn what_is_ordered_at_the_collector_is_done_and_proved_by_the_agent() {
    let collector = Collector::start();
    let agent = started(&collector);
    let (told, went_well) = ordered(&collector, &agent, &["collect-diagnostics"]);
    assert!(went_well, "{told:#}");
    let parts = told["evidence"]["parts"].as_array().unwrap();
    let text = |name: &str| {
        parts.iter().find(|part| part["name"] == name).unwrap()["text"].as_str().unwrap()
    };
    assert!(text("settings").contains("interval_s = 1") && text("status").contains("spool"));
    assert!(text("log").contains("connected to the collector"), "{}", text("log"));
    assert!(!format!("{told}").contains("PRIVATE KEY"));
    let target = format!("tcp:{}", collector.listen_address());
    let test =
        ["network-test", "--seconds", "5", "--target", &target, "--target", "tcp:127.0.0.1:9"];
    let (told, went_well) = ordered(&collector, &agent, &test);
    assert!(went_well, "{told:#}");
    let [here, nowhere] = [0, 1].map(|at| told["evidence"]["targets"][at].clone());
    assert_eq!((&here["sent"], &here["received"]), (&json!(5), &json!(5)));
    assert_eq!(
        (&nowhere["received"], &nowhere["lost_by_second"]),
        (&json!(0), &json!([1, 1, 1, 1, 1]))
    );
    let acts = collector.sql("SELECT act FROM audit WHERE act LIKE 'action.%'");
    assert_eq!(acts.concat(), ["action.order", "action.result", "action.order", "action.result"]);
    let log = std::fs::read_to_string(agent.state().file("actions.log")).unwrap();
    assert_eq!(log.lines().count(), 4, "the agent has its own record: {log}");
}

#[test]
fn what_the_agents_settings_do_not_allow_is_refused_with_what_to_change() {
    let collector = Collector::start();
    let agent = started(&collector);
    let (told, went_well) = ordered(&collector, &agent, &["block-port", "tcp", "445"]);
    assert!(!went_well);
    assert_eq!(told["outcome"], "refused");
    assert!(told["detail"].as_str().unwrap().contains("`block_port = true`"), "{told:#}");
}

#[test]
fn an_order_outlives_the_collector_and_its_end_is_told_once() {
    let mut collector = Collector::start();
    let agent = started(&collector);
    let device = agent.identity().device_id;
    collector.run(&[
        "action",
        &device,
        "network-test",
        "--seconds",
        "5",
        "--target",
        "tcp:127.0.0.1:9",
    ]);
    assert_eventually("an order that was sent", || {
        collector.number("SELECT count(*) FROM action WHERE sent_at IS NOT NULL") == 1
    });
    collector.kill();
    collector.serve();
    assert_eventually("its end", || collector.sql("SELECT outcome FROM action") == [["done"]]);
    let results = "SELECT count(*) FROM audit WHERE act = 'action.result'";
    assert_eq!(collector.number(results), 1);
    let log = std::fs::read_to_string(agent.state().file("actions.log")).unwrap();
    assert_eq!(log.lines().count(), 2, "begun once: {log}");
}

#[test]
fn an_order_under_way_when_the_agent_is_killed_is_answered_as_interrupted() {
    let collector = Collector::start();
    let mut agent = started(&collector);
    let device = agent.identity().device_id;
    collector.run(&[
        "action",
        &device,
        "network-test",
        "--seconds",
        "60",
        "--target",
        "tcp:127.0.0.1:9",
    ]);
    let begun = || std::fs::read_to_string(agent.state().file("actions.log")).unwrap_or_default();
    assert_eventually("an order that was begun", || begun().contains("ordered"));
    agent.kill();
    agent.start();
    assert_eventually("its end", || collector.sql("SELECT outcome FROM action") == [["failed"]]);
    let detail = collector.sql("SELECT detail FROM action").concat();
    assert!(detail[0].contains("interrumpida"), "{detail:?}");
}

#[test]
fn an_agent_that_was_away_gets_its_orders_and_what_is_too_old_it_never_gets() {
    let collector = Collector::start();
    let mut agent = started(&collector);
    let device = agent.identity().device_id;
    agent.stop();
    collector.run(&["action", &device, "collect-diagnostics"]);
    let overdue = collector.run(&["action", &device, "quick-scan"]);
    collector.sql(&format!("UPDATE action SET expires_at = 1 WHERE id = '{}'", overdue.trim()));
    assert_eventually("an order that is over", || {
        collector.sql("SELECT outcome FROM action WHERE kind = 'quick_scan'") == [["expired"]]
    });
    agent.start();
    assert_eventually("the end of the other", || {
        collector.sql("SELECT outcome FROM action WHERE kind = 'collect_diagnostics'") == [["done"]]
    });
    let log = std::fs::read_to_string(agent.state().file("actions.log")).unwrap();
    assert!(!log.contains("quick_scan"), "{log}");
}

/// A network behind the PC's interface, from which others try its ports.
const NETWORK: &str = r#"
{
unshare -n sleep 100 & network=$!
until [ "$(readlink /proc/$network/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do read -rt 0.05 <> <(:) || :; done
ip link set network netns $network
outside() { nsenter -t $network -n "$@"; }
outside ip addr add 192.0.2.1/24 dev network; outside ip link set network up
listen='use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 9, LocalPort => $ARGV[0], ReuseAddr => 1) or die; while (my $c = $s->accept) { close $c }'
perl -e "$listen" 4450 & perl -e "$listen" 4451 & outside perl -e "$listen" 7070 &
nft 'add table inet filter; add chain inet filter input { type filter hook input priority 0; policy accept; }; add rule inet filter input tcp dport 4451 accept'
theirs="$(nft list table inet filter)"
mkdir -m 700 /run/state; printf 'state_dir = "/run/state"\n[actions]\nblock_port = true\n' > /run/agent.toml
} >&2 </dev/null
install -m 755 "$AGENT" /run/agent
# With what its unit gives it and no more.
as_unit() { setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --inh-caps -all,+net_admin --ambient-caps -all,+net_admin --bounding-set -all,+net_admin "$@"; }
act() { echo "$1" | as_unit /run/agent --config /run/agent.toml act ports 2>/dev/null || :; echo; }
try() { if outside timeout 2 bash -c "</dev/tcp/192.0.2.10/$1" 2>/dev/null; then echo '"open"'; else echo '"closed"'; fi; }
tried=0; until [ "$(try 4450)" = '"open"' ] && [ "$(try 4451)" = '"open"' ]; do [ $((tried += 1)) -lt 50 ]; done
"#;

#[test]
fn a_port_blocked_by_order_refuses_others_and_nobody_else_and_is_undone_without_a_trace() {
    let printed = namespace::script(&format!(
        r#"{NETWORK}
act '{{"kind":"block_port","protocol":"tcp","port":4450,"minutes":60}}'
try 4450; try 4451
# From here, and what began here: neither is blocked.
if bash -c '</dev/tcp/127.0.0.1/4450'; then echo '"open"'; else echo '"closed"'; fi
act '{{"kind":"block_port","protocol":"tcp","port":5555}}'
perl -e 'use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => "192.0.2.1:7070", LocalPort => 5555, Timeout => 3); print defined $s ? "\"open\"\n" : "\"closed\"\n"'
act '{{"kind":"unblock_port","protocol":"tcp","port":4450}}'
try 4450
act '{{"kind":"unblock_port","protocol":"tcp","port":5555}}'
act '{{"kind":"unblock_port","protocol":"tcp","port":5555}}'
[ "$(nft list table inet filter)" = "$theirs" ] && nft list tables | tr '\n' ';' | sed 's/.*/"&"/'; echo
"#
    ));
    let said: Vec<Value> =
        serde_json::Deserializer::from_str(&printed).into_iter().map(Result::unwrap).collect();
    let [block, there, other, local, forever, own, undone, again, second, third, tables] =
        &said[..]
    else {
        panic!("{printed}")
    };
    assert_eq!((&block["outcome"], &block["evidence"]["before"]), (&json!("done"), &json!("")));
    assert!(block["evidence"]["after"].as_str().unwrap().contains("4450 timeout 1h"), "{block:#}");
    assert_eq!([there, other, local, own], ["closed", "open", "open", "open"]);
    assert!(forever["detail"].as_str().unwrap().contains("hasta que se desbloquee"));
    assert_eq!((&undone["outcome"], again), (&json!("done"), &json!("open")));
    assert_eq!(second["evidence"]["after"], "", "the last block takes the table with it");
    assert!(third["detail"].as_str().unwrap().contains("no estaba bloqueado"));
    assert_eq!(tables, "table inet filter;", "nobody else's rules were touched");
}

#[test]
fn the_process_with_the_privilege_takes_nothing_but_what_it_is_for() {
    let printed = namespace::script(&format!(
        r#"{NETWORK}
for nonsense in '{{"kind":"block_port","protocol":"tcp","port":0}}' '{{"kind":"quick_scan"}}'; do act "$nonsense"; done
for nonsense in x '{{"kind":"block_port","protocol":"tcp; flush ruleset","port":1}}' '{{"kind":"run","command":"id"}}' "$(head -c 100000 /dev/zero | tr '\0' x)"; do
  act "$nonsense" | tr -d '\n' | sed 's/.*/"&"/'; echo '""'
done
sed -i 's/true/false/' /run/agent.toml
act '{{"kind":"block_port","protocol":"tcp","port":4450}}'
nft list tables | tr '\n' ';' | sed 's/.*/"&"/'
"#
    ));
    let said: Vec<Value> =
        serde_json::Deserializer::from_str(&printed).into_iter().map(Result::unwrap).collect();
    let answers: Vec<&Value> = said.iter().filter(|one| one.is_object()).collect();
    assert_eq!(answers.len(), 3, "what cannot be read is not answered: {printed}");
    assert!(answers.iter().all(|one| one["outcome"] == "refused"), "{printed}");
    assert!(answers[2]["detail"].as_str().unwrap().contains("block_port = true"));
    assert_eq!(said.last().unwrap(), "table inet filter;");
}

#[test]
fn a_quick_scan_by_clamd_finds_what_lies_in_a_home() {
    let printed = namespace::script(&format!(
        r#"{{
{CLAMAV}
for place in /home /root /tmp /var/tmp /dev/shm /srv /usr/local; do mount -t tmpfs tmpfs $place; done
mkdir -p /home/ana /home/luis; eicar '/home/ana/factura: copia.txt'; echo hola > /home/luis/nota.txt
chmod 700 /home/ana; chmod 600 /home/ana/*
start_clamd
}} >&2 </dev/null
install -m 755 "$AGENT" /run/agent; echo > /run/agent.toml
# With what its unit gives it and no more.
as_unit() {{ setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --inh-caps -all,+dac_read_search --ambient-caps -all,+dac_read_search --bounding-set -all,+dac_read_search "$@"; }}
echo '{{"kind":"quick_scan"}}' | as_unit /run/agent --config /run/agent.toml act scan
kill %1
echo '{{"kind":"quick_scan"}}' | as_unit /run/agent --config /run/agent.toml act scan
"#
    ));
    let said: Vec<Value> =
        serde_json::Deserializer::from_str(&printed).into_iter().map(Result::unwrap).collect();
    let scan = &said[0]["evidence"];
    assert_eq!(
        (&said[0]["outcome"], &scan["complete"]),
        (&json!("done"), &json!(true)),
        "{printed}"
    );
    let found =
        json!([{"name": "Prueba.EICAR.UNOFFICIAL", "path": "/home/ana/factura: copia.txt"}]);
    assert_eq!(scan["found"], found);
    assert!(scan["places"].as_array().unwrap().contains(&json!("/home/luis")));
    // Without clamd nothing was looked at: never "nothing found".
    assert_eq!(said[1]["outcome"], "failed", "{printed}");
}
