//! Adapters, default route, neighbours and name servers of Windows.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

mod echo;

use std::net::IpAddr;

use atalaya_reading::{Interface, bounds};
use ipconfig::{Adapter, IfType, OperStatus};
use windows::Win32::NetworkManagement::IpHelper::{GetBestInterface, GetIpNetEntry2, MIB_IPNET_ROW2};
use windows::Win32::Networking::WinSock::{
    AF_INET, NlnsPermanent, NlnsReachable, NlnsStale, SOCKADDR_IN, SOCKADDR_INET,
};

use super::collect::DefaultRoute;
use super::prefix;
use crate::probe::Unread;
pub use echo::Echo;

fn adapters() -> Result<Vec<Adapter>, Unread> {
    ipconfig::get_adapters().map_err(|error| Unread::Failed(format!("interfaces de red: {error}")))
}

fn is_up(adapter: &Adapter) -> bool {
    adapter.oper_status() == OperStatus::IfOperStatusUp
}

/// Interfaces except loopback and tunnels nobody gave an address.
pub fn interfaces() -> Result<Vec<Interface>, Unread> {
    let counts = |adapter: &Adapter| match adapter.if_type() {
        IfType::SoftwareLoopback => false,
        IfType::Tunnel => is_up(adapter) && !adapter.gateways().is_empty(),
        _ => true,
    };
    let mut interfaces: Vec<Interface> =
        adapters()?.iter().filter(|adapter| counts(adapter)).map(interface).collect();
    interfaces.sort_by(|left, right| left.name.cmp(&right.name));
    interfaces.truncate(bounds::INTERFACES);
    Ok(interfaces)
}

fn interface(adapter: &Adapter) -> Interface {
    let addresses = adapter.ip_addresses().iter();
    let mac = adapter.physical_address().filter(|mac| mac.iter().any(|byte| *byte != 0));
    let hex = |mac: &[u8]| mac.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
    // An adapter without a cable claims the largest number there is.
    let bits = adapter.receive_link_speed().min(adapter.transmit_link_speed());
    Interface {
        name: bounds::text(adapter.friendly_name(), bounds::TEXT),
        mac: mac.map(hex),
        addresses: addresses
            .take(bounds::ADDRESSES)
            .map(|address| prefix::with_length(*address, adapter.prefixes()))
            .collect(),
        link_up: match adapter.oper_status() {
            OperStatus::IfOperStatusUp => Some(true),
            OperStatus::IfOperStatusUnknown | OperStatus::IfOperStatusTesting => None,
            _ => Some(false),
        },
        speed_mbps: u32::try_from(bits / 1_000_000).ok().filter(|speed| (1..10_000_000).contains(speed)),
    }
}

/// The default route in use: IPv4 first, the least metric first.
pub fn default_route() -> Option<DefaultRoute> {
    let adapters = adapters().ok()?;
    let by_gateway = |v6: bool| {
        let up = adapters.iter().filter(|adapter| is_up(adapter));
        let routes = up.filter_map(|adapter| {
            let gateway = adapter.gateways().iter().find(|gateway| gateway.is_ipv6() == v6)?;
            let metric = if v6 { adapter.ipv6_metric() } else { adapter.ipv4_metric() };
            Some((metric, *gateway, adapter.ipv6_if_index()))
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
    let number = u32::from_ne_bytes(v4.octets());
    let mut index = 0;
    // SAFETY: the pointer is to a number of ours.
    if unsafe { GetBestInterface(number, &mut index) } != 0 {
        return None;
    }
    let mut sought = SOCKADDR_IN { sin_family: AF_INET, ..Default::default() };
    sought.sin_addr.S_un.S_addr = number;
    let mut row = MIB_IPNET_ROW2 {
        Address: SOCKADDR_INET { Ipv4: sought },
        InterfaceIndex: index,
        ..Default::default()
    };
    // SAFETY: the row is ours and says which one is sought.
    let found = unsafe { GetIpNetEntry2(&mut row) };
    let lives = [NlnsReachable, NlnsStale, NlnsPermanent].contains(&row.State);
    found.is_ok().then(|| lives && row.PhysicalAddress.iter().any(|byte| *byte != 0))
}

/// The servers asked for names.
pub fn name_servers() -> Vec<String> {
    let adapters = adapters().unwrap_or_default();
    let mut servers: Vec<String> = Vec::new();
    for server in adapters.iter().filter(|adapter| is_up(adapter)).flat_map(Adapter::dns_servers) {
        let server = server.to_string();
        // Site-local addresses Windows lists where no IPv6 server was given.
        if !server.starts_with("fec0:") && !servers.contains(&server) {
            servers.push(server);
        }
    }
    servers.truncate(bounds::SERVERS);
    servers
}
