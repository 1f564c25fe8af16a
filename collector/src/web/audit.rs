//! Administración → Auditoría: who did what, newest first, filtered by the address, and where the ledger ends.

mod acts;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde::Deserialize;

use super::error::Error;
use super::layout::{self, Layout, Page, Place};
use super::state::Web;
use super::{assets, markup};
use crate::domain::ledger::Head;
use crate::store::{LedgerFilter, LedgerRow};

/// Entries of one page.
const ROWS: u32 = 50;
/// Longest text of a filter that is looked for, characters.
const TEXT: usize = 80;
/// Central Mexico, by whose days people ask.
const MEXICO_HOURS: i8 = -6;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/administracion/auditoria", get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    ver: String,
    q: String,
    quien: String,
    acto: String,
    desde: String,
    hasta: String,
    antes: Option<i64>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    layout: Layout,
    asked: Asked,
    acts: Vec<Choice>,
    rows: Vec<Row>,
    head: Option<Head>,
    older: Option<String>,
    newest: Option<String>,
    filtered: bool,
}

struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

struct Row {
    entry: i64,
    at: Timestamp,
    actor: String,
    word: String,
    subject: String,
    detail: String,
    run: Option<String>,
    hash: String,
}

async fn show(mut page: Page, Query(asked): Query<Asked>) -> Result<Html<String>, Error> {
    if !page.viewer.administers() {
        let what = "La auditoría es para el titular o quien administra.".to_owned();
        return Err(Error::Forbidden(what));
    }
    let asked = asked.bounded();
    let filter = asked.filter();
    let head = page.read.ledger_head().await.map_err(Error::internal)?;
    let mut found = page.read.ledger_rows(&filter).await.map_err(Error::internal)?;
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let older = found.last().filter(|_| more).map(|row| asked.address(Some(row.entry)));
    let acts = page.read.audit_act_words().await.map_err(Error::internal)?;
    let kinds = if filter.runs { acts::KINDS } else { &[] };
    let acts = kinds.iter().map(|kind| (*kind).to_owned()).chain(acts);
    let choice =
        |act: String| Choice { word: acts::word(&act), chosen: act == asked.acto, value: act };
    let shown = AuditPage {
        acts: acts.map(choice).collect(),
        rows: found.into_iter().map(Row::from).collect(),
        head,
        older,
        newest: asked.antes.map(|_| asked.address(None)),
        filtered: asked.filters(),
        asked,
        layout: page.layout("Auditoría", Place::Audit),
    };
    Ok(Html(shown.render()?))
}

impl Asked {
    fn bounded(mut self) -> Asked {
        for text in [&mut self.q, &mut self.quien, &mut self.acto] {
            *text = text.trim().chars().take(TEXT).collect();
        }
        for day in [&mut self.desde, &mut self.hasta] {
            if day.parse::<Date>().is_err() {
                day.clear();
            }
        }
        self
    }

    fn filter(&self) -> LedgerFilter {
        let until = start_of(&self.hasta, 1);
        LedgerFilter {
            runs: self.ver == "todo",
            actor: self.quien.clone(),
            act: self.acto.clone(),
            text: self.q.clone(),
            since: start_of(&self.desde, 0),
            until,
            before: self.antes,
            limit: ROWS + 1,
        }
    }

    fn filters(&self) -> bool {
        [&self.q, &self.quien, &self.acto, &self.desde, &self.hasta].iter().any(|t| !t.is_empty())
    }

    fn address(&self, before: Option<i64>) -> String {
        let before = before.map(|entry| entry.to_string()).unwrap_or_default();
        let ver = if self.ver == "todo" { "todo" } else { "" };
        layout::address(
            "/administracion/auditoria",
            &[
                ("ver", ver),
                ("q", &self.q),
                ("quien", &self.quien),
                ("acto", &self.acto),
                ("desde", &self.desde),
                ("hasta", &self.hasta),
                ("antes", &before),
            ],
        )
    }
}

/// The start of a day in Mexico, so many days later; `None`: no day.
fn start_of(day: &str, later: i64) -> Option<Timestamp> {
    let day: Date = day.parse().ok()?;
    let day = day.checked_add(jiff::Span::new().try_days(later).ok()?).ok()?;
    Offset::constant(MEXICO_HOURS).to_timestamp(day.to_datetime(Time::midnight())).ok()
}

impl From<LedgerRow> for Row {
    fn from(row: LedgerRow) -> Row {
        Row {
            entry: row.entry,
            at: row.at,
            word: acts::word(&row.act),
            actor: row.actor,
            subject: row.subject,
            detail: row.detail,
            run: row.run,
            hash: row.hash,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_asked_for_by_the_clock_of_mexico_and_the_last_one_is_whole() {
        let asked =
            Asked { desde: "2026-11-22".into(), hasta: "2026-11-22".into(), ..Asked::default() };
        let filter = asked.bounded().filter();
        assert_eq!(filter.since.unwrap().to_string(), "2026-11-22T06:00:00Z");
        assert_eq!(filter.until.unwrap().to_string(), "2026-11-23T06:00:00Z");
        let nonsense = Asked { desde: "ayer".into(), q: "x".repeat(999), ..Asked::default() };
        let nonsense = nonsense.bounded();
        assert_eq!((nonsense.filter().since, nonsense.q.len()), (None, TEXT));
        let last = Asked { hasta: "9999-12-31".into(), ..Asked::default() };
        assert_eq!(last.bounded().filter().until, None);
    }
}
