//! What is not yet asked of other systems: unknown, not absent.

use std::net::IpAddr;

use atalaya_reading::Interface;

use super::collect::DefaultRoute;

/// Not known here.
pub fn complete(_: &mut [Interface]) {}

/// Not known here.
pub fn default_route() -> Option<DefaultRoute> {
    None
}

/// Not known here.
pub fn is_neighbour(_: IpAddr) -> Option<bool> {
    None
}

/// Not known here.
pub fn name_servers() -> Vec<String> {
    Vec::new()
}

/// Not known here.
pub fn has_carrier(_: &str) -> Option<bool> {
    None
}

/// Not known here: every interface is shown.
pub fn is_hardware(_: &str) -> bool {
    true
}
