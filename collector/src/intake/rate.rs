//! How often one address may do something: token buckets, bounded in number.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Addresses remembered; those that have been quiet are forgotten first.
const ADDRESSES: usize = 4096;

/// A bucket for each address.
#[derive(Debug)]
pub struct Rate {
    burst: u32,
    refill: Duration,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// When the bucket will be full again; how far that is away says how empty it is.
    full_at: Instant,
}

impl Rate {
    /// `burst` at once, and one more after each `refill`.
    pub fn new(burst: u32, refill: Duration) -> Rate {
        Rate { burst, refill, buckets: Mutex::default() }
    }

    /// Whether an address may go on, without taking anything.
    pub fn allows(&self, address: IpAddr, now: Instant) -> bool {
        let buckets = self.lock();
        buckets.get(&address).is_none_or(|bucket| self.left(*bucket, now))
    }

    /// Takes one; false when there is none.
    pub fn take(&self, address: IpAddr, now: Instant) -> bool {
        let mut buckets = self.lock();
        if buckets.len() >= ADDRESSES && !buckets.contains_key(&address) {
            buckets.retain(|_, bucket| bucket.full_at > now);
            if buckets.len() >= ADDRESSES {
                return false;
            }
        }
        let bucket = buckets.entry(address).or_insert(Bucket { full_at: now });
        if !self.left(*bucket, now) {
            return false;
        }
        bucket.full_at = bucket.full_at.max(now) + self.refill;
        true
    }

    /// Gives one back: what it was taken for turned out well.
    pub fn give_back(&self, address: IpAddr) {
        if let Some(bucket) = self.lock().get_mut(&address) {
            bucket.full_at = bucket.full_at.checked_sub(self.refill).unwrap_or(bucket.full_at);
        }
    }

    fn left(&self, bucket: Bucket, now: Instant) -> bool {
        bucket.full_at.saturating_duration_since(now) + self.refill <= self.refill * self.burst
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Bucket>> {
        self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_then_one_at_a_time_and_others_are_not_held_up() {
        let rate = Rate::new(3, Duration::from_secs(10));
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let start = Instant::now();
        let taken: Vec<bool> = (0..4).map(|_| rate.take(one, start)).collect();
        assert_eq!(taken, [true, true, true, false]);
        assert!(!rate.allows(one, start) && rate.take(other, start));
        rate.give_back(one);
        assert!(rate.take(one, start) && !rate.take(one, start));
        let later = start + Duration::from_secs(10);
        assert!(rate.take(one, later) && !rate.take(one, later));
        let much_later = start + Duration::from_secs(1000);
        let taken = (0..4).filter(|_| rate.take(one, much_later)).count();
        assert_eq!(taken, 3);
    }
}
