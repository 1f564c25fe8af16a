//! The sockets that wait, from the tables of the IP helper, and the processes and services behind them.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::collections::{BTreeMap, HashMap, HashSet};

use atalaya_reading::{ListeningSocket, bounds};
use windows::Win32::Foundation::ERROR_INSUFFICIENT_BUFFER;
use windows::Win32::NetworkManagement::IpHelper::{
    GetExtendedTcpTable, GetExtendedUdpTable, TCP_TABLE_OWNER_PID_LISTENER, UDP_TABLE_OWNER_PID,
};
use windows::Win32::Networking::WinSock::{AF_INET, AF_INET6};

use super::super::inbound_rules::Listener;
use super::super::socket_table::{self, Layout, Waiting};
use crate::probe::windows::image::image;
use crate::probe::windows::services::Services;
use crate::probe::{Depth, Look, Unread};

/// From here on a UDP port may be one lent for a question and given back: it counts once it is seen twice.
const EPHEMERAL: u16 = 49_152;
/// The process that stands for the kernel, and its name.
const SYSTEM: (u32, &str) = (4, "System");
/// The table may grow between two calls.
const TRIES: u8 = 4;

/// The sockets, and those seen last.
#[derive(Default)]
pub struct Sockets {
    seen: HashSet<Waiting>,
}

impl Sockets {
    /// Every listening socket, sorted, and who listens as far as rules may name them.
    pub fn read(&mut self, look: &Look) -> Result<(Vec<ListeningSocket>, Vec<Listener>), Unread> {
        let mut waiting = Vec::new();
        for layout in [socket_table::TCP4, socket_table::TCP6, socket_table::UDP4, socket_table::UDP6] {
            waiting.extend(socket_table::parse(layout, &table(layout)?));
        }
        let all: HashSet<Waiting> = waiting.iter().cloned().collect();
        if look.depth == Depth::Routine {
            let lasting = |socket: &Waiting| socket.protocol == "tcp" || socket.port < EPHEMERAL;
            waiting.retain(|socket| lasting(socket) || self.seen.contains(socket));
        }
        self.seen = all;
        // Without the services a process still has its own name.
        let services = Services::read().ok();
        let mut programs = HashMap::new();
        let mut unique = BTreeMap::new();
        let mut listeners = Vec::new();
        for socket in waiting {
            let program = programs.entry(socket.pid).or_insert_with(|| image(socket.pid)).clone();
            let hosted = services.as_ref().map(|services| services.of_process(socket.pid)).unwrap_or_default();
            let process = process(socket.pid, program.as_deref());
            let service = socket_table::hosted(&hosted);
            listeners.push(Listener { protocol: socket.protocol, port: socket.port, program, services: hosted });
            let described = described(&socket, process, service);
            let key = (described.loopback, described.protocol.clone(), described.port, described.address.clone());
            unique.entry(key).or_insert(described);
        }
        Ok((unique.into_values().collect(), listeners))
    }
}

fn described(
    socket: &Waiting,
    process: Option<String>,
    service: Option<String>,
) -> ListeningSocket {
    ListeningSocket {
        protocol: socket.protocol.into(),
        address: socket.address.to_string(),
        port: socket.port,
        process,
        pid: Some(socket.pid),
        loopback: socket.address.to_canonical().is_loopback(),
        service,
    }
}

/// The file name of its program, or that of the kernel.
fn process(pid: u32, program: Option<&str>) -> Option<String> {
    if pid == SYSTEM.0 {
        return Some(SYSTEM.1.into());
    }
    let name = program?.rsplit('\\').next()?;
    Some(bounds::text(name, bounds::TEXT))
}

fn table(layout: Layout) -> Result<Vec<u8>, Unread> {
    let mut size = 16 * 1024;
    for _ in 0..TRIES {
        // The rows are read as bytes, but the system may write them as the numbers they are.
        let mut room = vec![0u32; (size as usize).div_ceil(4)];
        let to = Some(room.as_mut_ptr().cast());
        let family = u32::from(if layout.is_v6() { AF_INET6.0 } else { AF_INET.0 });
        // SAFETY: the room is ours, `size` says how many bytes it has, and both outlive the call.
        let code = unsafe {
            if layout.is_tcp() {
                GetExtendedTcpTable(to, &mut size, false, family, TCP_TABLE_OWNER_PID_LISTENER, 0)
            } else {
                GetExtendedUdpTable(to, &mut size, false, family, UDP_TABLE_OWNER_PID, 0)
            }
        };
        if code == 0 {
            return Ok(room.iter().flat_map(|word| word.to_le_bytes()).collect());
        }
        if code != ERROR_INSUFFICIENT_BUFFER.0 {
            let error = std::io::Error::from_raw_os_error(code as i32);
            return Err(Unread::from_io("la tabla de sockets", &error));
        }
    }
    Err(Unread::Failed("la tabla de sockets crece sin parar".into()))
}
