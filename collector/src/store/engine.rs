//! The two engines: how they are opened, how a transaction begins, and what one of them lacks.
//!
//! The same statement runs on both through the macro `on!`, which expands one body in both arms. Not
//! `sqlx::Any`: on PostgreSQL it fails with 22P03 once a statement first prepared with a NULL gets a value.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use super::ledger::Appended;
use super::{Error, Result};

/// Oldest SQLite without the bug that could reset a write-ahead log that was still needed.
const SQLITE_AT_LEAST: (u32, u32, u32) = (3, 51, 3);
/// How long a connection may be waited for before the caller is told.
const ACQUIRE: Duration = Duration::from_secs(5);

/// Which database to open.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// One file, made when missing.
    Sqlite(PathBuf),
    /// `postgres://…`; several collectors may share it.
    Postgres(String),
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Database::Sqlite(path) => write!(f, "sqlite {}", path.display()),
            Database::Postgres(_) => write!(f, "postgres (address hidden)"),
        }
    }
}

/// An open database.
#[derive(Clone, Debug)]
pub struct Store {
    pools: Pools,
}

#[derive(Clone, Debug)]
enum Pools {
    /// One writer, so that writers queue here instead of failing with SQLITE_BUSY.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction that looks.
#[derive(Debug)]
pub struct Read {
    pub(in crate::store) inner: Inner,
}

/// A transaction that changes; without [`Write::commit`] it never was.
#[derive(Debug)]
pub struct Write {
    read: Read,
    /// Subjects whose change counter is bumped at commit, in one order, so that two never wait for each other.
    changed: BTreeSet<&'static str>,
    /// What is appended to the ledger at commit.
    gathered: Vec<Appended>,
}

#[derive(Debug)]
pub(in crate::store) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs one body of sqlx calls on whichever engine the transaction is of.
macro_rules! on {
    ($transaction:expr, |$connection:ident| $body:expr) => {
        match &mut $transaction.inner {
            $crate::store::engine::Inner::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::store::engine::Inner::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}
pub(in crate::store) use on;

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached, is not ours, or is set up in a way that loses acknowledged data.
    pub async fn open(database: &Database) -> Result<Store> {
        let pools = match database {
            Database::Sqlite(path) => open_sqlite(path).await?,
            Database::Postgres(url) => open_postgres(url).await?,
        };
        let store = Store { pools };
        store.adopt().await?;
        Ok(store)
    }

    /// Begins a transaction that only looks.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self) -> Result<Read> {
        let inner = match &self.pools {
            Pools::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Inner::Postgres(pool.begin_with(begin).await?)
            }
        };
        Ok(Read { inner })
    }

    /// Begins a transaction that changes.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn write(&self) -> Result<Write> {
        let inner = match &self.pools {
            Pools::Sqlite { writer, .. } => Inner::Sqlite(begin_sqlite(writer).await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        };
        Ok(Write { read: Read { inner }, changed: BTreeSet::new(), gathered: Vec::new() })
    }

    /// Writes a consistent copy of a SQLite database into a file that must not exist yet.
    ///
    /// # Errors
    /// On PostgreSQL, which has `pg_dump` for that, and when the file cannot be written.
    pub async fn backup(&self, file: &Path) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let file = file.to_string_lossy().into_owned();
                sqlx::query("VACUUM INTO $1").bind(file).execute(readers).await?;
                Ok(())
            }
            Pools::Postgres(_) => {
                Err(Error::Unsafe("PostgreSQL is backed up with pg_dump, not by Atalaya".into()))
            }
        }
    }

    /// Closes all connections; a SQLite write-ahead log is folded into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match &self.pools {
            Pools::Sqlite { .. } => "sqlite",
            Pools::Postgres(_) => "postgres",
        }
    }
}

impl Write {
    /// Makes everything of this transaction durable and visible, or nothing.
    ///
    /// # Errors
    /// When the database could not promise durability. Never try the same commit again.
    pub async fn commit(mut self) -> Result<()> {
        let sql = "INSERT INTO change_counter (subject, counter) VALUES ($1, 1)
                   ON CONFLICT (subject) DO UPDATE SET counter = change_counter.counter + 1";
        for subject in std::mem::take(&mut self.changed) {
            on!(self, |db| sqlx::query(sql).bind(subject).execute(db).await.map(drop))?;
        }
        self.append_gathered().await?;
        match self.read.inner {
            Inner::Sqlite(transaction) => transaction.commit().await?,
            Inner::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Tells whoever watches, once this is committed, that a subject changed.
    pub fn bump(&mut self, subject: &'static str) {
        self.changed.insert(subject);
    }

    /// What this transaction appends to the ledger, in order.
    pub(in crate::store) fn gathered(&mut self) -> &mut Vec<Appended> {
        &mut self.gathered
    }
}

impl Read {
    pub(in crate::store) fn is_sqlite(&self) -> bool {
        matches!(self.inner, Inner::Sqlite(_))
    }
}

impl Deref for Write {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Read {
        &mut self.read
    }
}

async fn open_sqlite(path: &Path) -> Result<Pools> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(ACQUIRE)
        .optimize_on_close(true, 400);
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .connect_with(options.clone())
        .await?;
    check_sqlite(&writer).await?;
    sqlx::migrate!("./migrations").run(&writer).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(ACQUIRE)
        .connect_with(options)
        .await?;
    Ok(Pools::Sqlite { writer, readers })
}

async fn begin_sqlite(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>> {
    match writer.begin_with("BEGIN IMMEDIATE").await {
        // SQLite ended the last transaction by itself, on a full disk for instance; sqlx did not notice and
        // believes it open for ever. A fresh connection knows better.
        Err(sqlx::Error::InvalidSavePointStatement) => {
            writer.acquire().await?.close().await?;
            Ok(writer.begin_with("BEGIN IMMEDIATE").await?)
        }
        begun => Ok(begun?),
    }
}

async fn check_sqlite(pool: &SqlitePool) -> Result<()> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < SQLITE_AT_LEAST {
        let (major, minor, patch) = SQLITE_AT_LEAST;
        return Err(Error::Unsafe(format!(
            "SQLite {version} can lose its write-ahead log: at least {major}.{minor}.{patch} is needed"
        )));
    }
    let sound: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(pool).await?;
    if sound != "ok" {
        return Err(Error::Unsafe(format!(
            "the database file is damaged ({sound}): restore the last backup; the agents deliver again \
             what was not acknowledged"
        )));
    }
    Ok(())
}

async fn open_postgres(url: &str) -> Result<Pools> {
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(ACQUIRE)
        .connect_with(options.application_name("atalaya-collector"))
        .await?;
    for (setting, unsafe_value) in
        [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")]
    {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&pool).await?;
        if value == unsafe_value {
            return Err(Error::Unsafe(format!(
                "PostgreSQL runs with {setting} = {value}, which loses acknowledged data: set it to on"
            )));
        }
    }
    sqlx::migrate!("./migrations").run(&pool).await?;
    Ok(Pools::Postgres(pool))
}
