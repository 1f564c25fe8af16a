//! Network interfaces, by sysinfo wherever it runs.

use atalaya_reading::{Interface, bounds};
use sysinfo::{InterfaceOperationalState, IpNetwork, MacAddr, NetworkData, Networks};

use super::system;
use crate::probe::Unread;

/// Interfaces except loopback and those that only software made and nobody gave an address.
pub fn read() -> Result<Vec<Interface>, Unread> {
    let networks = Networks::new_with_refreshed_list()
        .map_err(|error| Unread::Failed(format!("interfaces de red: {error}")))?;
    let mut interfaces: Vec<Interface> = networks
        .iter()
        .filter(|(name, data)| is_of_interest(&name.to_string_lossy(), data))
        .map(|(name, data)| interface(&name.to_string_lossy(), data))
        .collect();
    interfaces.sort_by(|left, right| left.name.cmp(&right.name));
    interfaces.truncate(bounds::INTERFACES);
    system::complete(&mut interfaces);
    Ok(interfaces)
}

fn is_of_interest(name: &str, data: &NetworkData) -> bool {
    let addresses = data.ip_networks();
    let loopback = addresses.iter().any(|network| network.addr.is_loopback()) || name == "lo";
    !loopback
        && (system::is_hardware(name) || addresses.iter().any(|network| !is_link_local(network)))
}

fn is_link_local(network: &IpNetwork) -> bool {
    match network.addr {
        std::net::IpAddr::V4(address) => address.is_link_local(),
        std::net::IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn interface(name: &str, data: &NetworkData) -> Interface {
    let mac = data.mac_address();
    let mut addresses: Vec<String> = data
        .ip_networks()
        .iter()
        .map(|network| format!("{}/{}", network.addr, network.prefix))
        .collect();
    addresses.sort();
    addresses.truncate(bounds::ADDRESSES);
    let megabits = data.receive_link_speed().map(|bits| bits / 1_000_000);
    Interface {
        name: bounds::text(name, bounds::TEXT),
        mac: (mac != MacAddr::UNSPECIFIED).then(|| mac.to_string().to_lowercase()),
        addresses,
        link_up: system::has_carrier(name).or_else(|| link_up(data.operational_state())),
        // Virtual drivers say -1 in one width or another.
        speed_mbps: megabits
            .and_then(|speed| u32::try_from(speed).ok())
            .filter(|speed| (1..10_000_000).contains(speed)),
        ..Interface::default()
    }
}

fn link_up(state: InterfaceOperationalState) -> Option<bool> {
    match state {
        InterfaceOperationalState::Up => Some(true),
        InterfaceOperationalState::Down
        | InterfaceOperationalState::NotPresent
        | InterfaceOperationalState::LowerLayerDown => Some(false),
        _ => None,
    }
}
