//! The service's end of a reader: a socket of the service manager, which makes a process for each question.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::super::{MAX_OUTPUT, Output};
use super::{Answer, Question};
use crate::probe::Unread;

/// Only the agent's account may connect to them.
const DRIVES: &str = "/run/atalaya-agent-drives.sock";
const RULES: &str = "/run/atalaya-agent-rules.sock";

/// JSON writes some bytes as several.
const MAX_ANSWER: u64 = 2 * MAX_OUTPUT as u64;

/// Whether this is the plain path of a device, with no way out of its folder.
pub(super) fn is_device(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | ':');
    name.len() <= 64 && name.starts_with("/dev/") && name.chars().all(plain)
}

/// The reader that may run this program; `None` when it is run directly: it needs no privilege, no readers are
/// installed, or root asks.
pub fn reader_of(program: &str) -> Option<&'static Path> {
    let socket = Path::new(match program {
        "smartctl" => DRIVES,
        "nft" => RULES,
        name if name.ends_with("tables-save") || name.ends_with("tables-legacy-save") => RULES,
        _ => return None,
    });
    (!rustix::process::geteuid().is_root() && socket.exists()).then_some(socket)
}

/// What the reader answers within `limit`.
///
/// # Errors
/// When it cannot be reached, does not answer in time, or the program could not be run.
pub async fn through(
    socket: &Path,
    question: &Question,
    limit: Duration,
) -> Result<Output, Unread> {
    match tokio::time::timeout(limit, ask(socket, question)).await {
        Ok(answer) => answer,
        Err(_) => {
            let (name, seconds) = (&question.program, limit.as_secs_f64());
            Err(Unread::Timeout(format!("{name} no terminó en {seconds:.0} s")))
        }
    }
}

async fn ask(socket: &Path, question: &Question) -> Result<Output, Unread> {
    let failed = |error| Unread::from_io(&socket.display().to_string(), &error);
    let line = serde_json::to_vec(question).map_err(|error| failed(error.into()))?;
    let mut stream = UnixStream::connect(socket).await.map_err(failed)?;
    stream.write_all(&line).await.map_err(failed)?;
    stream.shutdown().await.map_err(failed)?;
    let mut said = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut said).await.map_err(failed)?;
    match serde_json::from_slice(&said) {
        // As wait(2) has it: the code in the second byte, or a signal.
        Ok(Answer::Ran { code, stdout, stderr }) => Ok(Output {
            status: ExitStatus::from_raw(code.map_or(9, |code| (code & 0xff) << 8)),
            stdout: stdout.into_bytes(),
            stderr,
        }),
        Ok(Answer::Failed(why)) => Err(Unread::Failed(why)),
        Err(_) => Err(Unread::Failed(format!(
            "{}: sin respuesta entendible a {}; vea journalctl -u 'atalaya-agent-*'",
            socket.display(),
            question.program
        ))),
    }
}
