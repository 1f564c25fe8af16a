//! External programs: found on one path, run without a shell, bounded in time and in what they may say.
//! Knows nothing of what the programs are for.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::{Look, Unread};

#[cfg(target_os = "linux")]
pub mod reader;

cfg_select! {
    target_os = "linux" => {
        mod linux;
        use linux::{default_path, file_name, in_own_group, is_program, kill_group};
    }
    windows => {
        mod windows;
        use self::windows::{default_path, file_name, in_own_group, is_program, kill_group};
    }
    _ => {
        mod elsewhere;
        use elsewhere::{default_path, file_name, in_own_group, is_program, kill_group};
    }
}

/// More output than this is an error; the largest rule sets seen are well below.
const MAX_OUTPUT: usize = 4 * 1024 * 1024;

/// Settings `[programs]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Folders separated as in PATH. Without the key: folders no user could write to.
    pub path: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { path: default_path() }
    }
}

/// The programs that can be run.
#[derive(Debug, Clone)]
pub struct Programs {
    path: String,
}

/// What a program said.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error, as text.
    pub stderr: String,
}

impl Programs {
    /// Programs in these folders, separated as in PATH.
    pub fn new(path: &str) -> Programs {
        Programs { path: path.into() }
    }

    /// The file of that program.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(file_name(name)))
            .find(|file| is_program(file))
    }
}

impl Look {
    /// Runs a program to its end, at most `limit` and the reading's own time.
    ///
    /// # Errors
    /// When it is not installed, may not be run, does not end in time or says too much. How it ended is not judged.
    pub fn run(&self, name: &str, arguments: &[&str], limit: Duration) -> Result<Output, Unread> {
        self.wait(self.running(name, arguments, limit))
    }

    /// The same, to be waited for together with others.
    ///
    /// # Errors
    /// As [`Look::run`].
    pub async fn running(
        &self,
        name: &str,
        arguments: &[&str],
        limit: Duration,
    ) -> Result<Output, Unread> {
        let limit = self.left(limit);
        #[cfg(target_os = "linux")]
        if let Some(socket) = reader::reader_of(name)
            && self.programs.find(name).is_some()
        {
            let question = reader::Question::new(name, arguments);
            return reader::through(socket, &question, limit).await;
        }
        run(&self.programs, name, arguments, limit).await
    }
}

/// Runs a program of these to its end, at most `limit`.
///
/// # Errors
/// As [`Look::run`].
pub async fn run(
    programs: &Programs,
    name: &str,
    arguments: &[&str],
    limit: Duration,
) -> Result<Output, Unread> {
    match programs.find(name) {
        Some(file) => run_file(&file, arguments, &programs.path, limit).await,
        None => Err(Unread::NotApplicable(format!("no se encontró el programa {name}"))),
    }
}

async fn run_file(
    file: &Path,
    arguments: &[&str],
    path: &str,
    limit: Duration,
) -> Result<Output, Unread> {
    let name = file.display();
    let mut child = in_own_group(Command::new(file).env_clear())
        .args(arguments)
        .env("LC_ALL", "C")
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Unread::from_io(&name.to_string(), &error))?;
    let outcome = tokio::time::timeout(limit, finish(&mut child)).await;
    let unread = match outcome {
        Ok(Ok(output)) => return Ok(output),
        Ok(Err(error)) => Unread::Failed(format!("{name}: {error}")),
        Err(_) => Unread::Timeout(format!("{name} no terminó en {:.0} s", limit.as_secs_f64())),
    };
    kill_group(&mut child);
    Err(unread)
}

async fn finish(child: &mut Child) -> std::io::Result<Output> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(bounded(stdout), bounded(stderr))?;
    let status = child.wait().await?;
    Ok(Output { status, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}

async fn bounded(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(stream) = stream else { return Ok(bytes) };
    let count = stream.take(MAX_OUTPUT as u64 + 1).read_to_end(&mut bytes).await?;
    if count > MAX_OUTPUT {
        return Err(std::io::Error::other(format!("más de {MAX_OUTPUT} bytes de salida")));
    }
    Ok(bytes)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::time::Instant;

    use super::*;

    fn script(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tool");
        std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        let made = std::process::Command::new("chmod").arg("755").arg(&file).status().unwrap();
        assert!(made.success());
        (folder, file)
    }

    #[tokio::test]
    async fn a_program_speaks_plainly_and_its_end_is_told() {
        let (_folder, file) = script("echo \"$LC_ALL $1 $HOME\"; echo oh >&2; exit 3");
        let output =
            run_file(&file, &["a b; rm"], &default_path(), Duration::from_secs(20)).await.unwrap();
        assert_eq!(output.stdout, b"C a b; rm \n");
        assert_eq!((output.stderr.as_str(), output.status.code()), ("oh\n", Some(3)));
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_stopped_with_what_it_started() {
        let (folder, file) = script("sleep 1000 & echo $! > \"${0%/*}/child\"; wait");
        let started = Instant::now();
        let limit = Duration::from_millis(500);
        let ended = run_file(&file, &[], &default_path(), limit).await.unwrap_err();
        assert!(matches!(ended, Unread::Timeout(_)), "{ended}");
        assert!(started.elapsed() < Duration::from_secs(15));
        let child = std::fs::read_to_string(folder.path().join("child")).unwrap();
        let gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
            !stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while !gone() {
            assert!(Instant::now() < deadline, "the child of the program still runs");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_program_that_never_stops_talking_is_cut_off() {
        let (_folder, file) =
            script("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done");
        let ended =
            run_file(&file, &[], &default_path(), Duration::from_secs(60)).await.unwrap_err();
        assert!(matches!(ended, Unread::Failed(_)), "{ended}");
    }

    #[test]
    fn only_absolute_folders_of_the_path_are_searched() {
        let (folder, file) = script("");
        let programs = Programs::new(&format!(".:relative:{}", folder.path().display()));
        assert_eq!(programs.find("tool"), Some(file));
        assert_eq!(programs.find("no-such-tool"), None);
    }
}
