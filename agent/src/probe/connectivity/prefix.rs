//! The length of an address's network, out of the list of networks of its adapter, which Windows keeps apart. Pure.

use std::net::IpAddr;

/// `192.0.2.7/24`; without a length where no network of the list holds the address.
pub fn with_length(address: IpAddr, networks: &[(IpAddr, u32)]) -> String {
    let whole = if address.is_ipv4() { 32 } else { 128 };
    // The list also holds the address itself, its broadcast and multicast, each as a network of one.
    let lengths = networks
        .iter()
        .filter(|(network, length)| *length < whole && holds(*network, *length, address));
    match lengths.map(|(_, length)| length).max() {
        Some(length) => format!("{address}/{length}"),
        None => address.to_string(),
    }
}

fn holds(network: IpAddr, length: u32, address: IpAddr) -> bool {
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits().into(), address.to_bits().into(), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let kept = |bits: u128| bits.checked_shr(width - length).unwrap_or(0);
    kept(network) == kept(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: &str, networks: &[(&str, u32)]) -> String {
        let networks: Vec<(IpAddr, u32)> =
            networks.iter().map(|(network, length)| (network.parse().unwrap(), *length)).collect();
        with_length(address.parse().unwrap(), &networks)
    }

    #[test]
    fn the_network_that_holds_the_address_gives_its_length() {
        let networks =
            [("192.0.2.0", 24), ("192.0.2.7", 32), ("224.0.0.0", 4), ("fe80::", 64), ("::", 0)];
        assert_eq!(shown("192.0.2.7", &networks), "192.0.2.7/24");
        assert_eq!(shown("fe80::1", &networks), "fe80::1/64");
        assert_eq!(shown("198.51.100.1", &networks), "198.51.100.1");
        assert_eq!(shown("2001:db8::1", &networks), "2001:db8::1/0");
    }
}
