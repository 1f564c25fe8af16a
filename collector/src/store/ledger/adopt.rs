//! Rows from before the ledger are taken in once, in order of time, when the store is opened.

use serde_json::json;

use super::super::bulk::from_json;
use super::super::engine::{Store, Write, on};
use super::super::{AuditEntry, Result, row};
use crate::domain::access::Actor;
use crate::domain::ledger::{Body, entry_hash};

/// Rows hashed at a time.
const PAGE: i64 = 2_000;

/// The order in which they are taken in: by time, an administrative change before an event of the same instant.
macro_rules! in_order {
    ($head:literal, $tail:literal) => {
        concat!(
            "WITH old AS (
                 SELECT row_number() OVER (ORDER BY at, part, run_id, number) AS place, part, run_id, number FROM (
                     SELECT at, 1 AS part, run_id, number FROM run_event
                     UNION ALL SELECT at, 0, '', number FROM audit) AS both_tables)
             ",
            $head,
            " SET entry = old.place FROM old WHERE ",
            $tail
        )
    };
}

const HASHES: [[&str; 2]; 2] = [
    from_json!(
        "UPDATE run_event SET entry_hash = items.value ->> 1",
        "WHERE run_event.entry = cast(items.value ->> 0 AS bigint)"
    ),
    from_json!(
        "UPDATE audit SET entry_hash = items.value ->> 1",
        "WHERE audit.entry = cast(items.value ->> 0 AS bigint)"
    ),
];

impl Store {
    /// Takes rows from before the ledger in, once.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn adopt(&self) -> Result<()> {
        let asked = "SELECT count(*) FROM ledger_head WHERE NOT adopted";
        let mut read = self.read().await?;
        let waiting: i64 = on!(read, |db| sqlx::query_scalar(asked).fetch_one(db).await)?;
        drop(read);
        if waiting == 0 {
            return Ok(());
        }
        let mut db = self.write().await?;
        // Of several collectors that start together, the first does it; the others wait here and find it done.
        let sql =
            "UPDATE ledger_head SET adopted = TRUE WHERE id = 1 AND NOT adopted AND entry = 0";
        let ours: u64 =
            on!(db, |db| sqlx::query(sql).execute(db).await.map(|done| done.rows_affected()))?;
        if ours == 0 {
            return Ok(());
        }
        let count = db.take_in().await?;
        let newest = "SELECT coalesce(max(at), 0) FROM (
                          SELECT max(at) AS at FROM run_event UNION ALL SELECT max(at) FROM audit) AS newest";
        let newest: i64 = on!(db, |db| sqlx::query_scalar(newest).fetch_one(db).await)?;
        let entry = AuditEntry {
            act: "ledger.begin",
            subject: "ledger".into(),
            detail: format!("{count} entries from before"),
        };
        db.audit(&Actor::Machine, &entry, row::instant("run_event", "at", newest)?).await?;
        db.commit().await
    }
}

impl Write {
    /// Numbers and hashes every row; how many there are.
    async fn take_in(&mut self) -> Result<i64> {
        let events = in_order!(
            "UPDATE run_event",
            "old.part = 1 AND old.run_id = run_event.run_id AND old.number = run_event.number"
        );
        let audits = in_order!("UPDATE audit", "old.part = 0 AND old.number = audit.number");
        for sql in [events, audits] {
            on!(self, |db| sqlx::query(sql).execute(db).await.map(drop))?;
        }
        self.hash_all().await
    }

    /// Hashes every row in order of its number, and sets the head; how many there are.
    pub(in crate::store) async fn hash_all(&mut self) -> Result<i64> {
        let (mut last, mut hash) = (0, String::new());
        loop {
            let links = self.ledger_links(last, last + PAGE).await?;
            let Some(end) = links.last() else { break };
            last = end.entry;
            let mut rows = Vec::with_capacity(links.len());
            for link in &links {
                let Body::Kept(body) = &link.body else { continue };
                hash = entry_hash(&hash, link.entry, body);
                rows.push(json!([link.entry, hash]));
            }
            for sql in HASHES {
                self.bulk(sql, rows.clone()).await?;
            }
        }
        let sql = "UPDATE ledger_head SET entry = $1, hash = $2 WHERE id = 1";
        on!(self, |db| sqlx::query(sql).bind(last).bind(&hash).execute(db).await.map(drop))?;
        Ok(last)
    }
}
