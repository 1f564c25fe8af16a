//! What happened in runs: appended, chained to the event before, never changed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::audit::chain_hash;
use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{PersonId, RunId};
use crate::domain::procedure::StepId;
use crate::domain::run::{EventKind, Evidence, NewEvent, RecordedEvent};

/// Evidence as kept.
#[derive(Serialize, Deserialize)]
struct EvidenceJson {
    rule: String,
    summary: String,
    source: String,
    taken_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct EventColumns {
    number: i64,
    at: i64,
    actor: String,
    person_id: Option<String>,
    role: String,
    kind: String,
    step: Option<String>,
    answer: Option<bool>,
    note: String,
    evidence: Option<String>,
    data: String,
    hash: String,
}

impl EventColumns {
    fn read(self) -> Result<RecordedEvent> {
        let evidence = self.evidence.as_deref().map(|text| {
            let kept: EvidenceJson = serde_json::from_str(text)
                .map_err(|_| row::unreadable("run_event", "evidence", text))?;
            Ok::<_, super::Error>(Evidence {
                rule: kept.rule,
                summary: kept.summary,
                source: kept.source,
                taken_at: kept.taken_at,
            })
        });
        Ok(RecordedEvent {
            number: row::number("run_event", "number", self.number)?,
            at: row::instant("run_event", "at", self.at)?,
            actor: self.actor,
            person: self.person_id.map(PersonId::new),
            role: self.role,
            kind: row::word("run_event", "kind", &self.kind, EventKind::parse)?,
            step: self.step.map(StepId::new),
            answer: self.answer,
            note: self.note,
            evidence: evidence.transpose()?,
            data: serde_json::from_str(&self.data)
                .map_err(|_| row::unreadable("run_event", "data", &self.data))?,
            hash: self.hash,
        })
    }
}

impl Read {
    /// What happened in a run, in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run_events(&mut self, run: &RunId) -> Result<Vec<RecordedEvent>> {
        self.run_events_after(run, 0).await
    }

    /// What happened in a run after an event, in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run_events_after(
        &mut self,
        run: &RunId,
        number: u32,
    ) -> Result<Vec<RecordedEvent>> {
        let sql =
            "SELECT number, at, actor, person_id, role, kind, step, answer, note, evidence, data, hash
                   FROM run_event WHERE run_id = $1 AND number > $2 ORDER BY number";
        let rows: Vec<EventColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(run.as_str())
            .bind(i64::from(number))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(EventColumns::read).collect()
    }
}

impl Read {
    /// Who carried out or answered a step of a run, whatever was taken back since.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn authors_of_step(&mut self, run: &RunId, step: &StepId) -> Result<Vec<PersonId>> {
        let sql = "SELECT DISTINCT person_id FROM run_event
                   WHERE run_id = $1 AND step = $2 AND kind IN ('completed', 'answered') AND person_id IS NOT NULL";
        let rows: Vec<String> = on!(self, |db| sqlx::query_scalar(sql)
            .bind(run.as_str())
            .bind(step.as_str())
            .fetch_all(db)
            .await)?;
        Ok(rows.into_iter().map(PersonId::new).collect())
    }

    /// How many files were added to a run since an instant.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn attached_since(&mut self, run: &RunId, since: Timestamp) -> Result<i64> {
        let sql = "SELECT count(*) FROM run_event
                   WHERE run_id = $1 AND kind = 'attachment_added' AND at >= $2";
        Ok(on!(self, |db| sqlx::query_scalar(sql)
            .bind(run.as_str())
            .bind(since.as_microsecond())
            .fetch_one(db)
            .await)?)
    }
}

impl Write {
    /// Appends an event to a run's record, chained to the one before.
    ///
    /// # Errors
    /// A conflict when the number is taken.
    pub async fn append_event(
        &mut self,
        run: &RunId,
        number: u32,
        event: &NewEvent,
        now: Timestamp,
    ) -> Result<()> {
        let last = "SELECT hash FROM run_event WHERE run_id = $1 ORDER BY number DESC LIMIT 1";
        let last: Option<String> =
            on!(self, |db| sqlx::query_scalar(last).bind(run.as_str()).fetch_optional(db).await)?;
        let evidence = event.evidence.as_ref().map(|evidence| {
            let kept = EvidenceJson {
                rule: evidence.rule.clone(),
                summary: evidence.summary.clone(),
                source: evidence.source.clone(),
                taken_at: evidence.taken_at,
            };
            serde_json::to_string(&kept).unwrap_or_default()
        });
        let data = serde_json::to_string(&event.data).unwrap_or_default();
        let role = event.actor.role_word();
        let answer = event.answer.map_or("", |yes| if yes { "yes" } else { "no" });
        let hash = chain_hash(
            last.as_deref().unwrap_or_default(),
            &[
                run.as_str(),
                &number.to_string(),
                &now.as_microsecond().to_string(),
                event.actor.name(),
                role,
                event.kind.as_str(),
                event.step.as_ref().map(StepId::as_str).unwrap_or_default(),
                answer,
                &event.note,
                evidence.as_deref().unwrap_or_default(),
                &data,
            ],
        );
        let sql = "INSERT INTO run_event (run_id, number, at, actor, person_id, role, kind, step, answer, note,
                       evidence, data, hash)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        on!(self, |db| sqlx::query(sql)
            .bind(run.as_str())
            .bind(i64::from(number))
            .bind(now.as_microsecond())
            .bind(event.actor.name())
            .bind(event.actor.person().map(PersonId::as_str))
            .bind(role)
            .bind(event.kind.as_str())
            .bind(event.step.as_ref().map(StepId::as_str))
            .bind(event.answer)
            .bind(&event.note)
            .bind(&evidence)
            .bind(&data)
            .bind(&hash)
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }
}
