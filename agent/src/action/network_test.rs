//! A network test: every target is asked several times a second for up to a minute, and what was lost is told second by
//! second, so that a person sees when a connection breaks and not only how often.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use atalaya_reading::{
    Endpoint, Evidence, Measurement, NetworkTest, Target, TargetKind, TargetTest, TestTarget,
    bounds,
};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Answer;
use crate::probe::connectivity::{self, Settings, measure};

/// Echo requests a second to each target.
const ECHOES: u32 = 5;
/// Connections a second: each is one the other side has to accept.
const CONNECTIONS: u32 = 1;
/// Where a name server answers by TCP.
const DNS_PORT: u16 = 53;

/// Measures for so many seconds. Without targets: gateway, name servers, collector (`host:port`) and those of the
/// settings.
pub async fn run(
    targets: &[TestTarget],
    seconds: u32,
    settings: &Settings,
    collector: Option<&str>,
) -> Answer {
    let wanted = if targets.is_empty() { usual(settings, collector) } else { targets.to_vec() };
    if wanted.is_empty() {
        return Answer::failed("no hay nada que medir: ni puerta de enlace ni destinos");
    }
    let mut tests = JoinSet::new();
    for (place, target) in wanted.into_iter().enumerate() {
        tests.spawn(async move { (place, measured(target, seconds).await) });
    }
    let mut done: Vec<(usize, TargetTest)> = Vec::new();
    while let Some(ended) = tests.join_next().await {
        done.extend(ended.ok());
    }
    done.sort_by_key(|(place, _)| *place);
    let targets: Vec<TargetTest> = done.into_iter().map(|(_, tested)| tested).collect();
    let detail = in_words(&targets);
    Answer::done(detail).with(Evidence::NetworkTest(NetworkTest { seconds, targets }))
}

/// What is measured when nothing is named, at most as many as may be named.
fn usual(settings: &Settings, collector: Option<&str>) -> Vec<TestTarget> {
    let target =
        |name: &str, kind, address: String| TestTarget { name: name.into(), kind, address };
    let mut usual = Vec::new();
    if let Some(route) = connectivity::default_route() {
        usual.push(target("Puerta de enlace", TargetKind::Icmp, route.address.to_string()));
    }
    if let Some(collector) = collector {
        usual.push(target("Colector", TargetKind::Tcp, collector.into()));
    }
    for server in connectivity::name_servers().iter().filter_map(|text| text.parse::<IpAddr>().ok())
    {
        let address = SocketAddr::new(server, DNS_PORT).to_string();
        usual.push(target("Servidor de nombres", TargetKind::Tcp, address));
    }
    let own = settings.targets.iter().map(|own| target(&own.name, own.kind, own.address.clone()));
    usual.extend(own);
    usual.truncate(bounds::TEST_TARGETS);
    usual
}

async fn measured(target: TestTarget, seconds: u32) -> TargetTest {
    let per_second = if target.kind == TargetKind::Icmp { ECHOES } else { CONNECTIONS };
    // A name that does not resolve, or an address that is none, is asked in vain: every request is lost.
    let mut tested = TargetTest {
        target: Target {
            id: None,
            name: bounds::text(&target.name, bounds::TEXT),
            kind: target.kind,
            address: bounds::text(&target.address, bounds::TEXT),
            fallback: (target.kind == TargetKind::Https).then(|| "tcp".into()),
            measurement: Measurement::of(per_second * seconds, &[]),
        },
        lost_by_second: vec![per_second; seconds as usize],
    };
    let Some(endpoint) = Endpoint::parse(target.kind, &target.address) else { return tested };
    let Some(host) = connectivity::resolve(&endpoint.host).await else { return tested };
    let mut answers = burst(target.kind, SocketAddr::new(host, endpoint.port), per_second, seconds);
    let mut round_trips = Vec::new();
    let mut sent = 0;
    tested.lost_by_second = vec![0; seconds as usize];
    let mut in_order = Vec::new();
    while let Some(ended) = answers.join_next().await {
        in_order.extend(ended.ok());
    }
    in_order.sort_by_key(|(number, _)| *number);
    for (number, answer) in in_order {
        // Not sent for want of privilege: unknown, not lost.
        let Some(answer) = answer else { continue };
        sent += 1;
        match answer.median_ms {
            Some(ms) if answer.received > 0 => round_trips.push(ms),
            _ => tested.lost_by_second[(number / per_second) as usize] += 1,
        }
    }
    tested.target.measurement = Measurement::of(sent, &round_trips);
    tested
}

