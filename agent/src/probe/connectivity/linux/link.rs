//! What Linux knows of an interface beside its addresses: duplex, how often the link came and went, errors, signal, and
//! where the addresses come from.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use atalaya_reading::Interface;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

use super::super::address_flags::{self, AddressFlags};
use super::super::wireless;
use super::read;

/// As large as the parts the kernel sends.
const ROOM: usize = 32 * 1024;
/// The kernel answers at once; a list that takes more parts is none.
const PATIENCE: Duration = Duration::from_secs(1);
const PARTS: usize = 256;

/// Adds to the interfaces what is known of them beside name and addresses.
pub fn complete(interfaces: &mut [Interface]) {
    let addresses = addresses().unwrap_or_default();
    let table = std::fs::read_to_string("/proc/net/wireless").unwrap_or_default();
    let signals = wireless::signals(&table);
    for interface in interfaces {
        let name = interface.name.clone();
        let attribute = |file: &str| read(&format!("/sys/class/net/{name}/{file}"));
        let count = |file: &str| attribute(file)?.parse().ok();
        interface.full_duplex = match attribute("duplex").as_deref() {
            Some("full") => Some(true),
            Some("half") => Some(false),
            _ => None,
        };
        interface.carrier_changes = count("carrier_changes");
        interface.rx_errors = count("statistics/rx_errors");
        interface.tx_errors = count("statistics/tx_errors");
        interface.wifi_signal_dbm =
            signals.iter().find(|(known, _)| *known == name).map(|(_, dbm)| *dbm);
        if let Some(index) = attribute("ifindex").and_then(|index| index.parse::<u32>().ok()) {
            let own: Vec<&AddressFlags> =
                addresses.iter().filter(|address| address.interface == index).collect();
            interface.dhcp = by_dhcp(&own, || has_lease(&name, index));
            // The system says only where it found one, and looks for IPv6 only.
            interface.address_conflict = own.iter().any(|address| address.duplicate).then_some(true);
        }
    }
}

/// Whether its IPv4 addresses were given; `None`: it has none but what it gave itself.
fn by_dhcp(own: &[&AddressFlags], has_lease: impl Fn() -> bool) -> Option<bool> {
    let mut v4 = own.iter().filter(|address| match address.address {
        IpAddr::V4(v4) => !v4.is_link_local() && !v4.is_loopback(),
        IpAddr::V6(_) => false,
    });
    let first = v4.next()?;
    let for_a_time = !first.permanent || v4.any(|address| !address.permanent);
    // Old clients set the address for good and renew the lease by themselves.
    Some(for_a_time || has_lease())
}

fn has_lease(name: &str, index: u32) -> bool {
    let files = [
        format!("/run/systemd/netif/leases/{index}"),
        format!("/run/dhclient.{name}.pid"),
        format!("/run/dhclient-{name}.pid"),
        format!("/run/dhcpcd/{name}.pid"),
        format!("/run/udhcpc.{name}.pid"),
    ];
    files.iter().any(|file| Path::new(file).exists())
}

fn addresses() -> io::Result<Vec<AddressFlags>> {
    // Protocol 0 of netlink is that of routes, links and addresses.
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    send(&socket, &address_flags::question(), SendFlags::empty())?;
    let mut found = Vec::new();
    let mut room = vec![0; ROOM];
    for _ in 0..PARTS {
        let (length, _) = recv(&socket, &mut room[..], RecvFlags::empty())?;
        let (part, last) = address_flags::parse(room.get(..length).unwrap_or_default());
        found.extend(part);
        if last || length == 0 {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_its_loopback_addresses_for_good() {
        let found = addresses().unwrap();
        let loopback = found.iter().find(|a| a.address == IpAddr::from([127, 0, 0, 1])).unwrap();
        assert!(loopback.permanent && !loopback.duplicate);
    }

    #[test]
    fn an_address_of_a_lease_is_dhcp_and_none_is_unknown() {
        let address = |address: [u8; 4], permanent| AddressFlags {
            interface: 2,
            address: address.into(),
            permanent,
            duplicate: false,
        };
        let (fixed, given) = (address([192, 0, 2, 5], true), address([192, 0, 2, 6], false));
        let own = address([169, 254, 3, 4], true);
        assert_eq!(by_dhcp(&[&fixed], || false), Some(false));
        assert_eq!(by_dhcp(&[&fixed], || true), Some(true));
        assert_eq!(by_dhcp(&[&fixed, &given], || false), Some(true));
        assert_eq!(by_dhcp(&[&own], || false), None);
        assert_eq!(by_dhcp(&[], || true), None);
    }
}
