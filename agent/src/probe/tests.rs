//! The runner: what a probe that panics, hangs or is cut off costs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

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