type Numbered = (u32, Option<Measurement>);

/// One request after the other at a steady pace, without waiting for one another.
fn burst(kind: TargetKind, to: SocketAddr, per_second: u32, seconds: u32) -> JoinSet<Numbered> {
    let started = Instant::now();
    let pace = Duration::from_secs(1) / per_second;
    let mut requests = JoinSet::new();
    for number in 0..per_second * seconds {
        requests.spawn(async move {
            tokio::time::sleep_until(started + pace * number).await;
            let answer = match kind {
                TargetKind::Icmp => {
                    let host = measure::Host { address: to.ip(), scope: 0 };
                    measure::icmp(&[host], 1).await.pop().flatten()
                }
                TargetKind::Tcp | TargetKind::Https => Some(measure::tcp(to, 1, false).await),
            };
            (number, answer)
        });
    }
    requests
}

/// The worst of it in a sentence.
fn in_words(targets: &[TargetTest]) -> String {
    let loss = |tested: &&TargetTest| tested.target.measurement.loss_pct.unwrap_or(0.0);
    let lossy: Vec<String> = targets
        .iter()
        .filter(|tested| loss(tested) > 0.0)
        .take(4)
        .map(|tested| {
            let name = bounds::text(&tested.target.name, 60);
            let rounded = (loss(&tested) * 10.0).round() / 10.0;
            let breaks = tested.lost_by_second.iter().filter(|lost| **lost > 0).count();
            format!("{name}: {rounded} % perdido, en {breaks} de {} s", tested.lost_by_second.len())
        })
        .collect();
    let unknown = targets.iter().filter(|tested| tested.target.measurement.sent == 0).count();
    let count = targets.len();
    match (lossy.is_empty(), unknown) {
        (true, 0) => format!("{count} destinos medidos, sin pérdidas"),
        (true, unknown) => {
            format!("sin pérdidas; {unknown} de {count} destinos no se pudieron medir")
        }
        (false, _) => lossy.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(name: &str, address: SocketAddr) -> TestTarget {
        TestTarget { name: name.into(), kind: TargetKind::Tcp, address: address.to_string() }
    }

    #[tokio::test]
    async fn what_answers_and_what_does_not_are_told_apart_second_by_second() {
        let open = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let targets = [
            tcp("abierto", open.local_addr().unwrap()),
            tcp("cerrado", closed.local_addr().unwrap()),
        ];
        drop(closed);
        let answer = run(&targets, 2, &Settings::default(), None).await;
        let Some(Evidence::NetworkTest(test)) = answer.evidence else { panic!("{answer:?}") };
        let [open, closed] = test.targets.try_into().unwrap();
        let figures = |tested: &TargetTest| {
            let measured = tested.target.measurement;
            (measured.sent, measured.received, tested.lost_by_second.clone())
        };
        assert_eq!(figures(&open), (2, 2, vec![0, 0]));
        assert_eq!(figures(&closed), (2, 0, vec![1, 1]));
        assert_eq!(answer.detail, "cerrado: 100 % perdido, en 2 de 2 s");
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_loses_everything() {
        let address = "no-hay.invalid".into();
        let target = TestTarget { name: "x".into(), kind: TargetKind::Icmp, address };
        let tested = measured(target, 5).await;
        assert_eq!((tested.target.measurement.sent, tested.target.measurement.received), (25, 0));
        assert_eq!(tested.lost_by_second, [5; 5]);
    }
}
