//! Accepts agents: TLS handshakes with a deadline, and bounds on how many connections there are at a time.
//!
//! Callers without a certificate may only enrol: they are few, and cut off after a minute.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::Limits;
use super::peer::Peer;
use crate::pki::{Authority, Credential, Standing};

/// Handshakes at a time from one address: a whole building may share one.
const HANDSHAKES_OF_ADDRESS: usize = 1024;
/// Connections without a certificate at a time.
const STRANGERS: usize = 256;
/// After the system refused a connection, e.g. for want of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// An accepted connection.
#[derive(Debug)]
pub struct Connection {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    ends_at: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
    _stranger: Option<OwnedSemaphorePermit>,
}

/// Accepts connections for as long as the stream is kept.
pub fn connections(
    listener: TcpListener,
    tls: TlsAcceptor,
    authority: Arc<Authority>,
    limits: &Limits,
) -> ReceiverStream<io::Result<Connection>> {
    let (accepted, connections) = mpsc::channel(64);
    let door = Arc::new(Door {
        tls,
        authority,
        places: Arc::new(Semaphore::new(limits.connections)),
        strangers: Arc::new(Semaphore::new(STRANGERS)),
        patience: limits.handshake,
        stay: limits.stranger,
        handshakes: Mutex::default(),
    });
    tokio::spawn(async move {
        loop {
            tokio::select! {
                arrived = listener.accept() => match arrived {
                    Ok((stream, address)) => Door::welcome(&door, stream, address, &accepted),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(BREATH).await;
                    }
                },
                () = accepted.closed() => break,
            }
        }
    });
    ReceiverStream::new(connections)
}

struct Door {
    tls: TlsAcceptor,
    authority: Arc<Authority>,
    patience: Duration,
    stay: Duration,
    places: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    handshakes: Mutex<HashMap<IpAddr, usize>>,
}

impl Door {
    fn welcome(
        door: &Arc<Door>,
        stream: TcpStream,
        address: std::net::SocketAddr,
        accepted: &mpsc::Sender<io::Result<Connection>>,
    ) {
        let Ok(place) = door.places.clone().try_acquire_owned() else {
            metrics::counter!("atalaya_agent_connections_refused_total").increment(1);
            tracing::warn!(%address, "refused: the listener has all the connections it may have");
            return;
        };
        let Some(turn) = Turn::take(door, super::host(address)) else {
            metrics::counter!("atalaya_agent_connections_refused_total").increment(1);
            tracing::warn!(%address, "refused: too many unfinished handshakes from this address");
            return;
        };
        let (door, accepted) = (door.clone(), accepted.clone());
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(door.patience, door.handshake(stream, address)).await;
            drop(turn);
            match shaken {
                Ok(Ok((stream, peer))) => {
                    if let Some(connection) = door.seat(stream, peer, place) {
                        let _ = accepted.send(Ok(connection)).await;
                    }
                }
                Ok(Err(error)) => tracing::debug!(%address, %error, "TLS handshake failed"),
                Err(_) => tracing::debug!(%address, "TLS handshake took too long"),
            }
        });
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        address: std::net::SocketAddr,
    ) -> io::Result<(TlsStream<TcpStream>, Peer)> {
        stream.set_nodelay(true)?;
        let stream = self.tls.accept(stream).await?;
        let (_, tls) = stream.get_ref();
        let leaf = tls.peer_certificates().and_then(|chain| chain.first());
        let credential = match leaf {
            None => None,
            Some(leaf) => {
                let read = Credential::read(leaf, &self.authority).map(Arc::new);
                Some(read.ok_or_else(|| io::Error::other("the certificate names no device"))?)
            }
        };
        Ok((stream, Peer { address, credential }))
    }

    fn seat(
        &self,
        stream: TlsStream<TcpStream>,
        peer: Peer,
        place: OwnedSemaphorePermit,
    ) -> Option<Connection> {
        // A certificate that nothing can renew any more is heard to be told so, as a stranger's time allows.
        let now = jiff::Timestamp::now();
        let is_late = |credential: &Arc<Credential>| {
            credential.standing == Standing::Retired
                || crate::pki::is_too_late(credential.not_after, now)
        };
        let known = peer.credential.as_ref().is_some_and(|credential| !is_late(credential));
        let stranger = if known {
            None
        } else {
            let Ok(permit) = self.strangers.clone().try_acquire_owned() else {
                tracing::warn!(address = %peer.address, "refused: too many callers without a certificate");
                return None;
            };
            Some(permit)
        };
        let ends_at =
            (!known).then(|| Box::pin(tokio::time::sleep_until(Instant::now() + self.stay)));
        Some(Connection { stream, peer, ends_at, _place: place, _stranger: stranger })
    }
}

/// One unfinished handshake of an address.
struct Turn {
    door: Arc<Door>,
    address: IpAddr,
}

impl Turn {
    fn take(door: &Arc<Door>, address: IpAddr) -> Option<Turn> {
        let mut handshakes = door.handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        let count = handshakes.entry(address).or_insert(0);
        if *count >= HANDSHAKES_OF_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Turn { door: door.clone(), address })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut handshakes = self.door.handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = handshakes.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                handshakes.remove(&self.address);
            }
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(ends_at) = &mut self.ends_at
            && ends_at.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
