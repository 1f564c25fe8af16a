//! The readings answer on the pages of runs: proposals that are confirmed or overridden with a reason, the sheet of a PC,
//! tests of a network, addresses the collector looks at.

use axum::http::StatusCode;
use jiff::Timestamp;

use super::house::House;
use crate::actions::advance_run::advance_run;
use crate::actions::open_run::{Opening, open_run};
use crate::domain::access::Actor;
use crate::domain::device::DeviceStatus;
use crate::domain::id::DeviceId;
use crate::domain::person::Role;
use crate::domain::reading::{
    Antivirus, AntivirusProduct, Connectivity, Firewall, Gateway, ListeningSocket, PacketPolicy,
    Reading, Section, Status, Verdict,
};
use crate::domain::run::{Entry, Event, EventKind, Planned, Run};
use crate::store::Arrival;

fn antivirus() -> Section {
    let now = Timestamp::now();
    let product = AntivirusProduct {
        name: "ClamAV".into(),
        running: Some(true),
        real_time: Some(true),
        signatures_at: Some(now),
        ..AntivirusProduct::default()
    };
    Section::Antivirus(Reading::ok(Antivirus { products: vec![product] }, "clamd", now))
}

fn firewall(port: u16) -> Section {
    let socket = ListeningSocket {
        protocol: "tcp".into(),
        address: "0.0.0.0".into(),
        port,
        process: Some("x11vnc <b>".into()),
        pid: None,
        service: None,
        loopback: false,
    };
    let read = Firewall {
        enabled: Some(true),
        default_inbound: Some(PacketPolicy::Drop),
        listening_status: Status::Ok,
        listening: vec![socket],
        ..Firewall::default()
    };
    Section::Firewall(Reading::ok(read, "nft", Timestamp::now()))
}

fn link() -> Section {
    let gateway = Gateway {
        address: Some("192.168.7.1".into()),
        reachable: Some(true),
        ..Gateway::default()
    };
    let read = Connectivity { verdict: Verdict::Ok, gateway, ..Connectivity::default() };
    Section::Connectivity(Reading::ok(read, "icmp", Timestamp::now()))
}

async fn speaks(house: &House, device: &DeviceId) {
    let now = Timestamp::now();
    let arrival = Arrival {
        device: device.clone(),
        seen_at: now,
        taken_at: now,
        clock_skew_us: 0,
        unchanged: String::new(),
    };
    let mut db = house.store.write().await.unwrap();
    db.touch(&[arrival]).await.unwrap();
    db.commit().await.unwrap();
}

/// A plan over one subject, dated and at its first visit.
async fn visiting(house: &House, procedure: &str, subject: (String, String)) -> Run {
    let now = Timestamp::now();
    let opening = Opening { subjects: vec![subject], ..Opening::new(procedure, "Revisión") };
    let run = open_run(&house.store, &house.bench, opening, &Actor::Console, now).await.unwrap();
    let plan = vec![Planned { position: 1, on: "2026-12-01".parse().unwrap() }];
    let entry = Entry { plan, ..Entry::default() };
    let step = run.present_step().unwrap().clone();
    let event = Event::Complete { step, entry };
    advance_run(&house.store, &house.bench, &run.id, None, event, &Actor::Console, now)
        .await
        .unwrap()
}

async fn review(house: &House) -> (DeviceId, Run) {
    let area = house.area("Tesorería").await;
    let pc = house.device("CAJA-1", DeviceStatus::Approved, Some(&area)).await;
    house.reports(&pc, &[antivirus(), firewall(5900)]).await;
    speaks(house, &pc).await;
    (pc, visiting(house, "security", (area.to_string(), "Tesorería".into())).await)
}

async fn events(house: &House, run: &Run) -> Vec<crate::domain::run::RecordedEvent> {
    house.store.read().await.unwrap().run_events(&run.id).await.unwrap()
}

