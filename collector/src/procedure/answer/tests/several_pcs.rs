//! The questions about a network: what its PCs say together, and what those that say nothing leave open.

use super::*;
use crate::domain::network_device::{Answering, NetworkDevice, NetworkDeviceKind};
use crate::domain::reading::{
    Dns, Interface, Measurement, NetworkTest, Target, TargetKind, TargetTest,
};

const OF_A_NETWORK: [Question; 5] = [
    Question::HasInternet,
    Question::IsStable,
    Question::DeviceFault,
    Question::CablingFault,
    Question::ConfigurationFault,
];

fn pcs(states: &str) -> Facts {
    let pc = |(place, state): (usize, char)| {
        let name = format!("PC-{place:02}");
        let link =
            |verdict| Section::Connectivity(Reading::ok(connectivity(verdict), "icmp", now()));
        match state {
            '+' => Pc::well().named(&name),
            '-' => Pc::well().with(link(Verdict::Down)).named(&name),
            '?' => Pc::well().with(link(Verdict::Unknown)).named(&name),
            _ => Pc { silent: true, ..Pc::well() }.named(&name),
        }
    };
    facts(states.chars().enumerate().map(pc).collect())
}

#[test]
fn one_pc_that_reaches_the_internet_proves_it_and_silence_is_no_vote() {
    for (states, answer, sureness) in [
        ("++", Some(true), Sureness::Certain),
        ("+", Some(true), Sureness::Likely),
        ("++-", Some(true), Sureness::Likely),
        ("+--", Some(true), Sureness::Weak),
        ("--", Some(false), Sureness::Certain),
        ("-", Some(false), Sureness::Likely),
        ("-..", Some(false), Sureness::Likely),
        ("+..", Some(true), Sureness::Likely),
        ("??", None, Sureness::Weak),
        ("....", None, Sureness::Weak),
        ("", None, Sureness::Weak),
    ] {
        let said = propose(Question::HasInternet, &pcs(states), now());
        assert_eq!((said.answer, said.sureness), (answer, sureness), "{states}: {said:?}");
    }
    let silent = propose(Question::HasInternet, &pcs("...."), now());
    assert_eq!(silent.value, "4 de 4 PC sin reportar");
}

#[test]
fn a_silent_network_answers_no_question() {
    for question in OF_A_NETWORK {
        check(question, &pcs("...."), None, Sureness::Weak);
        check(question, &pcs(""), None, Sureness::Weak);
    }
}

fn tested(name: &str, losses: &[(&str, u32, u32)]) -> DeviceFacts {
    let target = |(name, sent, received): &(&str, u32, u32)| {
        let round_trips = vec![20.0; *received as usize];
        let measurement = Measurement::of(*sent, &round_trips);
        let kind = TargetKind::Icmp;
        let (name, address) = ((*name).to_owned(), "192.0.2.1".to_owned());
        let target = Target { id: None, name, kind, address, fallback: None, measurement };
        TargetTest { target, lost_by_second: Vec::new() }
    };
    let test = NetworkTest { seconds: 60, targets: losses.iter().map(target).collect() };
    DeviceFacts { test: Some(TestFact { test, ended_at: ago(2) }), ..Pc::well().named(name) }
}

#[test]
fn a_test_of_a_minute_outweighs_a_round_and_one_lossy_target_is_not_the_network() {
    let question = Question::IsStable;
    check(question, &pcs("++"), Some(true), Sureness::Likely);
    let good = tested("a", &[("Puerta de enlace", 300, 300), ("Quad9", 300, 300)]);
    check(question, &facts(vec![good.clone()]), Some(true), Sureness::Certain);
    let one_target = tested("a", &[("Quad9", 300, 100), ("Google", 60, 60)]);
    check(question, &facts(vec![one_target]), Some(true), Sureness::Certain);
    let lossy = tested("b", &[("Puerta de enlace", 300, 300), ("Quad9", 300, 200)]);
    let said = check(question, &facts(vec![lossy.clone()]), Some(false), Sureness::Certain);
    assert!(said.value.contains("33.3 %"), "{said:?}");
    let minority = vec![good.clone(), good.clone(), lossy];
    let said = check(question, &facts(minority), Some(false), Sureness::Weak);
    assert!(said.because.contains("b: pérdida 33.3 %"), "{said:?}");
    // Only the gateway answered: of the internet nothing was measured.
    let near = tested("a", &[("Puerta de enlace", 300, 300)]);
    check(question, &facts(vec![near]), None, Sureness::Weak);
    let mut old = good;
    old.test.as_mut().unwrap().ended_at = ago(45);
    check(question, &facts(vec![old]), Some(true), Sureness::Likely);
}

