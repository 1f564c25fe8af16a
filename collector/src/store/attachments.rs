//! Files of runs: what is known of each. The content lies outside the database, by its hash.

use std::collections::HashSet;

use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::attachment::{Attachment, MediaType, Scan};
use crate::domain::id::{AttachmentId, PersonId, RunId};
use crate::domain::procedure::StepId;

#[derive(FromRow)]
struct AttachmentColumns {
    id: String,
    run_id: String,
    step: Option<String>,
    sha256: String,
    name: String,
    media_type: String,
    size: i64,
    created_at: i64,
    added_by: String,
    person_id: Option<String>,
    scan: String,
}

impl AttachmentColumns {
    fn read(self) -> Result<Attachment> {
        let table = "attachment";
        Ok(Attachment {
            id: AttachmentId::new(self.id),
            run: RunId::new(self.run_id),
            step: self.step.map(StepId::new),
            sha256: self.sha256,
            name: self.name,
            media: row::word(table, "media_type", &self.media_type, MediaType::parse)?,
            size: row::number(table, "size", self.size)?,
            created_at: row::instant(table, "created_at", self.created_at)?,
            added_by: self.added_by,
            person: self.person_id.map(PersonId::new),
            scan: row::word(table, "scan", &self.scan, Scan::parse)?,
        })
    }
}

impl Read {
    /// The files of a run, in the order they came.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn attachments(&mut self, run: &RunId) -> Result<Vec<Attachment>> {
        let sql = "SELECT id, run_id, step, sha256, name, media_type, size, created_at, added_by, person_id, scan
                   FROM attachment WHERE run_id = $1 ORDER BY created_at, id";
        let rows: Vec<AttachmentColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(run.as_str()).fetch_all(db).await)?;
        rows.into_iter().map(AttachmentColumns::read).collect()
    }

    /// One file of that run; a file of another run is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn attachment(
        &mut self,
        run: &RunId,
        id: &AttachmentId,
    ) -> Result<Option<Attachment>> {
        let sql = "SELECT id, run_id, step, sha256, name, media_type, size, created_at, added_by, person_id, scan
                   FROM attachment WHERE id = $1 AND run_id = $2";
        let found: Option<AttachmentColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(id.as_str())
            .bind(run.as_str())
            .fetch_optional(db)
            .await)?;
        found.map(AttachmentColumns::read).transpose()
    }

    /// How many files a run has.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count_attachments(&mut self, run: &RunId) -> Result<i64> {
        let sql = "SELECT count(*) FROM attachment WHERE run_id = $1";
        Ok(on!(self, |db| sqlx::query_scalar(sql).bind(run.as_str()).fetch_one(db).await)?)
    }

    /// The hash of every content some run has.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn attachment_hashes(&mut self) -> Result<HashSet<String>> {
        let sql = "SELECT DISTINCT sha256 FROM attachment";
        let rows: Vec<String> = on!(self, |db| sqlx::query_scalar(sql).fetch_all(db).await)?;
        Ok(rows.into_iter().collect())
    }
}

impl Write {
    /// Lets a run know a file.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn add_attachment(&mut self, attachment: &Attachment) -> Result<()> {
        let sql =
            "INSERT INTO attachment (id, run_id, step, sha256, name, media_type, size, created_at, added_by,
                       person_id, scan)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        on!(self, |db| sqlx::query(sql)
            .bind(attachment.id.as_str())
            .bind(attachment.run.as_str())
            .bind(attachment.step.as_ref().map(StepId::as_str))
            .bind(&attachment.sha256)
            .bind(&attachment.name)
            .bind(attachment.media.as_str())
            .bind(i64::try_from(attachment.size).unwrap_or(i64::MAX))
            .bind(attachment.created_at.as_microsecond())
            .bind(&attachment.added_by)
            .bind(attachment.person.as_ref().map(PersonId::as_str))
            .bind(attachment.scan.as_str())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("run");
        Ok(())
    }
}
