//! The frame of every page: who is signed in, where they are, what the counters say, the colour scheme.

use axum::Router;
use axum::extract::{Form, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use jiff::Timestamp;
use serde::Deserialize;
use std::marker::PhantomData;
use std::sync::Arc;

use super::access::{self, Staff, Viewer};
use super::error::Error;
use super::fleet_view::Fleet;
use super::state::Web;
use crate::domain::person::{Areas, Person};
use crate::store::Read;

/// The sections of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Hoy.
    Today,
    /// Flota and the sheets of devices.
    Fleet,
    /// Alertas.
    Alerts,
    /// Mesa de Ayuda and the pages of runs.
    Desk,
    /// Redes.
    Networks,
    /// Procedimientos.
    Procedures,
    /// Administración.
    Administration,
    /// Administración → Personas.
    People,
    /// Mi cuenta.
    Account,
    /// Administración → Auditoría.
    Audit,
    /// Administración → Correo.
    Mail,
}

/// One entry of the navigation.
pub struct Entry {
    /// Where it leads.
    pub address: &'static str,
    /// Icon of the sprite.
    pub icon: &'static str,
    /// Its name.
    pub word: &'static str,
    /// The number beside it; 0 shows none.
    pub count: i64,
    /// What the number counts, read out after it.
    pub counted: &'static str,
    /// The number is not a call to act.
    pub quiet: bool,
    /// It is where the person is.
    pub current: bool,
}

/// What every page is given before its own content. A `Page` is for the unit's people only; a `Page<Viewer>`
/// for whoever is signed in.
pub struct Page<W = Staff> {
    /// Who asks.
    pub viewer: Viewer,
    /// The fleet, for the counters and for pages that list it.
    pub fleet: Arc<Fleet>,
    /// One consistent view of the store.
    pub read: Read,
    /// The clock, once per page.
    pub now: Timestamp,
    theme: Option<Theme>,
    for_whom: PhantomData<W>,
}

/// Whom a page is for.
pub trait Whom: FromRequestParts<Web, Rejection = Error> {
    /// Who asks.
    fn viewer(self) -> Viewer;
}

impl Whom for Viewer {
    fn viewer(self) -> Viewer {
        self
    }
}

impl Whom for Staff {
    fn viewer(self) -> Viewer {
        self.0
    }
}

impl<W: Whom> FromRequestParts<Web> for Page<W> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let viewer = W::from_request_parts(parts, web).await?.viewer();
        let mut read = web.read().await?;
        let fleet = web.fleet().get(&mut read).await?;
        let theme = Theme::of(&parts.headers);
        Ok(Page { viewer, fleet, read, now: web.now(), theme, for_whom: PhantomData })
    }
}

impl<W> Page<W> {
    /// The same after something was changed: what was read before is let go first.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn renewed(self, web: &Web) -> Result<Page<W>, Error> {
        let Page { viewer, theme, read, .. } = self;
        drop(read);
        let mut read = web.read().await?;
        let fleet = web.fleet().get(&mut read).await?;
        Ok(Page { viewer, fleet, read, now: web.now(), theme, for_whom: PhantomData })
    }

    /// The frame for a page of that title.
    pub fn layout(&self, title: impl Into<String>, place: Place) -> Layout {
        Layout {
            title: title.into(),
            place,
            person: self.viewer.person.clone(),
            administers: self.viewer.administers(),
            staff: self.viewer.is_staff(),
            fleet: self.fleet.clone(),
            now: self.now,
            theme: self.theme,
        }
    }
}

/// See the module.
pub struct Layout {
    /// Title of the page.
    pub title: String,
    /// Who is signed in.
    pub person: Person,
    /// The clock.
    pub now: Timestamp,
    /// The scheme somebody chose; `None`: the system's.
    pub theme: Option<Theme>,
    place: Place,
    administers: bool,
    staff: bool,
    fleet: Arc<Fleet>,
}

