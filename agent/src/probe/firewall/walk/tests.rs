//! Recorded rule sets and what they mean.

use PacketPolicy::{Accept, Drop, Reject};

use super::super::{iptables, nft};
use super::*;

macro_rules! nft {
    ($name:literal) => {
        nft::parse(include_bytes!(concat!("../../../../fixtures/nft/", $name))).unwrap()
    };
}

fn saved(text: &str) -> Ruleset {
    let mut ruleset = Ruleset::default();
    iptables::replace_filter_table(&mut ruleset, "ip", text);
    iptables::replace_filter_table(&mut ruleset, "ip6", "*filter\n:INPUT DROP [0:0]\nCOMMIT\n");
    ruleset
}

fn scene() -> Scene {
    Scene { ipv6_in_use: true, outside: Some("eth0".into()), only_chains: "" }
}

fn allowed(policy: &Policy) -> Vec<String> {
    let line = |a: &AllowedPort| format!("{} {} {}", a.protocol, a.port, a.source);
    policy.allowed.iter().map(line).collect()
}

#[test]
fn plain_nftables_is_a_firewall() {
    let policy = policy(&nft!("plain.json"), &scene());
    assert_eq!((policy.default_inbound, policy.filters), (Reject, true));
    assert_eq!(
        allowed(&policy),
        [
            "tcp 22 any",
            "tcp 443 any",
            "tcp 80 any",
            "tcp 8000-8100 any",
            "udp 161 192.0.2.0/24",
            "udp 5000-5010 192.0.2.0/24",
        ]
    );
}

#[test]
fn verdict_maps_jumps_and_interfaces_are_followed() {
    let policy = policy(&nft!("vmap.json"), &scene());
    assert_eq!(policy.default_inbound, Drop);
    assert_eq!(
        allowed(&policy),
        [
            "any any 192.0.2.7",
            "any any 198.51.100.0/24",
            "any any iif wg0",
            "tcp 22 any",
            "tcp 443 any",
            "tcp 53 any",
            "tcp 80 any",
            "tcp 8443 any",
            "udp 53 any",
        ]
    );
}

#[test]
fn no_rules_and_rules_that_only_forward_are_no_firewall() {
    for ruleset in [nft!("empty.json"), nft!("docker.json")] {
        let policy = policy(&ruleset, &scene());
        assert_eq!((policy.default_inbound, policy.filters), (Accept, false));
        assert_eq!(allowed(&policy), [""; 0]);
    }
}

#[test]
fn firewalld_refuses_at_the_end_of_its_zone() {
    let policy = policy(&nft!("firewalld.json"), &scene());
    assert_eq!(policy.default_inbound, Reject);
    assert_eq!(allowed(&policy), ["tcp 22 any", "tcp 9090 any", "udp 546 any"]);
}

#[test]
fn of_ufw_only_what_people_allowed_is_shown() {
    let mut ruleset = nft!("ufw.json");
    assert!(ruleset.opaque.iter().any(|(family, table)| family == "ip" && table == "filter"));
    let text = include_str!("../../../../fixtures/iptables/ufw.txt");
    iptables::replace_filter_table(&mut ruleset, "ip", text);
    let policy = policy(&ruleset, &Scene { only_chains: "-user-", ..scene() });
    assert_eq!(policy.default_inbound, Drop);
    assert_eq!(
        allowed(&policy),
        [
            "tcp 22 any",
            "tcp 2222 any",
            "tcp 3306 192.0.2.0/24",
            "tcp 53 any",
            "udp 53 any",
            "udp 60000-60100 any",
        ]
    );
}

#[test]
fn iptables_is_understood_in_its_own_words() {
    let policy = policy(&saved(include_str!("../../../../fixtures/iptables/legacy.txt")), &scene());
    assert_eq!(policy.default_inbound, Drop);
    assert_eq!(
        allowed(&policy),
        ["tcp 443 any", "tcp 80 any", "tcp 8000-8100 any", "udp 161 192.0.2.0/24"]
    );
    let text = include_str!("../../../../fixtures/iptables/nft.txt");
    let policy = super::policy(&saved(text), &scene());
    assert_eq!(policy.default_inbound, Reject, "every first packet of TCP is refused");
    assert_eq!(allowed(&policy), ["tcp 22 192.0.2.7", "tcp 443 any", "tcp 80 any"]);
}

#[test]
fn what_is_refused_on_the_way_in_is_refused_though_the_policy_accepts() {
    let text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n\
                -A INPUT -i eth+ -j DROP\n";
    let policy = policy(&saved(text), &scene());
    assert_eq!((policy.default_inbound, policy.filters), (Drop, true));
    assert_eq!(allowed(&policy), ["tcp 22 any"]);
}

#[test]
fn ipv6_left_open_beside_a_closed_ipv4_is_shown() {
    let mut ruleset = Ruleset::default();
    iptables::replace_filter_table(&mut ruleset, "ip", "*filter\n:INPUT DROP [0:0]\n");
    assert_eq!(allowed(&policy(&ruleset, &scene())), ["any any ::/0"]);
    assert_eq!(allowed(&policy(&ruleset, &Scene { ipv6_in_use: false, ..scene() })), [""; 0]);
}

#[test]
fn rules_that_jump_in_a_circle_come_to_an_end() {
    let text = "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n\
                -A A -j B\n-A A -j B\n-A B -j A\n-A B -j A\n";
    assert_eq!(
        policy(&saved(text), &Scene { ipv6_in_use: false, ..scene() }).default_inbound,
        Drop
    );
}

#[test]
fn output_cut_short_is_an_error_never_no_firewall() {
    let whole = include_bytes!("../../../../fixtures/nft/plain.json");
    for cut in (0..whole.trim_ascii_end().len()).step_by(7) {
        assert!(nft::parse(&whole[..cut]).is_err(), "cut at {cut}");
    }
    assert!(nft::parse(b"{}").is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_whatever_stops_the_walk(
        lines in proptest::collection::vec("(-A (INPUT|A|B)( !)?( -[a-z-]{1,12}| [A-Za-z0-9:,/]{0,9}| \"[^\"]*\"){0,8}|.{0,40})", 0..40),
        json in ".{0,200}",
    ) {
        let text = format!("*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n{}\n", lines.join("\n"));
        let _ = policy(&saved(&text), &scene());
        let _ = nft::parse(json.as_bytes());
    }
}
