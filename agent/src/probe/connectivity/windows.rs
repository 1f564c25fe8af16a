//! Adapters, default route, neighbours and name servers of Windows.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

mod adapters;
mod echo;

use std::net::IpAddr;

use atalaya_reading::{Interface, bounds};
use windows::Win32::NetworkManagement::IpHelper::{
    FreeMibTable, GetIfEntry2, GetIpNetTable2, MIB_IF_ROW2, MIB_IPNET_ROW2, MIB_IPNET_TABLE2,
};
use windows::Win32::NetworkManagement::Ndis::{
    IF_OPER_STATUS, IfOperStatusDown, IfOperStatusLowerLayerDown, IfOperStatusNotPresent, IfOperStatusUp,
};
use windows::Win32::Networking::WinSock::{AF_INET, NlnsPermanent, NlnsReachable, NlnsStale};

use super::collect::DefaultRoute;
use crate::probe::Unread;
use adapters::Adapter;
pub use echo::sweep;

/// Kinds of interface, by IANA's numbers.
const LOOPBACK: u32 = 24;
const TUNNEL: u32 = 131;

/// Without a carrier for certain; any other state says nothing of it.
const DOWN: [IF_OPER_STATUS; 3] =
    [IfOperStatusDown, IfOperStatusNotPresent, IfOperStatusLowerLayerDown];

fn is_up(adapter: &Adapter) -> bool {
    adapter.status == IfOperStatusUp
}

/// Interfaces except loopback and tunnels nobody gave an address.
pub fn interfaces() -> Result<Vec<Interface>, Unread> {
    let counts = |adapter: &Adapter| match adapter.kind {
        LOOPBACK => false,
        TUNNEL => is_up(adapter) && !adapter.gateways.is_empty(),
        _ => true,
    };
    let mut interfaces: Vec<Interface> = adapters::read()?.iter().filter(|adapter| counts(adapter)).map(interface).collect();
    interfaces.sort_by(|left, right| left.name.cmp(&right.name));
    interfaces.truncate(bounds::INTERFACES);
    Ok(interfaces)
}

fn interface(adapter: &Adapter) -> Interface {
    let hex = |mac: &[u8]| mac.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
    let addresses = adapter.addresses.iter().take(bounds::ADDRESSES);
    let errors = errors(adapter.index);
    Interface {
        name: bounds::text(&adapter.name, bounds::TEXT),
        mac: adapter.mac.iter().any(|byte| *byte != 0).then(|| hex(&adapter.mac)),
        addresses: addresses.map(|(address, length)| format!("{address}/{length}")).collect(),
        link_up: if is_up(adapter) { Some(true) } else { DOWN.contains(&adapter.status).then_some(false) },
        // An adapter without a cable claims the largest number there is.
        speed_mbps: u32::try_from(adapter.speed / 1_000_000)
            .ok()
            .filter(|speed| (1..10_000_000).contains(speed)),
        dhcp: adapter.addresses.iter().any(|(address, _)| address.is_ipv4()).then_some(adapter.dhcp),
        rx_errors: errors.map(|(received, _)| received),
        tx_errors: errors.map(|(_, sent)| sent),
        address_conflict: adapter.conflict,
        ..Interface::default()
    }
}

/// Damaged frames that came in, and frames that could not be sent, since the system started.
fn errors(index: u32) -> Option<(u64, u64)> {
    if index == 0 {
        return None;
    }
    let mut row = MIB_IF_ROW2 { InterfaceIndex: index, ..Default::default() };
    // SAFETY: the row is ours and says which interface is meant.
    let found = unsafe { GetIfEntry2(&mut row) };
    found.is_ok().then_some((row.InErrors, row.OutErrors))
}

/// The default route in use: IPv4 first, the least metric first.
pub fn default_route() -> Option<DefaultRoute> {
    let adapters = adapters::read().ok()?;
    let by_gateway = |v6: bool| {
        let up = adapters.iter().filter(|adapter| is_up(adapter));
        let routes = up.filter_map(|adapter| {
            let gateway = adapter.gateways.iter().find(|gateway| gateway.is_ipv6() == v6)?;
            let metric = if v6 { adapter.metrics.1 } else { adapter.metrics.0 };
            Some((metric, *gateway, adapter.scope))
        });
        routes.min()
    };
    let (_, address, index) = by_gateway(false).or_else(|| by_gateway(true))?;
    let link_local = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    Some(DefaultRoute { address, scope: if link_local { index } else { 0 } })
}

/// Whether the address answered on the link of late; `None` for IPv6 and where the table cannot be asked.
pub fn is_neighbour(address: IpAddr) -> Option<bool> {
    let IpAddr::V4(v4) = address else { return None };
    let mut table: *mut MIB_IPNET_TABLE2 = std::ptr::null_mut();
    // The whole table: one entry could be asked for, but not everywhere (Wine).
    // SAFETY: the system sets the pointer to a table of its own.
    unsafe { GetIpNetTable2(AF_INET, &mut table) }.ok().ok()?;
    // SAFETY: a table that was made holds as many rows as it says, one after the other, until it is freed below.
    let rows = unsafe {
        std::slice::from_raw_parts((&raw const (*table).Table).cast::<MIB_IPNET_ROW2>(), (*table).NumEntries as usize)
    };
    let answered = |row: &MIB_IPNET_ROW2| {
        // SAFETY: every row of a table of IPv4 holds such an address.
        let number = unsafe { row.Address.Ipv4.sin_addr.S_un.S_addr };
        let lives = [NlnsReachable, NlnsStale, NlnsPermanent].contains(&row.State);
        number == u32::from_ne_bytes(v4.octets()) && lives && row.PhysicalAddress.iter().any(|byte| *byte != 0)
    };
    let found = rows.iter().any(answered);
    // SAFETY: made by the system with what this frees; no row is used afterwards.
    unsafe { FreeMibTable(table.cast()) };
    Some(found)
}

/// The servers asked for names.
pub fn name_servers() -> Vec<String> {
    let adapters = adapters::read().unwrap_or_default();
    let mut servers: Vec<String> = Vec::new();
    for server in adapters.iter().filter(|adapter| is_up(adapter)).flat_map(|adapter| &adapter.name_servers) {
        let server = server.to_string();
        // Site-local addresses Windows lists where no IPv6 server was given.
        if !server.starts_with("fec0:") && !servers.contains(&server) {
            servers.push(server);
        }
    }
    servers.truncate(bounds::SERVERS);
    servers
}
