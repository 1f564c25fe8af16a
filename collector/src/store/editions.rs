//! Editions of the written procedures, and which of them new runs begin with.

use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::edition::{Edition, Origin};

#[derive(FromRow)]
struct EditionColumns {
    code: String,
    edition: String,
    text: String,
    sha256: String,
    origin: String,
    added_by: String,
    added_at: i64,
    in_use: bool,
}

impl EditionColumns {
    fn read(self) -> Result<Edition> {
        Ok(Edition {
            code: self.code,
            edition: self.edition,
            text: self.text,
            sha256: self.sha256,
            origin: row::word("procedure_edition", "origin", &self.origin, Origin::parse)?,
            added_by: self.added_by,
            added_at: row::instant("procedure_edition", "added_at", self.added_at)?,
            in_use: self.in_use,
        })
    }
}

impl Read {
    /// All editions, the oldest of each procedure first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn editions(&mut self) -> Result<Vec<Edition>> {
        let sql = "SELECT e.code, e.edition, e.text, e.sha256, e.origin, e.added_by, e.added_at,
                       u.code IS NOT NULL AS in_use
                   FROM procedure_edition e
                   LEFT JOIN procedure_in_use u ON u.code = e.code AND u.edition = e.edition
                   ORDER BY e.code, e.added_at, e.edition";
        let rows: Vec<EditionColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        rows.into_iter().map(EditionColumns::read).collect()
    }
}

impl Write {
    /// Keeps an edition; false when that code and edition are here already, and nothing is changed. Whether it
    /// is in use is not taken from it: see [`Write::use_edition`].
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_edition(&mut self, edition: &Edition) -> Result<bool> {
        let sql = "INSERT INTO procedure_edition
                       (code, edition, text, sha256, origin, added_by, added_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (code, edition) DO NOTHING";
        let added: u64 = on!(self, |db| sqlx::query(sql)
            .bind(&edition.code)
            .bind(&edition.edition)
            .bind(&edition.text)
            .bind(&edition.sha256)
            .bind(edition.origin.as_str())
            .bind(&edition.added_by)
            .bind(edition.added_at.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        if added == 1 {
            self.bump("procedure");
        }
        Ok(added == 1)
    }

    /// Makes new runs of a procedure begin with an edition.
    ///
    /// # Errors
    /// When there is no such edition.
    pub async fn use_edition(&mut self, code: &str, edition: &str) -> Result<()> {
        let sql = "INSERT INTO procedure_in_use (code, edition) VALUES ($1, $2)
                   ON CONFLICT (code) DO UPDATE SET edition = $2";
        on!(self, |db| sqlx::query(sql).bind(code).bind(edition).execute(db).await.map(drop))?;
        self.bump("procedure");
        Ok(())
    }
}
