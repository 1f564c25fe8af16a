//! The sockets of the service manager behind which the privilege is, and the process that answers there.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use atalaya_reading::{Action, ActionKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::here;
use crate::action::Answer;
use crate::config::Config;

/// An errand is one short line.
const MAX_ERRAND: u64 = 1024;
/// The longest answer holds what a scan found.
const MAX_ANSWER: u64 = 1024 * 1024;

/// A socket and what its process may do.
struct Door {
    name: &'static str,
    socket: &'static str,
    kinds: &'static [ActionKind],
}

/// Only the agent's account may connect to them. Apart from each other, so that none has another's privilege.
const DOORS: [Door; 3] = [
    Door {
        name: "ports",
        socket: "/run/atalaya-agent-ports.sock",
        kinds: &[ActionKind::BlockPort, ActionKind::UnblockPort],
    },
    Door {
        name: "signatures",
        socket: "/run/atalaya-agent-signatures.sock",
        kinds: &[ActionKind::UpdateSignatures],
    },
    Door {
        name: "scan",
        socket: "/run/atalaya-agent-scan.sock",
        kinds: &[ActionKind::QuickScan],
    },
];

/// What the process behind the door answers; `None` when this process does it itself: root asks, or there is no door.
pub async fn elsewhere(action: &Action) -> Option<Answer> {
    let door = DOORS.iter().find(|door| door.kinds.contains(&action.kind()))?;
    let socket = Path::new(door.socket);
    if rustix::process::geteuid().is_root() || !socket.exists() {
        return None;
    }
    Some(ask(socket, action).await.unwrap_or_else(|error| {
        let (name, socket) = (door.name, door.socket);
        Answer::failed(format!(
            "{socket}: {error}; vea systemctl status atalaya-agent-{name}.socket y journalctl -u \
             'atalaya-agent-{name}@*'"
        ))
    }))
}

async fn ask(socket: &Path, action: &Action) -> std::io::Result<Answer> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(&serde_json::to_vec(action)?).await?;
    stream.shutdown().await?;
    let mut said = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut said).await?;
    if said.is_empty() {
        return Err(std::io::Error::other("sin respuesta"));
    }
    Ok(serde_json::from_slice(&said)?)
}

/// Takes one errand from standard input, carries it out if it is one of those behind the door `name` and the settings
/// allow it, and answers on standard output.
///
/// # Errors
/// When the errand cannot be read: nothing is answered then.
pub fn answer_errand(config: &Config, name: &str) -> anyhow::Result<()> {
    let door = DOORS.iter().find(|door| door.name == name).context("no hay esa puerta")?;
    let mut line = String::new();
    std::io::stdin().lock().take(MAX_ERRAND + 1).read_to_string(&mut line)?;
    ensure!(line.len() as u64 <= MAX_ERRAND, "petición demasiado larga");
    let action: Action = serde_json::from_str(&line).context("la petición no se entiende")?;
    let answer = match refusal(config, door.kinds, &action) {
        Some(refusal) => refusal,
        None => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(here(config, &action))
        }
    };
    tracing::info!(?action, outcome = answer.outcome.as_str(), detail = answer.detail, "errand");
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &answer)?;
    Ok(out.flush()?)
}

/// Whether an errand may be carried out for whoever asks through a socket that gives privilege for `kinds` only.
fn refusal(config: &Config, kinds: &[ActionKind], action: &Action) -> Option<Answer> {
    let kind = action.kind();
    if !kinds.contains(&kind) {
        return Some(Answer::refused("esta acción no se hace aquí"));
    }
    if let Err(unfit) = action.check() {
        return Some(Answer::refused(unfit.0));
    }
    config.actions.refusal(kind).map(Answer::refused)
}

#[cfg(test)]
mod tests {
    use atalaya_reading::{ActionOutcome, Protocol};

    use super::*;

    const PORTS: [ActionKind; 2] = [ActionKind::BlockPort, ActionKind::UnblockPort];

    #[test]
    fn an_errand_is_checked_again_where_the_privilege_is() {
        let mut config = Config::default();
        let protocol = Protocol::Tcp;
        let block = |port| Action::BlockPort { protocol, port, minutes: 0 };
        let refused = |config: &Config, action: &Action| {
            refusal(config, &PORTS, action).map(|answer| answer.outcome)
        };
        let not_allowed = refusal(&config, &PORTS, &block(445)).unwrap();
        assert!(not_allowed.detail.contains("block_port = true"), "{}", not_allowed.detail);
        assert_eq!(refused(&config, &Action::UnblockPort { protocol, port: 445 }), None);
        config.actions.block_port = true;
        assert_eq!(refused(&config, &block(445)), None);
        for action in [block(0), Action::QuickScan {}, Action::CollectDiagnostics {}] {
            assert_eq!(refused(&config, &action), Some(ActionOutcome::Refused), "{action:?}");
        }
    }
}
