//! Alerts that may be a fault of the network rather than of their PC, and the run of a network that is open.

use super::Result;
use super::alerts::AlertColumns;
use super::engine::{Read, on};
use crate::domain::alert::{Alert, Rule};
use crate::domain::id::{DeviceId, NetworkId, RunId};
use crate::domain::procedure::Subjects;

impl Read {
    /// Open alerts of PCs without connection: silent, or without internet; oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn disconnected(&mut self) -> Result<Vec<Alert>> {
        let sql = "SELECT * FROM alert WHERE cleared_at IS NULL AND rule IN ($1, $2) ORDER BY opened_at, id";
        let rows: Vec<AlertColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(Rule::Silent.as_str())
            .bind(Rule::NoInternet.as_str())
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(AlertColumns::read).collect()
    }

    /// How many approved PCs, itself among them, last told of the gateway this one last told of, wherever they are; 0 when
    /// it never told of one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn behind_its_gateway(&mut self, device: &DeviceId) -> Result<i64> {
        let sql = "SELECT count(*) FROM device_gateway g
                   JOIN device_gateway own ON own.gateway = g.gateway AND own.device_id = $1
                   JOIN device d ON d.id = g.device_id AND d.status = 'approved'
                   WHERE g.gateway <> ''";
        Ok(on!(self, |db| sqlx::query_scalar(sql).bind(device.as_str()).fetch_one(db).await)?)
    }

    /// The open run of the network procedure that is about this network alone.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_run_of_network(&mut self, network: &NetworkId) -> Result<Option<RunId>> {
        let sql = "SELECT r.id FROM run r JOIN run_subject s ON s.run_id = r.id
                   WHERE r.procedure_code = 'network' AND r.closed_at IS NULL
                       AND s.kind = $2 AND s.subject_id = $1
                       AND NOT EXISTS (SELECT 1 FROM run_subject o
                                       WHERE o.run_id = r.id AND o.position <> s.position)
                   ORDER BY r.opened_at DESC LIMIT 1";
        let kind = Subjects::Networks.as_str();
        let found: Option<String> = on!(self, |db| sqlx::query_scalar(sql)
            .bind(network.as_str())
            .bind(kind)
            .fetch_optional(db)
            .await)?;
        Ok(found.map(RunId::new))
    }
}
