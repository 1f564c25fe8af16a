//! The ledger as people look at it: newest first, filtered, and what an entry is called.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::FromRow;

use super::super::engine::{Read, on};
use super::super::{Result, row};

/// Which entries to show. An empty text filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerFilter {
    /// Events of runs too, not only administrative changes.
    pub runs: bool,
    /// Part of the name of who did it.
    pub actor: String,
    /// The act, or the kind of the event.
    pub act: String,
    /// Part of what it was done to or of the particulars; of a run: its folio or what was written.
    pub text: String,
    /// From this instant.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Only entries before this one.
    pub before: Option<i64>,
    /// At most how many.
    pub limit: u32,
}

/// An entry as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its number.
    pub entry: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// The act, or the kind of the event.
    pub act: String,
    /// What it was done to; of a run: its folio.
    pub subject: String,
    /// Particulars; of a run: what was written.
    pub detail: String,
    /// The run; `None`: an administrative change.
    pub run: Option<String>,
    /// Its hash.
    pub hash: String,
}

/// What an entry is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryName {
    /// An event of a run.
    Event {
        /// The run's.
        folio: String,
        /// The event's.
        number: i64,
    },
    /// An administrative change.
    Audit {
        /// What was done.
        act: String,
        /// Who did it.
        actor: String,
    },
}

#[derive(FromRow)]
struct Columns {
    entry: i64,
    at: i64,
    actor: String,
    act: String,
    subject: String,
    detail: String,
    run: Option<String>,
    hash: String,
}

/// $1 actor, $2 act, $3 text, $4 since, $5 until, $6 before, $7 limit, $8 runs too.
const LIST: &str =
    "SELECT entry, at, actor, act, subject, detail, run, hash FROM (
         SELECT * FROM (
             SELECT entry, at, actor, act, subject, detail, cast(NULL AS text) AS run,
                 coalesce(entry_hash, '') AS hash
             FROM audit WHERE entry IS NOT NULL AND entry < $6 AND at >= $4 AND at < $5
                 AND lower(actor) LIKE $1 ESCAPE '!' AND (cast($2 AS text) = '' OR act = $2)
                 AND lower(subject || ' ' || detail) LIKE $3 ESCAPE '!'
             ORDER BY entry DESC LIMIT $7) AS changes
         UNION ALL
         SELECT * FROM (
             SELECT e.entry, e.at, e.actor, e.kind AS act, coalesce(r.folio, '') AS subject, e.note AS detail,
                 e.run_id AS run, coalesce(e.entry_hash, '') AS hash
             FROM run_event e LEFT JOIN run r ON r.id = e.run_id
             WHERE cast($8 AS boolean) AND e.entry IS NOT NULL AND e.entry < $6 AND e.at >= $4 AND e.at < $5
                 AND lower(e.actor) LIKE $1 ESCAPE '!' AND (cast($2 AS text) = '' OR e.kind = $2)
                 AND lower(coalesce(r.folio, '') || ' ' || e.note) LIKE $3 ESCAPE '!'
             ORDER BY e.entry DESC LIMIT $7) AS events
     ) AS entries ORDER BY entry DESC LIMIT $7";

impl Read {
    /// Entries, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn ledger_rows(&mut self, filter: &LedgerFilter) -> Result<Vec<LedgerRow>> {
        let instant = |at: Option<Timestamp>, or| at.map_or(or, Timestamp::as_microsecond);
        let rows: Vec<Columns> = on!(self, |db| sqlx::query_as(LIST)
            .bind(containing(&filter.actor))
            .bind(&filter.act)
            .bind(containing(&filter.text))
            .bind(instant(filter.since, i64::MIN))
            .bind(instant(filter.until, i64::MAX))
            .bind(filter.before.unwrap_or(i64::MAX))
            .bind(i64::from(filter.limit))
            .bind(filter.runs)
            .fetch_all(db)
            .await)?;
        let rows = rows.into_iter().map(|columns| {
            Ok(LedgerRow {
                entry: columns.entry,
                at: row::instant("ledger", "at", columns.at)?,
                actor: columns.actor,
                act: columns.act,
                subject: columns.subject,
                detail: columns.detail,
                run: columns.run,
                hash: columns.hash,
            })
        });
        rows.collect()
    }

    /// Acts of administrative changes there are, for a filter.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit_act_words(&mut self) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT act FROM audit ORDER BY act";
        Ok(on!(self, |db| sqlx::query_scalar(sql).fetch_all(db).await)?)
    }

    /// What an entry's rows are called; none: there is no row of that number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn entry_names(&mut self, entry: i64) -> Result<Vec<EntryName>> {
        let sql = "SELECT coalesce(r.folio, e.run_id), e.number FROM run_event e
                   LEFT JOIN run r ON r.id = e.run_id WHERE e.entry = $1 ORDER BY 1, 2";
        let events: Vec<(String, i64)> =
            on!(self, |db| sqlx::query_as(sql).bind(entry).fetch_all(db).await)?;
        let sql = "SELECT act, actor FROM audit WHERE entry = $1 ORDER BY number";
        let audits: Vec<(String, String)> =
            on!(self, |db| sqlx::query_as(sql).bind(entry).fetch_all(db).await)?;
        let events = events.into_iter().map(|(folio, number)| EntryName::Event { folio, number });
        let audits = audits.into_iter().map(|(act, actor)| EntryName::Audit { act, actor });
        Ok(events.chain(audits).collect())
    }

    /// Runs that lack events they had, with the numbers that are not there: at most twenty runs. Looks at every
    /// run: only for when the ledger has a gap.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn runs_lacking_events(&mut self) -> Result<BTreeMap<String, Vec<i64>>> {
        let sql = "SELECT r.id, r.folio, r.version FROM run r LEFT JOIN run_event e ON e.run_id = r.id
                   GROUP BY r.id, r.folio, r.version HAVING count(e.number) < r.version ORDER BY r.folio LIMIT 20";
        let runs: Vec<(String, String, i64)> =
            on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        let mut lacking = BTreeMap::new();
        for (id, folio, version) in runs {
            let sql = "SELECT number FROM run_event WHERE run_id = $1";
            let there: Vec<i64> =
                on!(self, |db| sqlx::query_scalar(sql).bind(&id).fetch_all(db).await)?;
            let missing = (1..=version.min(100_000)).filter(|number| !there.contains(number));
            lacking.insert(folio, missing.take(20).collect());
        }
        Ok(lacking)
    }
}

/// A pattern that finds a text anywhere; its own signs mean nothing.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for sign in text.to_lowercase().chars() {
        if matches!(sign, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}
