//! Orders to the agent by page and by API: who sees what, what is ordered, and how a result is shown.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::house::House;
use crate::domain::action::ActionResult;
use crate::domain::device::DeviceStatus;
use crate::domain::person::{Role, Scope};
use crate::domain::reading::{
    Action, ActionOutcome, BlockEvidence, Diagnostics, DiagnosticsPart, Evidence, Finding,
    Protocol, ScanEvidence,
};

#[tokio::test]
async fn a_technician_orders_tests_and_scans_and_only_the_head_blocks_ports() {
    let house = House::new().await;
    let technician = house.signed_in("ana", Role::Technician).await;
    let head = house.signed_in("luz", Role::Head).await;
    let desk = house.signed_in("eva", Role::FrontDesk).await;
    let id = house.device("PC-1", DeviceStatus::Approved, None).await;
    let (sheet, path) = (format!("/equipos/{id}"), format!("/equipos/{id}/ordenes"));
    let page = house.get(&sheet, &technician).await.body;
    assert!(page.contains("Probar la red 60 s") && !page.contains("Bloquear un puerto"));
    assert!(house.get(&sheet, &head).await.body.contains("Bloquear un puerto de entrada"));
    assert!(!house.get(&sheet, &desk).await.body.contains("Probar la red"));
    let block =
        [("accion", "block_port"), ("protocolo", "tcp"), ("puerto", "445"), ("minutos", "60")];
    assert_eq!(house.post(&path, &technician, &block).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        house.post(&path, &desk, &[("accion", "quick_scan")]).await.status,
        StatusCode::FORBIDDEN
    );
    for nonsense in [
        &[("accion", "borrar")][..],
        &[("accion", "block_port"), ("protocolo", "tcp"), ("puerto", "0"), ("minutos", "60")],
        &[("accion", "block_port"), ("protocolo", "sctp"), ("puerto", "1"), ("minutos", "60")],
        &[("accion", "block_port"), ("protocolo", "tcp"), ("puerto", "70000"), ("minutos", "60")],
        &[("accion", "block_port"), ("protocolo", "tcp"), ("puerto", "1"), ("minutos", "99999999")],
    ] {
        let answer = house.post(&path, &head, nonsense).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{nonsense:?}");
    }
    assert_eq!(house.post(&path, &head, &block).await.location(), format!("{sheet}#ordenes"));
    house.post(&path, &technician, &[("accion", "network_test")]).await;
    let page = house.get(&sheet, &technician).await.body;
    assert!(
        page.contains("Bloquear puerto tcp/445, por 60 min")
            && page.contains("Prueba de red, 60 s")
    );
}

#[tokio::test]
async fn what_an_agent_proves_is_shown_as_text_and_a_block_can_be_undone() {
    let house = House::new().await;
    let head = house.signed_in("luz", Role::Head).await;
    let token = house.token(Scope::Write).await;
    let id = house.device("PC-1", DeviceStatus::Approved, None).await;
    let api = format!("/api/v1/devices/{id}/actions");
    let hostile = "<script>alert(1)</script>".to_owned();
    let part = DiagnosticsPart { name: "log".into(), text: hostile.clone() };
    let found = Finding { name: "Eicar-Test".into(), path: hostile.clone() };
    let scan =
        ScanEvidence { product: "ClamAV".into(), found: vec![found], ..ScanEvidence::default() };
    let after = "elements = { 445 }".into();
    for (action, evidence) in [
        (
            json!({"kind": "collect_diagnostics"}),
            Evidence::Diagnostics(Diagnostics { parts: vec![part] }),
        ),
        (json!({"kind": "quick_scan"}), Evidence::Scan(scan)),
        (
            json!({"kind": "block_port", "protocol": "tcp", "port": 445}),
            Evidence::Block(BlockEvidence { before: String::new(), after }),
        ),
    ] {
        let ordered = house.api(Method::POST, &api, &token, Some(json!({"action": action}))).await;
        assert_eq!(ordered.status, StatusCode::CREATED, "{}", ordered.body);
        let kept = ordered.json();
        assert_eq!((&kept["state"], &kept["outcome"]), (&json!("ordered"), &json!(null)));
        let order = crate::domain::id::ActionId::new(kept["id"].as_str().unwrap());
        let (outcome, detail) = (ActionOutcome::Done, hostile.clone());
        let result = ActionResult { outcome, detail, evidence: Some(evidence) };
        let mut db = house.store.write().await.unwrap();
        let now = jiff::Timestamp::now();
        db.finish_action(&order, &id, &result, now).await.unwrap().unwrap();
        db.commit().await.unwrap();
    }
    let sheet = format!("/equipos/{id}");
    let page = house.get(&sheet, &head).await.body;
    for words in ["Últimos mensajes", "Eicar-Test", "elements = { 445 }", "Desbloquear tcp/445"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("<script>alert"));
    let undo = [("accion", "unblock_port"), ("protocolo", "tcp"), ("puerto", "445")];
    house.post(&format!("{sheet}/ordenes"), &head, &undo).await;
    let listed = house.read_api(&api, &token).await.json();
    let unblock = Action::UnblockPort { protocol: Protocol::Tcp, port: 445 };
    assert_eq!(listed[0]["action"], serde_json::to_value(unblock).unwrap());
    assert_eq!(listed[1]["evidence"]["after"], "elements = { 445 }");
}

#[tokio::test]
async fn the_api_refuses_what_is_no_order_and_who_may_only_read() {
    let house = House::new().await;
    let (read, write) = (house.token(Scope::Read).await, house.token(Scope::Write).await);
    let id = house.device("PC-1", DeviceStatus::Approved, None).await;
    let api = format!("/api/v1/devices/{id}/actions");
    let scan = json!({"action": {"kind": "quick_scan"}});
    assert_eq!(
        house.api(Method::POST, &api, &read, Some(scan.clone())).await.status,
        StatusCode::FORBIDDEN
    );
    for nonsense in [
        json!({"action": {"kind": "run", "command": "id"}}),
        json!({"action": {"kind": "quick_scan", "path": "/etc"}}),
        json!({"action": {"kind": "block_port", "protocol": "tcp", "port": 0}}),
        json!({"action": {"kind": "network_test", "seconds": 600}}),
        json!({"action": {"kind": "quick_scan"}, "expires_in_min": 0}),
        json!({"action": {"kind": "quick_scan"}, "shell": "id"}),
    ] {
        let answer = house.api(Method::POST, &api, &write, Some(nonsense.clone())).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{nonsense}");
    }
    let nobody =
        house.api(Method::POST, "/api/v1/devices/nadie/actions", &write, Some(scan.clone())).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert_eq!(house.read_api(&api, &read).await.json(), json!([]));
}
