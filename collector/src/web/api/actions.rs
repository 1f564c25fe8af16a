//! /api/v1/devices/{id}/actions: orders to the agent of a device.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, http::header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::token::{Reader, Writer};
use super::{Body, MOST, Query, Refusal, answer};
use crate::actions::order_action::Order;
use crate::domain::id::DeviceId;
use crate::domain::reading::Action;
use crate::store::ActionRecord;
use crate::web::access::Technical;
use crate::web::error::Error;
use crate::web::state::Web;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/api/v1/devices/{id}/actions", get(list).post(order))
}

/// What is ordered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionOrder {
    /// `{"kind": …}` with the parameters of its kind: `probe_now {sections?}`, `network_test {seconds, targets?: [{name,
    /// kind: icmp|tcp, address}]}`, `update_signatures`, `quick_scan`, `block_port {protocol: tcp|udp, port, minutes?}`,
    /// `unblock_port {protocol, port}`, `collect_diagnostics`.
    #[schema(value_type = Object, example = json!({"kind": "block_port", "protocol": "tcp", "port": 445, "minutes": 60}))]
    action: Action,
    /// How long it waits for the device to connect, minutes, at most seven days; left out: as long as its kind is worth
    /// it.
    expires_in_min: Option<u32>,
}

/// An order and how it went.
#[derive(Serialize, ToSchema)]
pub(super) struct ActionJson {
    /// Its id.
    id: String,
    /// What was ordered; `null`: a newer collector ordered it.
    #[schema(value_type = Option<Object>)]
    action: Option<Action>,
    /// Word of its kind.
    kind: String,
    /// `ordered`, `sent` or `finished`.
    state: &'static str,
    /// `done`, `failed`, `refused`, `expired` or `unsupported`, once finished.
    outcome: Option<&'static str>,
    /// What the agent said, in Spanish.
    detail: String,
    /// What proves it, `{"kind": "network_test" | "diagnostics" | "block" | "scan", …}`.
    #[schema(value_type = Option<Object>)]
    evidence: Option<crate::domain::reading::Evidence>,
    /// Name of who ordered it.
    requested_by: String,
    /// When it was ordered.
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// Not begun after this.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was first sent to the agent.
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
    /// When it was known how it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl ActionJson {
    fn new(record: ActionRecord) -> ActionJson {
        ActionJson {
            state: record.state().as_str(),
            id: record.id.to_string(),
            action: record.action,
            kind: record.kind,
            outcome: record.outcome.map(|outcome| outcome.as_str()),
            detail: record.detail,
            evidence: record.evidence,
            requested_by: record.requested_by,
            requested_at: record.requested_at,
            expires_at: record.expires_at,
            sent_at: record.sent_at,
            finished_at: record.finished_at,
        }
    }
}

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct Newest {
    /// Most entries to give, 1 to 500.
    limit: u32,
}

impl Default for Newest {
    fn default() -> Self {
        Newest { limit: 50 }
    }
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/actions", params(("id", description = "Id of the device"), Newest),
    responses((status = 200, description = "The last orders, newest first", body = Vec<ActionJson>),
    (status = 401, body = Refusal), (status = 404, body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn list(
    _: Reader,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(wanted): Query<Newest>,
) -> Result<Response, Error> {
    if !(1..=MOST).contains(&wanted.limit) {
        return Err(Error::Invalid(format!("limit debe estar entre 1 y {MOST}.")));
    }
    let id = DeviceId::new(id);
    let mut read = web.read().await?;
    if read.device(&id).await.map_err(Error::internal)?.is_none() {
        return Err(Error::NotFound("No hay ningún equipo con ese id.".into()));
    }
    let records = read.actions_of(&id, wanted.limit).await.map_err(Error::internal)?;
    Ok(answer(records.into_iter().map(ActionJson::new).collect::<Vec<_>>()))
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/actions", params(("id", description = "Id of the device")),
    request_body = ActionOrder,
    responses((status = 201, description = "The order; its result is at the list", body = ActionJson),
    (status = 401, body = Refusal), (status = 403, body = Refusal), (status = 404, body = Refusal),
    (status = 422, body = Refusal)))]
pub(super) async fn order(
    Writer(technical): Writer<Technical>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(given): Body<ActionOrder>,
) -> Result<Response, Error> {
    let device = DeviceId::new(id);
    let patience = given.expires_in_min.map(|minutes| SignedDuration::from_mins(minutes.into()));
    let order = Order { action: given.action, patience };
    let id = technical.order(&device, &order).await?;
    let record = web.read().await?.action(&id).await.map_err(Error::internal)?;
    let record = record.ok_or_else(|| Error::internal("an order just kept is gone"))?;
    let place = format!("/api/v1/devices/{device}/actions");
    let headers = [(header::LOCATION, place)];
    Ok((StatusCode::CREATED, headers, Json(ActionJson::new(record))).into_response())
}
