//! Network devices from what PCs see to an alert and its run; what people decide about ports and accounts, judged at
//! once.

use super::*;
use crate::actions::accept_administrator::accept_administrator;
use crate::actions::create_area::create_area;
use crate::actions::manage_area::{WantedPolicy, set_policy};
use crate::actions::manage_network::{self, Wanted};
use crate::actions::watch_network::watch_network;
use crate::domain::network_device::{Answering, NetworkDeviceKind};
use crate::domain::reading::{
    Account, Accounts, AllowedPort, Connectivity, Interface, Measurement, PacketPolicy, Target,
    TargetKind,
};

async fn a_switch(store: &Store, watchers: &[DeviceId]) -> DeviceId {
    let wanted = Wanted {
        name: "Conmutador de Palacio".into(),
        kind: NetworkDeviceKind::Switch,
        probe: TargetKind::Icmp,
        address: "192.0.2.2".into(),
        site: Some("Palacio".into()),
    };
    let id = manage_network::add(store, &wanted, &ana(), at(0)).await.unwrap();
    manage_network::watch(store, &id, watchers, &ana(), at(0)).await.unwrap();
    id
}

/// A PC reports what it saw of a network device.
async fn sees(store: &Store, pc: &DeviceId, network: &DeviceId, received: u32, second: i64) {
    let target = Target {
        id: Some(network.to_string()),
        name: "x".into(),
        kind: TargetKind::Icmp,
        address: "192.0.2.2".into(),
        fallback: None,
        measurement: Measurement { sent: 5, received, ..Measurement::default() },
    };
    let link = Interface { name: "eth0".into(), link_up: Some(true), ..Interface::default() };
    let value =
        Connectivity { devices: vec![target], interfaces: vec![link], ..Connectivity::default() };
    let section = Section::Connectivity(Reading::ok(value, "icmp", at(second)));
    let mut db = store.write().await.unwrap();
    db.put_section(pc, &section, at(second)).await.unwrap();
    let arrival = Arrival {
        device: pc.clone(),
        seen_at: at(second),
        taken_at: at(second),
        clock_skew_us: 0,
        unchanged: String::new(),
    };
    db.touch(&[arrival]).await.unwrap();
    db.commit().await.unwrap();
}

async fn state(store: &Store, id: &DeviceId) -> Answering {
    store.read().await.unwrap().network_device(id).await.unwrap().unwrap().state
}

async fn tick(store: &Store, second: i64) -> usize {
    watch_network(store, &bench(), at(second)).await.unwrap()
}