impl Layout {
    /// The navigation.
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |place, address, icon, word, count, counted, quiet| Entry {
            address,
            icon,
            word,
            count,
            counted,
            quiet,
            current: place == self.place,
        };
        if !self.staff {
            // How many there are of anything is not theirs to know.
            return vec![entry(Place::Desk, "/mesa", "runs", "Mis trámites", 0, "", true)];
        }
        let alerts = self.fleet.open_alerts;
        // Of whoever sees some areas only, the list itself says how many.
        let runs = if self.person.areas == Areas::All { self.fleet.open_runs } else { 0 };
        let mut entries = vec![
            entry(Place::Today, "/", "today", "Hoy", 0, "", true),
            entry(
                Place::Fleet,
                "/flota",
                "fleet",
                "Flota",
                self.fleet.counts.total,
                "equipos",
                true,
            ),
            entry(Place::Alerts, "/alertas", "alerts", "Alertas", alerts, "abiertas", false),
            entry(Place::Desk, "/mesa", "runs", "Mesa de Ayuda", runs, "en curso", true),
            entry(Place::Networks, "/redes", "network", "Redes", 0, "", true),
            entry(Place::Procedures, "/procedimientos", "evidence", "Manuales", 0, "", true),
        ];
        if self.administers {
            let areas = "/administracion/areas";
            entries.push(entry(Place::Administration, areas, "settings", "Áreas", 0, "", true));
            let people = "/administracion/personas";
            entries.push(entry(Place::People, people, "person", "Personas", 0, "", true));
            let audit = "/administracion/auditoria";
            entries.push(entry(Place::Audit, audit, "history", "Auditoría", 0, "", true));
            let mail = "/administracion/correo";
            entries.push(entry(Place::Mail, mail, "mail", "Correo", 0, "", true));
        }
        entries
    }

    /// The collector's clock when the page was made, milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.now.as_millisecond()
    }

    /// The schemes to choose between.
    pub fn themes(&self) -> [ThemeChoice; 3] {
        [
            ("claro", "Claro", Some(Theme::Light)),
            ("oscuro", "Oscuro", Some(Theme::Dark)),
            ("auto", "Auto", None),
        ]
        .map(|(value, word, theme)| ThemeChoice {
            value,
            word,
            chosen: theme == self.theme,
        })
    }
}

/// A scheme that can be chosen.
pub struct ThemeChoice {
    /// What the form sends.
    pub value: &'static str,
    /// Its name.
    pub word: &'static str,
    /// It is in use.
    pub chosen: bool,
}

/// A colour scheme somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

const THEME_COOKIE: &str = "tema";

impl Theme {
    fn of(headers: &HeaderMap) -> Option<Theme> {
        match CookieJar::from_headers(headers).get(THEME_COOKIE)?.value() {
            "claro" => Some(Theme::Light),
            "oscuro" => Some(Theme::Dark),
            _ => None,
        }
    }
}

impl std::fmt::Display for Theme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        })
    }
}

#[derive(Deserialize)]
struct Choice {
    tema: String,
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/tema", post(choose))
}

async fn choose(headers: HeaderMap, Form(choice): Form<Choice>) -> Response {
    let known = match choice.tema.as_str() {
        "claro" => "claro",
        "oscuro" => "oscuro",
        _ => "auto",
    };
    let cookie = Cookie::build((THEME_COOKIE, known))
        .path("/")
        .http_only(true)
        .secure(access::is_secure(&headers))
        .same_site(SameSite::Lax)
        .permanent();
    (CookieJar::new().add(cookie), Redirect::to(&came_from(&headers))).into_response()
}

/// The page of ours a form was sent from.
pub fn came_from(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = referer.and_then(|address| {
        let (_, rest) = address.split_once("://")?;
        rest.find('/').map(|at| rest[at..].to_owned())
    });
    path.filter(|path| is_local(path)).unwrap_or_else(|| "/".into())
}

/// Whether a path stays on this site; `//host` and `/\host` would not.
pub fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n'])
}

/// Where a list continues.
pub struct Pages {
    /// Entries passed over.
    pub offset: u32,
    /// Entries shown.
    pub shown: usize,
    /// Entries in all.
    pub total: i64,
    /// Address of the page before.
    pub previous: Option<String>,
    /// Address of the page after.
    pub next: Option<String>,
}

impl Pages {
    /// Pages of `size` entries; `address` makes the address of a page, 1 being the first.
    pub fn new(
        page: u32,
        size: u32,
        shown: usize,
        total: i64,
        address: impl Fn(u32) -> String,
    ) -> Pages {
        let offset = (page - 1).saturating_mul(size);
        let more = i64::from(offset) + i64::try_from(shown).unwrap_or(i64::MAX) < total;
        Pages {
            offset,
            shown,
            total,
            previous: (page > 1).then(|| address(page - 1)),
            next: more.then(|| address(page + 1)),
        }
    }

    /// Which entries are shown, e.g. `1 a 100 de 1000`.
    pub fn words(&self) -> String {
        let first = self.offset.saturating_add(1);
        let last = i64::from(self.offset) + i64::try_from(self.shown).unwrap_or(i64::MAX);
        format!("{first} a {last} de {}", self.total)
    }
}

/// An address with the given parameters; empty ones are left out.
pub fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for (path, local) in [
            ("/flota?q=a", true),
            ("//mal.mx", false),
            ("/\\mal.mx", false),
            ("http://mal.mx", false),
        ] {
            assert_eq!(is_local(path), local, "{path}");
        }
    }

    #[test]
    fn an_address_keeps_only_what_filters() {
        assert_eq!(
            address("/flota", &[("estado", ""), ("q", "ñandú & co")]),
            "/flota?q=%C3%B1and%C3%BA+%26+co"
        );
        assert_eq!(address("/flota", &[("estado", "")]), "/flota");
    }
}
