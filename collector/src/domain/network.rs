//! Networks: a LAN behind one gateway, with the provider of its internet, and which PCs are in it. Pure.

use super::id::{DeviceId, NetworkId, SiteId};

/// Most networks of a collector.
pub const MOST: usize = 500;

/// A LAN with its gateway and provider. Empty text: not said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Identity.
    pub id: NetworkId,
    /// Name, unique.
    pub name: String,
    /// Where it is.
    pub site: Option<SiteId>,
    /// Name of that place.
    pub site_name: Option<String>,
    /// Address of its gateway.
    pub gateway: String,
    /// Hardware address of its gateway, lower case with colons.
    pub gateway_mac: String,
    /// Who brings the internet.
    pub provider: String,
    /// Telephone for faults.
    pub provider_phone: String,
    /// Number of the contract.
    pub provider_contract: String,
    /// Part of the sample municipality.
    pub sample: bool,
}

/// What tells in which network a PC is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Which PC.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// The last gateway it told of.
    pub gateway: Option<String>,
    /// The place of its area.
    pub site: Option<SiteId>,
}

/// The network a PC is in: that of its gateway, of several alike the one of its place; without a gateway the only one of
/// its place. `None`: it cannot be told.
pub fn network_of<'a>(networks: &'a [Network], placed: &Placed) -> Option<&'a Network> {
    let alone = |mut found: Vec<&'a Network>| match found.len() {
        1 => found.pop(),
        _ => None,
    };
    let at_site = |network: &&Network| placed.site.is_some() && network.site == placed.site;
    let Some(gateway) = placed.gateway.as_deref() else {
        return alone(networks.iter().filter(at_site).collect());
    };
    let behind: Vec<&Network> = networks.iter().filter(|one| one.gateway == gateway).collect();
    if behind.is_empty() {
        let untold = |network: &&Network| network.gateway.is_empty() && at_site(network);
        return alone(networks.iter().filter(untold).collect());
    }
    let here: Vec<&Network> = behind.iter().copied().filter(at_site).collect();
    if !here.is_empty() {
        return alone(here);
    }
    // One of another place has the same address and is not the same.
    let anywhere = |network: &&Network| placed.site.is_none() || network.site.is_none();
    alone(behind.into_iter().filter(anywhere).collect())
}

/// PCs that share a way to the internet: in one network, or, where none is known, behind one gateway at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// A network.
    Network(NetworkId),
    /// A gateway nobody has named a network for yet, at a place.
    Gateway(String, Option<SiteId>),
}

/// The group a PC is in, if it can be told.
pub fn group_of(networks: &[Network], placed: &Placed) -> Option<Group> {
    if let Some(network) = network_of(networks, placed) {
        return Some(Group::Network(network.id.clone()));
    }
    let gateway = placed.gateway.clone()?;
    // Many places have the same address: a network of another place is not in doubt, one without a place is.
    let doubtful = networks.iter().filter(|network| network.gateway == gateway).any(|network| {
        placed.site.is_none() || network.site.is_none() || network.site == placed.site
    });
    (!doubtful).then(|| Group::Gateway(gateway, placed.site.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(id: &str, gateway: &str, site: Option<&str>) -> Network {
        Network {
            id: NetworkId::new(id),
            name: id.into(),
            site: site.map(SiteId::new),
            site_name: None,
            gateway: gateway.into(),
            gateway_mac: String::new(),
            provider: String::new(),
            provider_phone: String::new(),
            provider_contract: String::new(),
            sample: false,
        }
    }

    fn pc(gateway: Option<&str>, site: Option<&str>) -> Placed {
        Placed {
            device: DeviceId::new("pc"),
            name: "PC".into(),
            gateway: gateway.map(String::from),
            site: site.map(SiteId::new),
        }
    }

    #[test]
    fn the_gateway_tells_the_network_and_the_place_tells_gateways_apart() {
        let networks = [
            network("palacio", "192.168.1.1", Some("palacio")),
            network("casa", "192.168.1.1", Some("casa")),
            network("obras", "10.0.0.1", None),
            network("dif", "", Some("dif")),
        ];
        for (gateway, site, expected) in [
            (Some("192.168.1.1"), Some("palacio"), Some("palacio")),
            (Some("192.168.1.1"), Some("casa"), Some("casa")),
            (Some("192.168.1.1"), Some("dif"), None),
            (Some("192.168.1.1"), None, None),
            (Some("10.0.0.1"), Some("casa"), Some("obras")),
            (Some("10.0.0.1"), None, Some("obras")),
            (Some("10.9.9.9"), Some("dif"), Some("dif")),
            (Some("10.9.9.9"), Some("casa"), None),
            (None, Some("palacio"), Some("palacio")),
            (None, Some("otra"), None),
            (None, None, None),
        ] {
            let found = network_of(&networks, &pc(gateway, site)).map(|one| one.id.as_str());
            assert_eq!(found, expected, "{gateway:?} {site:?}");
        }
    }

    #[test]
    fn a_gateway_nobody_named_is_a_group_at_its_place_and_a_doubtful_one_is_none() {
        let networks = [network("palacio", "192.168.1.1", Some("palacio"))];
        let known = group_of(&networks, &pc(Some("192.168.1.1"), Some("palacio")));
        assert_eq!(known, Some(Group::Network(NetworkId::new("palacio"))));
        let new = group_of(&networks, &pc(Some("10.0.0.1"), Some("casa")));
        assert_eq!(new, Some(Group::Gateway("10.0.0.1".into(), Some(SiteId::new("casa")))));
        let alike = group_of(&networks, &pc(Some("192.168.1.1"), Some("casa")));
        assert_eq!(alike, Some(Group::Gateway("192.168.1.1".into(), Some(SiteId::new("casa")))));
        let somewhere = group_of(&networks, &pc(Some("192.168.1.1"), None));
        assert_eq!(somewhere, Some(Group::Network(NetworkId::new("palacio"))));
        let two = [networks[0].clone(), network("casa", "192.168.1.1", Some("casa"))];
        assert_eq!(group_of(&two, &pc(Some("192.168.1.1"), None)), None);
        assert_eq!(group_of(&networks, &pc(None, None)), None);
    }
}
