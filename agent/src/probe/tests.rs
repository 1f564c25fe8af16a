//! The runner: what a probe that panics, hangs or is cut off costs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use atalaya_reading::{Reading, System};

use super::*;

fn good(look: &Look) -> Result<Section, Unread> {
    Ok(Section::System(Reading::ok(System::default(), "test", look.now)))
}

struct Scripted(fn(&Look) -> Result<Section, Unread>);

impl Probe for Scripted {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        self.0(look)
    }
}

fn probes(deadline: Duration, make: fn(&Setup) -> Box<dyn Probe>) -> Probes {
    let entry: &'static Entry =
        Box::leak(Box::new(Entry { kind: SectionKind::System, source: "test", deadline, make }));
    let mut probes = Probes::new(&Config::default(), None);
    probes.slots.retain(|slot| slot.entry.kind != SectionKind::System);
    probes.slots.push(Slot { entry, state: State::Idle(make(&probes.setup)) });
    probes
}

async fn status(probes: &mut Probes) -> Status {
    probes.read(SectionKind::System, Depth::Routine).await.section.status()
}

#[tokio::test]
async fn a_probe_that_panics_costs_one_reading() {
    static PANICKED: AtomicBool = AtomicBool::new(false);
    let mut probes = probes(Duration::from_secs(30), |_| {
        Box::new(Scripted(|look| {
            assert!(PANICKED.swap(true, Ordering::SeqCst), "the first reading panics");
            good(look)
        }))
    });
    assert_eq!(status(&mut probes).await, Status::Error);
    assert_eq!(status(&mut probes).await, Status::Ok);
}

#[tokio::test]
async fn a_probe_that_hangs_is_left_behind_and_taken_up_again_when_it_comes_back() {
    static GATE: OnceLock<()> = OnceLock::new();
    let mut probes = probes(Duration::from_millis(50), |_| {
        Box::new(Scripted(|look| {
            GATE.wait();
            good(look)
        }))
    });
    assert_eq!(status(&mut probes).await, Status::Timeout);
    let again = probes.read(SectionKind::System, Depth::Routine).await;
    assert_eq!(again.section.status(), Status::Timeout);
    assert_eq!(again.section.detail(), Some("la lectura anterior aún no termina"));
    GATE.set(()).unwrap();
    let tries = async { while status(&mut probes).await != Status::Ok {} };
    tokio::time::timeout(Duration::from_secs(20), tries).await.unwrap();
}

#[tokio::test]
async fn a_probe_that_never_comes_back_holds_one_thread_however_often_it_is_asked() {
    static ENTERED: AtomicU32 = AtomicU32::new(0);
    static NEVER: OnceLock<()> = OnceLock::new();
    let mut probes = probes(Duration::from_millis(20), |_| {
        Box::new(Scripted(|look| {
            ENTERED.fetch_add(1, Ordering::SeqCst);
            NEVER.wait();
            good(look)
        }))
    });
    for _ in 0..20 {
        assert_eq!(status(&mut probes).await, Status::Timeout);
    }
    assert_eq!(ENTERED.load(Ordering::SeqCst), 1);
    // The runtime of the test waits for its threads.
    NEVER.set(()).unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_hangs_is_ended_in_time_for_the_reading_to_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stuck");
    std::fs::write(&file, "#!/bin/sh\nexec sleep 1000\n").unwrap();
    assert!(std::process::Command::new("chmod").arg("755").arg(&file).status().unwrap().success());
    let ended = probes(MARGIN + Duration::from_millis(400), |_| {
        Box::new(Scripted(|look| {
            look.run("stuck", &[], Duration::from_secs(600)).map(|_| ())?;
            good(look)
        }))
    });
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let outcome = ended.with_program_path(&path).read(SectionKind::System, Depth::Full).await;
    assert_eq!(outcome.section.status(), Status::Timeout);
    let detail = outcome.section.detail().unwrap();
    assert!(detail.contains("stuck"), "the program is named, not only the deadline: {detail}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn each_reading_tells_how_long_it_took_and_what_processor_it_cost() {
    let mut probes = probes(Duration::from_secs(30), |_| {
        Box::new(Scripted(|look| {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(40) {
                std::hint::black_box(began);
            }
            good(look)
        }))
    });
    let cost = probes.read(SectionKind::System, Depth::Full).await.section.cost().unwrap();
    assert!(cost.took_us >= 40_000, "{cost:?}");
    let cpu = cost.cpu_us.unwrap();
    assert!(cpu > 5_000 && cpu <= cost.took_us + 20_000, "{cost:?}");
}

#[tokio::test]
async fn a_reading_cut_off_in_the_middle_does_not_lose_its_probe() {
    static GATE: OnceLock<()> = OnceLock::new();
    let mut probes = probes(Duration::from_secs(30), |_| {
        Box::new(Scripted(|look| {
            GATE.wait();
            good(look)
        }))
    });
    let reading = probes.read(SectionKind::System, Depth::Full);
    assert!(tokio::time::timeout(Duration::from_millis(50), reading).await.is_err());
    GATE.set(()).unwrap();
    let tries = async { while status(&mut probes).await != Status::Ok {} };
    tokio::time::timeout(Duration::from_secs(20), tries).await.unwrap();
}

#[tokio::test]
async fn nothing_to_measure_is_unsupported_not_an_error() {
    let mut probes = probes(Duration::from_secs(30), |_| {
        Box::new(Scripted(|_| Err(Unread::NotApplicable("no hay".into()))))
    });
    let outcome = probes.read(SectionKind::System, Depth::Full).await;
    assert_eq!(outcome.section.status(), Status::Unsupported);
    assert_eq!((outcome.section.detail(), outcome.section.source()), (Some("no hay"), "test"));
}
