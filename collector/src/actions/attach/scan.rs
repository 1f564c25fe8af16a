//! Asks ClamAV's daemon about a file, by its own protocol (INSTREAM): the bytes go over the socket, so that the daemon needs
//! no right to read our folder. Where it does not answer, nobody knows: never «clean».

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// For the whole scan of one file.
const PATIENCE: Duration = Duration::from_secs(60);
/// Sent at a time.
const PIECE: usize = 64 * 1024;
/// Longest answer that is read.
const ANSWER_BYTES: u64 = 4096;

/// Where the daemon listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanner {
    /// There is none.
    Absent,
    /// A socket in the file system.
    Socket(PathBuf),
    /// `host:port`.
    Address(String),
}

/// What came of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing found.
    Clean,
    /// Something found: its name, as the daemon says it.
    Infected(String),
    /// Nobody looked; why, for the log.
    NotScanned(String),
}

impl Scanner {
    /// From the settings: empty, a path, or `host:port`.
    pub fn new(place: &str) -> Scanner {
        match place {
            "" => Scanner::Absent,
            path if path.starts_with('/') => Scanner::Socket(path.into()),
            address => Scanner::Address(address.to_owned()),
        }
    }

    /// Has a file looked at.
    pub async fn scan(&self, file: &Path) -> Verdict {
        let asked = async {
            match self {
                Scanner::Absent => Ok(None),
                Scanner::Socket(path) => {
                    ask(UnixStream::connect(path).await?, file).await.map(Some)
                }
                Scanner::Address(to) => ask(TcpStream::connect(to).await?, file).await.map(Some),
            }
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Some(answer))) => verdict(&answer),
            Ok(Ok(None)) => Verdict::NotScanned("no antivirus is set".into()),
            Ok(Err(error)) => Verdict::NotScanned(error.to_string()),
            Err(_) => Verdict::NotScanned("the antivirus took too long".into()),
        }
    }
}

async fn ask(
    mut daemon: impl AsyncRead + AsyncWrite + Unpin,
    file: &Path,
) -> std::io::Result<String> {
    let mut file = tokio::fs::File::open(file).await?;
    daemon.write_all(b"zINSTREAM\0").await?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = file.read(&mut piece).await?;
        let length = u32::try_from(count).unwrap_or_default();
        daemon.write_all(&length.to_be_bytes()).await?;
        if count == 0 {
            break;
        }
        daemon.write_all(&piece[..count]).await?;
    }
    daemon.flush().await?;
    let mut answer = Vec::new();
    daemon.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).trim_end_matches(['\0', '\n']).to_owned())
}

/// `stream: OK`, `stream: NAME FOUND`, or an error.
fn verdict(answer: &str) -> Verdict {
    let said = answer.strip_prefix("stream: ").unwrap_or(answer);
    match said.strip_suffix(" FOUND") {
        Some(name) => {
            let plain = |character: &char| !character.is_control();
            Verdict::Infected(name.chars().filter(plain).take(120).collect())
        }
        None if said == "OK" => Verdict::Clean,
        None => Verdict::NotScanned(said.chars().take(200).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_ok_is_clean() {
        assert_eq!(verdict("stream: OK"), Verdict::Clean);
        assert_eq!(
            verdict("stream: Eicar-Test-Signature FOUND"),
            Verdict::Infected("Eicar-Test-Signature".into())
        );
        for answer in ["", "stream: NOT OK", "INSTREAM size limit exceeded. ERROR", "OKAY"] {
            assert!(matches!(verdict(answer), Verdict::NotScanned(_)), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_daemon_that_is_away_leaves_the_file_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, b"hola").unwrap();
        let away = Scanner::new(folder.path().join("no.ctl").to_str().unwrap());
        assert!(matches!(away.scan(&file).await, Verdict::NotScanned(_)));
        assert!(matches!(Scanner::new("").scan(&file).await, Verdict::NotScanned(_)));
    }

    /// ClamAV's own daemon, with the one signature of the harmless test file.
    struct Daemon(std::process::Child);

    impl Daemon {
        async fn start(folder: &Path) -> (Daemon, Scanner) {
            let eicar = "58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d\
                         5354414e444152442d414e544956495255532d544553542d46494c452124482b482a";
            std::fs::write(folder.join("prueba.ndb"), format!("Prueba.EICAR:0:*:{eicar}\n"))
                .unwrap();
            let (socket, config) = (folder.join("clamd.ctl"), folder.join("clamd.conf"));
            let place = folder.display();
            let text = format!(
                "LocalSocket {}\nDatabaseDirectory {place}\nForeground yes\nLogFile {place}/log\n",
                socket.display()
            );
            std::fs::write(&config, text).unwrap();
            let daemon = std::process::Command::new("clamd").arg("-c").arg(&config).spawn();
            let mut daemon =
                Daemon(daemon.expect("clamd is needed: run tests through tests/run.sh"));
            while UnixStream::connect(&socket).await.is_err() {
                assert!(daemon.0.try_wait().unwrap().is_none(), "clamd ended");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            (daemon, Scanner::Socket(socket))
        }
    }

    impl Drop for Daemon {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[tokio::test]
    async fn clamav_itself_tells_the_test_virus_from_a_harmless_file() {
        let folder = tempfile::tempdir().unwrap();
        let (_daemon, scanner) = Daemon::start(folder.path()).await;
        let file = folder.path().join("a");
        std::fs::write(&file, vec![b'a'; 3 * PIECE + 1]).unwrap();
        assert_eq!(scanner.scan(&file).await, Verdict::Clean);
        let eicar =
            format!("X5O!P%@AP[4\\PZX54(P^)7CC)7}}$EICAR-{}!$H+H*", "STANDARD-ANTIVIRUS-TEST-FILE");
        std::fs::write(&file, eicar).unwrap();
        let Verdict::Infected(name) = scanner.scan(&file).await else { panic!("not found") };
        assert!(name.starts_with("Prueba.EICAR"), "{name}");
    }
}
