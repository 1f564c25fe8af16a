//! The runs a run is linked with: what it takes up again, what took it up, what it is a part of, its parts.

use sqlx::FromRow;

use super::engine::{Read, on};
use super::{Result, row};
use crate::domain::id::RunId;
use crate::domain::run::Run;

/// How two runs are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The other is the rejected one this takes up again.
    Restarted,
    /// The other takes this one up again.
    RestartedBy,
    /// The other is what this is a part of.
    Parent,
    /// The other is a part of this.
    Child,
}

impl Relation {
    fn parse(word: &str) -> Option<Relation> {
        Some(match word {
            "restarted" => Relation::Restarted,
            "restarted_by" => Relation::RestartedBy,
            "parent" => Relation::Parent,
            "child" => Relation::Child,
            _ => return None,
        })
    }
}

/// A run linked with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedRun {
    /// How.
    pub relation: Relation,
    /// Its identity.
    pub id: RunId,
    /// Its folio.
    pub folio: String,
    /// What it is about.
    pub title: String,
    /// It is not over.
    pub open: bool,
}

/// A site that goes silent has as many parts as PCs; the page names the first.
const MOST: i64 = 200;

#[derive(FromRow)]
struct Columns {
    relation: String,
    id: String,
    folio: String,
    title: String,
    closed_at: Option<i64>,
}

impl Read {
    /// The runs a run is linked with, at most 200.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn linked_runs(&mut self, run: &Run) -> Result<Vec<LinkedRun>> {
        let sql = "SELECT 'restarted' AS relation, id, folio, title, closed_at, opened_at FROM run WHERE id = $2
                   UNION ALL SELECT 'restarted_by', id, folio, title, closed_at, opened_at FROM run WHERE restarts_id = $1
                   UNION ALL SELECT 'parent', id, folio, title, closed_at, opened_at FROM run WHERE id = $3
                   UNION ALL SELECT 'child', id, folio, title, closed_at, opened_at FROM run WHERE parent_id = $1
                   ORDER BY relation, opened_at, id LIMIT $4";
        let rows: Vec<Columns> = on!(self, |db| sqlx::query_as(sql)
            .bind(run.id.as_str())
            .bind(run.restarts.as_ref().map(RunId::as_str))
            .bind(run.parent.as_ref().map(RunId::as_str))
            .bind(MOST)
            .fetch_all(db)
            .await)?;
        let read = |columns: Columns| {
            Ok(LinkedRun {
                relation: row::word("run", "relation", &columns.relation, Relation::parse)?,
                id: RunId::new(columns.id),
                folio: columns.folio,
                title: columns.title,
                open: columns.closed_at.is_none(),
            })
        };
        rows.into_iter().map(read).collect()
    }
}
