//! Network 18: is the configuration of the network at fault? Duplicate addresses, names that do not resolve while
//! addresses answer, a link without address or gateway, something that answers in the internet's place.

use jiff::Timestamp;

use super::facts::{DeviceFacts, Facts};
use super::several::{Vote, Votes, nobody, oldest};
use crate::domain::alert::Rule;
use crate::domain::proposal::{Proposal, Sureness};
use crate::domain::reading::{Connectivity, TargetKind};

pub(super) fn ask(facts: &Facts, now: Timestamp) -> Proposal {
    let votes = Votes::of(facts, |device| match device.connectivity(now) {
        Some(_) if !signs(device, now).is_empty() => Vote::Yes,
        Some(_) => Vote::No,
        None => Vote::Unknown,
    });
    if votes.cast() == 0 {
        return nobody(facts);
    }
    let told = |answer, sureness, value, because, rests_on: &[&DeviceFacts]| Proposal {
        answer: Some(answer),
        value,
        because,
        source: "configuración de red que leen los agentes".into(),
        taken_at: oldest(rests_on, now),
        sureness,
    };
    if votes.yes.is_empty() {
        let value = votes.share(votes.no.len(), "bien configuradas");
        let because = "Direcciones, puerta de enlace y servidores de nombres de los equipos que reportan están bien; \
                       del router no se lee nada.";
        return told(false, Sureness::Weak, value, because.into(), &votes.no);
    }
    let of = |device: &&DeviceFacts| format!("{}: {}", device.name, signs(device, now).join(" "));
    let because: Vec<String> = votes.yes.iter().take(3).map(of).collect();
    let conflict = votes.yes.iter().any(|one| one.told(Rule::AddressConflict, now).is_bad());
    let sureness =
        if conflict || votes.yes.len() > 1 { Sureness::Certain } else { Sureness::Likely };
    let value = votes.share(votes.yes.len(), "con una configuración que falla");
    told(true, sureness, value, because.join(" "), &votes.yes)
}

/// What is wrong in the settings of a PC.
fn signs(device: &DeviceFacts, now: Timestamp) -> Vec<String> {
    let Some((read, _)) = device.connectivity(now) else { return Vec::new() };
    let mut signs = Vec::new();
    let conflict = device.told(Rule::AddressConflict, now);
    if conflict.is_bad() {
        signs.push(conflict.summary);
    }
    if read.dns.resolves == Some(false) && answers_by_address(read) {
        let servers = match read.dns.servers.as_slice() {
            [] => "ninguno".to_owned(),
            servers => servers.iter().take(3).cloned().collect::<Vec<_>>().join(", "),
        };
        signs.push(format!("Hay salida, pero no se resuelven nombres (servidores: {servers})."));
    }
    let linked = || read.interfaces.iter().filter(|one| one.link_up == Some(true));
    if linked().count() > 0 {
        if linked().all(|one| one.addresses.iter().all(|address| is_self_given(address))) {
            signs.push(
                "Tiene enlace y ninguna dirección: revise el DHCP o la dirección fija.".into(),
            );
        } else if read.gateway.address.is_none() {
            signs.push("Tiene dirección y ninguna puerta de enlace.".into());
        }
    }
    if read.captive_portal == Some(true) {
        signs.push("Algo contesta en lugar de internet: un portal cautivo o un filtro.".into());
    }
    signs
}

/// Whether something answers that needs no name.
fn answers_by_address(read: &Connectivity) -> bool {
    read.targets.iter().any(|target| {
        let host =
            target.address.rsplit_once(':').map_or(target.address.as_str(), |(host, _)| host);
        let host = if target.kind == TargetKind::Icmp { target.address.as_str() } else { host };
        let plain: Result<std::net::IpAddr, _> = host.trim_matches(['[', ']']).parse();
        plain.is_ok() && target.measurement.received > 0
    })
}

/// Addresses a PC gives itself for want of another.
fn is_self_given(address: &str) -> bool {
    let plain = address.split('/').next().unwrap_or_default();
    match plain.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(v4)) => v4.is_link_local(),
        Ok(std::net::IpAddr::V6(v6)) => v6.is_unicast_link_local(),
        Err(_) => true,
    }
}
