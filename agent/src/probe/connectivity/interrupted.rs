//! Notices that this process was stopped or the computer suspended: what was being measured then says nothing about the
//! network.

use std::time::{Duration, Instant, SystemTime};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// More than a busy computer makes a look late, and less than a person takes to close a lid and open it again.
const ABSENT: Duration = Duration::from_millis(1_500);

/// Comes to an end when it happened. A clock that is set meanwhile is taken for it too, which costs one round.
pub async fn interrupted() {
    loop {
        let (instant, time) = (Instant::now(), SystemTime::now());
        tokio::time::sleep(LOOK_EVERY).await;
        let by_clock = time.elapsed().unwrap_or_default();
        if was_absent(instant.elapsed(), by_clock) {
            return;
        }
    }
}

/// The steady clock stands still while the computer is suspended, the wall clock does not.
fn was_absent(steady: Duration, wall: Duration) -> bool {
    steady.max(wall) > LOOK_EVERY + ABSENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_look_is_no_absence_but_a_suspended_or_stopped_one_is() {
        let ms = Duration::from_millis;
        assert!(!was_absent(ms(501), ms(501)));
        assert!(!was_absent(ms(1_400), ms(1_400)));
        assert!(was_absent(ms(501), ms(60_000)), "suspended");
        assert!(was_absent(ms(60_000), ms(60_000)), "stopped");
    }
}
