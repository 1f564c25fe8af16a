//! Networks that lose answers, have no link, or are left alone for a while: real ones, in namespaces, and what the agent
//! makes of them beside `fping`.

use atalaya_tests::fixture::namespace;
use serde_json::Value;

/// Whoever answers lives in a network of its own at the other end of the line; `there` runs a program in it. The agent
/// asks five addresses a hundred times each.
const NETWORK: &str = r#"
# The links of this network, not of the machine around it.
mount -t sysfs sysfs /sys
unshare -n sleep 1000 &
echo $! > /run/other
while [ "$(readlink /proc/$(cat /run/other)/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do :; done
ip link set network netns "$(cat /run/other)"
there() { nsenter -t "$(cat /run/other)" -n "$@"; }
there ip link set lo up
there ip link set network up
there ip addr add 192.0.2.1/24 dev network
for last in 1 2 3 4 5; do there ip addr add "203.0.113.$last/32" dev lo; done
# Round trips of some length, where this kernel can make them.
there tc qdisc add dev network root netem delay 20ms || true
{
  echo '[connectivity]'
  echo 'samples = 100'
  echo 'resolve = ""'
  for last in 1 2 3 4 5; do
    printf '[[connectivity.targets]]\nname = "%s"\nkind = "icmp"\naddress = "203.0.113.%s"\n' "$last" "$last"
  done
} > /run/agent.toml
cat > /run/agent.sh <<END
#!/bin/bash
"$AGENT" --config /run/agent.toml "\$@" & asked=\$!
[ -e /run/stop ] && . /run/stop
wait "\$asked"
END
chmod +x /run/agent.sh
AGENT=/run/agent.sh
"#;

/// A fifth of the requests to the five addresses is dropped.
const LOSSY: &str = r#"
there nft -f - <<'END'
table ip lossy {
  chain input {
    type filter hook input priority 0
    ip daddr 203.0.113.0/24 icmp type echo-request numgen random mod 100 < 20 drop
  }
}
END
"#;

fn targets(reading: &Value) -> impl Iterator<Item = &Value> {
    reading["targets"].as_array().unwrap().iter()
}

/// Requests sent and answered, all targets together.
fn answered(reading: &Value) -> (u64, u64) {
    let sum = |field: &str| targets(reading).map(|target| target[field].as_u64().unwrap()).sum();
    (sum("sent"), sum("received"))
}

fn loss_pct(sent: u64, received: u64) -> f64 {
    (sent - received) as f64 * 100.0 / sent as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The difference of two shares of 500 at a fifth has a standard deviation of 2.5 points: 10 are four of them.
const LOSS_TOLERANCE: f64 = 10.0;

#[test]
fn measured_loss_and_round_trips_agree_with_fping() {
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("fping");
    let ping =
        "fping -q -C 100 -p 30 -i 1 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.4 203.0.113.5";
    // It ends with an error where an answer is missing, which is the point here.
    let setup = format!("{NETWORK}{LOSSY}{ping} 2> {} || true", said.display());
    let reading = namespace::probe("connectivity", &setup);

    let (mut asked, mut times) = (0, Vec::new());
    for line in std::fs::read_to_string(said).unwrap().lines() {
        let words = line.split_once(" : ").unwrap().1.split_whitespace();
        asked += words.clone().count() as u64;
        times.extend(words.filter_map(|word| word.parse::<f64>().ok()));
    }
    let by_fping = loss_pct(asked, times.len() as u64);
    let (sent, received) = answered(&reading);
    let by_agent = loss_pct(sent, received);
    assert_eq!((sent, asked), (500, 500));
    println!("loss: fping {by_fping:.1} %, agent {by_agent:.1} %");
    assert!((by_agent - by_fping).abs() <= LOSS_TOLERANCE);
    assert!((by_agent - 20.0).abs() <= LOSS_TOLERANCE);

    let by_fping = median(times);
    let medians = targets(&reading).map(|target| target["median_ms"].as_f64().unwrap());
    let by_agent = median(medians.collect());
    println!("median: fping {by_fping:.3} ms, agent {by_agent:.3} ms");
    // A millisecond, on a machine that does other things too, and a tenth of what fping says.
    assert!((by_agent - by_fping).abs() <= 1.0 + by_fping / 10.0);

    assert_eq!(reading["verdict"], "degraded");
    let reason = reading["reason"].as_str().unwrap();
    assert!(reason.starts_with("se pierden respuestas de"), "{reason}");
}

#[test]
fn a_line_that_is_unplugged_is_down_for_want_of_a_link() {
    let reading =
        namespace::probe("connectivity", &format!("{NETWORK}there ip link set network down"));
    assert_eq!(reading["interfaces"][0]["link_up"], false);
    assert_eq!(
        (&reading["verdict"], &reading["reason"]),
        (&"down".into(), &"sin enlace: eth0".into())
    );
    assert_eq!(answered(&reading).1, 0);
}

#[test]
fn an_agent_that_was_stopped_meanwhile_reports_no_loss() {
    // Stopped once requests are on their way, for longer than any answer is waited for.
    let stop = r#"
there nft -f - <<'END'
table ip counted {
  counter asked {}
  chain input {
    type filter hook input priority 0
    icmp type echo-request counter name asked
  }
}
END
cat > /run/stop <<'END'
until nsenter -t "$(cat /run/other)" -n nft list counter ip counted asked | grep -q 'packets [1-9][0-9]'; do :; done
kill -STOP "$asked"
sleep 5
kill -CONT "$asked"
END
"#;
    let reading = namespace::probe("connectivity", &format!("{NETWORK}{stop}"));
    assert_eq!(reading["status"], "ok");
    let (sent, received) = answered(&reading);
    assert!(sent > 0 && sent == received, "{sent} sent, {received} answered");
    assert_eq!(reading["verdict"], "ok");
}

#[test]
fn an_address_set_by_hand_is_told_from_one_of_a_lease() {
    let reading = namespace::probe("connectivity", NETWORK);
    let interface = &reading["interfaces"][0];
    assert_eq!((&interface["name"], &interface["dhcp"]), (&"eth0".into(), &false.into()));
    assert!(interface["carrier_changes"].as_u64().unwrap() > 0);
    assert_eq!(interface["rx_errors"], 0);
    let leased = "ip addr flush dev eth0; ip addr add 192.0.2.10/24 dev eth0 valid_lft 600 preferred_lft 600";
    let reading = namespace::probe("connectivity", &format!("{NETWORK}{leased}"));
    assert_eq!(reading["interfaces"][0]["dhcp"], true);
}
