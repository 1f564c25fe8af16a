//! Links by which steps are signed (their secrets as hashes), and the signatures themselves.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{RunId, SigningLinkId};
use crate::domain::procedure::StepId;
use crate::domain::signature::{Signature, SigningLink, Strokes};

#[derive(FromRow)]
struct LinkColumns {
    id: String,
    run_id: String,
    step: String,
    run_version: i64,
    text: String,
    text_sha256: String,
    created_by: String,
    created_at: i64,
    expires_at: i64,
    signed_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl LinkColumns {
    fn read(self) -> Result<SigningLink> {
        let table = "signing_link";
        Ok(SigningLink {
            id: SigningLinkId::new(self.id),
            run: RunId::new(self.run_id),
            step: StepId::new(self.step),
            run_version: row::number(table, "run_version", self.run_version)?,
            text: self.text,
            text_sha256: self.text_sha256,
            created_by: self.created_by,
            created_at: row::instant(table, "created_at", self.created_at)?,
            expires_at: row::instant(table, "expires_at", self.expires_at)?,
            signed_at: row::some_instant(table, "signed_at", self.signed_at)?,
            revoked_at: row::some_instant(table, "revoked_at", self.revoked_at)?,
        })
    }
}

#[derive(FromRow)]
struct SignatureColumns {
    id: String,
    run_id: String,
    step: String,
    link_id: Option<String>,
    name: String,
    post: String,
    strokes: Option<String>,
    text: String,
    text_sha256: String,
    signed_at: i64,
    address: String,
}

impl SignatureColumns {
    fn read(self) -> Result<Signature> {
        let table = "signature";
        let strokes = self.strokes.as_deref().map(|text| {
            let bad = || row::unreadable(table, "strokes", text);
            let lines = serde_json::from_str(text).map_err(|_| bad())?;
            Strokes::new(lines).map_err(|_| bad())
        });
        Ok(Signature {
            id: self.id,
            run: RunId::new(self.run_id),
            step: StepId::new(self.step),
            link: self.link_id.map(SigningLinkId::new),
            name: self.name,
            post: self.post,
            strokes: strokes.transpose()?,
            text: self.text,
            text_sha256: self.text_sha256,
            signed_at: row::instant(table, "signed_at", self.signed_at)?,
            address: self.address,
        })
    }
}

impl Read {
    /// The link of a secret, also one that is no longer good.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn signing_link(&mut self, secret_hash: &str) -> Result<Option<SigningLink>> {
        let sql = "SELECT id, run_id, step, run_version, text, text_sha256, created_by, created_at, expires_at,
                       signed_at, revoked_at
                   FROM signing_link WHERE secret_hash = $1";
        let found: Option<LinkColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(secret_hash).fetch_optional(db).await)?;
        found.map(LinkColumns::read).transpose()
    }

    /// The links of a run, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn signing_links(&mut self, run: &RunId) -> Result<Vec<SigningLink>> {
        let sql = "SELECT id, run_id, step, run_version, text, text_sha256, created_by, created_at, expires_at,
                       signed_at, revoked_at
                   FROM signing_link WHERE run_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50";
        let rows: Vec<LinkColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(run.as_str()).fetch_all(db).await)?;
        rows.into_iter().map(LinkColumns::read).collect()
    }

    /// The signatures of a run, in the order they were given.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn signatures(&mut self, run: &RunId) -> Result<Vec<Signature>> {
        let sql = "SELECT id, run_id, step, link_id, name, post, strokes, text, text_sha256, signed_at, address
                   FROM signature WHERE run_id = $1 ORDER BY signed_at, id";
        let rows: Vec<SignatureColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(run.as_str()).fetch_all(db).await)?;
        rows.into_iter().map(SignatureColumns::read).collect()
    }
}

impl Write {
    /// Keeps a link.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn add_signing_link(&mut self, link: &SigningLink, secret_hash: &str) -> Result<()> {
        let sql =
            "INSERT INTO signing_link (id, secret_hash, run_id, step, run_version, text, text_sha256, created_by,
                       created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        on!(self, |db| sqlx::query(sql)
            .bind(link.id.as_str())
            .bind(secret_hash)
            .bind(link.run.as_str())
            .bind(link.step.as_str())
            .bind(i64::from(link.run_version))
            .bind(&link.text)
            .bind(&link.text_sha256)
            .bind(&link.created_by)
            .bind(link.created_at.as_microsecond())
            .bind(link.expires_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("run");
        Ok(())
    }

    /// Takes back the links of a run that nobody has signed by; how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revoke_signing_links(&mut self, run: &RunId, now: Timestamp) -> Result<u64> {
        let sql = "UPDATE signing_link SET revoked_at = $2
                   WHERE run_id = $1 AND signed_at IS NULL AND revoked_at IS NULL";
        let revoked: u64 = on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        self.bump("run");
        Ok(revoked)
    }

    /// Spends a link; false when it is no longer good.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn spend_signing_link(&mut self, id: &SigningLinkId, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE signing_link SET signed_at = $2
                   WHERE id = $1 AND signed_at IS NULL AND revoked_at IS NULL AND expires_at > $2";
        let spent: u64 = on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(spent == 1)
    }

    /// Keeps a signature; its strokes are JSON.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn add_signature(&mut self, signature: &Signature) -> Result<()> {
        let strokes = signature
            .strokes
            .as_ref()
            .map(|strokes| serde_json::to_string(strokes.lines()).unwrap_or_default());
        let sql =
            "INSERT INTO signature (id, run_id, step, link_id, name, post, strokes, text, text_sha256, signed_at,
                       address)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        on!(self, |db| sqlx::query(sql)
            .bind(&signature.id)
            .bind(signature.run.as_str())
            .bind(signature.step.as_str())
            .bind(signature.link.as_ref().map(SigningLinkId::as_str))
            .bind(&signature.name)
            .bind(&signature.post)
            .bind(strokes)
            .bind(&signature.text)
            .bind(&signature.text_sha256)
            .bind(signature.signed_at.as_microsecond())
            .bind(&signature.address)
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }
}
