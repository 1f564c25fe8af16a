//! /api/v1/runs as the Mesa de Ayuda lists it, and who has a run, how urgent it is, and remarks.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::runs::{self, RunDetail, RunJson};
use super::token::{Reader, Writer};
use super::{Body, Query, Range, Refusal, answer as json, unknown_word};
use crate::domain::id::{AreaId, DeviceId, PersonId, RunId};
use crate::domain::person::Role;
use crate::domain::procedure::{StepId, Wait, WordList};
use crate::domain::run::{Event, Priority};
use crate::store::{Assigned, DeskFilter, DeskOrder, Timing, Which};
use crate::web::access::Desk;
use crate::web::error::Error;
use crate::web::state::Web;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/api/v1/runs", get(list))
        .route("/api/v1/runs/{id}/assign", post(assign))
        .route("/api/v1/runs/{id}/priority", post(prioritise))
        .route("/api/v1/runs/{id}/comments", post(comment))
}

/// Which runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct Wanted {
    /// `open` or `closed`; left out: both.
    state: String,
    /// Of one device, by id.
    device: String,
    /// Of one procedure, by code.
    procedure: String,
    /// Of one area, by id; `none`: of no area.
    area: String,
    /// At one step; only with `procedure`.
    step: String,
    /// At a step of that role.
    role: String,
    /// `low`, `normal`, `high` or `urgent`.
    priority: String,
    /// In the hands of that person, by id; `none`: in nobody's.
    assignee: String,
    /// Waiting for that: `spare_part`, `provider`, `signature`, `approval` or `requester`; `any`: for anything.
    waiting: String,
    /// `true`: open ones beyond a deadline.
    overdue: bool,
    /// Words in folio, title, device, area or requester, without accents and case.
    q: String,
    /// `activity` (the default, last change first), `urgency`, `due` or `age`.
    order: String,
}

/// The member of a parameter's word, or a refusal with those that would do.
fn word<T: WordList>(parameter: &str, given: &str) -> Result<Option<T>, Error> {
    if given.is_empty() {
        return Ok(None);
    }
    let found = T::ALL.iter().find(|member| member.word() == given);
    let known: Vec<&str> = T::ALL.iter().map(|member| member.word()).collect();
    found.copied().map(Some).ok_or_else(|| unknown_word(parameter, given, &known))
}

impl Wanted {
    fn filter(self, range: Range) -> Result<DeskFilter, Error> {
        let some = |text: String| (!text.is_empty()).then_some(text);
        if !self.step.is_empty() && self.procedure.is_empty() {
            return Err(Error::Invalid("step solo sirve junto con procedure.".into()));
        }
        let roles = Role::ALL.map(Role::as_str);
        let role = some(self.role)
            .map(|word| Role::parse(&word).ok_or_else(|| unknown_word("role", &word, &roles)));
        let any = self.waiting == "any";
        let timing = match (self.overdue, any) {
            (true, true) => {
                return Err(Error::Invalid("lo que espera no puede estar vencido.".into()));
            }
            (true, false) => Some(Timing::Overdue),
            (false, true) => Some(Timing::Paused),
            (false, false) => None,
        };
        let nobody = |id: String| match id.as_str() {
            "none" => Assigned::ToNobody,
            _ => Assigned::To(PersonId::new(id)),
        };
        Ok(DeskFilter {
            which: match self.state.as_str() {
                "" if timing.is_some() => Which::Open,
                "" => Which::All,
                "open" => Which::Open,
                "closed" => Which::Closed,
                other => return Err(unknown_word("state", other, &["open", "closed"])),
            },
            timing,
            assigned: some(self.assignee).map(nobody).into_iter().collect(),
            area: some(self.area).map(|id| (id != "none").then(|| AreaId::new(id))),
            device: some(self.device).map(DeviceId::new),
            procedure: some(self.procedure),
            step: some(self.step).map(StepId::new),
            role: role.transpose()?,
            priority: word::<Priority>("priority", &self.priority)?,
            waiting: if any { None } else { word::<Wait>("waiting", &self.waiting)? },
            words: DeskFilter::words_of(&self.q),
            order: match self.order.as_str() {
                "" | "activity" => DeskOrder::Activity,
                "urgency" => DeskOrder::Urgency,
                "due" => DeskOrder::Due,
                "age" => DeskOrder::Age,
                other => {
                    let known = ["activity", "urgency", "due", "age"];
                    return Err(unknown_word("order", other, &known));
                }
            },
            offset: range.offset,
            limit: range.limit,
            ..DeskFilter::default()
        })
    }
}

