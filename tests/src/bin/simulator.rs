//! `atalaya-simulator`: enrols made-up PCs with a real collector and lets them work, or loads its intake.
//! It asks the collector's own command for enrolment codes and knows nothing else of it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use atalaya_tests::simulator::codes::Codes;
use atalaya_tests::simulator::credentials::Credentials;
use atalaya_tests::simulator::load::{self, Load};
use atalaya_tests::simulator::{fleet, pc::Pc};
use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};
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
            let mut municipality = Municipality::of(pcs, false);
            for number in 0..municipality.devices {
                municipality.enrol(number).await?;
            }
            println!("{}", municipality.devices);
            Ok(())
        }
    }
}

/// PCs begin to work as they are enrolled, so that the first is seen at once.
async fn run_fleet(pcs: Pcs, sick: bool, interval: Duration, once: bool) -> Result<()> {
    let mut municipality = Municipality::of(pcs, sick);
    let mut tasks = JoinSet::new();
    let work = async {
        for number in 0..municipality.devices {
            let (pc, credentials) = municipality.enrol(number).await?;
            tasks.spawn(fleet::work(pc, credentials, interval, once));
        }
        println!("{} equipos de muestra en marcha", municipality.devices);
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
    let mut municipality = Municipality::of(pcs, false);
    let mut enrolled = Vec::new();
    for number in 0..municipality.devices {
        enrolled.push(municipality.enrol(number).await?);
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

/// The municipality as far as it is enrolled.
struct Municipality {
    devices: u32,
    identities: PathBuf,
    seed: u64,
    sick: bool,
    codes: Codes,
}

impl Municipality {
    fn of(pcs: Pcs, sick: bool) -> Municipality {
        let Pcs { devices, identities, seed, collector } = pcs;
        Municipality { devices, identities, seed, sick, codes: Codes::new(collector) }
    }

    fn pc(&self, number: u32) -> (Pc, PathBuf) {
        let pc = Pc::new(self.seed, number, self.sick);
        let folder = self.identities.join(&pc.hostname);
        (pc, folder)
    }

    /// The PC of that number with its identity, enrolled now or before.
    async fn enrol(&mut self, number: u32) -> Result<(Pc, Credentials)> {
        let (pc, folder) = self.pc(number);
        if let Some(credentials) = Credentials::load(&folder)? {
            return Ok((pc, credentials));
        }
        let missing =
            (number..self.devices).map(|other| self.pc(other)).filter(|(other, folder)| {
                other.area == pc.area && matches!(Credentials::load(folder), Ok(None))
            });
        let wanted = missing.count().try_into()?;
        let code = self.codes.take(pc.area, wanted).await?;
        let enrolled = Credentials::enrol(&folder, &code, &pc).await;
        Ok((pc, enrolled.with_context(|| format!("{folder:?}"))?))
    }
}
