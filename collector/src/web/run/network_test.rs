//! A test of the network a run visits: who measures, how far each is, and what came of it.

use axum::extract::Path;
use axum::response::Redirect;
use jiff::Timestamp;

use crate::actions::order_from_run::TEST_SECONDS;
use crate::domain::id::RunId;
use crate::domain::reading::{ActionKind, Evidence, TargetTest};
use crate::store::ActionRecord;
use crate::web::access::Technical;
use crate::web::error::Error;
use crate::web::fleet_view::Fleet;
use crate::web::markup::Look;
use crate::web::words;

/// Tests shown.
pub(super) const SHOWN: u32 = 10;

/// The part of the page.
pub struct NetworkTestView {
    /// Whoever looks may order one now.
    pub may: bool,
    /// The last tests, newest first.
    pub tests: Vec<TestView>,
}

/// A test of one PC.
pub struct TestView {
    /// Name of the PC.
    pub device: String,
    /// Its identity.
    pub device_id: String,
    /// When it was ordered.
    pub at: Timestamp,
    /// How it stands.
    pub look: Look,
    /// How far it is, 0 to 100, while it runs.
    pub progress: Option<i64>,
    /// What the agent said.
    pub detail: String,
    /// What was measured.
    pub targets: Vec<TargetTest>,
}

impl NetworkTestView {
    /// For the orders of a run.
    pub fn new(
        records: Vec<ActionRecord>,
        fleet: &Fleet,
        operates: bool,
        now: Timestamp,
    ) -> NetworkTestView {
        let tests: Vec<ActionRecord> = records
            .into_iter()
            .filter(|record| record.kind == ActionKind::NetworkTest.as_str())
            .collect();
        let running = tests.iter().any(|record| record.finished_at.is_none());
        let view = |record: ActionRecord| TestView {
            device: fleet
                .rows
                .iter()
                .find(|row| row.id == record.device)
                .map_or_else(|| record.device.to_string(), |row| row.name.clone()),
            device_id: record.device.to_string(),
            at: record.requested_at,
            look: words::order(record.state(), record.outcome),
            progress: progress(&record, now),
            detail: record.detail,
            targets: match record.evidence {
                Some(Evidence::NetworkTest(test)) => test.targets,
                _ => Vec::new(),
            },
        };
        let tests = tests.into_iter().map(view).collect();
        NetworkTestView { may: operates && !running, tests }
    }
}

/// How far a test is by the clock; the answer itself comes at its end.
fn progress(record: &ActionRecord, now: Timestamp) -> Option<i64> {
    if record.finished_at.is_some() {
        return None;
    }
    let elapsed = now.duration_since(record.sent_at?).as_secs();
    Some((elapsed * 100 / i64::from(TEST_SECONDS)).clamp(0, 99))
}

/// `POST /tramites/{id}/prueba-red`.
pub(super) async fn order(Path(id): Path<String>, technical: Technical) -> Result<Redirect, Error> {
    let id = RunId::new(id);
    technical.test_network(&id).await?;
    Ok(Redirect::to(&format!("/tramites/{id}#prueba-red")))
}
