//! What happened in runs: appended to the ledger, never changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::ledger::{Appended, EventRow};
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

impl From<EventRow> for EventColumns {
    fn from(row: EventRow) -> EventColumns {
        EventColumns {
            number: row.number,
            at: row.at,
            actor: row.actor,
            person_id: row.person_id,
            role: row.role,
            kind: row.kind,
            step: row.step,
            answer: row.answer,
            note: row.note,
            evidence: row.evidence,
            data: row.data,
            hash: String::new(),
        }
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
            "SELECT number, at, actor, person_id, role, kind, step, answer, note, evidence, data,
                       coalesce(entry_hash, hash) AS hash
                   FROM run_event WHERE run_id = $1 AND number > $2 ORDER BY number";
        let rows: Vec<EventColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(run.as_str())
            .bind(i64::from(number))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(EventColumns::read).collect()
    }
}

#[derive(FromRow)]
struct EventOfRun {
    run_id: String,
    #[sqlx(flatten)]
    event: EventColumns,
}

impl Read {
    /// What happened in the runs after one, up to another, by their ids; each in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn events_of_runs(
        &mut self,
        after: &RunId,
        until: &RunId,
    ) -> Result<BTreeMap<RunId, Vec<RecordedEvent>>> {
        let sql = "SELECT run_id, number, at, actor, person_id, role, kind, step, answer, note, evidence, data,
                       coalesce(entry_hash, hash) AS hash
                   FROM run_event WHERE run_id > $1 AND run_id <= $2 ORDER BY run_id, number";
        let rows: Vec<EventOfRun> = on!(self, |db| sqlx::query_as(sql)
            .bind(after.as_str())
            .bind(until.as_str())
            .fetch_all(db)
            .await)?;
        let mut events: BTreeMap<RunId, Vec<RecordedEvent>> = BTreeMap::new();
        for row in rows {
            events.entry(RunId::new(row.run_id)).or_default().push(row.event.read()?);
        }
        Ok(events)
    }

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
    /// What happened in a run, in order; what this transaction appended is there, without its hash.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run_events(&mut self, run: &RunId) -> Result<Vec<RecordedEvent>> {
        self.run_events_after(run, 0).await
    }

    /// The same after an event.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run_events_after(
        &mut self,
        run: &RunId,
        number: u32,
    ) -> Result<Vec<RecordedEvent>> {
        let mut events = Read::run_events_after(self, run, number).await?;
        let own = self.gathered_events(run).filter(|row| row.number > i64::from(number)).cloned();
        for row in own.collect::<Vec<_>>() {
            events.push(EventColumns::from(row).read()?);
        }
        Ok(events)
    }

    /// Who carried out or answered a step of a run, in this transaction too.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn authors_of_step(&mut self, run: &RunId, step: &StepId) -> Result<Vec<PersonId>> {
        let mut authors = Read::authors_of_step(self, run, step).await?;
        let own = self.gathered_events(run).filter(|row| {
            row.step.as_deref() == Some(step.as_str())
                && matches!(row.kind.as_str(), "completed" | "answered")
        });
        authors.extend(own.filter_map(|row| row.person_id.clone().map(PersonId::new)));
        Ok(authors)
    }

    /// How many files were added to a run since an instant, in this transaction too.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn attached_since(&mut self, run: &RunId, since: Timestamp) -> Result<i64> {
        let kept = Read::attached_since(self, run, since).await?;
        let at = since.as_microsecond();
        let own = self.gathered_events(run);
        let own = own.filter(|row| row.kind == "attachment_added" && row.at >= at).count();
        Ok(kept + i64::try_from(own).unwrap_or(i64::MAX))
    }

    fn gathered_events<'a>(&'a mut self, run: &'a RunId) -> impl Iterator<Item = &'a EventRow> {
        self.gathered().iter().filter_map(|row| match row {
            Appended::Event(row) if row.run_id == run.as_str() => Some(row),
            Appended::Event(_) | Appended::Audit(_) => None,
        })
    }

    /// Appends an event to a run's record and to the ledger, at the commit, which is a conflict when the number is
    /// taken.
    ///
    /// # Errors
    /// None today; the commit tells.
    pub async fn append_event(
        &mut self,
        run: &RunId,
        number: u32,
        event: &NewEvent,
        now: Timestamp,
    ) -> Result<()> {
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
        let row = EventRow {
            run_id: run.to_string(),
            number: i64::from(number),
            at: now.as_microsecond(),
            actor: event.actor.name().to_owned(),
            person_id: event.actor.person().map(PersonId::to_string),
            role: event.actor.role_word().to_owned(),
            kind: event.kind.as_str().to_owned(),
            step: event.step.as_ref().map(StepId::to_string),
            answer: event.answer,
            note: event.note.clone(),
            evidence,
            data,
        };
        self.gathered().push(Appended::Event(row));
        Ok(())
    }
}
