//! The fleet kept in memory between requests: lists, counters and filters of all pages come from here, so
//! that none of them asks the database once per row. It must not outlive a change by more than a moment.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::RwLock;

use super::error::Error;
use crate::domain::area::Area;
use crate::domain::firewall_policy::AreaPolicy;
use crate::domain::id::{AreaId, DeviceId};
use crate::store::{AlertFilter, AlertRow, DeviceRow, FleetCounts, Read};

/// "Visto hace" may lag this far; anything else is noticed at once by the change counters.
const LIVENESS: Duration = Duration::from_secs(2);
/// What the lists are made of. Measurements come all the time and change none of them.
const SUBJECTS: [&str; 4] = ["alert", "device", "run", "section"];
/// More open alerts than this are not read; a fleet in that state has another problem.
const ALERTS: u32 = 10_000;

/// What pages show of the fleet, from one moment.
#[derive(Debug, Default)]
pub struct Fleet {
    /// Every device, by name.
    pub rows: Vec<DeviceRow>,
    /// Devices by state.
    pub counts: FleetCounts,
    /// Open alerts of each device, worst first.
    pub alerts: HashMap<DeviceId, Vec<AlertRow>>,
    /// All areas, by name.
    pub areas: Vec<Area>,
    /// What areas decided about open ports.
    pub policies: HashMap<AreaId, AreaPolicy>,
    /// Open alerts in all.
    pub open_alerts: i64,
    /// Open runs in all.
    pub open_runs: i64,
}

impl Fleet {
    /// Open alerts of a device.
    pub fn alerts_of(&self, device: &DeviceId) -> &[AlertRow] {
        self.alerts.get(device).map(Vec::as_slice).unwrap_or_default()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct FleetView {
    kept: RwLock<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    counters: Vec<(String, i64)>,
    read_at: Instant,
    fleet: Arc<Fleet>,
}

impl FleetView {
    /// The fleet as of now, read again only if something changed.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn get(&self, read: &mut Read) -> Result<Arc<Fleet>, Error> {
        let mut counters = read.change_counters().await.map_err(Error::internal)?;
        counters.retain(|(subject, _)| SUBJECTS.contains(&subject.as_str()));
        counters.sort();
        if let Some(fleet) = self.kept.read().await.as_ref().and_then(|kept| kept.good(&counters)) {
            return Ok(fleet);
        }
        // Many requests may find it old at once; one reads, the others wait for what it read.
        let mut kept = self.kept.write().await;
        if let Some(fleet) = kept.as_ref().and_then(|kept| kept.good(&counters)) {
            return Ok(fleet);
        }
        let fleet = Arc::new(load(read).await?);
        *kept = Some(Kept { counters, read_at: Instant::now(), fleet: fleet.clone() });
        Ok(fleet)
    }
}

impl Kept {
    fn good(&self, counters: &[(String, i64)]) -> Option<Arc<Fleet>> {
        (self.read_at.elapsed() < LIVENESS && self.counters == counters).then(|| self.fleet.clone())
    }
}

async fn load(read: &mut Read) -> Result<Fleet, Error> {
    let rows = read.fleet().await.map_err(Error::internal)?;
    let open = AlertFilter { open: true, limit: ALERTS, ..AlertFilter::default() };
    let (listed, open_alerts) = read.list_alerts(&open).await.map_err(Error::internal)?;
    let mut alerts: HashMap<DeviceId, Vec<AlertRow>> = HashMap::new();
    for alert in listed {
        alerts.entry(alert.alert.device.clone()).or_default().push(alert);
    }
    let open_runs = read.open_runs().await.map_err(Error::internal)?;
    let areas = read.areas().await.map_err(Error::internal)?;
    let policies = read.area_policies().await.map_err(Error::internal)?;
    let counts = FleetCounts::of(&rows);
    Ok(Fleet { counts, rows, alerts, areas, policies, open_alerts, open_runs })
}
