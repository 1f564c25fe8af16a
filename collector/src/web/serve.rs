//! Serves the pages on a listener that is already bound. A client that is slow, idle or one too many must
//! not keep others waiting: headers have a time limit, connections a number.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

use super::router;
use super::state::{Settings, Web};

/// What clients may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connections at once: more wait to be accepted.
    connections: usize,
    /// For the headers of a request to arrive, and for a kept connection to be used again.
    headers: Duration,
}

const LIMITS: Limits = Limits { connections: 1_024, headers: Duration::from_secs(30) };
/// Bytes of a request's line and headers.
const HEADER_BYTES: usize = 32 * 1024;
/// After an accept that failed, e.g. for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, then lets open requests finish.
///
/// # Errors
/// None today; a listener that fails is tried again.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let web = Web::new(settings);
    accept(listener, router::router(web.clone()), LIMITS, async {
        shutdown.await;
        // Streams of live changes would never end by themselves.
        web.streams().stop();
    })
    .await;
    Ok(())
}

async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let place = room.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut shutdown => break,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, peer))) => {
                attend(stream, peer, &router, limits, place, &open);
            }
            (_, Err(error)) => {
                tracing::warn!(%error, "a connection to the pages could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
            // Nobody closes the semaphore.
            (Err(_), Ok(_)) => break,
        }
    }
    drop(listener);
    open.shutdown().await;
}

/// Answers the requests of one connection, in a task of its own.
fn attend(
    stream: TcpStream,
    peer: SocketAddr,
    router: &Router,
    limits: Limits,
    place: OwnedSemaphorePermit,
    open: &GracefulShutdown,
) {
    // Without it a small page may wait for an acknowledgement; failing to set it costs only that.
    let _ = stream.set_nodelay(true);
    let router = router.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().call(request.map(Body::new));
        async move { answer.await.map_err(|never: Infallible| never) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let connection = open.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // Browsers leave in the middle all the time.
            tracing::debug!(%error, %peer, "a connection to the pages ended early");
        }
        drop(place);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn start(limits: Limits) -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let router = Router::new().route("/", get(async || "hola"));
        tokio::spawn(accept(listener, router, limits, async {
            let _ = stopped.await;
        }));
        (address, stop)
    }

    async fn ask(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_client_that_never_finishes_its_header_makes_room_for_others() {
        let limits = Limits { connections: 1, headers: Duration::from_millis(200) };
        let (address, _stop) = start(limits).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HT").await.unwrap();
        assert!(ask(address).await.ends_with("hola"), "served once the slow one was let go");
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).await.unwrap();
    }

    #[tokio::test]
    async fn a_header_without_end_is_refused() {
        let limits = Limits { connections: 8, headers: Duration::from_secs(5) };
        let (address, _stop) = start(limits).await;
        let mut greedy = TcpStream::connect(address).await.unwrap();
        let header = format!("GET / HTTP/1.1\r\nhost: {}", "a".repeat(HEADER_BYTES + 1));
        // It may be cut off while it still writes.
        let _ = greedy.write_all(header.as_bytes()).await;
        let mut answer = String::new();
        let _ = greedy.read_to_string(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        assert!(ask(address).await.ends_with("hola"));
    }
}
