//! Connectivity: readings to messages and back. Milliseconds here, microseconds on the wire.

use atalaya_reading::{
    Connectivity, Dns, Gateway, Interface, Measurement, Target, TargetKind, Verdict, bounds,
};

use super::{Malformed, at_most, cut, some_text};
use crate::v1;

impl From<&Connectivity> for v1::Connectivity {
    fn from(value: &Connectivity) -> Self {
        v1::Connectivity {
            verdict: match value.verdict {
                Verdict::Ok => v1::Verdict::Ok,
                Verdict::Degraded => v1::Verdict::Degraded,
                Verdict::Down => v1::Verdict::Down,
                Verdict::Unknown => v1::Verdict::Unspecified,
            }
            .into(),
            interfaces: value.interfaces.iter().take(bounds::INTERFACES).map(interface).collect(),
            gateway: Some(v1::Gateway {
                address: cut(&value.gateway.address),
                reachable: value.gateway.reachable,
                evidence: cut(&value.gateway.evidence),
                measurement: Some(measurement(&value.gateway.measurement)),
            }),
            dns: Some(v1::Dns {
                servers: texts(&value.dns.servers, bounds::SERVERS),
                resolves: value.dns.resolves,
                answer_us: micros(value.dns.answer_ms),
                asked: cut(&value.dns.asked),
            }),
            targets: value.targets.iter().take(bounds::INTERFACES).map(target).collect(),
            collector: value.collector.as_ref().map(target),
            captive_portal: value.captive_portal,
            reason: cut(&value.reason),
            devices: value.devices.iter().take(bounds::DEVICES).map(target).collect(),
        }
    }
}

fn interface(interface: &Interface) -> v1::Interface {
    v1::Interface {
        name: bounds::text(&interface.name, bounds::TEXT),
        mac: cut(&interface.mac),
        addresses: texts(&interface.addresses, bounds::ADDRESSES),
        link_up: interface.link_up,
        speed_mbps: interface.speed_mbps,
        full_duplex: interface.full_duplex,
        dhcp: interface.dhcp,
        carrier_changes: interface.carrier_changes,
        rx_errors: interface.rx_errors,
        tx_errors: interface.tx_errors,
        wifi_signal_dbm: interface.wifi_signal_dbm,
        address_conflict: interface.address_conflict,
    }
}

pub(super) fn target(target: &Target) -> v1::Target {
    v1::Target {
        name: bounds::text(&target.name, bounds::TEXT),
        kind: v1::TargetKind::from(target.kind).into(),
        address: bounds::text(&target.address, bounds::TEXT),
        measurement: Some(measurement(&target.measurement)),
        fallback: cut(&target.fallback),
        id: target.id.as_deref().map(|id| bounds::text(id, bounds::TARGET_ID)),
    }
}

fn measurement(measurement: &Measurement) -> v1::Measurement {
    v1::Measurement {
        sent: measurement.sent,
        received: measurement.received,
        median_us: micros(measurement.median_ms),
        p95_us: micros(measurement.p95_ms),
        jitter_us: micros(measurement.jitter_ms),
    }
}

