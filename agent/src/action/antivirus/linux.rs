//! ClamAV and Microsoft Defender on Linux, by their own programs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use atalaya_reading::{Evidence, ScanEvidence, bounds};
use rustix::process::{Pid, Signal, kill_process};

use super::{NONE, clamdscan};
use crate::action::{Answer, said};
use crate::probe::Unread;
use crate::probe::program::{Programs, run};

/// One product's own update.
const UPDATE: Duration = Duration::from_secs(200);
/// A freshclam that runs as a service says nothing: its files tell.
const SETTLED: Duration = Duration::from_secs(60);
const DATABASES: &str = "/var/lib/clamav";

/// Where unwanted software comes to rest: what people and services can write to. `/home/*` is each person's own.
const PLACES: [&str; 8] =
    ["/home/*", "/root", "/tmp", "/var/tmp", "/dev/shm", "/srv", "/usr/local", "/etc/cron.d"];

/// Has the signatures fetched.
pub async fn update(programs: &Programs) -> Answer {
    if programs.find("freshclam").is_some() {
        return match daemon("freshclam") {
            Some(freshclam) => ask_freshclam(freshclam).await,
            None => run_freshclam(programs).await,
        };
    }
    if programs.find("mdatp").is_some() {
        return ended("mdatp", &["definitions", "update"], programs, UPDATE).await;
    }
    Answer::unsupported(NONE)
}

/// The service fetches when it is sent this signal, as its manual says.
async fn ask_freshclam(freshclam: Pid) -> Answer {
    let before = newest(Path::new(DATABASES));
    if let Err(error) = kill_process(freshclam, Signal::USR1) {
        return Answer::failed(format!("freshclam no recibió la petición: {error}"));
    }
    let until = Instant::now() + SETTLED;
    while Instant::now() < until {
        if newest(Path::new(DATABASES)) != before {
            return Answer::done("freshclam descargó firmas nuevas");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Answer::done(
        "se pidió a freshclam; en un minuto no llegaron firmas nuevas: o no las hay, o no pudo bajarlas (vea la fecha de las firmas)",
    )
}

async fn run_freshclam(programs: &Programs) -> Answer {
    ended("freshclam", &["--stdout", "--no-dns"], programs, UPDATE).await
}

/// A program that says by its exit code whether it worked.
async fn ended(name: &str, arguments: &[&str], programs: &Programs, limit: Duration) -> Answer {
    match run(programs, name, arguments, limit).await {
        Ok(output) => {
            let text = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), output.stderr);
            let detail = format!("{name}: {}", said(&text));
            if output.status.success() { Answer::done(detail) } else { Answer::failed(detail) }
        }
        Err(unread) => Answer::failed(unread.to_string()),
    }
}

/// Has the usual places looked through, at most for `limit`.
pub async fn scan(programs: &Programs, limit: Duration) -> Answer {
    if programs.find("clamdscan").is_some() {
        return scan_with_clamd(programs, limit, &places()).await;
    }
    if programs.find("mdatp").is_some() {
        let answer = ended("mdatp", &["scan", "quick"], programs, limit).await;
        let evidence = ScanEvidence {
            product: "Microsoft Defender".into(),
            complete: answer.outcome == atalaya_reading::ActionOutcome::Done,
            ..ScanEvidence::default()
        };
        return answer.with(Evidence::Scan(evidence));
    }
    Answer::unsupported(NONE)
}

/// Place by place, so that what was found before the time ran out is told.
async fn scan_with_clamd(programs: &Programs, limit: Duration, places: &[PathBuf]) -> Answer {
    let until = Instant::now() + limit;
    let mut scan =
        ScanEvidence { product: "ClamAV".into(), complete: true, ..ScanEvidence::default() };
    for place in places {
        let Some(path) = place.to_str() else {
            scan.complete = false;
            continue;
        };
        // clamd need not be allowed to read what is looked at: it is handed the open file.
        let arguments = ["--fdpass", "--infected", "--no-summary", "--stdout", path];
        let left = until.saturating_duration_since(Instant::now());
        match run(programs, "clamdscan", &arguments, left).await {
            Ok(output) => {
                let printed = String::from_utf8_lossy(&output.stdout);
                let found = clamdscan::found(&printed);
                // 0: nothing; 1: something; 2: it could not look everywhere, or not at all.
                if output.status.code() == Some(2) {
                    let text = format!("{printed}\n{}", output.stderr);
                    if text.contains("Could not connect") || text.contains("clamd") && found.is_empty() {
                        return Answer::failed(format!("clamd no contesta: {}", said(&text)));
                    }
                    scan.complete = false;
                }
                scan.places.push(bounds::text(path, bounds::TEXT));
                scan.found.extend(found);
            }
            Err(Unread::Timeout(_)) => {
                scan.complete = false;
                break;
            }
            Err(unread) => return Answer::failed(unread.to_string()),
        }
    }
    let over = scan.found.len().saturating_sub(bounds::DETECTIONS);
    scan.found.truncate(bounds::DETECTIONS);
    scan.left_out = u32::try_from(over).unwrap_or(u32::MAX);
    Answer::done(in_words(&scan)).with(Evidence::Scan(scan))
}

fn in_words(scan: &ScanEvidence) -> String {
    let found = scan.found.len() as u64 + u64::from(scan.left_out);
    let what = match found {
        0 => "el antivirus no reportó detecciones".to_owned(),
        1 => format!("el antivirus reportó una detección: {}", scan.found[0].name),
        some => format!("el antivirus reportó {some} detecciones"),
    };
    let places = scan.places.len();
    if scan.complete {
        format!("{what} en {places} lugares")
    } else {
        format!("{what}; no se pudo mirar todo ({places} lugares vistos)")
    }
}

/// The places there are, at most as many as an answer can name.
fn places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    for place in PLACES {
        match place.strip_suffix("/*") {
            Some(parent) => {
                let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
                // Not through a link: it may lead anywhere.
                let folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
                places.extend(entries.filter(folder).map(|entry| entry.path()));
            }
            None if Path::new(place).is_dir() => places.push(place.into()),
            None => {}
        }
    }
    places.truncate(bounds::INTERFACES);
    places
}

/// The process of that name with the lowest number.
fn daemon(name: &str) -> Option<Pid> {
    let number = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<i32>().ok();
    let mut processes: Vec<i32> = std::fs::read_dir("/proc").ok()?.flatten().filter_map(number).collect();
    processes.sort_unstable();
    let named = |id: &i32| {
        let read = std::fs::read_to_string(format!("/proc/{id}/comm"));
        read.is_ok_and(|comm| comm.trim_end() == name)
    };
    processes.into_iter().find(named).and_then(Pid::from_raw)
}

/// When a file of the folder last changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    entries.filter_map(|entry| entry.metadata().ok()?.modified().ok()).max()
}
