//! The targets the collector gave, such as router, switch or printer: measured beside the agent's own, a few at a time,
//! and without a say in the verdict.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use atalaya_reading::{Endpoint, Measurement, Target, TargetKind, TargetSpec};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::collect::{FALLBACK_PORT, resolve};
use super::measure::{self, Host};

/// So many are asked by TCP at a time.
const AT_ONCE: usize = 16;
/// What is not measured by then is said to be unknown; the rest of the round waits no longer.
const LIMIT: Duration = Duration::from_secs(11);

/// Measures them, in their order. Nothing sent means: not measured in this round.
pub async fn measure(specs: &[TargetSpec], samples: u32) -> Vec<Target> {
    let mut targets: Vec<Target> = specs.iter().map(unmeasured).collect();
    if specs.is_empty() {
        return targets;
    }
    let by = Instant::now() + LIMIT;
    let found = addresses(specs, by).await;
    let ports = found.iter().filter_map(|(place, found)| match found {
        Found::Tcp(address) => Some((*place, *address)),
        _ => None,
    });
    let (echoed, connected) =
        tokio::join!(by_icmp(&found, samples), by_tcp(ports.collect(), false, samples, by));
    let silenced: Vec<(usize, SocketAddr)> = echoed.not_permitted;
    for (place, _) in &silenced {
        targets[*place].fallback = Some(format!("tcp {FALLBACK_PORT}"));
    }
    let instead = by_tcp(silenced, true, samples, by).await;
    for (place, measurement) in echoed.measured.into_iter().chain(connected).chain(instead) {
        targets[place].measurement = measurement;
    }
    for (place, _) in found.iter().filter(|(_, found)| *found == Found::Nowhere) {
        targets[*place].measurement = Measurement::of(samples, &[]);
    }
    targets
}

fn unmeasured(spec: &TargetSpec) -> Target {
    Target {
        id: Some(spec.id.clone()),
        name: spec.name.clone(),
        kind: spec.kind,
        address: spec.address.clone(),
        fallback: None,
        measurement: Measurement::default(),
    }
}

/// Where a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Icmp(IpAddr),
    Tcp(SocketAddr),
    /// A name that does not resolve: whoever asks for it loses every request.
    Nowhere,
}

/// What came of the echo requests.
struct Echoed {
    measured: Vec<(usize, Measurement)>,
    /// Where to ask by TCP instead: this process may not send echo requests.
    not_permitted: Vec<(usize, SocketAddr)>,
}

/// Those whose address is known in time, by their place.
async fn addresses(specs: &[TargetSpec], by: Instant) -> Vec<(usize, Found)> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut lookups = JoinSet::new();
    for (place, spec) in specs.iter().enumerate() {
        let Some(endpoint) = Endpoint::parse(spec.kind, &spec.address) else { continue };
        let (turns, kind) = (Arc::clone(&turns), spec.kind);
        lookups.spawn(async move {
            let _turn = turns.acquire_owned().await;
            let found = match (resolve(&endpoint.host).await, kind) {
                (None, _) => Found::Nowhere,
                (Some(address), TargetKind::Icmp) => Found::Icmp(address),
                (Some(address), _) => Found::Tcp(SocketAddr::new(address, endpoint.port)),
            };
            (place, found)
        });
    }
    gathered(lookups, by).await
}

async fn by_icmp(found: &[(usize, Found)], samples: u32) -> Echoed {
    let hosts = found.iter().filter_map(|(place, found)| match found {
        Found::Icmp(address) => Some((*place, Host { address: *address, scope: 0 })),
        _ => None,
    });
    let (places, hosts): (Vec<usize>, Vec<Host>) = hosts.unzip();
    let mut echoed = Echoed { measured: Vec::new(), not_permitted: Vec::new() };
    let measured = measure::icmp(&hosts, samples).await;
    for ((place, host), measurement) in places.into_iter().zip(hosts).zip(measured) {
        match measurement {
            Some(measurement) => echoed.measured.push((place, measurement)),
            None => {
                let instead = SocketAddr::new(host.address, FALLBACK_PORT);
                echoed.not_permitted.push((place, instead));
            }
        }
    }
    echoed
}

async fn by_tcp(
    ports: Vec<(usize, SocketAddr)>,
    refusal_counts: bool,
    samples: u32,
    by: Instant,
) -> Vec<(usize, Measurement)> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut rounds = JoinSet::new();
    for (place, address) in ports {
        let turns = Arc::clone(&turns);
        rounds.spawn(async move {
            let _turn = turns.acquire_owned().await;
            (place, measure::tcp(address, samples, refusal_counts).await)
        });
    }
    gathered(rounds, by).await
}

/// What ends in time, in order; the rest is given up.
async fn gathered<T: Send + 'static>(
    mut tasks: JoinSet<(usize, T)>,
    by: Instant,
) -> Vec<(usize, T)> {
    let mut ended = Vec::new();
    while let Ok(Some(one)) = tokio::time::timeout_at(by, tasks.join_next()).await {
        ended.extend(one.ok());
    }
    ended.sort_unstable_by_key(|(place, _)| *place);
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(number: usize, kind: TargetKind, address: &str) -> TargetSpec {
        TargetSpec { id: format!("t-{number}"), name: "x".into(), kind, address: address.into() }
    }

    #[tokio::test]
    async fn sixty_four_targets_are_measured_in_one_round_and_keep_their_order() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap().to_string();
        let specs: Vec<TargetSpec> = (0..64)
            .map(|number| match number % 4 {
                0 => spec(number, TargetKind::Tcp, &open),
                1 => spec(number, TargetKind::Tcp, "127.0.0.1:1"),
                2 => spec(number, TargetKind::Icmp, "no-such-host.invalid"),
                _ => spec(number, TargetKind::Icmp, &format!("127.0.0.{number}")),
            })
            .collect();
        let started = Instant::now();
        let measured = measure(&specs, 2).await;
        assert!(started.elapsed() < LIMIT + Duration::from_secs(3));
        for (number, target) in measured.iter().enumerate() {
            assert_eq!(target.id.as_deref(), Some(specs[number].id.as_str()));
            let received = if [0, 3].contains(&(number % 4)) { 2 } else { 0 };
            let expected = (2, received);
            let seen = (target.measurement.sent, target.measurement.received);
            assert_eq!(seen, expected, "{target:?}");
        }
    }

    #[tokio::test]
    async fn no_targets_cost_nothing() {
        assert_eq!(measure(&[], 5).await, []);
    }
}
