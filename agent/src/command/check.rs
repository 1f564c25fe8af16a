//! `atalaya-agent check`: is everything there that the service needs? Each line says yes or no and what to do. Changes
//! nothing.

use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;

use super::local_time;
use crate::config::Config;
use crate::identity::renewal::Age;
use crate::identity::{Identity, Store, tls};
use crate::probe::program::Programs;
use crate::state::{StateDir, foreign_access, foreign_writer};

/// One line of the result.
struct Line {
    good: Option<bool>,
    text: String,
}

impl Line {
    fn good(text: impl Into<String>) -> Line {
        Line { good: Some(true), text: text.into() }
    }

    fn bad(text: impl Into<String>) -> Line {
        Line { good: Some(false), text: text.into() }
    }

    /// Worth knowing, and no reason not to start.
    fn note(text: impl Into<String>) -> Line {
        Line { good: None, text: text.into() }
    }
}

/// Programs probes can use, and what is not read without them.
const TOOLS: [(&str, &str); 5] = [
    ("smartctl", "la salud de los discos queda como desconocida; instale smartmontools"),
    ("nft", "las reglas del cortafuegos quedan como desconocidas; instale nftables"),
    ("ufw", "solo hace falta si usa ufw"),
    ("firewall-cmd", "solo hace falta si usa firewalld"),
    ("clamscan", "solo hace falta si usa ClamAV"),
];

/// Whether the settings can be used, and nothing else: what the service manager asks before every start.
///
/// # Errors
/// When they cannot.
pub fn settings_only(config_file: Option<&Path>) -> anyhow::Result<()> {
    Config::load(config_file)?;
    let line = settings(config_file);
    if line.good == Some(false) {
        bail!(line.text);
    }
    Ok(())
}

/// Prints the lines.
///
/// # Errors
/// When one of them is bad, so that the exit code says so.
pub fn run(config_file: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(config_file)?;
    let mut lines = vec![settings(config_file)];
    let state = StateDir::new(&config.state_dir);
    lines.push(folder(&state));
    let store = Store::new(&state);
    lines.extend(store.secret_files().iter().filter_map(|file| secret(file)));
    match store.current() {
        Ok(identity) => {
            lines.push(certificate(&identity));
            lines.push(collector(&identity)?);
        }
        Err(error) => lines.push(Line::bad(error.to_string())),
    }
    let programs = Programs::new(&config.programs.path);
    lines.extend(TOOLS.iter().map(|(name, without)| tool(&programs, name, without)));
    let shown = |line: &Line| {
        let mark = match line.good {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "–",
        };
        format!("{mark} {}\n", line.text)
    };
    super::print(&lines.iter().map(shown).collect::<String>())?;
    match lines.iter().filter(|line| line.good == Some(false)).count() {
        0 => Ok(()),
        1 => bail!("hay un punto por corregir"),
        count => bail!("hay {count} puntos por corregir"),
    }
}

fn settings(file: Option<&Path>) -> Line {
    let Some(file) = file else { return Line::good("configuración: valores de fábrica") };
    match foreign_writer(file) {
        Ok(Some(problem)) => {
            Line::bad(format!("configuración: otra cuenta podría cambiarla: {problem}"))
        }
        _ => Line::good(format!("configuración: {}", file.display())),
    }
}

fn folder(state: &StateDir) -> Line {
    let shown = state.path().display();
    match foreign_access(state.path()) {
        Ok(None) => Line::good(format!("carpeta de estado: {shown}")),
        Ok(Some(problem)) => Line::bad(format!("carpeta de estado: {problem}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Line::note(format!("carpeta de estado: {shown} aún no existe; la crea «enroll»"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
            Line::note(format!("carpeta de estado: {shown}; aquí no se puede saber quién entra"))
        }
        Err(error) => {
            Line::bad(format!("carpeta de estado: {shown}: {error}; revise los permisos"))
        }
    }
}

fn secret(file: &Path) -> Option<Line> {
    let problem = foreign_access(file).ok().flatten()?;
    Some(Line::bad(format!("identidad: {problem}")))
}

fn certificate(identity: &Identity) -> Line {
    let validity = match identity.validity() {
        Ok(validity) => validity,
        Err(error) => return Line::bad(error.to_string()),
    };
    let text =
        format!("identidad: {}, certificado hasta {}", identity.device_id, local_time(validity.to));
    match Age::of(&validity, Timestamp::now()) {
        Age::Fresh => Line::good(text),
        Age::Due => Line::good(format!("{text}; toca renovarlo, lo hace el servicio")),
        Age::Expired => Line::note(format!("{text}; venció, el servicio lo renueva al conectarse")),
        Age::Dead => {
            Line::bad(format!("{text}; venció hace más de 90 días: use «enroll --force CÓDIGO»"))
        }
    }
}

fn collector(identity: &Identity) -> anyhow::Result<Line> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let peer = match identity.peer() {
        Ok(peer) => peer,
        Err(error) => return Ok(Line::bad(error.to_string())),
    };
    Ok(match runtime.block_on(tls::connect(peer)) {
        Ok(_) => Line::good(format!("colector: {} contesta y es el esperado", identity.collector)),
        Err(error) => Line::bad(format!("colector: {error}")),
    })
}

fn tool(programs: &Programs, name: &str, without: &str) -> Line {
    match programs.find(name) {
        Some(path) => Line::good(format!("{name}: {}", path.display())),
        None => Line::note(format!("{name}: no está; {without}")),
    }
}