#[tokio::test]
async fn the_sheet_of_a_pc_answers_and_its_answers_are_confirmed_until_one_is_not_known() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Head).await;
    let (pc, run) = review(&house).await;
    assert_eq!(run.present_device.as_ref(), Some(&pc));
    let path = format!("/tramites/{}/equipos/{pc}", run.id);
    let page = house.get(&path, &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let page = page.body;
    assert!(page.contains("ClamAV") && page.contains("Fuente: <bdi>clamd</bdi>"), "{page}");
    assert!(page.contains("x11vnc &#60;b&#62;") && page.contains("Bloquear tcp/5900"), "{page}");
    assert!(page.contains("Eso no prueba que el equipo esté limpio"));
    let confirmed = house.post(&format!("{path}/confirmar"), &cookie, &[]).await;
    assert_eq!(confirmed.status, StatusCode::OK);
    assert!(
        confirmed.body.contains("Se confirmaron 4 pasos. Paso 14, no se sabe"),
        "{}",
        confirmed.body
    );
    let events = events(&house, &run).await;
    let answered = events.iter().filter(|event| event.kind == EventKind::Answered);
    let answers: Vec<_> =
        answered.map(|event| (event.answer, event.data.proposal.is_some())).collect();
    let by_ana = answers.iter().filter(|(_, proposed)| *proposed).count();
    assert_eq!(by_ana, 3, "{answers:?}");
    let stranger = house.device("OTRA", DeviceStatus::Approved, None).await;
    let elsewhere = house.get(&format!("/tramites/{}/equipos/{stranger}", run.id), &cookie).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_order_from_the_sheet_is_for_who_may_and_is_kept_with_the_run() {
    let house = House::new().await;
    let (ana, eva) =
        (house.signed_in("ana", Role::Head).await, house.signed_in("eva", Role::Technician).await);
    let (pc, run) = review(&house).await;
    let path = format!("/tramites/{}/equipos/{pc}", run.id);
    let block = [("accion", "block_port"), ("protocolo", "tcp"), ("puerto", "5900")];
    let refused = house.post(&format!("{path}/ordenes"), &eva, &block).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!house.get(&path, &eva).await.body.contains("Bloquear tcp/5900"));
    let ordered = house.post(&format!("{path}/ordenes"), &ana, &block).await;
    assert_eq!(ordered.status, StatusCode::SEE_OTHER, "{}", ordered.body);
    assert!(house.get(&path, &ana).await.body.contains("<b>Bloquear puerto</b>"));
    let mut db = house.store.read().await.unwrap();
    let of_run = db.actions_of_run(&run.id, 10).await.unwrap();
    assert_eq!(of_run.len(), 1);
    assert_eq!(db.run_of_action(&of_run[0].id).await.unwrap(), Some(run.id.clone()));
    let stray = house.device("OTRA", DeviceStatus::Approved, None).await;
    let path = format!("/tramites/{}/equipos/{stray}/ordenes", run.id);
    let refused = house.post(&path, &ana, &[("accion", "quick_scan")]).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
}

#[tokio::test]
async fn an_answer_against_the_readings_wants_a_reason_and_the_proposal_is_kept() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Head).await;
    let (_, run) = review(&house).await;
    let path = format!("/tramites/{}/pasos", run.id);
    let answer = async |step: &str, version: u32, answer: &str, note: &str| {
        let version = version.to_string();
        let form =
            [("paso", step), ("version", version.as_str()), ("respuesta", answer), ("nota", note)];
        house.post(&path, &cookie, &form).await
    };
    let first = run.present_step().unwrap().to_string();
    answer(&first, run.version, "", "").await;
    let at = house.store.read().await.unwrap().run(&run.id).await.unwrap().unwrap();
    assert_eq!(at.present_step().unwrap().as_str(), "5");
    let page = house.get(&format!("/tramites/{}", run.id), &cookie).await.body;
    assert!(page.contains("Confirmar: sí"), "{page}");
    let bare = answer("5", at.version, "no", "").await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    let reasoned = answer("5", at.version, "no", "Es una versión pirata.").await;
    assert_eq!(reasoned.status, StatusCode::SEE_OTHER, "{}", reasoned.body);
    let kept = events(&house, &run).await;
    let kept = kept.iter().find(|event| event.note == "Es una versión pirata.").unwrap();
    let proposal = kept.data.proposal.as_ref().unwrap();
    assert_eq!((kept.answer, proposal.answer), (Some(false), Some(true)));
}

#[tokio::test]
async fn a_network_is_tested_by_its_own_pcs_once_at_a_time() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Head).await;
    let pc = house.device("CAJA-1", DeviceStatus::Approved, None).await;
    house.reports(&pc, &[link()]).await;
    let said = crate::actions::networks::NamedNetwork {
        name: "Palacio".into(),
        gateway: "192.168.7.1".into(),
        ..Default::default()
    };
    let now = Timestamp::now();
    let network =
        crate::actions::networks::add(&house.store, &said, &Actor::Console, now).await.unwrap();
    let run = visiting(&house, "network", (network.to_string(), "Palacio".into())).await;
    let path = format!("/tramites/{}", run.id);
    assert!(house.get(&path, &cookie).await.body.contains("Probar 60 s"));
    let mut db = house.store.write().await.unwrap();
    let long_ago = Timestamp::from_second(now.as_second() - 7_200).unwrap();
    let silent = Arrival {
        device: pc.clone(),
        seen_at: long_ago,
        taken_at: long_ago,
        clock_skew_us: 0,
        unchanged: String::new(),
    };
    db.touch(&[silent]).await.unwrap();
    db.commit().await.unwrap();
    let nobody = house.post(&format!("{path}/prueba-red"), &cookie, &[]).await;
    assert!(nobody.status.is_client_error() && nobody.body.contains("no hay quien la pruebe"));
    speaks(&house, &pc).await;
    let tested = house.post(&format!("{path}/prueba-red"), &cookie, &[]).await;
    assert_eq!(tested.status, StatusCode::SEE_OTHER, "{}", tested.body);
    let page = house.get(&path, &cookie).await.body;
    assert!(page.contains("CAJA-1") && !page.contains("Probar 60 s"), "{page}");
    let again = house.post(&format!("{path}/prueba-red"), &cookie, &[]).await;
    assert!(again.body.contains("Ya hay una prueba en curso"), "{}", again.body);
}

#[tokio::test]
async fn a_run_without_addresses_has_nothing_to_look_at() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Head).await;
    let (_, run) = review(&house).await;
    let looked = house.post(&format!("/tramites/{}/comprobar", run.id), &cookie, &[]).await;
    assert_eq!(looked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(looked.body.contains("ninguna dirección"));
}
