//! One round of requests to one target: sent at a steady pace without waiting for one another, timed one by one.
//! Knows nothing of verdicts.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use atalaya_reading::Measurement;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{sweep, tls};

/// A round's requests leave within this time, however many they are.
const SPREAD: Duration = Duration::from_secs(3);
const PACE: Duration = Duration::from_millis(200);
const TCP_TIMEOUT: Duration = Duration::from_secs(2);

/// Somebody to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Address.
    pub address: IpAddr,
    /// The interface of a link-local address, else 0.
    pub scope: u32,
}

/// How requests follow one another.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Requests to each host.
    pub samples: u32,
    /// Time between two requests to one host.
    pub between: Duration,
    /// Time between two hosts.
    pub gap: Duration,
}

/// Echo requests to all these hosts, spread over the time between two to the same one; in their order. `None`: this
/// process may not send any.
pub async fn icmp(hosts: &[Host], samples: u32) -> Vec<Option<Measurement>> {
    let between = between(samples);
    let gap = between / u32::try_from(hosts.len().max(1)).unwrap_or(u32::MAX);
    sweep(hosts, Pace { samples, between, gap }).await
}

/// Time between two requests to one host.
fn between(samples: u32) -> Duration {
    PACE.min(SPREAD / samples.max(1))
}

/// TCP connections. `refusal_counts`: a refusal, too, proves that somebody is there.
pub async fn tcp(address: SocketAddr, samples: u32, refusal_counts: bool) -> Measurement {
    round(samples, move |_| connect(address, refusal_counts)).await
}

/// TLS connections to a web server whose certificate is that of `host`.
pub async fn https(
    address: SocketAddr,
    host: String,
    connector: tls::Ready,
    samples: u32,
) -> Measurement {
    let one = move |_| {
        let (connector, host) = (connector.clone(), host.clone());
        async move {
            let started = Instant::now();
            let shaken = connector.handshake(address, host);
            let stands = tokio::time::timeout(TCP_TIMEOUT, shaken).await;
            matches!(stands, Ok(Ok(()))).then(|| started.elapsed())
        }
    };
    round(samples, one).await
}

async fn connect(address: SocketAddr, refusal_counts: bool) -> Option<Duration> {
    let started = Instant::now();
    let answered = match tokio::time::timeout(TCP_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => refusal_counts && error.kind() == ErrorKind::ConnectionRefused,
        Err(_) => false,
    };
    answered.then(|| started.elapsed())
}

/// Starts a request every pace and gathers the round trips in the order they were sent.
pub(super) async fn round<F, R>(samples: u32, one: F) -> Measurement
where
    F: Fn(u32) -> R,
    R: Future<Output = Option<Duration>> + Send + 'static,
{
    let pace = between(samples);
    let mut requests = JoinSet::new();
    for number in 0..samples {
        let request = one(number);
        requests.spawn(async move {
            tokio::time::sleep(pace * number).await;
            (number, request.await)
        });
    }
    let mut answers: Vec<(u32, Duration)> = Vec::new();
    while let Some(ended) = requests.join_next().await {
        if let Ok((number, Some(took))) = ended {
            answers.push((number, took));
        }
    }
    answers.sort_unstable();
    let milliseconds: Vec<f64> =
        answers.iter().map(|(_, took)| took.as_secs_f64() * 1000.0).collect();
    Measurement::of(samples, &milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_listens_answers_and_one_that_does_not_loses_all() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = tcp(address, 3, false).await;
        assert_eq!((open.sent, open.received, open.loss_pct), (3, 3, Some(0.0)));
        assert!(open.median_ms.unwrap() > 0.0);
        drop(listener);
        let closed = tcp(address, 2, false).await;
        assert_eq!((closed.received, closed.loss_pct, closed.median_ms), (0, Some(100.0), None));
        let refused = tcp(address, 2, true).await;
        assert_eq!(refused.received, 2);
    }
}
