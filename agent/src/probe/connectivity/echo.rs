//! Echo requests by one socket for all hosts of a family and one task for all requests: a probe costs a send and a
//! receive. The socket is surge-ping's; when what is sent is decided in `flight`.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Instant;

use atalaya_reading::Measurement;
use ring::rand::{SecureRandom, SystemRandom};
use surge_ping::{AsyncSocket, Config, ICMP};

use super::flight::Flight;
use super::measure::{Host, Pace};
use super::packet::{self, TOKEN, Token};

/// The longest head of an IPv4 packet and an answer of ours; what is longer is not one.
const ROOM: usize = 60 + packet::LENGTH + 1;
/// Errors of the socket in a row, such as a network that vanishes, after which it is left alone.
const ERRORS: usize = 1_000;

/// Asks all hosts; one measurement a host, in their order. `None`: this process may not send echo requests of that
/// family.
pub async fn sweep(hosts: &[Host], pace: Pace) -> Vec<Option<Measurement>> {
    let of = |v6: bool| -> Vec<(usize, Host)> {
        let wanted = hosts.iter().copied().enumerate();
        wanted.filter(|(_, host)| host.address.is_ipv6() == v6).collect()
    };
    let (v4, v6) = (of(false), of(true));
    let (by_v4, by_v6) = tokio::join!(family(&v4, pace, ICMP::V4), family(&v6, pace, ICMP::V6));
    let mut measured = vec![None; hosts.len()];
    for (hosts, flight) in [(v4, by_v4), (v6, by_v6)] {
        let Some(flight) = flight else { continue };
        for (place, (number, _)) in hosts.iter().enumerate() {
            measured[*number] = Some(flight.measurement(place));
        }
    }
    measured
}

async fn family(hosts: &[(usize, Host)], pace: Pace, kind: ICMP) -> Option<Flight> {
    if hosts.is_empty() {
        return None;
    }
    // Tries the unprivileged kind of socket, then the raw one.
    let socket = AsyncSocket::new(&Config::builder().kind(kind).build()).ok()?;
    let addresses: Vec<SocketAddr> = hosts.iter().map(|(_, host)| socket_address(*host)).collect();
    let mut token = [0; TOKEN];
    // Without randomness the answers are merely easier to forge.
    let _ = SystemRandom::new().fill(&mut token);
    let mut flight = Flight::new(addresses.len(), pace, Instant::now());
    fly(&socket, &addresses, token, &mut flight).await;
    Some(flight)
}

async fn fly(socket: &AsyncSocket, addresses: &[SocketAddr], token: Token, flight: &mut Flight) {
    let v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let mut room = [0; ROOM];
    let mut errors = 0;
    loop {
        flight.wakes(Instant::now());
        while let Some(request) = flight.due(Instant::now()) {
            let mut packet = packet::request(request.number, token, v6);
            flight.sent(request, Instant::now());
            // A request the system refuses, as when there is no route, is one that nobody answers.
            let _ = socket.send_to(&mut packet, &addresses[request.host]).await;
        }
        let Some(wake) = flight.rests(Instant::now()) else { return };
        match tokio::time::timeout_at(wake.into(), socket.recv_from(&mut room)).await {
            Ok(Ok((length, from))) => {
                errors = 0;
                let number = packet::answer(&room[..length.min(ROOM)], token, v6);
                if let Some(number) = number {
                    flight.heard(number, |host| addresses[host].ip() == from.ip(), Instant::now());
                }
            }
            Ok(Err(error)) => {
                errors += 1;
                if errors > ERRORS || error.kind() == io::ErrorKind::NotConnected {
                    return;
                }
            }
            Err(_) => {}
        }
    }
}

fn socket_address(host: Host) -> SocketAddr {
    match host.address {
        IpAddr::V4(v4) => SocketAddrV4::new(v4, 0).into(),
        IpAddr::V6(v6) => SocketAddrV6::new(v6, 0, 0, host.scope).into(),
    }
}


#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PACE: Pace =
        Pace { samples: 4, between: Duration::from_millis(20), gap: Duration::from_millis(1) };

    fn hosts(addresses: &[&str]) -> Vec<Host> {
        let host = |address: &&str| Host { address: address.parse().unwrap(), scope: 0 };
        addresses.iter().map(host).collect()
    }

    #[tokio::test]
    async fn every_loopback_address_answers_and_is_told_apart() {
        let all: Vec<String> = (1..=254).map(|n| format!("127.0.0.{n}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let measured = sweep(&hosts(&all), PACE).await;
        assert_eq!(measured.len(), 254);
        for measurement in measured {
            // `None` would mean that this machine lets nobody ping, which this test cannot do without.
            let measurement = measurement.unwrap();
            assert_eq!((measurement.sent, measurement.received), (4, 4));
            assert!(measurement.median_ms.unwrap() < 100.0);
        }
    }

    #[tokio::test]
    async fn families_are_asked_side_by_side_and_an_address_nobody_has_loses_all() {
        // 240.0.0.0/4 is reserved: no route leads there, or nobody answers.
        let measured = sweep(&hosts(&["::1", "240.0.0.1", "127.0.0.1"]), PACE).await;
        let received: Vec<u32> = measured.iter().map(|m| m.unwrap().received).collect();
        assert_eq!(received, [4, 0, 4]);
        assert_eq!(measured[1].unwrap().loss_pct, Some(100.0));
    }
}
