//! The contract of the JSON API.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::house::{Answer, House};
use crate::domain::person::{Role, Scope};

impl House {
    pub(super) async fn api(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    pub(super) async fn read_api(&self, path: &str, token: &str) -> Answer {
        self.api(Method::GET, path, token, None).await
    }
}

#[tokio::test]
async fn without_a_good_token_there_is_nothing() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    for path in
        ["/api/v1/devices", "/api/v1/alerts", "/api/v1/runs", "/api/v1/procedures/corrective"]
    {
        for answer in [house.get(path, &cookie).await, house.read_api(path, "inventado").await] {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            let error = answer.json();
            assert_eq!(error["error"]["code"], "unauthenticated");
            assert_eq!(
                error["error"]["request_id"],
                answer.headers["x-request-id"].to_str().unwrap()
            );
        }
    }
}

#[tokio::test]
async fn a_procedure_is_told_as_promised() {
    let house = House::new().await;
    let token = house.token(Scope::Read).await;
    let corrective = house.read_api("/api/v1/procedures/corrective", &token).await.json();
    assert_eq!(corrective["code"], "corrective");
    assert_eq!(
        (corrective["edition"].clone(), corrective["about"].clone()),
        (json!("2"), json!("device"))
    );
    let steps = corrective["steps"].as_array().unwrap();
    let step = |id: &str, field: &str| {
        let step = steps.iter().find(|step| step["id"] == id).unwrap();
        step.get(field).cloned().unwrap_or(Value::Null)
    };
    assert_eq!((step("1", "no"), step("1", "next")), (json!(1), json!("2")));
    assert_eq!(
        (step("4", "kind"), step("4", "next")),
        (json!("question"), json!({"yes": "6", "no": "5"}))
    );
    assert_eq!((step("5a", "no"), step("5a", "needs")), (json!(5), json!(["signature"])));
    assert_eq!((step("12", "kind"), step("12", "next")), (json!("end"), Value::Null));
    let first = house.read_api("/api/v1/procedures/corrective?edition=1", &token).await.json();
    assert_eq!(first["steps"].as_array().unwrap().len(), 12);
    let all = house.read_api("/api/v1/procedures", &token).await.json();
    assert_eq!((all["total"].clone(), all["items"][1].clone()), (json!(9), corrective));
    let account = &all["items"][8];
    assert_eq!(account["four_eyes"][0], json!({"step": "13", "not_by": "7"}));
    let none = house.read_api("/api/v1/procedures/nada", &token).await;
    assert_eq!(
        (none.status, none.json()["error"]["code"].clone()),
        (StatusCode::NOT_FOUND, json!("not_found"))
    );
}

#[tokio::test]
async fn devices_alerts_and_runs_lead_to_each_other() {
    let house = House::new().await;
    let token = house.token(Scope::Read).await;
    house.healthy("PC-SANA").await;
    let (id, run) = house.broken("PC-ENFERMA").await;
    let devices = house.read_api("/api/v1/devices?state=critical", &token).await.json();
    assert_eq!(
        (devices["total"].clone(), devices["items"][0]["id"].clone()),
        (json!(1), json!(id.as_str()))
    );
    assert_eq!(devices["items"][0]["verdicts"]["antivirus"], "critical");
    let device = house.read_api(&format!("/api/v1/devices/{id}"), &token).await.json();
    assert_eq!(device["sections"]["antivirus"]["status"], "ok");
    assert_eq!(device["sections"]["antivirus"]["products"], json!([]));
    assert_eq!(device["firewall_policy"]["conforms"], Value::Null);
    let alerts =
        house.read_api(&format!("/api/v1/alerts?open=true&device={id}"), &token).await.json();
    assert_eq!(alerts["items"][0]["rule"], "no_antivirus");
    assert_eq!(alerts["items"][0]["run"]["name"], run.folio.as_str());
    let runs = house.read_api("/api/v1/runs?state=open", &token).await.json();
    assert_eq!((runs["total"].clone(), runs["items"][0]["step"].clone()), (json!(1), json!("2")));
    let run = house.read_api(&format!("/api/v1/runs/{}", run.id), &token).await.json();
    assert_eq!(run["events"][0]["kind"], "opened");
    assert_eq!(run["alerts"][0]["device_id"], id.as_str());
}

#[tokio::test]
async fn lists_are_bounded_and_a_wrong_word_is_named() {
    let house = House::new().await;
    let token = house.token(Scope::Read).await;
    for name in ["A", "B", "C"] {
        house.healthy(name).await;
    }
    let part = house.read_api("/api/v1/devices?offset=1&limit=1", &token).await.json();
    assert_eq!((part["total"].clone(), part["items"][0]["name"].clone()), (json!(3), json!("B")));
    for (query, word) in [
        ("devices?limit=0", "limit=0"),
        ("devices?limit=9999", "entre 1 y 500"),
        ("devices?limit=-1", "limit"),
        ("devices?state=malo", "malo"),
        ("alerts?rule=malo", "no_antivirus"),
        ("runs?state=malo", "open"),
    ] {
        let refused = house.read_api(&format!("/api/v1/{query}"), &token).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(word), "{query}: {message}");
    }
}

#[tokio::test]
async fn a_write_token_answers_a_step_and_a_read_token_does_not() {
    let house = House::new().await;
    let (reader, writer) = (house.token(Scope::Read).await, house.token(Scope::Write).await);
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/api/v1/runs/{}/steps", run.id);
    let body = json!({"step": "2", "version": run.version, "note": "por el tablero"});
    let refused = house.api(Method::POST, &path, &reader, Some(body.clone())).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let taken = house.api(Method::POST, &path, &writer, Some(body.clone())).await;
    assert_eq!((taken.status, taken.json()["step"].clone()), (StatusCode::OK, json!("3")));
    let last = taken.json()["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["actor"].clone(), last["role"].clone()), (json!("tablero"), json!("token")));
    let stale = house.api(Method::POST, &path, &writer, Some(body)).await;
    assert_eq!(
        (stale.status, stale.json()["error"]["code"].clone()),
        (StatusCode::CONFLICT, json!("conflict"))
    );
    let wrong = house.api(Method::POST, &path, &writer, Some(json!({"paso": "3"}))).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.json()["error"]["message"].as_str().unwrap().contains("paso"));
}

#[tokio::test]
async fn the_description_covers_every_address() {
    let house = House::new().await;
    let description = house.get("/api/openapi.json", "").await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let paths = description["paths"].as_object().unwrap();
    for path in [
        "/api/v1/devices",
        "/api/v1/devices/{id}",
        "/api/v1/network-devices",
        "/api/v1/alerts",
        "/api/v1/runs",
        "/api/v1/runs/{id}",
        "/api/v1/runs/{id}/steps",
        "/api/v1/procedures",
        "/api/v1/procedures/{code}",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    assert!(description["components"]["securitySchemes"]["token"].is_object());
}
