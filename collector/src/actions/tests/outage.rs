//! A silent site is one run about its network, not one for each of its PCs.

use super::*;
use crate::actions::gather_outage::gather_outages;
use crate::actions::networks;
use crate::domain::reading::{Connectivity, Gateway, Verdict};

const GATEWAY: &str = "192.168.7.1";

async fn seen(store: &Store, pcs: &[DeviceId], second: i64) {
    let mut db = store.write().await.unwrap();
    let arrival = |pc: &DeviceId| Arrival {
        device: pc.clone(),
        seen_at: at(second),
        taken_at: at(second),
        clock_skew_us: 0,
        unchanged: String::new(),
    };
    db.touch(&pcs.iter().map(arrival).collect::<Vec<_>>()).await.unwrap();
    db.commit().await.unwrap();
}

fn link(verdict: Verdict, second: i64) -> Section {
    let gateway = Gateway { address: Some(GATEWAY.into()), ..Gateway::default() };
    let read = Connectivity { verdict, gateway, ..Connectivity::default() };
    Section::Connectivity(Reading::ok(read, "icmp", at(second)))
}

/// So many PCs behind one gateway, all well.
async fn site(store: &Store, count: usize) -> Vec<DeviceId> {
    let mut pcs = Vec::new();
    for number in 0..count {
        let pc = add_device(store, &format!("{number:02}")).await;
        arrives(store, &pc, link(Verdict::Ok, 1), 1).await;
        pcs.push(pc);
    }
    seen(store, &pcs, 1).await;
    networks::note_gateways(store).await.unwrap();
    pcs
}

async fn clock(store: &Store, second: i64) {
    let bench = bench();
    watch_silence(store, &bench, &bench.hours, at(second)).await.unwrap();
    gather_outages(store, &bench, at(second)).await.unwrap();
    close_recovered(store, &bench, at(second)).await.unwrap();
}

async fn subjects(store: &Store, run: &Run) -> Vec<String> {
    let subjects = store.read().await.unwrap().run_subjects(&run.id).await.unwrap();
    subjects.into_iter().map(|subject| subject.name).collect()
}

on_both_engines! {
    async fn forty_pcs_that_fall_silent_open_one_run_about_their_network(store: &Store) {
        let pcs = site(store, 40).await;
        clock(store, 17 * 60).await;
        let all = runs(store).await;
        assert_eq!(all.len(), 1, "{:?}", all.iter().map(|run| &run.title).collect::<Vec<_>>());
        let run = &all[0];
        assert_eq!(run.procedure, "network");
        assert_eq!(subjects(store, run).await, ["Red de 192.168.7.1"]);
        assert!(run.title.contains("40 de 40"), "{}", run.title);
        assert_eq!(run.present_step(), Some(&StepId::new("4")));
        assert!(!run.touched);
        let alerts = store.read().await.unwrap().alerts_of_run(&run.id).await.unwrap();
        assert_eq!(alerts.len(), 40);
        let joined = kinds(store, run).await;
        let joined = joined.iter().filter(|kind| **kind == EventKind::AlertJoined).count();
        assert_eq!(joined, 40);
        clock(store, 17 * 60 + 5).await;
        assert_eq!(runs(store).await.len(), 1, "the clock asked again");
        // The light is back: nobody touched the run, so it ends by itself, ten minutes after.
        seen(store, &pcs, 20 * 60).await;
        clock(store, 20 * 60 + 1).await;
        assert!(runs(store).await[0].is_open());
        seen(store, &pcs, 31 * 60).await;
        clock(store, 31 * 60).await;
        let closed = &runs(store).await[0].state;
        assert!(matches!(closed, RunState::Closed { outcome: Outcome::Recovered, .. }), "{closed:?}");
    }

    async fn a_network_in_hand_is_not_closed_by_itself(store: &Store) {
        add_ana(store).await;
        let pcs = site(store, 5).await;
        clock(store, 17 * 60).await;
        let run = runs(store).await.remove(0);
        let step = run.present_step().unwrap().clone();
        let event = Event::Complete { step, entry: Entry::note("Voy para allá.") };
        let by = head();
        advance_run(store, &bench(), &run.id, None, event, &by, at(18 * 60)).await.unwrap();
        seen(store, &pcs, 20 * 60).await;
        clock(store, 20 * 60 + 1).await;
        seen(store, &pcs, 40 * 60).await;
        clock(store, 40 * 60).await;
        assert!(runs(store).await[0].is_open());
    }

    async fn two_pcs_that_fall_among_many_are_their_own_affair(store: &Store) {
        let pcs = site(store, 10).await;
        seen(store, &pcs[2..], 17 * 60).await;
        clock(store, 17 * 60).await;
        assert_eq!(runs(store).await.len(), 0, "they wait for others of their network");
        seen(store, &pcs[2..], 21 * 60).await;
        clock(store, 21 * 60).await;
        let all = runs(store).await;
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|run| run.procedure == "corrective"));
    }

    async fn pcs_that_lose_the_internet_join_the_run_of_their_network_and_late_ones_too(store: &Store) {
        let pcs = site(store, 5).await;
        let said = networks::NamedNetwork {
            name: "Palacio".into(),
            gateway: GATEWAY.into(),
            ..networks::NamedNetwork::default()
        };
        networks::add(store, &said, &ana(), at(2)).await.unwrap();
        for pc in &pcs[..4] {
            for second in [60, 61] {
                arrives(store, pc, link(Verdict::Down, second), second).await;
            }
        }
        gather_outages(store, &bench(), at(62)).await.unwrap();
        let all = runs(store).await;
        assert_eq!(all.len(), 1);
        assert_eq!(subjects(store, &all[0]).await, ["Palacio"]);
        for second in [600, 601] {
            arrives(store, &pcs[4], link(Verdict::Down, second), second).await;
        }
        gather_outages(store, &bench(), at(602)).await.unwrap();
        assert_eq!(runs(store).await.len(), 1);
        let alerts = store.read().await.unwrap().alerts_of_run(&all[0].id).await.unwrap();
        assert_eq!(alerts.len(), 5);
    }
}

fn head() -> Actor {
    Actor::of(&Person::new(PersonId::new("p"), "ana", "Ana Núñez", Roles::of(Role::Head)))
}
