//! Entries whose rows go with the sample municipality: their hashes stay, so that the chain still holds, in a batch
//! whose digest the ledger itself bears witness to.

use serde_json::json;

use super::super::bulk::from_json;
use super::super::engine::{Write, on};
use super::super::{AuditEntry, Result};
use crate::domain::ledger::Batch;

impl Write {
    /// Keeps the hashes of the sample's events, before they are removed. The entry that bears witness, to be appended
    /// in the same transaction; `None`: there are no such events.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_hashes_of_sample(&mut self) -> Result<Option<AuditEntry>> {
        const SQL: [&str; 2] = from_json!(
            "INSERT INTO ledger_removed (entry, entry_hash, batch, folio)
             SELECT cast(items.value ->> 0 AS bigint), items.value ->> 1, items.value ->> 2, items.value ->> 3",
            ""
        );
        // Nobody appends to the sample's runs meanwhile.
        let lock = "UPDATE ledger_head SET entry = entry WHERE id = 1";
        on!(self, |db| sqlx::query(lock).execute(db).await.map(drop))?;
        let sql = "SELECT e.entry, coalesce(e.entry_hash, ''), r.folio
                   FROM run_event e JOIN run r ON r.id = e.run_id
                   WHERE e.entry IS NOT NULL
                       AND (r.sample OR r.device_id IN (SELECT id FROM device WHERE sample))
                   ORDER BY e.entry";
        let rows: Vec<(i64, String, String)> =
            on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut batch = Batch::default();
        for (entry, hash, _) in &rows {
            batch.add(*entry, hash);
        }
        let (digest, count) = (batch.name(), rows.len());
        let rows = rows.into_iter().map(|(entry, hash, folio)| json!([entry, hash, digest, folio]));
        let rows = rows.collect();
        self.bulk(SQL, rows).await?;
        let detail = format!("{count} entries of the sample");
        Ok(Some(AuditEntry { act: "ledger.remove", subject: digest, detail }))
    }
}
