//! Every store call that matters, on both engines.

use jiff::Timestamp;

use super::testing::on_both_engines;
use super::*;
use crate::domain::access::Actor;
use crate::domain::alert::{Alert, Rule, Severity, Standing, Verdict};
use crate::domain::area::Area;
use crate::domain::device::{Certificate, CertificateState, Device, DeviceStatus, Hints};
use crate::domain::enrolment::{EnrolmentCode, Spent};
use crate::domain::firewall_policy::AreaPolicy;
use crate::domain::id::*;
use crate::domain::person::{Areas, Person, Role, Roles, Scope, Token};
use crate::domain::procedure::StepId;
use crate::domain::reading::{Antivirus, Reading, Sample, Section, SectionKind, Status};
use crate::domain::run::{
    EventData, EventKind, Evidence, NewEvent, Outcome, RecordedEvent, Run, RunState,
};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn device(id: &str) -> Device {
    Device {
        id: DeviceId::new(id),
        number: 0,
        name: format!("PC de Tesorería {id}"),
        area: None,
        status: DeviceStatus::Approved,
        hints: Hints { hostname: "<script>".into(), ..Hints::default() },
        enrolled_at: at(0),
        sample: false,
    }
}

async fn with_device(store: &Store, id: &str) -> Device {
    let mut db = store.write().await.unwrap();
    let number = db.add_device(&device(id)).await.unwrap();
    db.commit().await.unwrap();
    Device { number, ..device(id) }
}

fn run(id: &str, device: &str, folio: &str) -> Run {
    let edition = ("corrective".into(), "1".into());
    let step = StepId::new("2");
    Run {
        device: Some(DeviceId::new(device)),
        version: 1,
        ..Run::begun(RunId::new(id), folio.into(), edition, "Sin antivirus".into(), step, at(1))
    }
}

mod actions;
mod alerts_and_runs;
mod attachments;
mod desk;
mod devices;
mod editions;
mod identity;
mod network;
mod networks;
mod people_and_places;
mod portal;
mod releases;
mod signatures;

#[tokio::test]
async fn a_damaged_sqlite_file_is_refused_with_the_remedy() {
    let fresh = super::testing::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    fresh.store.backup(&file).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 3]).unwrap();
    let error = Store::open(&Database::Sqlite(file)).await.unwrap_err();
    assert!(!error.to_string().is_empty());
}

#[tokio::test]
async fn a_backup_is_a_database_of_its_own() {
    let fresh = super::testing::sqlite().await;
    with_device(&fresh.store, "a").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    fresh.store.backup(&file).await.unwrap();
    let copy = Store::open(&Database::Sqlite(file)).await.unwrap();
    assert_eq!(copy.read().await.unwrap().fleet().await.unwrap().len(), 1);
}

#[tokio::test]
async fn once_a_full_disk_has_room_again_the_next_transaction_works() {
    let fresh = super::testing::sqlite().await;
    let device = with_device(&fresh.store, "a").await;
    let mut db = fresh.store.write().await.unwrap();
    // Stands for a disk without room: the database may not grow beyond what it is.
    let sql = "PRAGMA max_page_count = 1";
    super::engine::on!(db, |db| sqlx::query(sql).execute(db).await.map(drop)).unwrap();
    let letter = DeadLetter {
        device: device.id.clone(),
        epoch: 1,
        seq: 1,
        reason: String::new(),
        body: vec![0; 1 << 20],
    };
    let error = db.add_dead_letters(std::slice::from_ref(&letter), at(1)).await.unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    // What SQLite does by itself when the disk and not a limit is the reason; then there is room again.
    for sql in ["ROLLBACK", "PRAGMA max_page_count = 1000000"] {
        super::engine::on!(db, |db| sqlx::query(sql).execute(db).await.map(drop)).unwrap();
    }
    drop(db);
    let mut db = fresh.store.write().await.unwrap();
    db.add_dead_letters(&[letter], at(2)).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        fresh.store.read().await.unwrap().dead_letters(&device.id, 5).await.unwrap().len(),
        1
    );
}
