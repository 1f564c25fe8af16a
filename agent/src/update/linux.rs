//! What exchanging a program takes on Linux; when it is done is decided above.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use atalaya_proto::release::Version;
use rustix::fs::{Access, OFlags};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Where a service that may not write its own program asks for it; only the agent's account may connect.
const SOCKET: &str = "/run/atalaya-agent-update.sock";
/// A copy, a start and an exchange.
const PATIENCE: Duration = Duration::from_secs(90);
const ANSWER_BYTES: u64 = 4096;

/// What is answered: the version that was put in place or taken back, or why not; Spanish, for people.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Answer {
    /// The program was exchanged.
    Done(String),
    /// It was not.
    Not(String),
}

/// Writes a file everybody may read, for good.
pub fn write_readable(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = plain().mode(0o644).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Opens a program for writing from its start; everybody may run it.
pub fn create_program(path: &Path) -> io::Result<File> {
    // Not written over: a file of that name could be a link, or be open elsewhere.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o755).open(path)?;
    // Whatever the service's file mask.
    rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(0o755))?;
    Ok(file)
}

/// Opens a file of the stage for writing from its start; nobody else reads it.
pub fn create_staged(path: &Path) -> io::Result<File> {
    plain().mode(0o600).open(path)
}

fn plain() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).custom_flags(no_link());
    options
}

fn no_link() -> i32 {
    i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default()
}

/// Opens a file for reading that is a file, not a link or a pipe: another account could have put it there.
pub fn open_plain(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(no_link()).open(path)?;
    let is_file = file.metadata()?.is_file();
    if is_file { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Free bytes for this account where a path lies.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let figures = rustix::fs::statvfs(path).ok()?;
    Some(figures.f_bavail.saturating_mul(figures.f_frsize))
}

/// Whether this process may write in a folder.
pub fn may_write(folder: &Path) -> bool {
    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// Keeps the program as `old` and gives `new` its name: the name is never without a program.
pub fn exchange(program: &Path, new: &Path, old: &Path) -> io::Result<()> {
    let kept = old.with_extension("old.new");
    let _ = fs::remove_file(&kept);
    fs::hard_link(program, &kept)?;
    fs::rename(&kept, old)?;
    fs::rename(new, program)
}

/// Gives `old` the program's name back.
pub fn bring_back(program: &Path, old: &Path) -> io::Result<()> {
    fs::rename(old, program)
}

/// Asks who may exchange the program: `install` or `restore`, nothing else goes over the socket.
pub async fn ask(question: &str) -> Result<Version, String> {
    let asking = async {
        let mut stream = UnixStream::connect(SOCKET).await?;
        stream.write_all(question.as_bytes()).await?;
        stream.shutdown().await?;
        let mut said = Vec::new();
        stream.take(ANSWER_BYTES).read_to_end(&mut said).await?;
        Ok::<_, io::Error>(said)
    };
    let said = tokio::time::timeout(PATIENCE, asking).await;
    let said = said.map_err(|_| format!("{SOCKET} no contesta"))?;
    let said = said.map_err(|error| format!("{SOCKET}: {error}"))?;
    match serde_json::from_slice(&said) {
        Ok(Answer::Done(text)) => Version::parse(&text).ok_or(format!("{SOCKET} contestó «{text}»")),
        Ok(Answer::Not(why)) => Err(why),
        Err(_) => Err(format!("{SOCKET}: sin respuesta; vea journalctl -u 'atalaya-agent-update@*'")),
    }
}
