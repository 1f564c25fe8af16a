//! People from a table (CSV) as spreadsheets write it: all rows are looked at, each gets a verdict with its line, and
//! either all are kept or none. What looks like a formula is text here like any other.

mod table;

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

pub use table::{BYTES, Cells, ROWS, read};

use super::manage_person::{Decider, record};
use super::{Error, Result};
use crate::domain::area::Area;
use crate::domain::id::PersonId;
use crate::domain::particulars;
use crate::domain::person::{Areas, Person, Roles};
use crate::domain::text::fold;
use crate::store::{Store, Write};

/// What a row comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody new.
    Added,
    /// Somebody known; something changes.
    Changed,
    /// Somebody known; nothing changes.
    Same,
    /// It cannot be used: which column, what stands there, and what to do.
    Refused {
        /// Heading of the column; empty: the row as a whole.
        column: String,
        /// What stands there, cut to be shown.
        value: String,
        /// What is wrong and how it should be.
        remedy: String,
    },
}

/// A row of the table and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowReport {
    /// Line of the file, 1 for the first.
    pub line: u64,
    /// The login, as far as it can be told.
    pub login: String,
    /// What it comes to.
    pub verdict: Verdict,
}

/// What came of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Row by row.
    pub rows: Vec<RowReport>,
    /// It was kept; false: only tried, or some row was refused.
    pub kept: bool,
}

impl Report {
    /// Rows that were refused.
    pub fn refused(&self) -> usize {
        let refused = |row: &&RowReport| matches!(row.verdict, Verdict::Refused { .. });
        self.rows.iter().filter(refused).count()
    }

    /// Rows of this verdict.
    pub fn count(&self, verdict: &Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == *verdict).count()
    }
}

/// Takes a table in; `keep` false only tries it. Nobody is shut out or made an administrator by a table.
///
/// # Errors
/// [`Error::Unfit`] when it is no table of people at all.
pub async fn import_people(
    store: &Store,
    bytes: &[u8],
    keep: bool,
    by: &Decider,
    now: Timestamp,
) -> Result<Report> {
    let rows = read(bytes).map_err(Error::Unfit)?;
    let mut db = store.write().await?;
    let areas = db.areas().await?;
    let mut seen = HashMap::new();
    let mut report = Vec::new();
    for cells in &rows {
        let (login, verdict) = match person(&mut db, cells, &areas, &mut seen).await? {
            Err(refused) => (cells.get("usuario").to_owned(), refused),
            Ok(Row { before, after }) => {
                let verdict = keep_one(&mut db, before.as_ref(), &after, by, now).await?;
                (after.login, verdict)
            }
        };
        let login = login.chars().take(particulars::LONGEST).collect();
        report.push(RowReport { line: cells.line, login, verdict });
    }
    let mut report = Report { rows: report, kept: false };
    if keep && report.refused() == 0 {
        db.commit().await?;
        report.kept = true;
    }
    Ok(report)
}

/// Somebody of the table, and who they were.
struct Row {
    before: Option<Person>,
    after: Person,
}

async fn keep_one(
    db: &mut Write,
    before: Option<&Person>,
    after: &Person,
    by: &Decider,
    now: Timestamp,
) -> Result<Verdict> {
    let act = match before {
        Some(before) if before == after => return Ok(Verdict::Same),
        Some(_) => {
            db.save_person(after).await?;
            "person.change"
        }
        None => {
            db.add_person(after, now).await?;
            "person.create"
        }
    };
    record(db, by, act, after, now).await?;
    Ok(if before.is_some() { Verdict::Changed } else { Verdict::Added })
}

/// Reads a row against what is known; columns that are not there leave what is.
async fn person(
    db: &mut Write,
    cells: &Cells,
    areas: &[Area],
    seen: &mut HashMap<String, u64>,
) -> Result<std::result::Result<Row, Verdict>> {
    let login = match particulars::login(cells.get("usuario")) {
        Ok(login) => login,
        Err(remedy) => return Ok(Err(cells.refused("usuario", remedy))),
    };
    if let Some(line) = seen.insert(login.clone(), cells.line) {
        let remedy = format!("ya está en la línea {line}: deje una sola");
        return Ok(Err(cells.refused("usuario", remedy)));
    }
    let before = db.person_by_login(&login).await?.map(|(person, _)| person);
    if before.as_ref().is_some_and(|person| person.administrator) {
        let remedy = "es de alguien que administra: cámbielo en su página".to_owned();
        return Ok(Err(cells.refused("usuario", remedy)));
    }
    let id = || PersonId::new(Uuid::now_v7().to_string());
    let after = before.clone().unwrap_or_else(|| Person::new(id(), login, "", Roles::NONE));
    Ok(filled(after, cells, areas).map(|after| Row { before, after }))
}

fn filled(
    mut person: Person,
    cells: &Cells,
    areas: &[Area],
) -> std::result::Result<Person, Verdict> {
    let refuse = |column: &'static str| move |remedy| cells.refused(column, remedy);
    if cells.has("nombre") || person.name.is_empty() {
        person.name = particulars::name(cells.get("nombre")).map_err(refuse("nombre"))?;
    }
    if cells.has("correo") {
        person.email = particulars::email(cells.get("correo")).map_err(refuse("correo"))?;
    }
    if cells.has("telefono") {
        person.phone = particulars::phone(cells.get("telefono")).map_err(refuse("telefono"))?;
    }
    if cells.has("unidad") {
        let unit = particulars::line("la unidad", cells.get("unidad"));
        person.unit = unit.map_err(refuse("unidad"))?;
    }
    if cells.has("puesto") {
        let post = particulars::line("el puesto", cells.get("puesto"));
        person.post = post.map_err(refuse("puesto"))?;
    }
    if cells.has("funciones") {
        person.roles = roles(cells.get("funciones")).map_err(refuse("funciones"))?;
    }
    if cells.has("areas") {
        person.areas = areas_of(cells.get("areas"), areas).map_err(refuse("areas"))?;
    }
    Ok(person)
}

/// Several in one cell, as people part them.
fn parted(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', ',', '/', '|', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

fn roles(text: &str) -> std::result::Result<Roles, String> {
    let known = || {
        let titles: Vec<&str> = crate::domain::person::Role::ALL.map(|role| role.title()).into();
        titles.join(", ")
    };
    let read = |word| {
        particulars::role(word)
            .ok_or_else(|| format!("«{word}» no es una función; las que hay: {}", known()))
    };
    parted(text).map(read).collect()
}

fn areas_of(text: &str, areas: &[Area]) -> std::result::Result<Areas, String> {
    if matches!(fold(text.trim()).as_str(), "todas" | "todos" | "") {
        return Ok(Areas::All);
    }
    // A name may hold what parts others: the whole cell is looked for first.
    let find = |name: &str| areas.iter().find(|area| fold(&area.name) == fold(name.trim()));
    if let Some(area) = find(text) {
        return Ok(Areas::only([area.id.clone()]));
    }
    let read = |name| {
        let area = find(name).map(|area| area.id.clone());
        area.ok_or_else(|| format!("no hay un área «{name}»: créela antes o corrija el nombre"))
    };
    Ok(Areas::only(parted(text).map(read).collect::<std::result::Result<Vec<_>, _>>()?))
}

#[cfg(test)]
mod tests;
