//! One round over everything: gateway, names, targets and collector at the same time.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use atalaya_reading::{
    Connectivity, Dns, Endpoint, Gateway, Measurement, Target, TargetKind, TargetSpec, bounds,
};

use super::measure::Host;
use super::settings::{Settings, TargetSetting};
use super::{captive, devices, measure, system, tls};

const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);
/// Where a host that may not be pinged is asked by TCP instead.
pub(super) const FALLBACK_PORT: u16 = 443;
/// Where a gateway that keeps silent is asked.
const GATEWAY_PORTS: [u16; 3] = [80, 443, 53];
/// The collector is asked by connections it has to accept: few will do.
const COLLECTOR_SAMPLES: u32 = 3;

/// A default route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultRoute {
    /// The gateway.
    pub address: IpAddr,
    /// The interface of a link-local address, else 0.
    pub scope: u32,
}

/// What a round needs.
pub struct Round<'a> {
    /// What is measured.
    pub settings: &'a Settings,
    /// `host:port`.
    pub collector_address: Option<&'a str>,
    /// What the collector gave.
    pub devices: &'a [TargetSpec],
    /// For `https` targets.
    pub tls: &'a tls::Connector,
}

impl Round<'_> {
    /// Measures; interfaces and verdict are the caller's.
    pub async fn run(&self) -> Connectivity {
        let samples = self.settings.samples;
        let (gateway, dns, (targets, captive_portal), collector, devices) = tokio::join!(
            gateway(samples),
            dns(&self.settings.resolve),
            self.internet(),
            self.collector(),
            devices::measure(self.devices, samples),
        );
        let measured = Connectivity { gateway, dns, targets, collector, ..Connectivity::default() };
        Connectivity { captive_portal, devices, ..measured }
    }

    /// The targets, and who answers in their place when one of them does not answer at all.
    async fn internet(&self) -> (Vec<Target>, Option<bool>) {
        let targets = self.targets().await;
        let silent = |target: &Target| target.measurement.received == 0;
        let url = &self.settings.captive_portal_url;
        if url.is_empty() || !targets.iter().any(silent) {
            return (targets, None);
        }
        (targets, captive::is_there(url).await)
    }

    async fn targets(&self) -> Vec<Target> {
        let mut rounds = tokio::task::JoinSet::new();
        for (number, setting) in self.settings.targets.iter().cloned().enumerate() {
            let is_https = setting.kind == TargetKind::Https;
            let tls = if is_https { self.tls.ready() } else { None };
            let samples = self.settings.samples;
            rounds.spawn(async move { (number, target(setting, samples, tls).await) });
        }
        let mut measured = Vec::new();
        while let Some(ended) = rounds.join_next().await {
            measured.extend(ended.ok());
        }
        measured.sort_by_key(|(number, _)| *number);
        measured.into_iter().map(|(_, target)| target).collect()
    }

    async fn collector(&self) -> Option<Target> {
        let setting = TargetSetting {
            name: "collector".into(),
            kind: TargetKind::Tcp,
            address: self.collector_address?.into(),
        };
        let samples = self.settings.samples.min(COLLECTOR_SAMPLES);
        Some(target(setting, samples, None).await)
    }
}

async fn target(setting: TargetSetting, samples: u32, tls: Option<tls::Ready>) -> Target {
    let mut fallback = None;
    // A name that does not resolve is asked in vain: to the person before the screen every request is lost.
    let mut measurement = Measurement::of(samples, &[]);
    if let Some(endpoint) = Endpoint::parse(setting.kind, &setting.address)
        && let Some(host) = resolve(&endpoint.host).await
    {
        let address = SocketAddr::new(host, endpoint.port);
        measurement = match (setting.kind, tls) {
            (TargetKind::Icmp, _) => match echo(host, 0, samples).await {
                Some(measurement) => measurement,
                None => {
                    fallback = Some(format!("tcp {FALLBACK_PORT}"));
                    measure::tcp(SocketAddr::new(host, FALLBACK_PORT), samples, true).await
                }
            },
            (TargetKind::Tcp, _) => measure::tcp(address, samples, false).await,
            (TargetKind::Https, Some(tls)) => {
                measure::https(address, endpoint.host, tls, samples).await
            }
            (TargetKind::Https, None) => {
                fallback = Some(format!("tcp {}", endpoint.port));
                measure::tcp(address, samples, false).await
            }
        };
    }
    Target {
        id: None,
        name: bounds::text(&setting.name, bounds::TEXT),
        kind: setting.kind,
        address: bounds::text(&setting.address, bounds::TEXT),
        fallback,
        measurement,
    }
}

async fn echo(address: IpAddr, scope: u32, samples: u32) -> Option<Measurement> {
    measure::icmp(&[Host { address, scope }], samples).await.pop()?
}

/// By the system's own resolver; IPv4 first, as that is what most gateways here speak.
pub(crate) async fn resolve(host: &str) -> Option<IpAddr> {
    if let Ok(address) = host.parse() {
        return Some(address);
    }
    let lookup = tokio::net::lookup_host((host, 0));
    let found = tokio::time::timeout(RESOLVE_TIMEOUT, lookup).await.ok()?.ok()?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.first().copied()
}

async fn dns(name: &str) -> Dns {
    let servers = system::name_servers();
    if name.is_empty() {
        return Dns { servers, ..Dns::default() };
    }
    let started = Instant::now();
    let resolves = resolve(name).await.is_some();
    let took = (started.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0;
    Dns {
        servers,
        resolves: Some(resolves),
        answer_ms: resolves.then_some(took),
        asked: Some(bounds::text(name, bounds::TEXT)),
    }
}

async fn gateway(samples: u32) -> Gateway {
    let Some(DefaultRoute { address, scope }) = system::default_route() else {
        return Gateway::default();
    };
    let measurement = echo(address, scope, samples).await;
    let answered = measurement.is_some_and(|measurement| measurement.received > 0);
    let evidence = if answered {
        Some("icmp")
    } else if system::is_neighbour(address) == Some(true) {
        Some("neighbour")
    } else if answers_by_tcp(address).await {
        Some("tcp")
    } else {
        None
    };
    Gateway {
        address: Some(address.to_string()),
        reachable: Some(evidence.is_some()),
        evidence: evidence.map(String::from),
        measurement: measurement.unwrap_or_default(),
    }
}

async fn answers_by_tcp(address: IpAddr) -> bool {
    let mut attempts = tokio::task::JoinSet::new();
    for port in GATEWAY_PORTS {
        attempts.spawn(measure::tcp(SocketAddr::new(address, port), 1, true));
    }
    while let Some(ended) = attempts.join_next().await {
        if ended.is_ok_and(|measurement| measurement.received > 0) {
            return true;
        }
    }
    false
}
