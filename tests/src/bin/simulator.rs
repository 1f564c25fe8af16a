//! `atalaya-simulator`: enrols made-up PCs with a real collector and lets them work, or loads its intake.
//! It asks the collector's own command for enrolment codes and knows nothing else of it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use atalaya_tests::simulator::credentials::Credentials;
use atalaya_tests::simulator::load::{self, Load};
use atalaya_tests::simulator::{fleet, pc::Pc};
use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tracing::info;

/// PCs that are not there, speaking the real protocol.
#[derive(Parser)]
#[command(name = "atalaya-simulator", version)]
struct Arguments {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// PCs at work, until this program is stopped.
    Fleet {
        #[command(flatten)]
        pcs: Pcs,
        /// Some are ill.
        #[arg(long)]
        sick: bool,
        /// Seconds between reports.
        #[arg(long, default_value_t = 60)]
        interval: u64,
        /// One report each, then end.
        #[arg(long)]
        once: bool,
    },
    /// A known number of reports as fast as the collector acknowledges them; prints one JSON line.
    Load {
        #[command(flatten)]
        pcs: Pcs,
        /// Figures to deliver, all PCs together; a report carries twelve.
        #[arg(long, default_value_t = 600_000)]
        values: u64,
        /// Records in a batch, 1 to 512.
        #[arg(long, default_value_t = 1)]
        batch: usize,
        /// Seconds to wait for an acknowledgement before giving up.
        #[arg(long, default_value_t = 60)]
        patience: u64,
        /// File that gets a line for each PC: how much was acknowledged.
        #[arg(long)]
        journal: Option<PathBuf>,
    },
    /// Enrols and ends.
    Enrol {
        #[command(flatten)]
        pcs: Pcs,
    },
}

#[derive(Args)]
struct Pcs {
    /// How many.
    #[arg(long, default_value_t = 60)]
    devices: u32,
    /// Where they keep their identities; those found there are not enrolled again.
    #[arg(long)]
    identities: PathBuf,
    /// Everything made up follows from this number.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// The collector's command with its options, e.g. `-- atalaya-collector --data-dir DIR`.
    #[arg(last = true, required = true)]
    collector: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match Arguments::parse().command {
        What::Fleet { pcs, sick, interval, once } => {
            run_fleet(pcs, sick, Duration::from_secs(interval.max(1)), once).await
        }
        What::Load { pcs, values, batch, patience, journal } => {
            let figures = atalaya_reading::Sample::FIGURES as u64;
            let reports = values.div_ceil(figures * u64::from(pcs.devices.max(1)));
            let load = Load {
                reports,
                batch: batch.clamp(1, atalaya_proto::limits::BATCH_RECORDS),
                from: Timestamp::now() - SignedDuration::from_mins(reports.try_into()?),
                patience: Duration::from_secs(patience),
            };
            run_load(pcs, load, journal).await
        }
        What::Enrol { pcs } => {
            for number in 0..pcs.devices {
                pcs.enrol(number, false).await?;
            }
            println!("{}", pcs.devices);
            Ok(())
        }
    }
}

/// PCs begin to work as they are enrolled, so that the first is seen at once.
async fn run_fleet(pcs: Pcs, sick: bool, interval: Duration, once: bool) -> Result<()> {
    let mut tasks = JoinSet::new();
    let work = async {
        for number in 0..pcs.devices {
            let (pc, credentials) = pcs.enrol(number, sick).await?;
            tasks.spawn(fleet::work(pc, credentials, interval, once));
        }
        println!("{} equipos de muestra en marcha", pcs.devices);
        while tasks.join_next().await.is_some() {}
        Ok(())
    };
    tokio::select! {
        ended = told_to_end() => ended,
        done = work => done,
    }
}

async fn told_to_end() -> Result<()> {
    let mut end = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = end.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
    }
}

async fn run_load(pcs: Pcs, load: Load, journal: Option<PathBuf>) -> Result<()> {
    let mut enrolled = Vec::new();
    for number in 0..pcs.devices {
        enrolled.push(pcs.enrol(number, false).await?);
    }
    info!(devices = enrolled.len(), reports = load.reports, "loading");
    let started = tokio::time::Instant::now();
    let mut tasks = JoinSet::new();
    let stop = tokio::sync::watch::Sender::new(false);
    for (pc, credentials) in enrolled {
        tasks.spawn(load::deliver(pc, credentials, load, stop.subscribe()));
    }
    let told = tokio::spawn(async move {
        let ended = told_to_end().await;
        stop.send_replace(true);
        ended
    });
    let delivered = tasks.join_all().await;
    told.abort();
    let seconds = started.elapsed().as_secs_f64();
    if let Some(file) = journal {
        load::write_journal(&file, &delivered)?;
    }
    let acknowledged: u64 = delivered.iter().map(|pc| pc.acknowledged).sum();
    let line = serde_json::json!({
        "devices": delivered.len(),
        "reports_each": load.reports,
        "batch": load.batch,
        "acknowledged": acknowledged,
        "values": acknowledged * atalaya_reading::Sample::FIGURES as u64,
        "breaks": delivered.iter().map(|pc| pc.breaks).sum::<u32>(),
        "seconds": seconds,
    });
    println!("{line}");
    if acknowledged < load.reports * delivered.len() as u64 {
        bail!("not everything was acknowledged");
    }
    Ok(())
}

impl Pcs {
    /// The PC of that number with its identity, enrolled now or before.
    async fn enrol(&self, number: u32, sick: bool) -> Result<(Pc, Credentials)> {
        let pc = Pc::new(self.seed, number, sick);
        let folder = self.identities.join(&pc.hostname);
        if let Some(credentials) = Credentials::load(&folder)? {
            return Ok((pc, credentials));
        }
        let code = self.code(pc.area.name).await?;
        let enrolled = Credentials::enrol(&folder, &code, &pc).await;
        Ok((pc, enrolled.with_context(|| format!("{folder:?}"))?))
    }

    /// A fresh enrolment code for a sample PC of that area.
    async fn code(&self, area: &str) -> Result<String> {
        let (program, options) = self.collector.split_first().context("no collector command")?;
        let output = Command::new(program)
            .args(options)
            .args(["code", "create", "--approve", "--sample", "--area", area])
            .output()
            .await
            .with_context(|| format!("{program}: cannot be run"))?;
        if !output.status.success() {
            bail!("{program} code create: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let code = text.split_whitespace().find(|word| word.starts_with("atl1."));
        code.map(String::from).with_context(|| format!("no enrolment code in: {text}"))
    }
}
