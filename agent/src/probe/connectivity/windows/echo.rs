//! Echo requests by the IP helper, which needs no privilege and which the firewall's rules let answer.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use atalaya_reading::Measurement;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use windows::Win32::Foundation::HANDLE;
use windows::Win32::NetworkManagement::IpHelper::{
    ICMP_ECHO_REPLY, ICMPV6_ECHO_REPLY_LH, Icmp6CreateFile, Icmp6SendEcho2, IcmpCloseHandle, IcmpCreateFile,
    IcmpSendEcho,
};
use windows::Win32::Networking::WinSock::{AF_INET6, SOCKADDR_IN6};

use super::super::measure::{self, Host, Pace};

const TIMEOUT_MS: u32 = 1_000;
/// An answer that took longer was not waited for: the computer was suspended meanwhile.
const LONGEST: Duration = Duration::from_millis(1_750);
/// As much as `ping` sends.
const PAYLOAD: [u8; 56] = [0; 56];
/// The longer of the two replies, what it carries, 8 bytes for an ICMP error and 16 for the state of the call, as the
/// calls demand.
const ROOM: usize = size_of::<ICMP_ECHO_REPLY>() + size_of::<ICMPV6_ECHO_REPLY_LH>() + PAYLOAD.len() + 8 + 16;
/// Where a reply says how it went: behind the address, which takes 4 bytes or, with what fills it up, 28.
const STATUS_V4: usize = 4;
const STATUS_V6: usize = 28;
/// Each request waits on a thread of its own; so many at a time.
const AT_ONCE: usize = 32;

/// Asks all hosts; one measurement a host, in their order. Windows lets everybody ask, so that there always is one.
pub async fn sweep(hosts: &[Host], pace: Pace) -> Vec<Option<Measurement>> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut rounds = JoinSet::new();
    for (place, host) in hosts.iter().copied().enumerate() {
        let turns = Arc::clone(&turns);
        let one = move |_| {
            let turns = Arc::clone(&turns);
            async move {
                let _turn = turns.acquire_owned().await;
                tokio::task::spawn_blocking(move || asked(host)).await.ok()?
            }
        };
        rounds.spawn(async move { (place, measure::round(pace.samples, one).await) });
    }
    let mut measured = vec![None; hosts.len()];
    while let Some(ended) = rounds.join_next().await {
        if let Ok((place, measurement)) = ended {
            measured[place] = Some(measurement);
        }
    }
    measured
}

fn asked(host: Host) -> Option<Duration> {
    match host.address {
        IpAddr::V4(address) => asked_v4(address),
        IpAddr::V6(address) => asked_v6(address, host.scope),
    }
}

fn asked_v4(host: Ipv4Addr) -> Option<Duration> {
    // SAFETY: no arguments; closed in `timed`.
    let handle = unsafe { IcmpCreateFile() }.ok()?;
    timed(handle, STATUS_V4, |room| {
        // SAFETY: both buffers are ours, go with their lengths and outlive the call, which waits for its end.
        unsafe {
            IcmpSendEcho(
                handle,
                u32::from_ne_bytes(host.octets()),
                PAYLOAD.as_ptr().cast(),
                PAYLOAD.len() as u16,
                None,
                room.as_mut_ptr().cast(),
                size_of_val(room) as u32,
                TIMEOUT_MS,
            )
        }
    })
}

fn asked_v6(host: Ipv6Addr, scope: u32) -> Option<Duration> {
    // The address of nobody lets the system choose the source.
    let source = SOCKADDR_IN6 { sin6_family: AF_INET6, ..Default::default() };
    let mut destination = source;
    destination.sin6_addr.u.Byte = host.octets();
    destination.Anonymous.sin6_scope_id = scope;
    // SAFETY: no arguments; closed in `timed`.
    let handle = unsafe { Icmp6CreateFile() }.ok()?;
    timed(handle, STATUS_V6, |room| {
        // SAFETY: addresses and buffers are ours, go with their lengths and outlive the call, which without event and
        // routine waits for its end.
        unsafe {
            Icmp6SendEcho2(
                handle,
                None,
                None,
                None,
                &source,
                &destination,
                PAYLOAD.as_ptr().cast(),
                PAYLOAD.len() as u16,
                None,
                room.as_mut_ptr().cast(),
                size_of_val(room) as u32,
                TIMEOUT_MS,
            )
        }
    })
}

/// Asks, closes the handle, and says how long the answer took; `None`: there was none.
fn timed(handle: HANDLE, status: usize, ask: impl FnOnce(&mut [u64]) -> u32) -> Option<Duration> {
    // Numbers, so that the reply lies as it must.
    let mut room = [0u64; ROOM.div_ceil(8)];
    let started = Instant::now();
    let replies = ask(&mut room);
    let took = started.elapsed();
    // SAFETY: opened by the caller; nothing uses it afterwards. There is nothing to do about a failure.
    let _ = unsafe { IcmpCloseHandle(handle) };
    // A router that says "unreachable" is a reply too: only status 0 is the host's own.
    let status = (room[status / 8] >> 32) as u32;
    (replies > 0 && status == 0 && took <= LONGEST).then_some(took)
}
