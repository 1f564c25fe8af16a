//! /api/v1/alerts.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::token::Reader;
use super::{Named, Query, Range, Refusal, answer, unknown_word};
use crate::domain::alert::{Alert, Rule};
use crate::domain::id::DeviceId;
use crate::store::{AlertFilter, AlertRow};
use crate::web::error::Error;
use crate::web::state::Web;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/api/v1/alerts", get(list))
}

/// An alert.
#[derive(Serialize, ToSchema)]
pub(super) struct AlertJson {
    /// Its id.
    id: String,
    /// Its rule, e.g. `no_antivirus`.
    rule: &'static str,
    /// The rule in words.
    title: &'static str,
    /// `warning` or `critical`.
    severity: &'static str,
    /// Id of its device.
    device_id: String,
    /// What was seen, in a sentence.
    summary: String,
    /// When it opened.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When it was over; null while it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    cleared_at: Option<Timestamp>,
    /// How often it came back soon after it was over.
    reopened: u32,
    /// Id of its run.
    run_id: Option<String>,
}

/// An alert in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct ListedAlert {
    #[serde(flatten)]
    alert: AlertJson,
    /// Its device.
    device: Named,
    /// Name of the device's area.
    area: Option<String>,
    /// Its run, by folio.
    run: Option<Named>,
    /// Part of the sample municipality.
    sample: bool,
}

impl AlertJson {
    pub(super) fn new(alert: &Alert) -> AlertJson {
        AlertJson {
            id: alert.id.to_string(),
            rule: alert.rule.as_str(),
            title: alert.rule.title(),
            severity: alert.severity.as_str(),
            device_id: alert.device.to_string(),
            summary: alert.summary.clone(),
            opened_at: alert.opened_at,
            updated_at: alert.updated_at,
            cleared_at: alert.cleared_at,
            reopened: alert.reopened,
            run_id: alert.run.as_ref().map(ToString::to_string),
        }
    }
}

impl ListedAlert {
    fn new(row: AlertRow) -> ListedAlert {
        let run = row.alert.run.as_ref().map(ToString::to_string).zip(row.run_folio);
        ListedAlert {
            alert: AlertJson::new(&row.alert),
            device: Named { id: row.alert.device.to_string(), name: row.device_name },
            area: row.area_name,
            run: run.map(|(id, name)| Named { id, name }),
            sample: row.sample,
        }
    }
}

/// Which alerts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct Wanted {
    /// Only open ones (true); otherwise all.
    open: bool,
    /// Of one rule.
    rule: String,
    /// Of one device, by id.
    device: String,
}

#[utoipa::path(get, path = "/api/v1/alerts", params(Wanted, Range), responses(
    (status = 200, description = "Open ones first, worst and newest first", body = super::List<ListedAlert>),
    (status = 401, body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn list(
    _: Reader,
    State(web): State<Web>,
    Query(wanted): Query<Wanted>,
    Query(range): Query<Range>,
) -> Result<Response, Error> {
    let range = range.checked()?;
    let rule = Rule::parse(&wanted.rule);
    if rule.is_none() && !wanted.rule.is_empty() {
        let known: Vec<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        return Err(unknown_word("rule", &wanted.rule, &known));
    }
    let filter = AlertFilter {
        open: wanted.open,
        rule,
        device: (!wanted.device.is_empty()).then(|| DeviceId::new(wanted.device)),
        offset: range.offset,
        limit: range.limit,
    };
    let mut read = web.read().await?;
    let (rows, total) = read.list_alerts(&filter).await.map_err(Error::internal)?;
    Ok(answer(range.list(rows.into_iter().map(ListedAlert::new).collect(), total).0))
}
