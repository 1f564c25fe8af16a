//! What the collector itself last saw of the addresses of a run.

use jiff::Timestamp;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::address_check::{MailCheck, PageCheck};
use crate::domain::id::RunId;

const PAGE: &str = "page";
const MAIL: &str = "mail";

impl Read {
    /// The pages of a run as they were last seen, in the order they were given.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn page_checks(&mut self, run: &RunId) -> Result<Vec<PageCheck>> {
        let read = |(url, checked_at, outcome): (String, Timestamp, String)| {
            let outcome = serde_json::from_str(&outcome)
                .map_err(|_| row::unreadable("address_check", "outcome", &outcome))?;
            Ok(PageCheck { url, checked_at, outcome })
        };
        self.address_checks(run, PAGE).await?.into_iter().map(read).collect()
    }

    /// The mail domain of a run as it was last looked up.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mail_check(&mut self, run: &RunId) -> Result<Option<MailCheck>> {
        let Some((domain, checked_at, outcome)) = self.address_checks(run, MAIL).await?.pop()
        else {
            return Ok(None);
        };
        let outcome = serde_json::from_str(&outcome)
            .map_err(|_| row::unreadable("address_check", "outcome", &outcome))?;
        Ok(Some(MailCheck { domain, checked_at, outcome }))
    }

    async fn address_checks(
        &mut self,
        run: &RunId,
        kind: &str,
    ) -> Result<Vec<(String, Timestamp, String)>> {
        let sql = "SELECT address, checked_at, outcome FROM address_check
                   WHERE run_id = $1 AND kind = $2 ORDER BY position";
        let rows: Vec<(String, i64, String)> =
            on!(self, |db| sqlx::query_as(sql).bind(run.as_str()).bind(kind).fetch_all(db).await)?;
        rows.into_iter()
            .map(|(address, at, outcome)| {
                Ok((address, row::instant("address_check", "checked_at", at)?, outcome))
            })
            .collect()
    }

    /// Folio of another run of that procedure that ended with this value in a field.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn completed_with(
        &mut self,
        run: &RunId,
        procedure: &str,
        (field, value): (&str, &str),
    ) -> Result<Option<String>> {
        let sql =
            "SELECT folio FROM run WHERE procedure_code = $1 AND outcome = 'completed' AND id <> $2
                   AND field_values LIKE $3 ESCAPE '!' ORDER BY closed_at DESC LIMIT 1";
        let pair = serde_json::json!({ field: value }).to_string();
        let pair = pair.trim_matches(['{', '}']);
        let escaped = pair.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        Ok(on!(self, |db| sqlx::query_scalar(sql)
            .bind(procedure)
            .bind(run.as_str())
            .bind(format!("%{escaped}%"))
            .fetch_optional(db)
            .await)?)
    }
}

impl Write {
    /// Keeps how the pages of a run were seen, in place of what was seen before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_page_checks(&mut self, run: &RunId, pages: &[PageCheck]) -> Result<()> {
        self.forget_checks(run, PAGE).await?;
        for (position, page) in (1..).zip(pages) {
            let outcome = serde_json::to_string(&page.outcome).unwrap_or_default();
            let (url, at) = (&page.url, page.checked_at);
            self.add_check(run, (PAGE, position), url, at, &outcome).await?;
        }
        self.bump("run");
        Ok(())
    }

    /// Keeps how the mail domain of a run was found, in place of what was found before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_mail_check(&mut self, run: &RunId, mail: &MailCheck) -> Result<()> {
        self.forget_checks(run, MAIL).await?;
        let outcome = serde_json::to_string(&mail.outcome).unwrap_or_default();
        self.add_check(run, (MAIL, 1), &mail.domain, mail.checked_at, &outcome).await?;
        self.bump("run");
        Ok(())
    }

    async fn forget_checks(&mut self, run: &RunId, kind: &str) -> Result<()> {
        let sql = "DELETE FROM address_check WHERE run_id = $1 AND kind = $2";
        Ok(on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(kind)
            .execute(db)
            .await
            .map(drop))?)
    }

    async fn add_check(
        &mut self,
        run: &RunId,
        (kind, position): (&str, i64),
        address: &str,
        at: Timestamp,
        outcome: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO address_check (run_id, kind, position, address, checked_at, outcome)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        Ok(on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(kind)
            .bind(position)
            .bind(address)
            .bind(at.as_microsecond())
            .bind(outcome)
            .execute(db)
            .await
            .map(drop))?)
    }
}
