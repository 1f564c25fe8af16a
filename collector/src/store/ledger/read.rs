//! The ledger read along: its head, its links, and what never went through it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::FromRow;

use super::super::Result;
use super::super::engine::{Read, on};
use super::body::LINKS;
use super::head_of;
use crate::domain::ledger::{Body, Finding, Head, Link};

/// Foreign rows that are named.
const FOREIGN: i64 = 50;

#[derive(FromRow)]
struct LinkColumns {
    entry: i64,
    entry_hash: Option<String>,
    body: Option<String>,
    batch: Option<String>,
}

impl Read {
    /// The head of the ledger; `None` when somebody took it away.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ledger_head(&mut self) -> Result<Option<Head>> {
        let sql = "SELECT entry, hash, at FROM ledger_head WHERE id = 1";
        let found: Option<(i64, String, i64)> =
            on!(self, |db| sqlx::query_as(sql).fetch_optional(db).await)?;
        found.map(head_of).transpose()
    }

    /// The highest number any row has up to `head`; 0: there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_entry(&mut self, head: i64) -> Result<i64> {
        let sql = "SELECT coalesce(max(entry), 0) FROM (
                       SELECT max(entry) AS entry FROM run_event WHERE entry <= $1
                       UNION ALL SELECT max(entry) FROM audit WHERE entry <= $1
                       UNION ALL SELECT max(entry) FROM ledger_removed WHERE entry <= $1) AS last";
        Ok(on!(self, |db| sqlx::query_scalar(sql).bind(head).fetch_one(db).await)?)
    }

    /// The links after `first` up to `last`, in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ledger_links(&mut self, first: i64, last: i64) -> Result<Vec<Link>> {
        let rows: Vec<LinkColumns> =
            on!(self, |db| sqlx::query_as(LINKS).bind(first).bind(last).fetch_all(db).await)?;
        let links = rows.into_iter().map(|row| Link {
            entry: row.entry,
            hash: row.entry_hash,
            body: match row.body {
                Some(body) => Body::Kept(body),
                None => Body::Removed { batch: row.batch.unwrap_or_default() },
            },
        });
        Ok(links.collect())
    }

    /// Digests of removed batches the ledger bears witness to.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn witnessed_batches(&mut self) -> Result<BTreeSet<String>> {
        let sql = "SELECT subject FROM audit WHERE act = 'ledger.remove'";
        let rows: Vec<String> = on!(self, |db| sqlx::query_scalar(sql).fetch_all(db).await)?;
        Ok(rows.into_iter().collect())
    }

    /// Rows without a number, or with one that is no place in a chain that ends at `head`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn foreign_rows(&mut self, head: i64) -> Result<Vec<Finding>> {
        let sql = "SELECT coalesce(cast(entry AS text), ''), what FROM (
                       SELECT e.entry, 'evento ' || e.number || ' del trámite ' || coalesce(r.folio, e.run_id) AS what
                       FROM run_event e LEFT JOIN run r ON r.id = e.run_id
                       WHERE e.entry IS NULL OR e.entry < 1 OR e.entry > $1
                       UNION ALL
                       SELECT entry, act || ' (' || actor || ')' FROM audit
                       WHERE entry IS NULL OR entry < 1 OR entry > $1
                       UNION ALL
                       SELECT entry, 'evento retirado del trámite ' || folio FROM ledger_removed
                       WHERE entry < 1 OR entry > $1
                   ) AS foreign_row ORDER BY 1, 2 LIMIT $2";
        let rows: Vec<(String, String)> =
            on!(self, |db| sqlx::query_as(sql).bind(head).bind(FOREIGN).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(entry, what)| Finding::Foreign { entry, what }).collect())
    }

    /// Number of the first entry at or after an instant; `None`: there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn first_entry_since(&mut self, since: Timestamp) -> Result<Option<i64>> {
        let sql = "SELECT min(entry) FROM (
                       SELECT min(entry) AS entry FROM run_event WHERE at >= $1
                       UNION ALL SELECT min(entry) FROM audit WHERE at >= $1) AS first";
        let at = since.as_microsecond();
        Ok(on!(self, |db| sqlx::query_scalar(sql).bind(at).fetch_one(db).await)?)
    }
}
