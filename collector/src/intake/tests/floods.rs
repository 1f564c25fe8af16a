//! Hostile bytes below gRPC: floods of frames and connections that say nothing. The listener ends them, and honest
//! agents keep being served.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Bed;
use super::client::{reports, tls};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
/// Frames after which a listener that still listens has no bound.
const PLENTY: u32 = 200_000;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// POST of the uplink, in HPACK without compression.
fn request() -> Vec<u8> {
    let path = b"/atalaya.v1.Uplink/Connect";
    let mut block = vec![0x83, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path);
    block.extend([0x01, 1, b'a']);
    block
}

/// A connection of a stranger that speaks HTTP/2 by hand.
async fn stranger(bed: &Bed) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(bed.address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connector = TlsConnector::from(Arc::new(tls(&bed.authority, None)));
    let mut stream = connector.connect(name, stream).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// Writes frames until the other end has had enough; false when it never has.
async fn is_cut_off(stream: TlsStream<TcpStream>, frames: impl Fn(u32) -> Vec<u8>) -> bool {
    let (mut from, mut to) = tokio::io::split(stream);
    let reading = tokio::spawn(async move {
        let mut sink = [0; 4096];
        while from.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    });
    for number in 0..PLENTY {
        if reading.is_finished() || to.write_all(&frames(number)).await.is_err() {
            return true;
        }
    }
    reading.is_finished()
}

async fn serves_honest_agents(bed: &Bed) {
    let (_, mut uplink) = bed.uplink().await;
    assert_eq!(uplink.deliver(1, reports(1)).await, 1);
}

#[tokio::test]
async fn streams_opened_and_reset_without_end_are_cut_off() {
    let bed = Bed::new().await;
    let flood = |number: u32| {
        let stream = number * 2 + 1;
        let mut frames = frame(HEADERS, END_HEADERS, stream, &request());
        frames.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        frames
    };
    assert!(is_cut_off(stranger(&bed).await, flood).await);
    serves_honest_agents(&bed).await;
}

#[tokio::test]
async fn headers_that_never_end_are_cut_off() {
    let bed = Bed::new().await;
    // A header the table does not know, small and new each time.
    let flood = |number: u32| match number {
        0 => frame(HEADERS, 0, 1, &request()),
        _ => frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b"),
    };
    assert!(is_cut_off(stranger(&bed).await, flood).await);
    serves_honest_agents(&bed).await;
}

#[tokio::test]
async fn who_never_finishes_a_handshake_is_cut_off_and_others_are_served_meanwhile() {
    let bed = Bed::new().await;
    let mut silent = TcpStream::connect(bed.address).await.unwrap();
    serves_honest_agents(&bed).await;
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_stranger_may_not_stay_and_a_known_agent_may() {
    let limits = super::Limits { stranger: Duration::from_millis(500), ..super::limits() };
    let bed = Bed::with(limits, tempfile::tempdir().unwrap()).await;
    let (_, mut uplink) = bed.uplink().await;
    let mut stranger = stranger(&bed).await;
    let mut sink = [0; 4096];
    while stranger.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    assert_eq!(uplink.deliver(1, reports(1)).await, 1);
}

#[tokio::test]
async fn beyond_the_bound_of_connections_new_ones_are_refused_and_old_ones_go_on() {
    let limits = super::Limits { connections: 2, ..super::limits() };
    let bed = Bed::with(limits, tempfile::tempdir().unwrap()).await;
    let (_, mut uplink) = bed.uplink().await;
    let _second = TcpStream::connect(bed.address).await.unwrap();
    let refused = super::assert_eventually("a connection is refused", async || {
        let mut third = TcpStream::connect(bed.address).await.ok()?;
        // Closed at once, without a word and long before a handshake would be given up.
        matches!(third.read(&mut [0; 1]).await, Ok(0) | Err(_)).then_some(())
    });
    refused.await;
    assert_eq!(uplink.deliver(1, reports(1)).await, 1);
}
