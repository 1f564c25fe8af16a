//! Any order of captures, deliveries, lost answers and restarts: a collector gets every record, in order, once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Capture(usize),
    /// A batch goes out and only so much of it is stored; the answer may get lost.
    Deliver {
        stored: usize,
        answered: bool,
    },
    /// The process ends, with or without a note of what was acknowledged.
    Restart {
        noted: bool,
    },
    Reconnect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0usize..3).prop_map(Step::Capture),
        3 => (0usize..6, any::<bool>()).prop_map(|(stored, answered)| Step::Deliver { stored, answered }),
        1 => any::<bool>().prop_map(|noted| Step::Restart { noted }),
        1 => Just(Step::Reconnect),
    ];
    proptest::collection::vec(step, 1..100)
}

/// What a collector keeps: exactly-once by (epoch, seq).
#[derive(Default)]
struct Collector {
    reached: BTreeMap<u64, u64>,
    bodies: Vec<String>,
}

impl Collector {
    fn store(&mut self, batch: &Batch, count: usize) {
        let reached = self.reached.entry(batch.epoch).or_default();
        for record in batch.records.iter().take(count) {
            if record.seq > *reached {
                assert_eq!(record.seq, *reached + 1, "a number is missing");
                *reached = record.seq;
                self.bodies.push(String::from_utf8_lossy(&record.body).into_owned());
            }
        }
    }

    /// A connection opens, as one does before anything is sent: the collector says what it has.
    fn welcome(&self, spool: &mut Spool) -> u64 {
        loop {
            let (epoch, _) = spool.position();
            // One PC alone never looks like a copy, whatever became of it.
            let known = spool.known().map_or(u64::MAX, |(seq, _)| seq);
            assert!(known >= self.has(epoch), "{known} known, {} stored", self.has(epoch));
            assert!(spool.reconcile(epoch, self.has(epoch)));
            if spool.position().0 == epoch {
                return epoch;
            }
        }
    }

    fn has(&self, epoch: u64) -> u64 {
        self.reached.get(&epoch).copied().unwrap_or(0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_the_order_every_record_arrives_once(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, mut collector) = (open(folder.path()), Collector::default());
        let (mut captured, mut connected) = (0, None);
        for step in steps {
            match step {
                Step::Capture(class) => {
                    spool.append(Class::ALL[class], format!("r{captured}").as_bytes());
                    spool.sync();
                    captured += 1;
                }
                Step::Deliver { stored, answered } => {
                    if connected != Some(spool.position().0) {
                        connected = Some(collector.welcome(&mut spool));
                    }
                    let Some(batch) = spool.next_batch(Class::Metric).unwrap() else { continue };
                    collector.store(&batch, stored);
                    if answered {
                        spool.acknowledge(batch.epoch, collector.has(batch.epoch));
                    }
                }
                Step::Restart { noted } => {
                    if noted {
                        spool.note_acknowledged();
                    }
                    drop(spool);
                    spool = open(folder.path());
                    connected = None;
                }
                Step::Reconnect => connected = Some(collector.welcome(&mut spool)),
            }
        }
        collector.welcome(&mut spool);
        while let Some(batch) = spool.next_batch(Class::Metric).unwrap() {
            collector.store(&batch, batch.records.len());
            spool.acknowledge(batch.epoch, collector.has(batch.epoch));
        }
        prop_assert_eq!(collector.bodies, names(captured));
        prop_assert_eq!(spool.waiting(Class::State) + spool.waiting(Class::Metric), 0);
    }
}
