//! Echo requests by sockets of our own.

use std::net::IpAddr;
use std::time::Duration;

use surge_ping::{Client, Config, ICMP, PingIdentifier, PingSequence};

const TIMEOUT: Duration = Duration::from_secs(1);
/// As much as `ping` sends.
const PAYLOAD: [u8; 56] = [0; 56];

/// Asks one host.
#[derive(Clone)]
pub struct Echo {
    client: Client,
    identifier: PingIdentifier,
    host: IpAddr,
    scope: u32,
}

impl Echo {
    /// `scope`: the interface of a link-local address, else 0. `None`: this process may not send echo requests.
    pub fn new(host: IpAddr, scope: u32) -> Option<Echo> {
        let kind = if host.is_ipv4() { ICMP::V4 } else { ICMP::V6 };
        // Tries the unprivileged kind of socket, then the raw one.
        let client = Client::new(&Config::builder().kind(kind).build()).ok()?;
        Some(Echo { client, identifier: PingIdentifier(identifier()), host, scope })
    }

    /// The time until the answer to the request of that number; `None`: there was none.
    pub async fn ask(self, number: u32) -> Option<Duration> {
        let mut pinger = self.client.pinger(self.host, self.identifier).await;
        pinger.scope_id(self.scope).timeout(TIMEOUT);
        let sequence = PingSequence(u16::try_from(number).unwrap_or(u16::MAX));
        pinger.ping(sequence, &PAYLOAD).await.ok().map(|(_, took)| took)
    }
}

/// Tells the replies of two rounds apart where the system does not: raw sockets hear everything.
fn identifier() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = (std::process::id() & 0xffff) as u16;
    process.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(257))
}
