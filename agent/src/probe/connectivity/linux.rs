//! Routes, neighbours and name servers of Linux.

mod link;

use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

use atalaya_reading::bounds;
use procfs::FromRead;
use procfs::net::{ARPFlags, ArpEntries, RouteEntries};

use super::collect::DefaultRoute;
pub use link::complete;

/// Flags of a route: in use, by a gateway.
const UP: u16 = 0x1;
const BY_GATEWAY: u16 = 0x2;
/// The answerer of systemd-resolved; who it asks is in a file of its own.
const STUB: &str = "127.0.0.53";

/// The default route in use: IPv4 first, the least metric first.
pub fn default_route() -> Option<DefaultRoute> {
    let table = std::fs::read("/proc/net/route").unwrap_or_default();
    let v4 = default_v4(&table).map(|address| DefaultRoute { address, scope: 0 });
    v4.or_else(|| {
        let table = std::fs::read_to_string("/proc/net/ipv6_route").ok()?;
        let (address, interface) = default_v6(&table)?;
        let index = read(&format!("/sys/class/net/{interface}/ifindex"))?;
        let link_local = address.is_unicast_link_local();
        let scope = if link_local { index.parse().ok()? } else { 0 };
        Some(DefaultRoute { address: address.into(), scope })
    })
}

fn default_v4(table: &[u8]) -> Option<IpAddr> {
    let routes = RouteEntries::from_read(table).ok()?.0;
    let default = routes.into_iter().filter(|route| {
        route.destination.is_unspecified()
            && route.mask.is_unspecified()
            && route.flags & (UP | BY_GATEWAY) == UP | BY_GATEWAY
    });
    default.min_by_key(|route| route.metrics).map(|route| route.gateway.into())
}

/// Columns: destination, its prefix, source, its prefix, next hop, metric, two counters, flags, interface.
fn default_v6(table: &str) -> Option<(Ipv6Addr, String)> {
    let routes = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [destination, "00", _, _, hop, metric, _, _, flags, interface] = fields[..] else {
            return None;
        };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let default = destination.bytes().all(|digit| digit == b'0')
            && flags & u32::from(UP | BY_GATEWAY) == u32::from(UP | BY_GATEWAY);
        let hop = Ipv6Addr::from(u128::from_str_radix(hop, 16).ok()?);
        default.then(|| (u32::from_str_radix(metric, 16).ok(), hop, interface.to_string()))
    });
    routes.min_by_key(|(metric, ..)| *metric).map(|(_, hop, interface)| (hop, interface))
}

/// Whether the address answered on the link of late; `None` for IPv6, whose table is not read.
pub fn is_neighbour(address: IpAddr) -> Option<bool> {
    let table = std::fs::read("/proc/net/arp").ok()?;
    let IpAddr::V4(wanted) = address else { return None };
    let entries = ArpEntries::from_read(&table[..]).ok()?.0;
    let known = entries.iter().find(|entry| entry.ip_address == wanted);
    Some(known.is_some_and(|entry| {
        entry.flags.contains(ARPFlags::COM) && entry.hw_address.is_some_and(|mac| mac != [0; 6])
    }))
}

/// The servers asked for names.
pub fn name_servers() -> Vec<String> {
    let servers = servers_of(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default());
    if servers != [STUB] {
        return servers;
    }
    match std::fs::read_to_string("/run/systemd/resolve/resolv.conf") {
        Ok(text) => servers_of(&text),
        Err(_) => servers,
    }
}

fn servers_of(text: &str) -> Vec<String> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next()? == "nameserver").then_some(())?;
        Some(bounds::text(words.next()?, bounds::TEXT))
    };
    text.lines().filter_map(server).take(bounds::SERVERS).collect()
}

/// Whether there is a carrier; `None` while the interface is switched off.
pub fn has_carrier(interface: &str) -> Option<bool> {
    read(&format!("/sys/class/net/{interface}/carrier")).map(|text| text == "1")
}

/// Whether there is a device behind the interface.
pub fn is_hardware(interface: &str) -> bool {
    Path::new("/sys/class/net").join(interface).join("device").exists()
}

fn read(file: &str) -> Option<String> {
    Some(std::fs::read_to_string(file).ok()?.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";

    #[test]
    fn the_gateway_is_that_of_the_default_route_with_the_least_metric() {
        let table = format!(
            "{HEADER}wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
             eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
             eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
        );
        assert_eq!(default_v4(table.as_bytes()), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(default_v4(HEADER.as_bytes()), None);
    }

    #[test]
    fn an_ipv6_gateway_has_its_interface() {
        let zero = "0".repeat(32);
        let table = format!(
            "{zero} 00 {zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n\
             {zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200 lo\n"
        );
        assert_eq!(default_v6(&table), Some(("fe80::1".parse().unwrap(), "eth0".into())));
    }

    #[test]
    fn name_servers_are_read_and_comments_are_not() {
        assert_eq!(
            servers_of("# nameserver 192.0.2.9\nsearch x\nnameserver 192.0.2.53\noptions edns0\n"),
            ["192.0.2.53"]
        );
    }
}
