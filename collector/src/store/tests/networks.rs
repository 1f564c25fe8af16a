//! Networks and the gateways PCs tell of, on both engines.

use super::*;
use crate::domain::network::Network;
use crate::domain::network_device::{Answering, NetworkDevice, NetworkDeviceKind};
use crate::domain::reading::{Connectivity, Gateway, TargetKind};

fn network(id: &str, site: Option<SiteId>) -> Network {
    Network {
        id: NetworkId::new(id),
        name: format!("Red {id}"),
        site,
        site_name: None,
        gateway: "192.168.1.1".into(),
        gateway_mac: String::new(),
        provider: "Telefonía".into(),
        provider_phone: "800 000 0000".into(),
        provider_contract: "C-1".into(),
        sample: false,
    }
}

fn behind(gateway: Option<&str>) -> Section {
    let gateway = Gateway { address: gateway.map(String::from), ..Gateway::default() };
    let read = Connectivity { gateway, ..Connectivity::default() };
    Section::Connectivity(Reading::ok(read, "netlink", at(1)))
}

on_both_engines! {
    async fn the_last_gateway_a_pc_told_of_is_kept_when_its_way_is_gone(store: &Store) {
        let pc = with_device(store, "pc").await;
        let mut db = store.write().await.unwrap();
        db.put_section(&pc.id, &behind(Some("192.168.1.1")), at(1)).await.unwrap();
        for (told, kept) in [(Some("192.168.1.1"), "192.168.1.1"), (None, "192.168.1.1"), (Some("10.0.0.1"), "10.0.0.1")] {
            let second = db.placed_devices().await.unwrap().len() as i64;
            db.put_section(&pc.id, &behind(told), at(10 + second)).await.unwrap();
            db.note_gateway(&pc.id, None, at(9)).await.unwrap();
            let news = db.gateways_told().await.unwrap();
            assert_eq!(news.len(), 1, "{told:?}");
            assert_eq!(news[0].1.as_deref(), told);
            db.note_gateway(&pc.id, told, news[0].2).await.unwrap();
            assert!(db.gateways_told().await.unwrap().is_empty());
            assert_eq!(db.placed_devices().await.unwrap()[0].gateway.as_deref(), Some(kept));
        }
    }

    async fn a_network_has_the_devices_of_its_place_and_those_said_to_be_its_own(store: &Store) {
        let mut db = store.write().await.unwrap();
        let site = db.site_named("Palacio", &SiteId::new("s"), false).await.unwrap();
        db.add_network(&network("a", Some(site.clone())), at(1)).await.unwrap();
        db.add_network(&network("b", None), at(1)).await.unwrap();
        for (id, site) in [("router", Some(site.clone())), ("switch", Some(site)), ("lejos", None)] {
            let device = NetworkDevice {
                id: DeviceId::new(id),
                name: id.into(),
                kind: NetworkDeviceKind::Router,
                probe: TargetKind::Icmp,
                address: "192.0.2.1".into(),
                site,
                site_name: None,
                state: Answering::Unknown,
                state_since: at(1),
                sample: false,
            };
            db.add_network_device(&device, at(1)).await.unwrap();
        }
        let (a, b) = (NetworkId::new("a"), NetworkId::new("b"));
        let of = async |db: &mut Write, network: &NetworkId| -> Vec<String> {
            let parts = db.parts_of_network(network).await.unwrap();
            parts.iter().map(|id| id.to_string()).collect()
        };
        assert_eq!(of(&mut db, &a).await, ["router", "switch"]);
        db.set_network_of(&DeviceId::new("switch"), Some(&b)).await.unwrap();
        assert_eq!(of(&mut db, &a).await, ["router"]);
        assert_eq!(of(&mut db, &b).await, ["switch"]);
        let changed = Network { name: "Palacio".into(), provider: String::new(), ..network("a", None) };
        db.change_network(&changed).await.unwrap();
        assert_eq!(db.networks().await.unwrap()[0], changed);
        db.remove_network(&b).await.unwrap();
        assert_eq!(db.networks().await.unwrap().len(), 1);
        assert!(db.set_network_of(&DeviceId::new("switch"), Some(&b)).await.is_err());
    }
}
