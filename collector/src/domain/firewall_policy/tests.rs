//! A policy against firewalls that keep to it, depart from it, and cannot be told.

use super::*;
use crate::domain::reading::Status;

fn permitted(entries: &[&str]) -> Vec<PermittedPort> {
    entries.iter().map(|entry| entry.parse().unwrap()).collect()
}

fn allowed(protocol: &str, port: &str, source: &str) -> AllowedPort {
    AllowedPort { protocol: protocol.into(), port: port.into(), source: source.into() }
}

fn judged(firewall: Firewall, entries: &[&str]) -> Compliance {
    let reading = Reading::ok(firewall, "nft", Timestamp::UNIX_EPOCH);
    compliance(Some(&reading), &permitted(entries))
}

fn closed(rules: Vec<AllowedPort>) -> Firewall {
    Firewall {
        enabled: Some(true),
        default_inbound: Some(PacketPolicy::Drop),
        allowed: rules,
        ..Firewall::default()
    }
}

#[test]
fn a_port_is_written_as_it_is_read() {
    for text in ["tcp/445", "udp/5000-5010", "tcp/3389 10.20.0.0/16", "tcp/22 2001:db8::/32"] {
        assert_eq!(text.parse::<PermittedPort>().unwrap().to_string(), text);
    }
    assert_eq!(
        "tcp/22 10.0.0.7".parse::<PermittedPort>().unwrap().to_string(),
        "tcp/22 10.0.0.7/32"
    );
    for text in ["", "tcp", "tcp/0", "icmp/8", "tcp/9-8", "tcp/70000", "tcp/1 x", "tcp/1 any any"] {
        assert!(text.parse::<PermittedPort>().is_err(), "{text}");
    }
}

#[test]
fn a_closed_firewall_with_permitted_ports_conforms() {
    let rules = vec![
        allowed("tcp", "22", "any"),
        allowed("tcp", "8000-8100", "10.20.3.0/24"),
        allowed("icmp", "any", "any"),
        allowed("udp", "137", "LocalSubnet"),
    ];
    let policy = ["tcp/22", "tcp/8000-8050", "tcp/8051-9000 10.20.0.0/16", "udp/137 10.0.0.0/8"];
    assert_eq!(judged(closed(rules), &policy), Compliance::Conforms);
    let rejecting = Firewall { default_inbound: Some(PacketPolicy::Reject), ..closed(vec![]) };
    assert_eq!(judged(rejecting, &[]), Compliance::Conforms);
}

#[test]
fn every_departure_is_named() {
    let rules = vec![
        allowed("tcp", "3389", "any"),
        allowed("tcp", "22", "0.0.0.0/0"),
        allowed("tcp", "8000-8100", "10.20.3.0/24"),
        allowed("any", "any", "192.0.2.7"),
    ];
    let firewall = Firewall { default_inbound: Some(PacketPolicy::Accept), ..closed(rules) };
    let policy = ["tcp/22 10.0.0.0/8", "tcp/8000-8049", "tcp/8051-8100"];
    let Compliance::Departs(reasons) = judged(firewall, &policy) else { panic!() };
    assert_eq!(
        reasons,
        [
            "deja entrar lo que ninguna regla nombra",
            "deja entrar al puerto tcp/3389 desde cualquier lugar",
            "deja entrar al puerto tcp/22 desde cualquier lugar",
            "deja entrar al puerto tcp/8000-8100 desde 10.20.3.0/24",
            "deja entrar a cualquier puerto desde 192.0.2.7",
        ]
    );
}

#[test]
fn a_firewall_that_is_off_has_one_reason_and_many_open_ports_are_counted() {
    let off = Firewall { enabled: Some(false), ..closed(vec![allowed("tcp", "1", "any")]) };
    assert_eq!(judged(off, &[]), Compliance::Departs(vec!["el cortafuegos está apagado".into()]));
    let many = (1..=9).map(|port: u16| allowed("tcp", &port.to_string(), "any")).collect();
    let Compliance::Departs(reasons) = judged(closed(many), &[]) else { panic!() };
    assert_eq!(
        (reasons.len(), reasons[5].as_str()),
        (6, "y 4 reglas más dejan entrar a puertos no permitidos")
    );
}

#[test]
fn a_lax_profile_is_named_also_while_it_is_not_in_use() {
    let profile = |name: &str, active, enabled, policy| FirewallProfile {
        name: name.into(),
        active,
        enabled: Some(enabled),
        default_inbound: Some(policy),
        by_group_policy: None,
    };
    let windows = Firewall {
        service_running: Some(false),
        default_inbound: Some(PacketPolicy::Accept),
        profiles: vec![
            profile("private", true, true, PacketPolicy::Accept),
            profile("public", false, false, PacketPolicy::Drop),
            profile("domain", false, true, PacketPolicy::Drop),
        ],
        ..closed(vec![])
    };
    let Compliance::Departs(reasons) = judged(windows, &[]) else { panic!() };
    assert_eq!(
        reasons,
        [
            "su servicio está detenido",
            "el perfil privado deja entrar lo que ninguna regla nombra",
            "el perfil público está apagado",
        ]
    );
}

#[test]
fn what_was_not_read_is_neither_yes_nor_no() {
    let unknown = |compliance| matches!(compliance, Compliance::Unknown(_));
    assert!(unknown(compliance(None, &[])));
    let denied = Reading::unknown(Status::Denied, "sin permiso", "nft", Timestamp::UNIX_EPOCH);
    assert!(unknown(compliance(Some(&denied), &[])));
    assert!(unknown(judged(Firewall { enabled: None, ..closed(vec![]) }, &[])));
    assert!(unknown(judged(Firewall { default_inbound: None, ..closed(vec![]) }, &[])));
    let full = vec![allowed("tcp", "22", "any"); bounds::ALLOWED];
    assert!(unknown(judged(closed(full), &["tcp/22"])));
}

#[test]
fn a_rule_whose_port_cannot_be_read_is_not_believed_permitted() {
    let odd = closed(vec![allowed("tcp", "RPC", "any")]);
    assert!(matches!(judged(odd, &["tcp/1-65535"]), Compliance::Departs(_)));
    let all = closed(vec![allowed("any", "any", "any")]);
    assert_eq!(judged(all.clone(), &["tcp/1-65535", "udp/1-65535"]), Compliance::Conforms);
    assert!(matches!(judged(all, &["tcp/1-65535"]), Compliance::Departs(_)));
}

#[test]
fn an_area_replaces_the_common_ports_or_adds_to_them() {
    let common = permitted(&["tcp/445"]);
    let area = |with_common| AreaPolicy {
        with_common,
        ports: permitted(&["tcp/22"]),
        updated_by: "Ana".into(),
        updated_at: Timestamp::UNIX_EPOCH,
    };
    assert_eq!(super::permitted(None, &common), common);
    assert_eq!(super::permitted(Some(&area(false)), &common), permitted(&["tcp/22"]));
    assert_eq!(super::permitted(Some(&area(true)), &common), permitted(&["tcp/445", "tcp/22"]));
}
