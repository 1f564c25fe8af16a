//! One statement a batch, fed with one JSON array, which both engines take apart. The only difference is the name of
//! the function that does: hence two texts of each statement.

use serde_json::Value;

use super::Result;
use super::engine::{Write, on};

/// A statement whose rows come from a JSON array of arrays: for SQLite and for PostgreSQL.
macro_rules! from_json {
    ($head:literal, $tail:literal) => {
        [
            concat!($head, " FROM json_each($1) AS items ", $tail),
            concat!($head, " FROM json_array_elements(cast($1 AS json)) AS items (value) ", $tail),
        ]
    };
}
pub(in crate::store) use from_json;

impl Write {
    /// Runs a statement over these rows; none: nothing happens.
    pub(in crate::store) async fn bulk(
        &mut self,
        sql: [&'static str; 2],
        rows: Vec<Value>,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let (sql, rows) = (self.text(sql), Value::Array(rows).to_string());
        on!(self, |db| sqlx::query(sql).bind(&rows).execute(db).await.map(drop))?;
        Ok(())
    }

    /// The text of the two for the engine this transaction is of.
    pub(in crate::store) fn text(&self, [sqlite, postgres]: [&'static str; 2]) -> &'static str {
        if self.is_sqlite() { sqlite } else { postgres }
    }
}