fn micros(ms: Option<f64>) -> Option<u32> {
    ms.map(|ms| (ms * 1000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32)
}

fn millis(us: Option<u32>) -> Option<f64> {
    us.map(|us| f64::from(us) / 1000.0)
}

fn texts(list: &[String], most: usize) -> Vec<String> {
    list.iter().take(most).map(|text| bounds::text(text, bounds::TEXT)).collect()
}

impl TryFrom<v1::Connectivity> for Connectivity {
    type Error = Malformed;

    fn try_from(message: v1::Connectivity) -> Result<Self, Malformed> {
        let gateway = message.gateway.unwrap_or_default();
        let dns = message.dns.unwrap_or_default();
        Ok(Connectivity {
            verdict: match v1::Verdict::try_from(message.verdict) {
                Ok(v1::Verdict::Ok) => Verdict::Ok,
                Ok(v1::Verdict::Degraded) => Verdict::Degraded,
                Ok(v1::Verdict::Down) => Verdict::Down,
                Ok(v1::Verdict::Unspecified) | Err(_) => Verdict::Unknown,
            },
            interfaces: at_most("connectivity.interfaces", message.interfaces, bounds::INTERFACES)?
                .into_iter()
                .map(read_interface)
                .collect::<Result<_, _>>()?,
            gateway: Gateway {
                address: some_text(&gateway.address),
                reachable: gateway.reachable,
                evidence: some_text(&gateway.evidence),
                measurement: read_measurement(gateway.measurement)?,
            },
            dns: Dns {
                servers: texts(
                    &at_most("connectivity.dns.servers", dns.servers, bounds::SERVERS)?,
                    bounds::SERVERS,
                ),
                resolves: dns.resolves,
                answer_ms: millis(dns.answer_us),
                asked: some_text(&dns.asked),
            },
            targets: at_most("connectivity.targets", message.targets, bounds::INTERFACES)?
                .into_iter()
                .map(read_target)
                .collect::<Result<_, _>>()?,
            collector: message.collector.map(read_target).transpose()?,
            captive_portal: message.captive_portal,
            reason: some_text(&message.reason),
            devices: at_most("connectivity.devices", message.devices, bounds::DEVICES)?
                .into_iter()
                .map(read_target)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn read_interface(message: v1::Interface) -> Result<Interface, Malformed> {
    let addresses = at_most("connectivity.addresses", message.addresses, bounds::ADDRESSES)?;
    Ok(Interface {
        name: bounds::text(&message.name, bounds::TEXT),
        mac: some_text(&message.mac),
        addresses: texts(&addresses, bounds::ADDRESSES),
        link_up: message.link_up,
        speed_mbps: message.speed_mbps,
        full_duplex: message.full_duplex,
        dhcp: message.dhcp,
        carrier_changes: message.carrier_changes,
        rx_errors: message.rx_errors,
        tx_errors: message.tx_errors,
        wifi_signal_dbm: message.wifi_signal_dbm.filter(|dbm| (-150..=50).contains(dbm)),
        address_conflict: message.address_conflict,
    })
}

pub(super) fn read_target(message: v1::Target) -> Result<Target, Malformed> {
    let kind = read_target_kind(message.kind)
        .ok_or_else(|| Malformed::missing("connectivity.targets.kind"))?;
    Ok(Target {
        id: message.id.map(|id| bounds::text(&id, bounds::TARGET_ID)).filter(|id| !id.is_empty()),
        name: bounds::text(&message.name, bounds::TEXT),
        kind,
        address: bounds::text(&message.address, bounds::TEXT),
        fallback: some_text(&message.fallback),
        measurement: read_measurement(message.measurement)?,
    })
}

impl From<TargetKind> for v1::TargetKind {
    fn from(kind: TargetKind) -> Self {
        match kind {
            TargetKind::Icmp => v1::TargetKind::Icmp,
            TargetKind::Tcp => v1::TargetKind::Tcp,
            TargetKind::Https => v1::TargetKind::Https,
        }
    }
}

/// `None` for unspecified and for newer kinds.
pub fn read_target_kind(kind: i32) -> Option<TargetKind> {
    match v1::TargetKind::try_from(kind).ok()? {
        v1::TargetKind::Unspecified => None,
        v1::TargetKind::Icmp => Some(TargetKind::Icmp),
        v1::TargetKind::Tcp => Some(TargetKind::Tcp),
        v1::TargetKind::Https => Some(TargetKind::Https),
    }
}

fn read_measurement(message: Option<v1::Measurement>) -> Result<Measurement, Malformed> {
    let Some(message) = message else { return Ok(Measurement::default()) };
    if message.received > message.sent {
        return Err(Malformed::Field {
            field: "connectivity.received",
            why: format!("{} of {} sent", message.received, message.sent),
        });
    }
    Ok(Measurement {
        sent: message.sent,
        received: message.received,
        loss_pct: Measurement::loss(message.sent, message.received),
        median_ms: millis(message.median_us),
        p95_ms: millis(message.p95_us),
        jitter_ms: millis(message.jitter_us),
    })
}
