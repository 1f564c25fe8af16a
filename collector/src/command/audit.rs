//! `audit verify`, `head` and `export`: the ledger reckoned again, its last hash, its entries. None changes anything.

mod finding;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Subcommand;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::{Map, Value, json};

use super::{Place, print, with_store};
use crate::actions::export_head::{heads_in, line};
use crate::actions::verify_ledger::verify_ledger;
use crate::actions::verify_runs::verify_runs;
use crate::collector::open_bench;
use crate::config::Config;
use crate::domain::ledger::{Body, Head, Link, Verdict, fields};
use crate::store::{COLUMNS, Read, Store};

/// How often a terminal is told how far it is.
const TOLD_EVERY: Duration = Duration::from_millis(200);
/// Entries exported at a time.
const PAGE: i64 = 2_000;

/// Commands on the ledger.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Vuelve a calcular la huella de cada asiento y nombra lo que no corresponda; termina con error si lo hay.
    Verify {
        /// Archivo de huellas guardado en otro lugar (audit-heads.jsonl o un registro de syslog); puede repetirse.
        /// Sin él, el que escribe este colector.
        #[arg(long, value_name = "ARCHIVO")]
        heads: Vec<PathBuf>,
        /// Además reconstruye cada trámite con sus eventos y lo compara con el que está guardado.
        #[arg(long)]
        runs: bool,
    },
    /// Imprime la última huella del libro, para guardarla en otro lugar.
    Head {
        /// Como la línea de JSON que entiende `verify --heads`.
        #[arg(long)]
        json: bool,
    },
    /// Imprime los asientos, uno por línea de JSON, con todos sus campos y su huella.
    Export {
        /// Desde esta fecha (AAAA-MM-DD, hora del centro de México) o este asiento; sin ella, desde el primero.
        #[arg(long, value_name = "FECHA|ASIENTO", value_parser = since)]
        since: Option<Since>,
    },
}

/// From where to export.
#[derive(Debug, Clone, Copy)]
pub enum Since {
    /// From the first entry of this instant or later.
    Instant(Timestamp),
    /// From this entry.
    Entry(i64),
}

/// Runs it.
///
/// # Errors
/// When the ledger is not sound, a file of heads cannot be read or the store refuses.
pub fn run(place: &Place, audit: Audit) -> Result<()> {
    with_store(place, async |config, store| match audit {
        Audit::Verify { heads, runs } => {
            let sound = verify(&config, &store, &heads).await;
            if runs {
                compare_runs(&config, &store).await?;
            }
            sound
        }
        Audit::Head { json } => head(&store, json).await,
        Audit::Export { since } => export(&store, since).await,
    })
}

async fn verify(config: &Config, store: &Store, files: &[PathBuf]) -> Result<()> {
    let heads = kept_heads(config, files)?;
    let count = heads.len();
    let mut read = store.read().await?;
    let (from, mut told) = (Instant::now(), None);
    let terminal = std::io::stderr().is_terminal();
    let verdict = verify_ledger(&mut read, heads, |done, all| {
        if terminal && told.is_none_or(|at: Instant| at.elapsed() > TOLD_EVERY) {
            told = Some(Instant::now());
            eprint!("\r{done} de {all} asientos");
        }
    })
    .await?;
    if told.is_some() {
        eprint!("\r\x1b[K");
    }
    tell(&mut read, &verdict, count, from.elapsed()).await
}

async fn tell(read: &mut Read, verdict: &Verdict, heads: usize, took: Duration) -> Result<()> {
    for finding in &verdict.findings {
        print(&format!("✘ {}", finding::sentence(read, finding).await?))?;
    }
    for sentence in finding::lacking_events(read, verdict).await? {
        print(&format!("  {sentence}"))?;
    }
    let seconds = took.as_secs_f64();
    let rate = verdict.entries as f64 / seconds.max(0.001);
    let figures = format!(
        "{} asientos en {seconds:.2} s ({rate:.0} por segundo); {} de {heads} huellas guardadas coinciden",
        verdict.entries, verdict.heads
    );
    if !verdict.is_sound() {
        eprintln!("{figures}");
        let found = verdict.findings.len() as u64 + verdict.more;
        bail!("el libro de auditoría no está íntegro: {found} hallazgos");
    }
    print(&format!("✔ El libro está íntegro: {figures}"))
}