on_both_engines! {
    async fn a_switch_that_stops_answering_opens_one_run_and_the_pc_that_looks_stays_well(store: &Store) {
        let (one, two) = (add_device(store, "one").await, add_device(store, "two").await);
        let switch = a_switch(store, &[one.clone(), two.clone()]).await;
        assert_eq!(tick(store, 1).await, 0);
        sees(store, &one, &switch, 5, 10).await;
        sees(store, &two, &switch, 5, 10).await;
        assert_eq!(tick(store, 11).await, 1);
        assert_eq!(state(store, &switch).await, Answering::Up);
        sees(store, &one, &switch, 0, 20).await;
        assert_eq!(tick(store, 21).await, 0, "the other still sees it");
        sees(store, &two, &switch, 0, 30).await;
        assert_eq!(tick(store, 31).await, 1);
        assert_eq!(tick(store, 31 + 179).await, 0, "not believed yet");
        assert_eq!(tick(store, 31 + 180).await, 1);
        let open = open_alerts(store, &switch).await;
        assert_eq!((open.len(), open[0].rule), (1, Rule::NetworkDeviceDown));
        assert!(open[0].summary.starts_with("No responde a PC-one, PC-two desde"), "{}", open[0].summary);
        assert_eq!(tick(store, 31 + 185).await, 0, "an alert does not double");
        let runs = runs(store).await;
        assert_eq!((runs.len(), runs[0].device.as_ref()), (1, Some(&switch)));
        assert!(open_alerts(store, &one).await.is_empty() && open_alerts(store, &two).await.is_empty());
        sees(store, &one, &switch, 5, 300).await;
        assert_eq!(tick(store, 301).await, 1);
        assert_eq!(open_alerts(store, &switch).await.len(), 1, "one answer is not believed yet");
        assert_eq!(tick(store, 361).await, 1);
        assert!(open_alerts(store, &switch).await.is_empty());
    }

    async fn a_watcher_that_is_switched_off_leaves_the_switch_unknown_not_down(store: &Store) {
        let pc = add_device(store, "pc").await;
        let switch = a_switch(store, std::slice::from_ref(&pc)).await;
        sees(store, &pc, &switch, 5, 0).await;
        tick(store, 1).await;
        tick(store, 3_600).await;
        assert_eq!(state(store, &switch).await, Answering::Unknown);
        tick(store, 36_000).await;
        assert!(open_alerts(store, &switch).await.is_empty());
        assert_eq!(watch_silence(store, &bench(), &WorkingHours::default(), at(600)).await.unwrap(), 0);
    }

    async fn one_that_is_down_when_its_watcher_falls_silent_stays_alerted_until_it_is_removed(store: &Store) {
        let pc = add_device(store, "pc").await;
        let switch = a_switch(store, std::slice::from_ref(&pc)).await;
        sees(store, &pc, &switch, 0, 0).await;
        tick(store, 1).await;
        tick(store, 200).await;
        assert_eq!(open_alerts(store, &switch).await.len(), 1);
        tick(store, 3_600).await;
        assert_eq!(state(store, &switch).await, Answering::Unknown);
        assert_eq!(open_alerts(store, &switch).await.len(), 1);
        manage_network::remove(store, &bench(), &switch, &ana(), at(3_700)).await.unwrap();
        assert!(open_alerts(store, &switch).await.is_empty());
        assert!(store.read().await.unwrap().watched_targets().await.unwrap().is_empty());
        let gone = manage_network::watch(store, &switch, &[], &ana(), at(3_800)).await;
        assert!(matches!(gone, Err(manage_network::Error::NotFound(_))));
    }

    async fn nonsense_about_a_network_device_is_refused_with_the_remedy(store: &Store) {
        let good = Wanted {
            name: "Impresora".into(),
            kind: NetworkDeviceKind::Printer,
            probe: TargetKind::Tcp,
            address: "192.0.2.9:9100".into(),
            site: None,
        };
        for address in ["192.0.2.9", "; reboot", "", "224.0.0.1:9100"] {
            let wanted = Wanted { address: address.into(), ..good.clone() };
            let refused = manage_network::add(store, &wanted, &ana(), at(0)).await;
            assert!(matches!(refused, Err(manage_network::Error::Address(_))), "{address}");
        }
        let nameless = Wanted { name: " ".into(), ..good.clone() };
        let refused = manage_network::add(store, &nameless, &ana(), at(0)).await;
        assert!(matches!(refused, Err(manage_network::Error::Name)));
        let id = manage_network::add(store, &good, &ana(), at(0)).await.unwrap();
        let stranger = [DeviceId::new("nobody")];
        let refused = manage_network::watch(store, &id, &stranger, &ana(), at(0)).await;
        assert!(matches!(refused, Err(manage_network::Error::NotFound(_))));
        let refused = manage_network::watch(store, &id, std::slice::from_ref(&id), &ana(), at(0)).await;
        assert!(matches!(refused, Err(manage_network::Error::NotFound(_))), "it cannot watch itself");
    }

    async fn a_new_policy_of_an_area_is_judged_at_once_and_audited(store: &Store) {
        let area = create_area(store, &ana(), "Tesorería", None, false, at(0)).await.unwrap().id;
        let pc = add_device(store, "pc").await;
        let mut db = store.write().await.unwrap();
        db.place_device(&pc, "CAJA-1", Some(&area)).await.unwrap();
        db.commit().await.unwrap();
        let remote = AllowedPort { protocol: "tcp".into(), port: "3389".into(), source: "any".into() };
        let value = Firewall {
            enabled: Some(true),
            default_inbound: Some(PacketPolicy::Drop),
            allowed: vec![remote],
            listening_status: Status::Ok,
            ..Firewall::default()
        };
        arrives(store, &pc, Section::Firewall(Reading::ok(value, "nft", at(1))), 1).await;
        let departs = async |store: &Store| {
            open_alerts(store, &pc).await.iter().any(|alert| alert.rule == Rule::FirewallPolicy)
        };
        assert!(departs(store).await);
        let own = WantedPolicy { with_common: false, ports: vec!["tcp/3389".parse().unwrap()] };
        set_policy(store, &bench(), &area, Some(own), &ana(), at(2)).await.unwrap();
        assert!(!departs(store).await);
        set_policy(store, &bench(), &area, None, &ana(), at(3)).await.unwrap();
        assert!(departs(store).await);
        let acts = store.read().await.unwrap().audit_acts().await.unwrap();
        assert_eq!(acts, ["area.create", "area.policy", "area.policy"]);
        let missing = crate::domain::id::AreaId::new("none");
        let refused = set_policy(store, &bench(), &missing, None, &ana(), at(4)).await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
    }

    async fn an_administrator_that_appears_is_alerted_until_somebody_vouches_for_it(store: &Store) {
        let pc = add_device(store, "pc").await;
        let accounts = |names: &[&str], second| {
            let accounts = names.iter().map(|name| Account {
                name: (*name).into(),
                administrator: Some(true),
                ..Account::default()
            });
            let value = Accounts { accounts: accounts.collect(), left_out: 0 };
            Section::Accounts(Reading::ok(value, "passwd", at(second)))
        };
        arrives(store, &pc, accounts(&["root"], 1), 1).await;
        assert!(open_alerts(store, &pc).await.is_empty(), "the first reading is where knowing begins");
        arrives(store, &pc, accounts(&["root", "soporte"], 2), 2).await;
        let open = open_alerts(store, &pc).await;
        assert_eq!((open.len(), open[0].rule), (1, Rule::NewAdministrator));
        assert!(open[0].summary.contains("soporte"));
        let vouch = async |name: &str| accept_administrator(store, &bench(), &pc, name, &ana(), at(3)).await;
        assert!(matches!(vouch("nadie").await, Err(Error::NotFound(_))));
        vouch("soporte").await.unwrap();
        vouch("soporte").await.unwrap();
        assert!(open_alerts(store, &pc).await.is_empty());
        let acts = store.read().await.unwrap().audit_acts().await.unwrap();
        assert_eq!(acts, ["device.accept_administrator"]);
    }
}
