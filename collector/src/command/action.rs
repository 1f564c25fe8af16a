//! `action DEVICE KIND`: orders an action from a device's agent, or lists the last orders and how they went.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::device::find;
use super::{Place, print, with_store};
use crate::actions::order_action::{Order, order_action};
use crate::domain::access::Actor;
use crate::domain::action::Ordering;
use crate::domain::id::{ActionId, DeviceId};
use crate::domain::reading::{
    Action as Ordered, ActionOutcome, Protocol, TargetKind, TestTarget, bounds,
};
use crate::store::{ActionRecord, Store};

/// Orders shown.
const SHOWN: u32 = 20;

/// An order to an agent.
#[derive(Debug, Args)]
pub struct Action {
    /// Identificador o nombre del equipo.
    device: String,
    #[command(subcommand)]
    kind: Kind,
    /// Espera el resultado, a lo más estos segundos, y lo imprime como JSON; termina con error si no quedó hecha.
    #[arg(long, global = true, value_name = "SEGUNDOS")]
    wait: Option<u64>,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Lista las últimas órdenes del equipo y su resultado.
    List,
    /// Toma todas las lecturas en el momento.
    ProbeNow,
    /// Mide la red sin pausa; sin destinos: puerta de enlace, servidores de nombres, colector y los del agente.
    NetworkTest {
        /// De 5 a 60.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Destino, p. ej. icmp:192.0.2.1 o tcp:192.0.2.1:443; puede repetirse.
        #[arg(long, value_name = "TIPO:DIRECCIÓN")]
        target: Vec<String>,
    },
    /// Pide al antivirus del equipo que descargue sus firmas.
    UpdateSignatures,
    /// Pide al antivirus del equipo un análisis rápido.
    QuickScan,
    /// Bloquea un puerto de entrada.
    BlockPort {
        /// tcp o udp.
        protocol: String,
        /// De 1 a 65535.
        port: u16,
        /// Por cuántos minutos; 0: hasta desbloquearlo.
        #[arg(long, default_value_t = 0)]
        minutes: u32,
    },
    /// Deshace el bloqueo de un puerto.
    UnblockPort {
        /// tcp o udp.
        protocol: String,
        /// De 1 a 65535.
        port: u16,
    },
    /// Reúne versión, estado, configuración y últimos mensajes del agente.
    CollectDiagnostics,
}

/// Runs it.
///
/// # Errors
/// When there is no such device, the order is out of bounds, or the store refuses.
pub fn run(place: &Place, action: Action) -> Result<()> {
    with_store(place, async |_, store| {
        let device = find(&store, &action.device).await?;
        let Some(ordered) = ordered(&action.kind)? else { return list(&store, &device).await };
        let order = Order { action: ordered, patience: None };
        let by = Ordering::by_program(Actor::Console);
        let id = order_action(&store, &device, &order, &by, Timestamp::now()).await?;
        match action.wait {
            None => print(&id.to_string()),
            Some(seconds) => wait(&store, &id, Duration::from_secs(seconds)).await,
        }
    })
}

/// The action of a kind; `None` for the list.
fn ordered(kind: &Kind) -> Result<Option<Ordered>> {
    Ok(Some(match kind {
        Kind::List => return Ok(None),
        Kind::ProbeNow => Ordered::ProbeNow { sections: Vec::new() },
        Kind::NetworkTest { seconds, target: targets } => Ordered::NetworkTest {
            targets: targets.iter().map(|text| target(text)).collect::<Result<_>>()?,
            seconds: *seconds,
        },
        Kind::UpdateSignatures => Ordered::UpdateSignatures {},
        Kind::QuickScan => Ordered::QuickScan {},
        Kind::BlockPort { protocol: of, port, minutes } => {
            Ordered::BlockPort { protocol: protocol(of)?, port: *port, minutes: *minutes }
        }
        Kind::UnblockPort { protocol: of, port } => {
            Ordered::UnblockPort { protocol: protocol(of)?, port: *port }
        }
        Kind::CollectDiagnostics => Ordered::CollectDiagnostics {},
    }))
}

fn protocol(word: &str) -> Result<Protocol> {
    match word {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        other => bail!("«{other}» no es un protocolo: tcp o udp"),
    }
}

fn target(text: &str) -> Result<TestTarget> {
    let (kind, address) = match text.split_once(':') {
        Some(("icmp", address)) => (TargetKind::Icmp, address),
        Some(("tcp", address)) => (TargetKind::Tcp, address),
        _ => bail!("«{text}» no es un destino: icmp:DIRECCIÓN o tcp:EQUIPO:PUERTO"),
    };
    let name = bounds::text(address, bounds::TARGET_NAME);
    Ok(TestTarget { name, kind, address: address.into() })
}

async fn list(store: &Store, device: &DeviceId) -> Result<()> {
    for record in store.read().await?.actions_of(device, SHOWN).await? {
        let stands = record.outcome.map_or(record.state().as_str(), |outcome| outcome.as_str());
        let (at, kind, by) = (record.requested_at, &record.kind, &record.requested_by);
        print(&format!("{}\t{at}\t{kind}\t{stands}\t{by}\t{}", record.id, record.detail))?;
    }
    Ok(())
}

async fn wait(store: &Store, id: &ActionId, limit: Duration) -> Result<()> {
    let until = Instant::now() + limit;
    loop {
        let record = store.read().await?.action(id).await?.context("la orden ya no está")?;
        if let Some(outcome) = record.outcome {
            print(&serde_json::to_string_pretty(&told(&record))?)?;
            if outcome == ActionOutcome::Done {
                return Ok(());
            }
            bail!("la orden no quedó hecha: {} ({})", record.detail, outcome.as_str());
        }
        if Instant::now() >= until {
            let stands = record.state().as_str();
            bail!("sin resultado en {} s ({stands}); vea `action DEVICE list`", limit.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn told(record: &ActionRecord) -> serde_json::Value {
    serde_json::json!({
        "id": record.id.as_str(),
        "action": record.action,
        "outcome": record.outcome,
        "detail": record.detail,
        "evidence": record.evidence,
        "finished_at": record.finished_at,
    })
}
