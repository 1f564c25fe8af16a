//! `atalaya-agent status [--json]`: what the service last said of itself. Asks nobody else and changes nothing.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::local_time;
use crate::config::Config;
use crate::identity::{Identity, IdentityError, Store};
use crate::state::StateDir;
use crate::status::{Status, Work};
use crate::update::{self, Off};

/// Prints it.
///
/// # Errors
/// When the settings or the identity cannot be read; not being enrolled is no error.
pub fn run(config: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    let state = StateDir::new(&config.state_dir);
    let identity = match Store::new(&state).current() {
        Ok(identity) => Some(identity),
        Err(IdentityError::Missing) => None,
        Err(error) => return Err(error.into()),
    };
    let until = identity.as_ref().map(Identity::validity).transpose()?.map(|validity| validity.to);
    let (running, service) = (state.is_locked(), Status::read(&state));
    let updates = update::home(&config.update).map(|home| home.folder().display().to_string());
    if json {
        let object = json!({
            "enrolled": identity.is_some(),
            "device_id": identity.as_ref().map(|identity| &identity.device_id),
            "collector": identity.as_ref().map(|identity| &identity.collector),
            "certificate_until": until,
            "generation": identity.as_ref().map(|identity| identity.generation),
            "running": running,
            "undelivered": service.as_ref().map(|service| service.spool.records.sum()),
            "service": service,
            "updates_itself": updates.is_ok(),
            "updates_detail": match &updates { Ok(folder) => folder.clone(), Err(off) => off.to_string() },
        });
        super::print(&format!("{}\n", serde_json::to_string_pretty(&object)?))?;
        return Ok(());
    }
    super::print(&text(identity.as_ref(), until, running, service.as_ref(), &updates))?;
    Ok(())
}

/// Nothing when this PC is enrolled.
///
/// # Errors
/// When it is not, or its identity cannot be read.
pub fn enrolled(config: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    Store::new(&StateDir::new(&config.state_dir)).current()?;
    Ok(())
}

fn text(
    identity: Option<&Identity>,
    until: Option<Timestamp>,
    running: bool,
    service: Option<&Status>,
    updates: &Result<String, Off>,
) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    match identity {
        None => lines.push(("Alta", "no; ejecute «atalaya-agent enroll CÓDIGO»".into())),
        Some(identity) => {
            lines.push(("Alta", format!("sí, en {}", identity.collector)));
            lines.push(("Identificador", identity.device_id.clone()));
        }
    }
    if let Some(until) = until {
        lines.push(("Certificado", format!("hasta {}", local_time(until))));
    }
    lines.push(("Servicio", if running { "en marcha".into() } else { "detenido".into() }));
    let updates = match updates {
        Ok(folder) => format!("sí, en {folder}"),
        Err(off) => off.to_string(),
    };
    lines.push(("Se actualiza", updates));
    if let Some(service) = service {
        let connection = match (running && service.connected, service.approved) {
            (true, Some(false)) => "conectado; espera la aprobación de un técnico",
            (true, _) => "conectado",
            (false, _) => "sin conexión",
        };
        lines.push(("Colector", connection.into()));
        let delivery =
            service.last_delivery_at.map_or("ninguna desde que arrancó".into(), local_time);
        lines.push(("Última entrega", delivery));
        let waiting = service.spool.records;
        let oldest =
            service.spool.oldest_at.map(|at| format!("; el más antiguo, de {}", local_time(at)));
        lines.push((
            "Por entregar",
            format!(
                "{} (P0 {}, P1 {}, P2 {}){}",
                waiting.sum(),
                waiting.p0,
                waiting.p1,
                waiting.p2,
                oldest.unwrap_or_default()
            ),
        ));
        lines.push(("En disco", format!("{} KiB", service.spool.bytes.div_ceil(1024))));
        if service.lost.sum() > 0 {
            let lost = service.lost;
            lines.push((
                "Perdidos",
                format!("{} (P0 {}, P1 {}, P2 {})", lost.sum(), lost.p0, lost.p1, lost.p2),
            ));
        }
        lines.extend(work(&service.work));
        if let Some(error) = &service.spool.disk_error {
            lines.push(("Disco", format!("no se puede escribir: {error}")));
        }
        if let Some(error) = &service.last_error {
            lines.push(("Último problema", format!("{} ({})", error.text, local_time(error.at))));
        }
    }
    lines.into_iter().map(|(name, value)| format!("{name:<16} {value}\n")).collect()
}

/// What the agent takes, and what its readings cost.
fn work(work: &Work) -> Vec<(&'static str, String)> {
    let usage = &work.usage;
    let mut lines = Vec::new();
    if let Some(rss) = usage.rss_kib {
        let pss = usage.pss_kib.map(|pss| format!(" ({pss} KiB propios)"));
        lines.push(("Memoria", format!("{rss} KiB{}", pss.unwrap_or_default())));
    }
    if let Some(cpu) = usage.cpu_ms {
        let threads = usage.threads.map(|count| format!(" en {count} hilos"));
        let text = format!(
            "{:.2} s desde que arrancó{}",
            cpu as f64 / 1000.0,
            threads.unwrap_or_default()
        );
        lines.push(("Procesador", text));
    }
    if work.stretch > 1 {
        let text =
            format!("rondas {} veces más espaciadas, por gastar procesador de más", work.stretch);
        lines.push(("Ritmo", text));
    }
    for (name, cost) in &work.costs {
        lines.push(("Costo", format!("{name}: {}", super::cost(*cost))));
    }
    lines
}