#[utoipa::path(get, path = "/api/v1/runs", params(Wanted, Range), responses(
    (status = 200, description = "Last change first unless asked otherwise; `total` above 10,000 means more", body = super::List<RunJson>),
    (status = 401, body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn list(
    _: Reader,
    State(web): State<Web>,
    Query(wanted): Query<Wanted>,
    Query(range): Query<Range>,
) -> Result<Response, Error> {
    let range = range.checked()?;
    let filter = wanted.filter(range)?;
    let mut read = web.read().await?;
    let (rows, total) = read.desk(&filter, web.now()).await.map_err(Error::internal)?;
    Ok(json(range.list(rows.iter().map(RunJson::of_row).collect(), total).0))
}

/// Who has a run in hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignBody {
    /// Id of the person; null: nobody.
    person_id: Option<String>,
}

#[utoipa::path(post, path = "/api/v1/runs/{id}/assign", params(("id", description = "Id of the run")),
    request_body = AssignBody,
    responses((status = 200, description = "The run afterwards", body = RunDetail),
    (status = 401, body = Refusal), (status = 403, body = Refusal), (status = 404, body = Refusal),
    (status = 409, description = "Somebody wrote at the same moment", body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn assign(
    Writer(desk): Writer<Desk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(given): Body<AssignBody>,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    desk.assign(&id, given.person_id.map(PersonId::new).as_ref()).await?;
    Ok(json(runs::detail(&web, &id).await?))
}

/// How soon a run should be seen to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PriorityBody {
    /// `low`, `normal`, `high` or `urgent`.
    priority: String,
    /// Why, at most 4,000 characters.
    #[serde(default)]
    note: String,
}

#[utoipa::path(post, path = "/api/v1/runs/{id}/priority", params(("id", description = "Id of the run")),
    request_body = PriorityBody,
    responses((status = 200, description = "The run afterwards", body = RunDetail),
    (status = 401, body = Refusal), (status = 403, body = Refusal), (status = 404, body = Refusal),
    (status = 409, description = "Somebody wrote at the same moment", body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn prioritise(
    Writer(desk): Writer<Desk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(given): Body<PriorityBody>,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    let missing = || Error::Invalid(format!("Falta priority: puede ser {}.", Priority::list()));
    let priority = word::<Priority>("priority", &given.priority)?.ok_or_else(missing)?;
    desk.prioritise(&id, (priority, given.note)).await?;
    Ok(json(runs::detail(&web, &id).await?))
}

/// A remark.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentBody {
    /// The remark, 1 to 4,000 characters.
    text: String,
}

#[utoipa::path(post, path = "/api/v1/runs/{id}/comments", params(("id", description = "Id of the run")),
    request_body = CommentBody,
    responses((status = 200, description = "The run afterwards", body = RunDetail),
    (status = 401, body = Refusal), (status = 403, body = Refusal), (status = 404, body = Refusal),
    (status = 409, description = "Somebody wrote at the same moment", body = Refusal), (status = 422, body = Refusal)))]
pub(super) async fn comment(
    Writer(desk): Writer<Desk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(given): Body<CommentBody>,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    desk.advance(&id, None, Event::Note { text: given.text }).await?;
    Ok(json(runs::detail(&web, &id).await?))
}