/// Rebuilds every run from its events and tells which are not what their rows say.
async fn compare_runs(config: &Config, store: &Store) -> Result<()> {
    let library = open_bench(config, store).await?.library;
    let mut read = store.read().await?;
    let verdict = verify_runs(&mut read, &library, |_| {}).await?;
    for (folio, differing) in &verdict.differing {
        print(&format!(
            "✘ trámite {folio}: no es lo que dicen sus eventos: {}",
            differing.join(", ")
        ))?;
    }
    if verdict.passed_over > 0 {
        let count = verdict.passed_over;
        eprintln!(
            "{count} trámites son de antes del libro o de una edición que no está aquí: no se compararon"
        );
    }
    match verdict.differing.len() {
        0 => print(&format!("✔ {} trámites son lo que dicen sus eventos", verdict.compared)),
        count => bail!("{count} trámites no son lo que dicen sus eventos"),
    }
}

/// Heads of the files named, or of the one this collector writes, if it is there.
fn kept_heads(config: &Config, files: &[PathBuf]) -> Result<Vec<Head>> {
    let own = config.heads_file().filter(|file| files.is_empty() && file.exists());
    let mut heads = Vec::new();
    for file in files.iter().map(PathBuf::as_path).chain(own.as_deref()) {
        let kept = heads_in(file)?;
        warn_of_other_lines(file, &kept.other_lines);
        heads.extend(kept.heads);
    }
    Ok(heads)
}

fn warn_of_other_lines(file: &Path, lines: &[usize]) {
    if let Some(first) = lines.first() {
        let (file, count) = (file.display(), lines.len());
        eprintln!("{file}: {count} líneas no son huellas y no cuentan; la primera es la {first}");
    }
}

async fn head(store: &Store, json: bool) -> Result<()> {
    let head = store.read().await?.ledger_head().await?;
    let head = head.ok_or_else(|| {
        anyhow!("el libro no tiene última huella: vea `atalaya-collector audit verify`")
    })?;
    if json {
        return print(&line(&head));
    }
    match head.at {
        Some(at) => print(&format!("asiento {} · {at:.0} · {}", head.entry, head.hash)),
        None => print("El libro todavía no tiene asientos."),
    }
}

async fn export(store: &Store, since: Option<Since>) -> Result<()> {
    let mut read = store.read().await?;
    let first = match since {
        None => Some(1),
        Some(Since::Entry(entry)) => Some(entry.max(1)),
        Some(Since::Instant(at)) => read.first_entry_since(at).await?,
    };
    let Some(first) = first else { return Ok(()) };
    let end = read.last_entry(i64::MAX).await?;
    let mut last = first - 1;
    while last < end {
        let next = last.saturating_add(PAGE).min(end);
        let page = read.ledger_links(last, next).await?;
        last = next;
        let mut text = String::new();
        for link in &page {
            text.push_str(&exported(link).to_string());
            text.push('\n');
        }
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).context("no se pudo escribir la respuesta")?;
    }
    Ok(())
}

/// An entry with the names of its columns. Numbers are texts, as they are hashed.
fn exported(link: &Link) -> Value {
    let mut object = Map::new();
    object.insert("entry".into(), json!(link.entry));
    object.insert("entry_hash".into(), json!(link.hash));
    match &link.body {
        Body::Removed { batch } => {
            object.insert("removed".into(), json!(batch));
        }
        Body::Kept(body) => {
            let values = fields(body).unwrap_or_default();
            let table = values.first().copied().flatten().unwrap_or_default();
            object.insert("table".into(), json!(table));
            let columns = COLUMNS.iter().find(|(name, _)| *name == table);
            let columns = columns.map_or(&[][..], |(_, columns)| columns);
            for (column, value) in columns.iter().zip(values.iter().skip(1)) {
                object.insert((*column).into(), json!(value));
            }
        }
    }
    Value::Object(object)
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(entry) = text.parse::<i64>() {
        return Ok(Since::Entry(entry));
    }
    let wrong =
        || "escriba una fecha, por ejemplo 2026-11-22, o el número de un asiento".to_owned();
    let day: Date = text.parse().map_err(|_| wrong())?;
    let start = day.to_datetime(jiff::civil::Time::midnight());
    Offset::constant(-6).to_timestamp(start).map(Since::Instant).map_err(|_| wrong())
}
