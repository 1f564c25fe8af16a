//! Network devices, who looks at them and what these saw, on both engines.

use super::*;
use crate::domain::network_device::{Answering, NetworkDevice, NetworkDeviceKind};
use crate::domain::reading::{Connectivity, Target, TargetKind};

fn printer(id: &str, sample: bool) -> NetworkDevice {
    NetworkDevice {
        id: DeviceId::new(id),
        name: "Impresora de Tesorería".into(),
        kind: NetworkDeviceKind::Printer,
        probe: TargetKind::Tcp,
        address: "192.0.2.9:9100".into(),
        site: None,
        site_name: None,
        state: Answering::Unknown,
        state_since: at(1),
        sample,
    }
}

on_both_engines! {
    async fn a_network_device_is_a_device_but_no_pc(store: &Store) {
        let pc = with_device(store, "pc").await;
        let mut db = store.write().await.unwrap();
        let site = db.site_named("Palacio", &SiteId::new("s"), false).await.unwrap();
        let device = NetworkDevice { site: Some(site), ..printer("n", false) };
        db.add_network_device(&device, at(1)).await.unwrap();
        let kept = db.network_device(&device.id).await.unwrap().unwrap();
        assert_eq!(kept.site_name.as_deref(), Some("Palacio"));
        assert_eq!(NetworkDevice { site_name: None, ..kept }, device);
        assert!(db.device(&device.id).await.unwrap().is_some());
        let fleet: Vec<DeviceId> = db.fleet().await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(fleet, std::slice::from_ref(&pc.id));
        let unseen = db.devices_unseen(at(1_000_000)).await.unwrap();
        assert_eq!(unseen.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [pc.id]);
        db.set_answering(&device.id, Answering::Down, at(5)).await.unwrap();
        let kept = db.network_device(&device.id).await.unwrap().unwrap();
        assert_eq!((kept.state, kept.state_since), (Answering::Down, at(5)));
        let moved = NetworkDevice { name: "Otra".into(), probe: TargetKind::Icmp, site: None, address: "192.0.2.8".into(), ..device.clone() };
        db.change_network_device(&moved).await.unwrap();
        let kept = db.network_devices().await.unwrap().remove(0);
        assert_eq!((kept.name.as_str(), kept.probe, kept.site), ("Otra", TargetKind::Icmp, None));
        db.set_device_status(&device.id, DeviceStatus::Revoked).await.unwrap();
        assert_eq!(db.network_device(&device.id).await.unwrap(), None);
    }

    async fn who_watches_is_told_what_and_gives_what_it_saw(store: &Store) {
        let (one, two) = (with_device(store, "one").await, with_device(store, "two").await);
        let mut db = store.write().await.unwrap();
        let device = printer("n", false);
        db.add_network_device(&device, at(1)).await.unwrap();
        db.set_watchers(&device.id, &[one.id.clone(), two.id.clone()]).await.unwrap();
        db.set_watchers(&device.id, &[two.id.clone(), two.id.clone()]).await.unwrap();
        let told = db.watched_targets().await.unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!((&told[0].0, told[0].1.id.as_str(), told[0].1.kind), (&two.id, "n", TargetKind::Tcp));
        let watches = db.watches().await.unwrap();
        assert_eq!((watches.len(), &watches[0].watcher, watches[0].watcher_name.as_str()), (1, &two.id, two.name.as_str()));
        assert!(db.looks_of_watchers().await.unwrap().is_empty());
        let target = Target {
            id: Some("n".into()),
            name: "x".into(),
            kind: TargetKind::Tcp,
            address: "192.0.2.9:9100".into(),
            fallback: None,
            measurement: Default::default(),
        };
        let value = Connectivity { devices: vec![target], ..Connectivity::default() };
        let section = Section::Connectivity(Reading::ok(value, "icmp", at(2)));
        for pc in [&one, &two] {
            db.put_section(&pc.id, &section, at(3)).await.unwrap();
            let arrival = Arrival {
                device: pc.id.clone(),
                seen_at: at(90),
                taken_at: at(80),
                clock_skew_us: 0,
                unchanged: "connectivity:30".into(),
            };
            db.touch(&[arrival]).await.unwrap();
        }
        let looks = db.looks_of_watchers().await.unwrap();
        assert_eq!((looks.len(), &looks[0].0, &looks[0].1, looks[0].2), (1, &two.id, &section, at(3)));
        assert_eq!(looks[0].3.looked_at(SectionKind::Connectivity, at(3)), at(60));
        assert_eq!(looks[0].3.looked_at(SectionKind::Disk, at(3)), at(3));
    }

    async fn a_sample_device_goes_with_the_sample_and_a_real_one_keeps_its_place(store: &Store) {
        let mut db = store.write().await.unwrap();
        let site = db.site_named("Muestra", &SiteId::new("s"), true).await.unwrap();
        db.add_network_device(&printer("made-up", true), at(1)).await.unwrap();
        let real = NetworkDevice { site: Some(site), ..printer("real", false) };
        db.add_network_device(&real, at(1)).await.unwrap();
        assert_eq!(db.remove_sample().await.unwrap(), 1);
        let kept = db.network_devices().await.unwrap();
        assert_eq!((kept.len(), kept[0].site_name.as_deref()), (1, Some("Muestra")));
    }
}
