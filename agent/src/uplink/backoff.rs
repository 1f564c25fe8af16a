//! How long to wait before the next attempt: full jitter between one second and a bound that doubles up to five minutes,
//! so that a thousand agents do not come back at the same moment.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(300);

/// Attempts in a row that failed.
#[derive(Debug, Default)]
pub struct Backoff {
    failed: u32,
}

impl Backoff {
    /// The wait before the next attempt.
    pub fn next(&mut self) -> Duration {
        self.failed = self.failed.saturating_add(1);
        wait(self.failed, random())
    }

    /// A wait for what only a person can change.
    pub fn longest(&mut self) -> Duration {
        (MOST / 2).max(wait(u32::MAX, random()))
    }

    /// An attempt worked.
    pub fn reset(&mut self) {
        self.failed = 0;
    }
}

/// The wait after `failed` attempts in a row; `random` is spread evenly over all values.
fn wait(failed: u32, random: u32) -> Duration {
    let bound = LEAST.saturating_mul(2u32.saturating_pow(failed.min(16))).min(MOST);
    let span = (bound - LEAST).as_millis() as u64;
    LEAST + Duration::from_millis(span * u64::from(random) / u64::from(u32::MAX))
}

/// A moment within a span, evenly spread.
pub fn spread(span: Duration) -> Duration {
    span.mul_f64(f64::from(random()) / f64::from(u32::MAX))
}

/// Without randomness all would wait the same: the middle.
fn random() -> u32 {
    let mut bytes = [0; 4];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => u32::from_be_bytes(bytes),
        Err(_) => u32::MAX / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_one_second_to_five_minutes_and_are_spread_over_the_whole_span() {
        let cases = [(1, 2), (2, 4), (5, 32), (8, 256), (9, 300), (40, 300), (u32::MAX, 300)];
        for (failed, most) in cases {
            assert_eq!(wait(failed, 0), Duration::from_secs(1));
            assert_eq!(wait(failed, u32::MAX), Duration::from_secs(most));
        }
        let mut backoff = Backoff::default();
        (0..20).for_each(|_| assert!(backoff.next() <= MOST));
        assert!(backoff.longest() >= Duration::from_secs(150));
        backoff.reset();
        assert!(backoff.next() <= Duration::from_secs(2));
    }
}
