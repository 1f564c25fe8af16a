//! `check`: looks at everything `serve` needs and says what is missing, without changing anything.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use anyhow::{Result, bail};

use super::{Place, log_to_stderr, print};
use crate::collector::open_store;
use crate::config::Config;

const MIB: u64 = 1024 * 1024;

/// Runs it.
///
/// # Errors
/// When something is missing; each thing has been printed.
pub fn run(place: &Place) -> Result<()> {
    let config = place.settings()?;
    log_to_stderr("error")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = [
        ("configuración", Ok("se entiende".into())),
        ("carpeta de datos", folder(&config)),
        ("espacio libre", room(&config)),
        ("base de datos", runtime.block_on(database(&config))),
        ("autoridad de certificados", authority(&config)),
        ("páginas", port(config.web.listen, "web.listen")),
        ("agentes", port(config.agent_listener.listen, "agent_listener.listen")),
        ("dirección para los agentes", address(&config)),
        ("correo", mail(&config)),
    ];
    let mut missing = 0;
    for (what, finding) in findings {
        match finding {
            Ok(said) => print(&format!("✔ {what}: {said}"))?,
            Err(said) => {
                missing += 1;
                print(&format!("✘ {what}: {said}"))?;
            }
        }
    }
    if missing > 0 {
        bail!("{missing} de las revisiones no pasaron");
    }
    Ok(())
}

type Finding = Result<String, String>;

fn folder(config: &Config) -> Finding {
    let shown = config.data_dir.display();
    match std::fs::metadata(&config.data_dir) {
        Ok(folder) if folder.is_dir() => Ok(shown.to_string()),
        Ok(_) => Err(format!("{shown} no es una carpeta")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(format!("{shown} se creará al arrancar"))
        }
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

fn room(config: &Config) -> Finding {
    let nearest = config.data_dir.ancestors().find(|folder| folder.exists());
    let Some(folder) = nearest else { return Err("la carpeta no se puede mirar".into()) };
    let volume = rustix::fs::statvfs(folder).map_err(|error| error.to_string())?;
    let free = volume.f_bavail.saturating_mul(volume.f_frsize) / MIB;
    let needed = config.intake.low_disk_mib;
    if free < needed {
        return Err(format!("{free} MiB; con menos de {needed} no se aceptan mediciones"));
    }
    Ok(format!("{free} MiB"))
}

async fn database(config: &Config) -> Finding {
    use crate::store::Database;
    match config.database() {
        Database::Sqlite(file) if !file.exists() => {
            Ok(format!("{} se creará al arrancar", file.display()))
        }
        Database::Sqlite(_) | Database::Postgres(_) => {
            let store = open_store(config).await.map_err(|error| error.to_string())?;
            let engine = store.engine();
            store.close().await;
            Ok(format!("{engine} contesta"))
        }
    }
}

fn authority(config: &Config) -> Finding {
    use crate::pki::Authority;
    let is_there = |name| config.data_dir.join(name).exists();
    if !is_there("ca.key") && !is_there("ca.json") && !is_there("ca-2.key") {
        return Ok("se creará al arrancar".into());
    }
    Authority::open(&config.data_dir).map(|_| "en orden".into()).map_err(|error| error.to_string())
}

/// Looks at the settings, the password's file and the certificates; `mail test` talks to the server.
fn mail(config: &Config) -> Finding {
    use crate::mail::{Patience, Server};
    let Some(server) = &config.mail.server else {
        return Ok("sin servidor: no se envían avisos".into());
    };
    config.mail.password()?;
    let ready = Server::new(&config.mail, "localhost", Patience::default());
    ready.map_err(|error| error.to_string())?;
    Ok(format!("{server}:{}; pruébelo con `mail test CORREO`", config.mail.port()))
}

fn port(address: SocketAddr, key: &str) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} está libre")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(format!(
            "{address} ya está en uso (¿el colector ya corre?); cambie `{key}` si es otro"
        )),
        Err(error) => Err(format!("{address}: {error}; cambie `{key}`")),
    }
}

fn address(config: &Config) -> Finding {
    let address = config.agent_address(config.agent_listener.listen);
    let found = address.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.map(|_| address.clone()).ok_or_else(|| {
        format!(
            "{address} no se resuelve desde este equipo; escriba en `agent_listener.public_address` la \
             dirección por la que llegan los agentes"
        )
    })
}
