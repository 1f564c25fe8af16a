//! When a batch may be sent: one in flight, none before approval, none while the collector asks for quiet.
//!
//! Pure: the clock is an argument.

use std::time::Duration;

use tokio::time::Instant;

use crate::spool::Class;

/// A batch without an answer for this long means a broken connection.
const ANSWER: Duration = Duration::from_secs(60);
/// The collector may not silence an agent for longer.
const LONGEST_QUIET: Duration = Duration::from_secs(600);

/// What the stream allows now.
#[derive(Debug)]
pub struct Flow {
    approved: bool,
    in_flight: Option<(u64, Instant)>,
    quiet_until: Option<Instant>,
    accept: Class,
}

impl Flow {
    /// A stream that was not welcomed yet.
    pub fn new() -> Flow {
        Flow { approved: false, in_flight: None, quiet_until: None, accept: Class::Metric }
    }

    /// The collector welcomed us; not approved means: wait for the next welcome.
    pub fn welcome(&mut self, approved: bool) {
        self.approved = approved;
    }

    /// A batch went out that ends with `last`.
    pub fn sent(&mut self, last: u64, now: Instant) {
        self.in_flight = Some((last, now));
    }

    /// Everything up to `seq` is committed.
    pub fn acknowledged(&mut self, seq: u64, now: Instant) {
        self.in_flight = match self.in_flight {
            Some((last, _)) if seq < last => Some((last, now)),
            _ => None,
        };
    }

    /// Quiet for a while, then only classes up to `accept`. What is in flight was not taken and goes out again.
    pub fn throttle(&mut self, quiet: Duration, accept: Class, now: Instant) {
        self.quiet_until = Some(now + quiet.min(LONGEST_QUIET));
        self.accept = accept;
        self.in_flight = None;
    }

    /// The least worthy class that may be sent now; `None`: nothing may.
    pub fn may_send(&self, now: Instant) -> Option<Class> {
        let quiet = self.quiet_until.is_some_and(|until| now < until);
        (self.approved && self.in_flight.is_none() && !quiet).then_some(self.accept)
    }

    /// The batch in flight got no answer in time.
    pub fn is_stuck(&self, now: Instant) -> bool {
        self.in_flight.is_some_and(|(_, since)| now.duration_since(since) >= ANSWER)
    }

    /// When something changes by itself.
    pub fn wakes_at(&self, now: Instant) -> Option<Instant> {
        let answer = self.in_flight.map(|(_, since)| since + ANSWER);
        let quiet = self.quiet_until.filter(|until| *until > now);
        answer.into_iter().chain(quiet).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcomed() -> (Flow, Instant) {
        let mut flow = Flow::new();
        let now = Instant::now();
        assert_eq!(flow.may_send(now), None);
        flow.welcome(true);
        (flow, now)
    }

    #[test]
    fn one_batch_is_in_flight_at_a_time() {
        let (mut flow, now) = welcomed();
        assert_eq!(flow.may_send(now), Some(Class::Metric));
        flow.sent(10, now);
        assert_eq!(flow.may_send(now), None);
        flow.acknowledged(9, now);
        assert_eq!(flow.may_send(now), None);
        flow.acknowledged(10, now);
        assert_eq!(flow.may_send(now), Some(Class::Metric));
    }

    #[test]
    fn nothing_is_sent_before_approval() {
        let (mut flow, now) = welcomed();
        flow.welcome(false);
        assert_eq!(flow.may_send(now), None);
    }

    #[test]
    fn a_throttle_brings_quiet_and_then_fewer_classes() {
        let (mut flow, now) = welcomed();
        flow.sent(10, now);
        flow.throttle(Duration::from_secs(5), Class::Security, now);
        assert_eq!(flow.may_send(now), None);
        let later = now + Duration::from_secs(5);
        assert_eq!(flow.wakes_at(now), Some(later));
        assert_eq!(flow.may_send(later), Some(Class::Security));
        flow.throttle(Duration::from_secs(u64::MAX / 2), Class::Metric, now);
        assert_eq!(flow.wakes_at(now), Some(now + LONGEST_QUIET));
    }

    #[test]
    fn a_batch_without_an_answer_breaks_the_stream() {
        let (mut flow, now) = welcomed();
        flow.sent(10, now);
        assert_eq!(flow.wakes_at(now), Some(now + ANSWER));
        assert!(!flow.is_stuck(now + ANSWER / 2));
        assert!(flow.is_stuck(now + ANSWER));
    }
}
