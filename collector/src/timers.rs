//! What happens by the clock: silence, network devices, recovered runs, ended sessions. Of several collectors on one database
//! the holder of a lease does it.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::actions::escalate::escalate;
use crate::actions::gather_outage::gather_outages;
use crate::actions::judge::Bench;
use crate::actions::order_action::expire_actions;
use crate::actions::watch_network::watch_network;
use crate::actions::watch_silence::{close_recovered, watch_silence};
use crate::domain::working_time::WorkingHours;
use crate::store::Store;

/// How often the clock is asked.
const EVERY: Duration = Duration::from_secs(5);
/// How long a collector that died keeps others from taking over.
const LEASE_SECONDS: i64 = 20;

/// Runs until `shutdown` resolves. A failure is logged and tried again at the next tick.
pub async fn run(
    store: Store,
    bench: std::sync::Arc<Bench>,
    hours: WorkingHours,
    shutdown: impl Future<Output = ()>,
) {
    let holder = Uuid::now_v7().to_string();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            _ = ticks.tick() => {
                if let Err(error) = tick(&store, &bench, &hours, &holder, Timestamp::now()).await {
                    tracing::error!(%error, "timers: this round failed, the next one tries again");
                }
            }
        }
    }
}

async fn tick(
    store: &Store,
    bench: &Bench,
    hours: &WorkingHours,
    holder: &str,
    now: Timestamp,
) -> crate::actions::Result<()> {
    let until = Timestamp::from_second(now.as_second() + LEASE_SECONDS).unwrap_or(Timestamp::MAX);
    let mut db = store.write().await?;
    if !db.take_lease("timers", holder, now, until).await? {
        return Ok(());
    }
    db.forget_ended_sessions(now).await?;
    db.commit().await?;
    expire_actions(store, now).await?;
    let silent = watch_silence(store, bench, hours, now).await?;
    let gathered = gather_outages(store, bench, now).await?;
    let network = watch_network(store, bench, now).await?;
    let recovered = close_recovered(store, bench, now).await?;
    let late = escalate(store, bench, now).await?;
    if silent + gathered + network + recovered + late > 0 {
        tracing::info!(silent, gathered, network, recovered, late, "timers");
    }
    Ok(())
}
