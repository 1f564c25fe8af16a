//! Echo requests by the IP helper, which needs no privilege and which the firewall's rules let answer.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use windows::Win32::NetworkManagement::IpHelper::{
    ICMP_ECHO_REPLY, IcmpCloseHandle, IcmpCreateFile, IcmpSendEcho,
};

const TIMEOUT_MS: u32 = 1_000;
/// As much as `ping` sends.
const PAYLOAD: [u8; 56] = [0; 56];
/// The reply, what it carries, and 8 bytes for an ICMP error, as the call demands.
const ROOM: usize = size_of::<ICMP_ECHO_REPLY>() + PAYLOAD.len() + 8;

/// Asks one host.
#[derive(Clone)]
pub struct Echo {
    host: Ipv4Addr,
}

impl Echo {
    /// `None` for IPv6, which is asked by TCP.
    pub fn new(host: IpAddr, _scope: u32) -> Option<Echo> {
        match host {
            IpAddr::V4(host) => Some(Echo { host }),
            IpAddr::V6(_) => None,
        }
    }

    /// The time until the answer; `None`: there was none. The call blocks, so it gets a thread.
    pub async fn ask(self, _number: u32) -> Option<Duration> {
        tokio::task::spawn_blocking(move || asked(self.host)).await.ok()?
    }
}

fn asked(host: Ipv4Addr) -> Option<Duration> {
    // SAFETY: no arguments; closed below.
    let handle = unsafe { IcmpCreateFile() }.ok()?;
    // Numbers, so that the reply lies as it must.
    let mut room = [0u64; ROOM.div_ceil(8)];
    let address = u32::from_ne_bytes(host.octets());
    let started = Instant::now();
    // SAFETY: both buffers are ours, go with their lengths and outlive the call, which waits for its end.
    let replies = unsafe {
        IcmpSendEcho(
            handle,
            address,
            PAYLOAD.as_ptr().cast(),
            PAYLOAD.len() as u16,
            None,
            room.as_mut_ptr().cast(),
            size_of_val(&room) as u32,
            TIMEOUT_MS,
        )
    };
    let took = started.elapsed();
    // SAFETY: opened above; nothing uses it afterwards. There is nothing to do about a failure.
    let _ = unsafe { IcmpCloseHandle(handle) };
    // A router that says "unreachable" is a reply too: only status 0 is the host's own.
    let status = (room[0] >> 32) as u32;
    (replies > 0 && status == 0).then_some(took)
}
