//! The ledger as kept: what a transaction appends is gathered and goes in at its commit, the head locked last, so that
//! writers neither wait long nor for each other in a circle.

mod adopt;
mod body;
mod look;
mod read;
mod remove;

use serde_json::{Value, json};

pub use body::COLUMNS;
pub(in crate::store) use body::{AuditRow, EventRow};
pub use look::{EntryName, LedgerFilter, LedgerRow};

use super::bulk::from_json;
use super::engine::{Write, on};
use super::{Error, Result, row};
use crate::domain::ledger::{Head, entry_hash};

/// What waits for the commit, in order.
#[derive(Debug)]
pub(in crate::store) enum Appended {
    /// An event of a run.
    Event(EventRow),
    /// An administrative change.
    Audit(AuditRow),
}

impl Write {
    /// Appends what was gathered. Nothing else may be locked after this: every writer waits for the head.
    pub(in crate::store) async fn append_gathered(&mut self) -> Result<()> {
        let gathered = std::mem::take(self.gathered());
        let Some(latest) = gathered.iter().map(Appended::at).max() else { return Ok(()) };
        let count = i64::try_from(gathered.len()).unwrap_or(i64::MAX);
        let (last, mut hash) = self.advance_head(count).await?;
        let mut number = match gathered.iter().any(|row| matches!(row, Appended::Audit(_))) {
            true => self.last_audit_number().await?,
            false => 0,
        };
        let (mut events, mut audits) = (Vec::new(), Vec::new());
        for (entry, mut row) in (last - count + 1..).zip(gathered) {
            if let Appended::Audit(audit) = &mut row {
                number += 1;
                audit.number = number;
            }
            hash = entry_hash(&hash, entry, &row.body());
            match row {
                Appended::Event(event) => events.push(event.columns(entry, &hash)),
                Appended::Audit(audit) => audits.push(audit.columns(entry, &hash)),
            }
        }
        self.bulk(INSERT_EVENTS, events).await?;
        self.bulk(INSERT_AUDITS, audits).await?;
        self.set_head_hash(&hash, latest).await
    }

    /// Moves the head on by so many entries and locks it; its number then, and the hash of the entry before them.
    async fn advance_head(&mut self, count: i64) -> Result<(i64, String)> {
        let sql = "UPDATE ledger_head SET entry = entry + $1 WHERE id = 1 RETURNING entry, hash";
        let head: Option<(i64, String)> =
            on!(self, |db| sqlx::query_as(sql).bind(count).fetch_optional(db).await)?;
        head.ok_or_else(|| {
            let what = "the head of the ledger is gone: restore the last backup, and compare both with \
                        `atalaya-collector audit verify`";
            Error::Unsafe(what.into())
        })
    }

    async fn last_audit_number(&mut self) -> Result<i64> {
        let sql = "SELECT coalesce(max(number), 0) FROM audit";
        Ok(on!(self, |db| sqlx::query_scalar(sql).fetch_one(db).await)?)
    }

    async fn set_head_hash(&mut self, hash: &str, at: i64) -> Result<()> {
        let sql = "UPDATE ledger_head SET hash = $1, at = $2 WHERE id = 1";
        on!(self, |db| sqlx::query(sql).bind(hash).bind(at).execute(db).await.map(drop))?;
        Ok(())
    }
}

const INSERT_EVENTS: [&str; 2] = from_json!(
    "INSERT INTO run_event (entry, entry_hash, run_id, number, at, actor, person_id, role, kind, step, answer, note,
         evidence, data, hash)
     SELECT cast(items.value ->> 0 AS bigint), items.value ->> 1, items.value ->> 2,
         cast(items.value ->> 3 AS bigint), cast(items.value ->> 4 AS bigint), items.value ->> 5,
         items.value ->> 6, items.value ->> 7, items.value ->> 8, items.value ->> 9,
         cast(items.value ->> 10 AS boolean), items.value ->> 11, items.value ->> 12, items.value ->> 13, ''",
    ""
);

const INSERT_AUDITS: [&str; 2] = from_json!(
    "INSERT INTO audit (entry, entry_hash, number, at, actor, act, subject, detail, hash)
     SELECT cast(items.value ->> 0 AS bigint), items.value ->> 1, cast(items.value ->> 2 AS bigint),
         cast(items.value ->> 3 AS bigint), items.value ->> 4, items.value ->> 5, items.value ->> 6,
         items.value ->> 7, ''",
    ""
);

impl Appended {
    fn at(&self) -> i64 {
        match self {
            Appended::Event(row) => row.at,
            Appended::Audit(row) => row.at,
        }
    }

    fn body(&self) -> String {
        match self {
            Appended::Event(row) => row.body(),
            Appended::Audit(row) => row.body(),
        }
    }
}

impl EventRow {
    fn columns(self, entry: i64, hash: &str) -> Value {
        json!([
            entry,
            hash,
            self.run_id,
            self.number,
            self.at,
            self.actor,
            self.person_id,
            self.role,
            self.kind,
            self.step,
            self.answer,
            self.note,
            self.evidence,
            self.data
        ])
    }
}

impl AuditRow {
    fn columns(self, entry: i64, hash: &str) -> Value {
        json!([entry, hash, self.number, self.at, self.actor, self.act, self.subject, self.detail])
    }
}

/// The head as kept, from its columns.
fn head_of((entry, hash, at): (i64, String, i64)) -> Result<Head> {
    let at = if entry == 0 { None } else { Some(row::instant("ledger_head", "at", at)?) };
    Ok(Head { entry, hash, at })
}
