//! Rules of nftables, loaded for real in a network of their own, and what the agent makes of them.

use atalaya_tests::fixture::namespace;
use serde_json::{Value, json};

/// The reading on a PC with this table.
fn with(family: &str, table: &str) -> Value {
    namespace::probe(
        "firewall",
        &format!("nft -f - <<'END'\ntable {family} filter {{\n{table}\n}}\nEND"),
    )
}

/// A table whose base chain for what comes in has this policy and these rules, one a line.
fn input(policy: &str, rules: &str) -> String {
    format!("chain input {{\ntype filter hook input priority 0; policy {policy}\n{rules}\n}}")
}

#[track_caller]
pub fn assert_judged(reading: &Value, backend: &str, default_inbound: &str, allowed: &[&str]) {
    assert_eq!(reading["status"], "ok");
    assert_eq!(reading["backend"], backend);
    assert_eq!(reading["default_inbound"], default_inbound);
    assert_eq!(reading["enabled"], backend != "none");
    let field = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_string();
    let shown: Vec<String> = reading["allowed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| ["protocol", "port", "source"].map(|name| field(entry, name)).join(" "))
        .collect();
    assert_eq!(shown, allowed);
}

const REPLIES: &str = "ct state established,related accept\niifname lo accept\n";

#[test]
fn no_rules_are_no_firewall_and_nothing_is_said_to_be_allowed() {
    assert_judged(&namespace::probe("firewall", ":"), "none", "accept", &[]);
    assert_judged(&with("inet", &input("accept", "")), "none", "accept", &[]);
}

#[test]
fn plain_nftables_that_drops_is_a_firewall_with_its_ports() {
    assert_judged(&with("inet", &input("drop", REPLIES)), "nftables", "drop", &[]);
    let rules =
        format!("{REPLIES}ct state new tcp dport 22 counter accept\nudp dport 67-68 accept");
    let reading = with("inet", &input("drop", &rules));
    assert_judged(&reading, "nftables", "drop", &["tcp 22 any", "udp 67-68 any"]);
}

#[test]
fn a_refusal_as_the_last_rule_is_the_default_though_the_policy_accepts() {
    let rules = format!("{REPLIES}tcp dport 22 accept\nreject with icmpx admin-prohibited");
    assert_judged(&with("inet", &input("accept", &rules)), "nftables", "reject", &["tcp 22 any"]);
}

#[test]
fn one_refused_port_is_a_filter_but_the_default_stays_open() {
    let reading = with("inet", &input("accept", "tcp dport 23 drop"));
    assert_judged(&reading, "nftables", "accept", &[]);
}

#[test]
fn sets_ranges_and_pairs_of_address_and_port_are_taken_apart() {
    let table = "set ok { type inet_service; flags interval; elements = { 22, 8000-8100 }; }\n\
                 set pairs { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 3306, 10.0.0.2 . 5432 }; }\n";
    let rules = "tcp dport @ok accept\n\
                 ip saddr . tcp dport @pairs accept\n\
                 ip saddr . udp dport { 10.0.0.3 . 514 } accept\n\
                 ip saddr 10.0.0.0/8 udp dport { 161, 5000-5010 } accept";
    let reading = with("inet", &format!("{table}{}", input("drop", rules)));
    let allowed = [
        "tcp 22 any",
        "tcp 3306 10.0.0.1",
        "tcp 5432 10.0.0.2",
        "tcp 8000-8100 any",
        "udp 161 10.0.0.0/8",
        "udp 5000-5010 10.0.0.0/8",
        "udp 514 10.0.0.3",
    ];
    assert_judged(&reading, "nftables", "drop", &allowed);
}

#[test]
fn verdict_maps_and_chains_are_followed() {
    let table = "map ports { type inet_service : verdict; elements = { 22 : accept, 25 : drop }; }\n\
                 chain web {\ntcp dport { 80, 443 } accept\n}\n\
                 chain lan {\ntcp dport 445 accept\njump web\n}\n";
    let rules = "ct state vmap { established : accept, related : accept, invalid : drop }\n\
                 iifname vmap { lo : accept, eth0 : jump lan, wg0 : accept }\n\
                 tcp dport vmap @ports";
    let reading = with("inet", &format!("{table}{}", input("drop", rules)));
    let allowed = ["any any iif wg0", "tcp 22 any", "tcp 443 any", "tcp 445 any", "tcp 80 any"];
    assert_judged(&reading, "nftables", "drop", &allowed);
}

#[test]
fn what_refuses_all_but_some_is_a_default_with_exceptions() {
    let ports =
        with("inet", &input("accept", "ct state established accept\ntcp dport != { 22, 80 } drop"));
    assert_judged(&ports, "nftables", "drop", &["tcp 22 any", "tcp 80 any"]);
    let sources = with("ip", &input("accept", "ip saddr != 10.0.0.0/8 drop\ntcp dport 23 drop"));
    assert_judged(&sources, "nftables", "drop", &["any any 10.0.0.0/8", "any any ::/0"]);
}

#[test]
fn a_whole_protocol_let_through_is_said() {
    let reading = with("inet", &input("drop", "meta l4proto tcp accept"));
    assert_judged(&reading, "nftables", "drop", &["tcp any any"]);
    let rate = with("inet", &input("drop", "tcp dport 22 limit rate 10/minute accept"));
    assert_judged(&rate, "nftables", "drop", &["tcp 22 any"]);
    let everything = with("inet", &input("drop", "ct state new limit rate 10/second accept"));
    assert_eq!(everything["default_inbound"], "accept", "a rate refuses only what is beyond it");
}

#[test]
fn a_flood_guard_is_no_default() {
    let table = "set many { type ipv4_addr; flags dynamic,timeout; timeout 1m; }\n";
    let rules = "ip saddr @many drop\n\
                 ct state new add @many { ip saddr limit rate over 3/minute } drop";
    let reading = with("inet", &format!("{table}{}", input("accept", rules)));
    assert_eq!(reading["default_inbound"], "accept");
}

#[test]
fn a_closed_family_beside_an_open_one_does_not_close_it() {
    let only_v4 = with("ip", &input("drop", "tcp dport 22 accept"));
    assert_judged(&only_v4, "nftables", "drop", &["any any ::/0", "tcp 22 any"]);
    let only_v6 = with("inet", &input("accept", "meta nfproto ipv6 drop"));
    assert_eq!(only_v6["default_inbound"], "accept", "IPv4 is open");
    let by_address = with("inet", &input("accept", "ip saddr != 10.0.0.0/8 drop"));
    assert_judged(&by_address, "nftables", "drop", &["any any 10.0.0.0/8", "any any ::/0"]);
}

#[test]
fn what_is_dropped_before_the_input_chain_is_dropped() {
    let rules = "iifname lo accept\ntcp dport 22 accept";
    let table = format!(
        "chain early {{\ntype filter hook prerouting priority -300; policy drop\n{rules}\n}}"
    );
    assert_judged(&with("inet", &table), "nftables", "drop", &["tcp 22 any"]);
    let nat = "chain nat {\ntype nat hook prerouting priority -100; policy accept\ntcp dport 8080 redirect to :80\n}";
    assert_judged(&with("inet", nat), "none", "accept", &[]);
}

#[test]
fn a_set_of_thousands_is_read_in_time_and_bounded() {
    let script = "seq -f '10.%.0f' 0 255 | while read -r net; do seq -f \"$net.%.0f.1,\" 0 39; done > /run/all\n\
                  { echo 'table inet filter {\nset many { type ipv4_addr; elements = {'; cat /run/all; echo '}; }'\n\
                  echo 'chain input {\ntype filter hook input priority 0; policy drop'\n\
                  echo 'ip saddr @many tcp dport 22 accept'; echo '}'; echo '}'; } > /run/rules\n\
                  nft -f /run/rules";
    let reading = namespace::probe("firewall", script);
    assert_eq!(reading["default_inbound"], "drop");
    assert_eq!(reading["allowed"].as_array().unwrap().len(), 1_024);
}

#[test]
fn without_privilege_the_rules_are_unknown_and_not_off() {
    let reading = namespace::probe_as_nobody("firewall", "nft add table inet filter");
    assert_eq!(reading["status"], "denied");
    for unknown in ["enabled", "default_inbound", "backend"] {
        assert_eq!(reading[unknown], json!(null), "{unknown}");
    }
}
