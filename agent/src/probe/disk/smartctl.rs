//! Asks the drives by smartctl: two at a time, none of them woken, each once however many ways lead to it. A drive that
//! does not answer in time costs its own reading.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_reading::{Drive, Status, bounds};

use super::memory::Memory;
use super::report::{Report, Silent};
use super::scan::{self, Target};
use super::{BlockDevice, Drives, bridge, by_system, unread, without_doubles};
use crate::probe::program::Output;
use crate::probe::{Look, Unread};

/// How long one drive may take to answer.
const DRIVE_LIMIT: Duration = Duration::from_secs(10);

/// What is kept between two rounds.
#[derive(Default)]
pub struct Smartctl {
    /// What a drive said last: a sleeping drive is not woken to say it again.
    last: BTreeMap<Target, Drive>,
    /// How a device behind a bridge was reached.
    reached: BTreeMap<String, Vec<Target>>,
}

impl Smartctl {
    /// Asks all drives that smartctl finds; of those it does not, what is known of `devices`.
    pub fn ask(
        &mut self,
        look: &Look,
        devices: &[BlockDevice],
        memory: &mut Option<Memory>,
    ) -> Drives {
        let found = match scan::scan(look) {
            Ok(found) => self.by_the_way_that_worked(found),
            Err(unread_scan) => {
                return Drives {
                    status: unread_scan.status(),
                    detail: Some(unread_scan.to_string()),
                    drives: devices.iter().map(|device| unread(device, "smartctl falló")).collect(),
                };
            }
        };
        let mut drives = Vec::new();
        let mut denied = 0;
        for (target, said) in said_by(look, &found) {
            let mut answers = vec![self.understood(&target, said, look, memory)];
            if let Err(Unread::Failed(why)) = &answers[0] {
                let (others, reached) = self.behind_a_bridge(look, &target, why, memory);
                if !reached.is_empty() {
                    self.reached.insert(target.name.clone(), reached);
                    answers = others.into_iter().map(Ok).collect();
                }
            }
            denied += usize::from(matches!(&answers[..], [Err(Unread::Denied(_))]));
            drives.extend(answers.into_iter().map(|answer| {
                answer.unwrap_or_else(|why| without_smartctl(&target, devices, &why, look, memory))
            }));
        }
        let unlisted = |device: &&BlockDevice| {
            !found.iter().any(|target| scan::same_device(&target.name, &device.device))
        };
        drives.extend(
            devices.iter().filter(unlisted).map(|device| unread(device, "no informa de su salud")),
        );
        let mut drives = without_doubles(drives);
        drives.truncate(bounds::DRIVES);
        let all_denied = denied > 0 && denied == found.len();
        Drives {
            status: if all_denied { Status::Denied } else { Status::Ok },
            detail: all_denied.then(|| "smartctl necesita privilegios de root".into()),
            drives,
        }
    }

    /// What was found in vain before is asked at once in the way that worked then.
    fn by_the_way_that_worked(&self, found: Vec<Target>) -> Vec<Target> {
        let ways = found.into_iter().flat_map(|target| match self.reached.get(&target.name) {
            Some(reached) => reached.clone(),
            None => vec![target],
        });
        ways.take(bounds::DRIVES).collect()
    }

    fn understood(
        &mut self,
        target: &Target,
        said: Result<Output, Unread>,
        look: &Look,
        memory: &mut Option<Memory>,
    ) -> Result<Drive, Unread> {
        let report = Report::parse(&said?.stdout)?;
        match report.drive_with(&target.name, None, memory.as_mut(), look.now) {
            Ok(drive) => {
                self.last.insert(target.clone(), drive.clone());
                Ok(drive)
            }
            Err(Silent::Asleep) => self.last.get(target).cloned().ok_or_else(|| {
                Unread::NotApplicable("en reposo: no se le despertó para preguntarle".into())
            }),
            Err(Silent::Unread(unread)) => Err(unread),
        }
    }

    /// Asks in the other ways that smartctl's refusal hints at: the drives that answered, and the ways to them.
    fn behind_a_bridge(
        &mut self,
        look: &Look,
        target: &Target,
        why: &str,
        memory: &mut Option<Memory>,
    ) -> (Vec<Drive>, Vec<Target>) {
        let Some(hint) = bridge::hint(why) else { return (Vec::new(), Vec::new()) };
        let (mut drives, mut reached) = (Vec::new(), Vec::new());
        for kind in hint.kinds {
            let way = Target { name: target.name.clone(), kind: Some(kind) };
            let said = look.run("smartctl", &arguments(&way), DRIVE_LIMIT);
            match self.understood(&way, said, look, memory) {
                Ok(drive) => {
                    drives.push(drive);
                    reached.push(way);
                    if !hint.several {
                        break;
                    }
                }
                // Slots are filled from the first one on.
                Err(_) if hint.several && !drives.is_empty() => break,
                Err(_) => {}
            }
        }
        (drives, reached)
    }
}

/// What smartctl says of each, two at a time, in their order.
fn said_by(look: &Look, targets: &[Target]) -> Vec<(Target, Result<Output, Unread>)> {
    let mut said = Vec::with_capacity(targets.len());
    let ask = |target: &Target| {
        let target = target.clone();
        async move {
            let output = look.running("smartctl", &arguments(&target), DRIVE_LIMIT).await;
            (target, output)
        }
    };
    for pair in targets.chunks(2) {
        match pair {
            [one, other] => {
                let (one, other) = look.wait(async { tokio::join!(ask(one), ask(other)) });
                said.extend([one, other]);
            }
            rest => said.extend(rest.iter().map(|target| look.wait(ask(target)))),
        }
    }
    said
}

fn arguments(target: &Target) -> Vec<&str> {
    let mut arguments = vec!["-a", "-j", "-n", "standby"];
    if let Some(kind) = &target.kind {
        arguments.extend(["-d", kind]);
    }
    arguments.push(&target.name);
    arguments
}

/// What the system itself says of a drive that smartctl could not read.
fn without_smartctl(
    target: &Target,
    devices: &[BlockDevice],
    why: &Unread,
    look: &Look,
    memory: &mut Option<Memory>,
) -> Drive {
    let known = devices.iter().find(|known| scan::same_device(&target.name, &known.device));
    match known {
        Some(known) => {
            by_system(known, memory, look.now).unwrap_or_else(|| unread(known, &why.to_string()))
        }
        None => unread(&target.as_block_device(), &why.to_string()),
    }
}
