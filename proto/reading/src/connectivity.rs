//! Link, gateway, names, internet and collector: separate facts, one verdict.

use serde::{Deserialize, Serialize};

/// How a PC is connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connectivity {
    /// The verdict on the whole way to the internet.
    pub verdict: Verdict,
    /// Why the verdict is not `ok`, for people; `None`: it is, or that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Interfaces except loopback.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// The default gateway.
    pub gateway: Gateway,
    /// Name resolution.
    pub dns: Dns,
    /// Measured targets in the internet, or those of the configuration.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// The collector itself; `None` while not enrolled.
    #[serde(default)]
    pub collector: Option<Target>,
    /// Something between this PC and the internet answers in its place; `None`: not asked.
    pub captive_portal: Option<bool>,
    /// Targets the collector gave, such as router, switch or printer; no part of the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Target>,
}

impl Default for Connectivity {
    fn default() -> Self {
        Connectivity {
            verdict: Verdict::Unknown,
            reason: None,
            interfaces: Vec::new(),
            gateway: Gateway::default(),
            dns: Dns::default(),
            targets: Vec::new(),
            collector: None,
            captive_portal: None,
            devices: Vec::new(),
        }
    }
}

/// Verdict on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All answers, without notable loss.
    Ok,
    /// Some answers are missing.
    Degraded,
    /// No target answers.
    Down,
    /// Could not be measured.
    Unknown,
}

/// A network interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// As the system calls it.
    pub name: String,
    /// Hardware address, lower case with colons.
    pub mac: Option<String>,
    /// Addresses with prefix length.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Whether there is a carrier.
    pub link_up: Option<bool>,
    /// Megabits per second.
    pub speed_mbps: Option<u32>,
    /// Sends and receives at once.
    pub full_duplex: Option<bool>,
    /// Its address was given by DHCP, not set by hand; `None`: not known, or it has no address.
    pub dhcp: Option<bool>,
    /// How often the link came or went since the system started.
    pub carrier_changes: Option<u64>,
    /// Frames that came in damaged since the system started.
    pub rx_errors: Option<u64>,
    /// Frames that could not be sent since the system started.
    pub tx_errors: Option<u64>,
    /// Strength of the radio signal, dBm; `None` also where there is no radio.
    pub wifi_signal_dbm: Option<i32>,
    /// Another device on the link uses its address too; `None`: not known.
    pub address_conflict: Option<bool>,
}

/// The default gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Gateway {
    /// `None`: there is no default route.
    pub address: Option<String>,
    /// Whether it is there; one that drops ICMP still is while its neighbour entry or TCP answers.
    pub reachable: Option<bool>,
    /// How that is known: `icmp`, `neighbour` or `tcp`.
    pub evidence: Option<String>,
    /// Round trips by ICMP.
    #[serde(flatten)]
    pub measurement: Measurement,
}

/// Name resolution.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    /// Servers in use.
    #[serde(default)]
    pub servers: Vec<String>,
    /// Whether a name was resolved.
    pub resolves: Option<bool>,
    /// How long it took, milliseconds.
    pub answer_ms: Option<f64>,
    /// The name asked for.
    pub asked: Option<String>,
}

/// Something measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// [`crate::TargetSpec::id`] of a target the collector gave; `None`: the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// As people call it.
    pub name: String,
    /// How it is to be measured.
    pub kind: TargetKind,
    /// Address, `host:port` or URL.
    pub address: String,
    /// How it was measured in fact, where `kind` was not possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Round trips.
    #[serde(flatten)]
    pub measurement: Measurement,
}

/// How a target is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// Echo request and reply.
    Icmp,
    /// Time until a TCP connection stands.
    Tcp,
    /// Time until a TLS connection to a web server stands.
    Https,
}

/// Round trips of one round. Times are `None` when nothing came back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Requests sent.
    pub sent: u32,
    /// Answers received.
    pub received: u32,
    /// Lost requests, per cent; `None` when nothing was sent.
    pub loss_pct: Option<f64>,
    /// Median round trip, milliseconds.
    pub median_ms: Option<f64>,
    /// 95th percentile (nearest rank), milliseconds.
    pub p95_ms: Option<f64>,
    /// Mean absolute difference of consecutive round trips, milliseconds.
    pub jitter_ms: Option<f64>,
}

impl Measurement {
    /// Sums up round trips given in milliseconds in the order they came back.
    pub fn of(sent: u32, round_trips_ms: &[f64]) -> Measurement {
        let received = u32::try_from(round_trips_ms.len()).unwrap_or(u32::MAX).min(sent);
        let mut sorted = round_trips_ms.to_vec();
        sorted.sort_by(f64::total_cmp);
        let differences: Vec<f64> =
            round_trips_ms.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        Measurement {
            sent,
            received,
            loss_pct: Measurement::loss(sent, received),
            median_ms: median(&sorted).map(round3),
            p95_ms: percentile95(&sorted).map(round3),
            jitter_ms: (!differences.is_empty())
                .then(|| round3(differences.iter().sum::<f64>() / differences.len() as f64)),
        }
    }

    /// Lost requests, per cent with two decimals; `None` when nothing was sent.
    pub fn loss(sent: u32, received: u32) -> Option<f64> {
        let lost = f64::from(sent.saturating_sub(received));
        (sent > 0).then(|| (lost * 10_000.0 / f64::from(sent)).round() / 100.0)
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    if sorted.is_empty() {
        None
    } else if sorted.len().is_multiple_of(2) {
        Some((sorted[middle - 1] + sorted[middle]) / 2.0)
    } else {
        Some(sorted[middle])
    }
}

fn percentile95(sorted: &[f64]) -> Option<f64> {
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// Microseconds are all a measurement is worth, and all the wire carries.
fn round3(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_are_summed_up_as_loss_median_p95_and_jitter() {
        let measured = Measurement::of(10, &[10.0, 12.0, 11.0, 30.0]);
        assert_eq!(measured.received, 4);
        assert_eq!(measured.loss_pct, Some(60.0));
        assert_eq!(measured.median_ms, Some(11.5));
        assert_eq!(measured.p95_ms, Some(30.0));
        assert_eq!(measured.jitter_ms, Some(7.333));
    }

    #[test]
    fn nothing_received_has_loss_but_no_times() {
        let measured = Measurement::of(5, &[]);
        assert_eq!(measured.loss_pct, Some(100.0));
        assert_eq!((measured.median_ms, measured.p95_ms, measured.jitter_ms), (None, None, None));
    }

    #[test]
    fn nothing_sent_is_unknown_not_zero_loss() {
        assert_eq!(Measurement::of(0, &[]).loss_pct, None);
    }
}
