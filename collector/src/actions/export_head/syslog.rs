//! Messages to syslog as RFC 5424 has them: one datagram over UDP or the local socket, a counted frame (RFC 6587)
//! over TCP. Nothing is kept for later: the next head says all that this one did.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket, UnixDatagram, lookup_host};

/// Facility 13, log audit; severity 5, notice.
const PRIORITY: u8 = 13 * 8 + 5;
/// For a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syslog {
    /// The socket of this machine, e.g. `/dev/log`.
    Local(PathBuf),
    /// `host:port`, usually 514.
    Udp(String),
    /// `host:port`, usually 601.
    Tcp(String),
}

impl Syslog {
    /// From `unix:/dev/log`, `udp:host:port` or `tcp:host:port`; `None`: it is none of them.
    pub fn parse(text: &str) -> Option<Syslog> {
        let (kind, place) = text.split_once(':')?;
        let is_address = place.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        match kind {
            "unix" if place.starts_with('/') => Some(Syslog::Local(place.into())),
            "udp" if is_address => Some(Syslog::Udp(place.into())),
            "tcp" if is_address => Some(Syslog::Tcp(place.into())),
            _ => None,
        }
    }

    /// Sends one message.
    ///
    /// # Errors
    /// When nobody takes it within five seconds; over UDP nobody says so.
    pub async fn send(&self, text: &str, now: Timestamp) -> Result<()> {
        let message = message(text, now);
        let late = || Error::from(ErrorKind::TimedOut);
        tokio::time::timeout(PATIENCE, self.deliver(message.as_bytes()))
            .await
            .map_err(|_| late())?
    }

    async fn deliver(&self, message: &[u8]) -> Result<()> {
        match self {
            Syslog::Local(path) => {
                UnixDatagram::unbound()?.send_to(message, path).await?;
            }
            Syslog::Udp(place) => {
                let found = lookup_host(place.as_str()).await?.next();
                let to = found.ok_or_else(|| Error::from(ErrorKind::NotFound))?;
                let from = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                UdpSocket::bind(from).await?.send_to(message, to).await?;
            }
            Syslog::Tcp(place) => {
                let mut stream = TcpStream::connect(place.as_str()).await?;
                stream.write_all(format!("{} ", message.len()).as_bytes()).await?;
                stream.write_all(message).await?;
                stream.shutdown().await?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Syslog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Syslog::Local(path) => write!(f, "unix:{}", path.display()),
            Syslog::Udp(place) => write!(f, "udp:{place}"),
            Syslog::Tcp(place) => write!(f, "tcp:{place}"),
        }
    }
}

/// A whole message: `<priority>1 time host program process id data text`.
pub(super) fn message(text: &str, now: Timestamp) -> String {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    let name: String = name.chars().filter(char::is_ascii_graphic).take(255).collect();
    let host = if name.is_empty() { "-" } else { &name };
    let process = std::process::id();
    format!("<{PRIORITY}>1 {now:.6} {host} atalaya-collector {process} ledger-head - {text}")
}