#[test]
fn a_lossy_round_is_unstable_and_total_loss_is_another_question() {
    let mut lossy = Pc::well();
    lossy.sample.loss_permille = Some(120);
    let mut lossy_facts = one(lossy);
    check(Question::IsStable, &lossy_facts, Some(false), Sureness::Likely);
    lossy_facts.devices.extend([Pc::well().named("b"), Pc::well().named("c")]);
    check(Question::IsStable, &lossy_facts, Some(false), Sureness::Weak);
    let mut dead = Pc::well();
    dead.sample.loss_permille = Some(1_000);
    check(Question::IsStable, &one(dead), None, Sureness::Weak);
}

fn router(state: Answering, kind: NetworkDeviceKind) -> NetworkDevice {
    NetworkDevice {
        id: DeviceId::new("r"),
        name: "Router de Tesorería".into(),
        kind,
        probe: TargetKind::Icmp,
        address: "192.168.1.1".into(),
        site: None,
        site_name: None,
        state,
        state_since: ago(10),
        sample: false,
    }
}

#[test]
fn a_router_that_nobody_hears_is_a_fault_and_a_printer_is_not() {
    let question = Question::DeviceFault;
    let with = |state, kind| Facts { network_devices: vec![router(state, kind)], ..pcs("--") };
    use NetworkDeviceKind::{Printer, Router};
    let said = check(question, &with(Answering::Down, Router), Some(true), Sureness::Certain);
    assert!(said.because.contains("Router de Tesorería"), "{said:?}");
    check(question, &with(Answering::Up, Router), Some(false), Sureness::Likely);
    check(question, &with(Answering::Down, Printer), Some(false), Sureness::Weak);
    check(question, &with(Answering::Unknown, Router), Some(false), Sureness::Weak);
    let cut = |name: &str| {
        let mut read = connectivity(Verdict::Down);
        read.gateway.reachable = Some(false);
        Pc::well().with(Section::Connectivity(Reading::ok(read, "icmp", now()))).named(name)
    };
    check(question, &facts(vec![cut("a"), cut("b")]), Some(true), Sureness::Likely);
    check(question, &facts(vec![cut("a")]), Some(true), Sureness::Weak);
    check(question, &facts(vec![cut("a"), Pc::well().named("b")]), Some(false), Sureness::Weak);
}

fn linked(change: impl Fn(&mut Interface)) -> Pc {
    let mut interface = Interface {
        name: "eno1".into(),
        link_up: Some(true),
        addresses: vec!["192.168.1.20/24".into()],
        carrier_changes: Some(2),
        ..Interface::default()
    };
    change(&mut interface);
    let read = Connectivity { interfaces: vec![interface], ..connectivity(Verdict::Ok) };
    Pc::well().with(Section::Connectivity(Reading::ok(read, "netlink", now())))
}

#[test]
fn links_that_come_and_go_and_damaged_frames_point_at_the_cable() {
    let question = Question::CablingFault;
    let of = |pc: Pc| facts(vec![pc.named("a")]);
    check(question, &of(linked(|_| {})), Some(false), Sureness::Weak);
    let flapping = linked(|one| one.carrier_changes = Some(900));
    let said = check(question, &of(flapping), Some(true), Sureness::Likely);
    assert!(said.because.contains("900"), "{said:?}");
    check(question, &of(linked(|one| one.rx_errors = Some(5_000))), Some(true), Sureness::Likely);
    // Windows does not count: nothing is known.
    let untold = linked(|one| one.carrier_changes = None);
    check(question, &of(untold), None, Sureness::Weak);
    let quiet = Pc { silent: true, ..Pc::well() }.named("b");
    let said =
        check(question, &facts(vec![linked(|_| {}).named("a"), quiet]), Some(true), Sureness::Weak);
    assert!(said.because.starts_with("b no reporta"), "{said:?}");
}

#[test]
fn wrong_settings_are_named() {
    let question = Question::ConfigurationFault;
    let of = |pc: Pc| facts(vec![pc.named("a")]);
    check(question, &of(linked(|_| {})), Some(false), Sureness::Weak);
    let twice = linked(|one| one.address_conflict = Some(true));
    check(question, &of(twice), Some(true), Sureness::Certain);
    let alone = linked(|one| one.addresses = vec!["169.254.3.4/16".into()]);
    let said = check(question, &of(alone), Some(true), Sureness::Likely);
    assert!(said.because.contains("DHCP"), "{said:?}");
    let answered = Target {
        id: None,
        name: "Quad9".into(),
        kind: TargetKind::Icmp,
        address: "9.9.9.9".into(),
        fallback: None,
        measurement: Measurement::of(5, &[1.0; 5]),
    };
    let nameless = Connectivity {
        dns: Dns { resolves: Some(false), servers: vec!["10.0.0.9".into()], ..Dns::default() },
        targets: vec![answered],
        ..connectivity(Verdict::Degraded)
    };
    let pc = Pc::well().with(Section::Connectivity(Reading::ok(nameless, "x", now())));
    let said = check(question, &of(pc), Some(true), Sureness::Likely);
    assert!(said.because.contains("10.0.0.9"), "{said:?}");
}
