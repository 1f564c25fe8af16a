//! The verdict on the whole way, and why: link, gateway, names and internet together. Pure.

use atalaya_reading::{Connectivity, Measurement, Target, Verdict};

/// More loss than this is not "ok": one answer of five, or two of twenty.
const NOTABLE_LOSS_PCT: f64 = 5.0;

/// The verdict on the whole way and, unless it is good or unknown, the reason in Spanish for people. The internet
/// decides; a gateway that keeps silent while the internet answers is there. A reason names no figures: it would be
/// another one every minute.
pub fn verdict(seen: &Connectivity) -> (Verdict, Option<String>) {
    let measured: Vec<&Target> =
        seen.targets.iter().filter(|target| target.measurement.sent > 0).collect();
    let silent = |target: &&Target| target.measurement.received == 0;
    if measured.is_empty() {
        let cut_off = seen.gateway.address.is_none() || seen.gateway.reachable == Some(false);
        if cut_off || without_link(seen).is_some() { down(seen) } else { (Verdict::Unknown, None) }
    } else if measured.iter().all(silent) {
        down(seen)
    } else if seen.captive_portal == Some(true) {
        (Verdict::Degraded, Some(PORTAL.into()))
    } else if let Some(names) = named(&measured, |target| lossy(&target.measurement)) {
        (Verdict::Degraded, Some(format!("se pierden respuestas de {names}")))
    } else if seen.dns.resolves == Some(false) {
        (Verdict::Degraded, Some("los nombres no se resuelven (DNS)".into()))
    } else {
        (Verdict::Ok, None)
    }
}

const PORTAL: &str = "un portal cautivo contesta en lugar de internet";

/// Nothing answers: the first thing on the way that is known to be broken.
fn down(seen: &Connectivity) -> (Verdict, Option<String>) {
    let reason = if let Some(names) = without_link(seen) {
        format!("sin enlace: {names}")
    } else {
        match (&seen.gateway.address, seen.gateway.reachable) {
            (None, _) => "no hay puerta de enlace".into(),
            (Some(address), Some(false)) => format!("la puerta de enlace {address} no responde"),
            _ if seen.captive_portal == Some(true) => PORTAL.into(),
            (Some(address), Some(true)) => {
                format!("la puerta de enlace {address} responde, pero internet no")
            }
            (Some(_), None) => "internet no responde".into(),
        }
    };
    (Verdict::Down, Some(reason))
}

/// The interfaces, when all of them are known to be without a link.
fn without_link(seen: &Connectivity) -> Option<String> {
    let dark = !seen.interfaces.is_empty()
        && seen.interfaces.iter().all(|interface| interface.link_up == Some(false));
    let names = seen.interfaces.iter().map(|interface| interface.name.as_str());
    dark.then(|| names.collect::<Vec<_>>().join(", "))
}

fn lossy(measurement: &Measurement) -> bool {
    measurement.loss_pct.is_some_and(|loss| loss > NOTABLE_LOSS_PCT)
}

/// The names of those targets of which it is true; `None`: of none.
fn named(targets: &[&Target], is_so: impl Fn(&Target) -> bool) -> Option<String> {
    let names: Vec<&str> =
        targets.iter().filter(|target| is_so(target)).map(|target| target.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use atalaya_reading::{Dns, Gateway, Interface, TargetKind};

    use super::*;

    fn judged(seen: &Connectivity) -> Verdict {
        verdict(seen).0
    }

    fn seen(received: &[u32], resolves: Option<bool>) -> Connectivity {
        let target = |received: &u32| Target {
            id: None,
            name: "x".into(),
            kind: TargetKind::Icmp,
            address: "192.0.2.1".into(),
            fallback: None,
            measurement: Measurement::of(20, &vec![1.0; *received as usize]),
        };
        Connectivity {
            targets: received.iter().map(target).collect(),
            dns: Dns { resolves, ..Dns::default() },
            gateway: Gateway { address: Some("192.0.2.254".into()), ..Gateway::default() },
            ..Connectivity::default()
        }
    }

    #[test]
    fn a_third_lost_is_not_green() {
        assert_eq!(judged(&seen(&[20, 20], Some(true))), Verdict::Ok);
        assert_eq!(judged(&seen(&[20, 19], Some(true))), Verdict::Ok);
        assert_eq!(judged(&seen(&[20, 13], Some(true))), Verdict::Degraded);
    }

    #[test]
    fn one_target_of_two_missing_is_degraded_both_are_down() {
        assert_eq!(judged(&seen(&[20, 0], Some(true))), Verdict::Degraded);
        assert_eq!(judged(&seen(&[0, 0], Some(true))), Verdict::Down);
    }

    #[test]
    fn names_that_do_not_resolve_degrade_a_good_connection() {
        assert_eq!(judged(&seen(&[20], Some(false))), Verdict::Degraded);
        assert_eq!(judged(&seen(&[20], None)), Verdict::Ok);
    }

    #[test]
    fn without_targets_the_internet_is_unknown_and_without_a_gateway_down() {
        assert_eq!(judged(&seen(&[], None)), Verdict::Unknown);
        let alone = Connectivity { gateway: Gateway::default(), ..seen(&[], None) };
        assert_eq!(judged(&alone), Verdict::Down);
    }

    #[test]
    fn the_reason_is_the_first_thing_on_the_way_that_is_broken() {
        let reason = |seen: &Connectivity| verdict(seen).1.unwrap_or_default();
        let dark = Interface { name: "eth0".into(), link_up: Some(false), ..Interface::default() };
        let unplugged = Connectivity { interfaces: vec![dark.clone()], ..seen(&[0], Some(false)) };
        assert_eq!(reason(&unplugged), "sin enlace: eth0");
        let lit = Interface { link_up: Some(true), ..dark.clone() };
        let one_lit = Connectivity { interfaces: vec![dark, lit], ..seen(&[0], None) };
        assert_eq!(reason(&one_lit), "internet no responde");
        let gateway = |reachable| Gateway { reachable, ..seen(&[], None).gateway };
        let deaf = Connectivity { gateway: gateway(Some(false)), ..seen(&[0], None) };
        assert_eq!(reason(&deaf), "la puerta de enlace 192.0.2.254 no responde");
        let cut = Connectivity { gateway: gateway(Some(true)), ..seen(&[0], None) };
        assert!(reason(&cut).contains("pero internet no"));
        let portal = Connectivity { captive_portal: Some(true), ..cut };
        assert_eq!(reason(&portal), PORTAL);
        assert_eq!(verdict(&seen(&[20], Some(true))).1, None);
    }

    #[test]
    fn an_unplugged_pc_without_targets_is_down_not_unknown() {
        let dark = Interface { link_up: Some(false), ..Interface::default() };
        let unplugged = Connectivity { interfaces: vec![dark], ..seen(&[], None) };
        assert_eq!(judged(&unplugged), Verdict::Down);
    }

    #[test]
    fn a_device_that_keeps_silent_has_no_say() {
        let printer = seen(&[0], None).targets.remove(0);
        let with_printer = Connectivity { devices: vec![printer], ..seen(&[20], Some(true)) };
        assert_eq!(judged(&with_printer), Verdict::Ok);
    }
}
