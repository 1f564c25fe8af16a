//! Alertas: open and over, since when, by which rule, how many PCs it affects, and its ticket.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use super::error::Error;
use super::fleet_view::Fleet;
use super::layout::{self, Layout, Page, Pages, Place};
use super::markup::Look;
use super::state::Web;
use super::{assets, markup, words};
use crate::domain::alert::Rule;
use crate::store::{AlertFilter, AlertRow};

/// Alerts of one page.
const ROWS: u32 = 50;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/alertas", get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    ver: String,
    regla: String,
    pagina: Option<u32>,
}

impl Asked {
    fn address(&self, view: &str, rule: &str, page: u32) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        layout::address("/alertas", &[("ver", view), ("regla", rule), ("pagina", &page)])
    }
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    layout: Layout,
    tabs: Vec<Tab>,
    affected: Vec<Affected>,
    all: bool,
    rows: Vec<Row>,
    pages: Pages,
}

/// A choice between lists.
pub struct Tab {
    /// Where it leads.
    pub address: String,
    /// Its name.
    pub word: &'static str,
    /// Entries in it; `None` where counting would cost more than it tells.
    pub count: Option<i64>,
    /// It is shown now.
    pub current: bool,
}

/// A rule, how many PCs it affects now, and where they are.
struct Affected {
    title: &'static str,
    count: usize,
    address: String,
    current: bool,
}

struct Row {
    id: String,
    device: String,
    device_name: String,
    area: Option<String>,
    sample: bool,
    title: &'static str,
    look: Look,
    summary: String,
    opened_at: Timestamp,
    cleared_at: Option<Timestamp>,
    reopened: u32,
    run: Option<(String, String)>,
}

async fn show(mut page: Page, Query(asked): Query<Asked>) -> Result<Html<String>, Error> {
    let all = asked.ver == "todas";
    let rule = Rule::parse(&asked.regla);
    let number = asked.pagina.unwrap_or(1).clamp(1, 100_000);
    let filter = AlertFilter {
        open: !all,
        rule,
        offset: (number - 1).saturating_mul(ROWS),
        limit: ROWS,
        ..AlertFilter::default()
    };
    let (found, total) = page.read.list_alerts(&filter).await.map_err(Error::internal)?;
    let rows: Vec<Row> = found.into_iter().map(row).collect();
    let view = if all { "todas" } else { "" };
    let named = rule.map_or("", Rule::as_str);
    let tab = |word, view, count, current| Tab {
        address: asked.address(view, named, 1),
        word,
        count,
        current,
    };
    let shown = AlertsPage {
        tabs: vec![
            tab("Abiertas", "", Some(page.fleet.open_alerts), !all),
            tab("Todas, con las terminadas", "todas", None, all),
        ],
        affected: affected(&page.fleet, &asked, view, rule),
        all,
        pages: Pages::new(number, ROWS, rows.len(), total, |page| asked.address(view, named, page)),
        rows,
        layout: page.layout("Alertas", Place::Alerts),
    };
    Ok(Html(shown.render()?))
}

/// Rules with open alerts, those that affect most first; the chosen one leads back to all.
fn affected(fleet: &Fleet, asked: &Asked, view: &str, chosen: Option<Rule>) -> Vec<Affected> {
    let mut counts: BTreeMap<Rule, usize> = BTreeMap::new();
    for row in fleet.alerts.values().flatten() {
        *counts.entry(row.alert.rule).or_default() += 1;
    }
    let mut affected: Vec<Affected> = counts
        .into_iter()
        .map(|(rule, count)| {
            let current = chosen == Some(rule);
            let to = if current { "" } else { rule.as_str() };
            Affected { title: rule.title(), count, address: asked.address(view, to, 1), current }
        })
        .collect();
    affected.sort_by_key(|rule| std::cmp::Reverse(rule.count));
    affected
}

fn row(row: AlertRow) -> Row {
    let alert = row.alert;
    Row {
        id: alert.id.to_string(),
        device: alert.device.to_string(),
        device_name: row.device_name,
        area: row.area_name,
        sample: row.sample,
        title: alert.rule.title(),
        look: if alert.cleared_at.is_some() {
            words::CLEARED
        } else {
            words::severity(alert.severity)
        },
        summary: alert.summary,
        opened_at: alert.opened_at,
        cleared_at: alert.cleared_at,
        reopened: alert.reopened,
        run: alert.run.map(|run| run.to_string()).zip(row.run_folio),
    }
}
