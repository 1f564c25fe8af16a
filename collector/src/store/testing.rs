//! Fresh databases for tests: a SQLite file and a PostgreSQL database each. A missing engine is a failure.

use super::{Database, Store};

/// A database of a test's own; the SQLite file goes when this is dropped.
pub(crate) struct Fresh {
    /// The open store.
    pub store: Store,
    _folder: tempfile::TempDir,
}

/// A fresh SQLite database.
pub(crate) async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Database::Sqlite(folder.path().join("test.db"))).await.unwrap();
    Fresh { store, _folder: folder }
}

/// A fresh PostgreSQL database on the server of `ATALAYA_TEST_POSTGRES`.
pub(crate) async fn postgres() -> Fresh {
    let server = std::env::var("ATALAYA_TEST_POSTGRES").expect(
        "ATALAYA_TEST_POSTGRES must name a PostgreSQL server: run tests through tests/run.sh",
    );
    let name = format!("t{}", uuid::Uuid::now_v7().simple());
    let admin = sqlx::PgPool::connect(&server).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&admin).await.unwrap();
    let (base, options) = server.split_once('?').map_or((server.as_str(), ""), |(b, o)| (b, o));
    let base = base.rsplit_once('/').map_or(base, |(host, _)| host);
    let url = format!("{base}/{name}?{options}");
    let store = Store::open(&Database::Postgres(url)).await.unwrap();
    Fresh { store, _folder: tempfile::tempdir().unwrap() }
}

/// Makes one test of a body for each engine.
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($store:ident: &Store) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn body($store: &Store) $body

            #[tokio::test]
            async fn on_sqlite() {
                body(&$crate::store::testing::sqlite().await.store).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                body(&$crate::store::testing::postgres().await.store).await;
            }
        }
    )*};
}
pub(crate) use on_both_engines;

/// Runs a statement as somebody with the database in hand would.
pub(crate) async fn run_sql(db: &mut super::Write, sql: &str) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    super::engine::on!(db, |db| sqlx::query(sql).execute(db).await.map(drop)).unwrap();
}

impl super::Write {
    /// Reckons every hash and the head again, as somebody would who wants to cover what they changed.
    pub(crate) async fn chain_anew(&mut self) {
        run_sql(self, "UPDATE ledger_head SET entry = 0").await;
        self.hash_all().await.unwrap();
    }
}
