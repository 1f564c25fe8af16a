//! What only the clock notices: agents that fell silent or came back, and runs whose fault stayed away.

use jiff::Timestamp;

use super::judge::{Bench, settle};
use super::runs::append_machine_event;
use super::{Error, Result};
use crate::domain::alert::Rule;
use crate::domain::id::DeviceId;
use crate::domain::run::Event;
use crate::domain::working_time::WorkingHours;
use crate::rules;
use crate::store::Store;

/// Raises silence where an agent is overdue and clears it where one came back. Returns how many changed.
///
/// # Errors
/// When the store refuses; devices before the failing one are done.
pub async fn watch_silence(
    store: &Store,
    bench: &Bench,
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<usize> {
    let overdue = bench.thresholds.silent_minutes.max(1) * 60;
    let before = Timestamp::from_second(now.as_second() - overdue).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut db = store.read().await?;
    let alerted = db.devices_alerted(Rule::Silent).await?;
    let unseen = db.devices_unseen(before).await?;
    drop(db);
    let fallen = unseen.into_iter().filter(|(_, seen)| {
        rules::silence(*seen, &bench.thresholds, hours, now).verdict.severity().is_some()
    });
    let mut ids: Vec<DeviceId> =
        fallen.map(|(id, _)| id).filter(|id| !alerted.contains(id)).collect();
    ids.extend(alerted);
    let mut changed = 0;
    for id in ids {
        changed += usize::from(judge_silence(store, bench, hours, &id, now).await?);
    }
    Ok(changed)
}

async fn judge_silence(
    store: &Store,
    bench: &Bench,
    hours: &WorkingHours,
    id: &DeviceId,
    now: Timestamp,
) -> Result<bool> {
    let mut db = store.write().await?;
    db.lock_device(id).await?;
    let Some(device) = db.device(id).await? else { return Ok(false) };
    let seen = db.live(id).await?.map_or(device.enrolled_at, |live| live.last_seen_at);
    let judgement = rules::silence(seen, &bench.thresholds, hours, now);
    let judged = settle(&mut db, bench, &device, vec![judgement], now).await?;
    if judged.changed {
        db.commit().await?;
    }
    Ok(judged.changed)
}

/// Ends runs nobody touched whose alerts have all been over long enough. Returns how many.
///
/// # Errors
/// When the store refuses; runs before the failing one are done.
pub async fn close_recovered(store: &Store, bench: &Bench, now: Timestamp) -> Result<usize> {
    let wait = bench.thresholds.recovered_minutes.max(0) * 60;
    let before = Timestamp::from_second(now.as_second() - wait).unwrap_or(Timestamp::UNIX_EPOCH);
    let runs = store.read().await?.runs_recovered(before).await?;
    let mut closed = 0;
    for id in runs {
        let mut db = store.write().await?;
        match append_machine_event(&mut db, bench, &id, Event::Recovered, now).await {
            Ok(()) => db.commit().await?,
            // Somebody took it in hand in this very moment: then it is theirs.
            Err(Error::Overtaken | Error::Refused(_)) => continue,
            Err(error) => return Err(error),
        }
        closed += 1;
    }
    Ok(closed)
}
