//! Nonces of enrolments that were begun: each is good for two minutes and once.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};

/// How long a nonce is good for.
const LIFE: Duration = Duration::from_secs(120);
/// Enrolments begun at a time.
const MOST: usize = 8192;

/// Nonces handed out and not presented yet.
#[derive(Debug, Default)]
pub struct Nonces {
    out: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Nonces {
    /// A new one; `None` when too many are out or the system gives no randomness.
    pub fn hand_out(&self, now: Instant) -> Option<[u8; 32]> {
        let mut nonce = [0; 32];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut out = self.lock();
        if out.len() >= MOST {
            out.retain(|_, at| now.saturating_duration_since(*at) < LIFE);
        }
        if out.len() >= MOST {
            return None;
        }
        out.insert(nonce, now);
        Some(nonce)
    }

    /// Takes one back; false when it was not handed out, is used or too old.
    pub fn take_back(&self, nonce: &[u8], now: Instant) -> bool {
        let handed_out = <[u8; 32]>::try_from(nonce).ok().and_then(|it| self.lock().remove(&it));
        handed_out.is_some_and(|at| now.saturating_duration_since(at) < LIFE)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Instant>> {
        self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_for_two_minutes_and_their_number_is_bounded() {
        let nonces = Nonces::default();
        let start = Instant::now();
        let nonce = nonces.hand_out(start).unwrap();
        assert!(nonces.take_back(&nonce, start));
        assert!(!nonces.take_back(&nonce, start));
        let late = nonces.hand_out(start).unwrap();
        assert!(!nonces.take_back(&late, start + LIFE));
        assert!(!nonces.take_back(b"short", start));
        while nonces.hand_out(start).is_some() {}
        assert_eq!(nonces.lock().len(), MOST);
        assert!(nonces.hand_out(start + LIFE).is_some());
    }
}
