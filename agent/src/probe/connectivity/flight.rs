//! Which request is due, which were answered and when: the bookkeeping of a sweep over many hosts.
//!
//! Pure: the clock is an argument. It knows neither sockets nor packets.

use std::time::{Duration, Instant};

use atalaya_reading::Measurement;

use super::measure::Pace;

/// An answer that takes longer is none.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A turn that comes so much later than it should means that this process was stopped or starved: what was on its way
/// cannot be timed.
const ABSENT: Duration = Duration::from_millis(750);
/// Requests have numbers of 16 bits.
const MOST: usize = 1 << 16;

/// A request that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Its number within the sweep.
    pub number: u16,
    /// The place of its host.
    pub host: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Due,
    Sent(Instant),
    Answered(Duration),
    /// Neither answered nor lost: nobody was there to tell.
    Void,
}

/// A sweep.
#[derive(Debug)]
pub struct Flight {
    hosts: usize,
    between: Duration,
    gap: Duration,
    start: Instant,
    /// By number: all hosts once, then all again.
    requests: Vec<State>,
    next: usize,
    settled: usize,
    last_sent: Instant,
    /// When the next turn begins at the latest.
    expected: Instant,
}

impl Flight {
    /// Over so many hosts, beginning at `now`. What is more than 65,536 requests is left out.
    pub fn new(hosts: usize, pace: Pace, now: Instant) -> Flight {
        let count = hosts.saturating_mul(pace.samples as usize).min(MOST);
        Flight {
            hosts: hosts.max(1),
            between: pace.between.max(pace.gap * u32::try_from(hosts).unwrap_or(u32::MAX)),
            gap: pace.gap,
            start: now,
            requests: vec![State::Due; count],
            next: 0,
            settled: 0,
            last_sent: now,
            expected: now,
        }
    }

    /// Begins a turn, at an answer or at the time [`Flight::rests`] gave.
    pub fn wakes(&mut self, now: Instant) {
        let late = now.saturating_duration_since(self.expected);
        if late > ABSENT {
            self.was_absent(late);
        }
    }

    /// Ends a turn: until when to wait for answers; `None`: there is nothing left to wait for.
    pub fn rests(&mut self, now: Instant) -> Option<Instant> {
        let wake = if self.next < self.requests.len() {
            Some(self.due_at(self.next))
        } else {
            let waiting = self.settled < self.requests.len();
            waiting.then(|| self.last_sent + TIMEOUT).filter(|wake| *wake > now)
        };
        self.expected = wake.map_or(now, |wake| wake.max(now));
        wake
    }

    /// The next request, if it is due.
    pub fn due(&self, now: Instant) -> Option<Request> {
        let due = self.next < self.requests.len() && self.due_at(self.next) <= now;
        let number = u16::try_from(self.next).ok()?;
        due.then(|| Request { number, host: self.next % self.hosts })
    }

    /// A request goes out.
    pub fn sent(&mut self, request: Request, now: Instant) {
        self.requests[usize::from(request.number)] = State::Sent(now);
        self.next = usize::from(request.number) + 1;
        self.last_sent = now;
    }

    /// An answer came in. `is_from` says whether it came from the host of that place.
    pub fn heard(&mut self, number: u16, is_from: impl Fn(usize) -> bool, now: Instant) {
        let number = usize::from(number);
        let Some(State::Sent(at)) = self.requests.get(number).copied() else { return };
        let took = now.saturating_duration_since(at);
        // Late or not: it will not be answered a second time.
        if is_from(number % self.hosts) && took <= TIMEOUT && now < self.expected + ABSENT {
            self.requests[number] = State::Answered(took);
            self.settled += 1;
        }
    }

    /// What came of the requests to one host.
    pub fn measurement(&self, host: usize) -> Measurement {
        let mine = self.requests.iter().skip(host).step_by(self.hosts);
        let (mut sent, mut milliseconds) = (0, Vec::new());
        for state in mine {
            sent += u32::from(!matches!(state, State::Void));
            if let State::Answered(took) = state {
                milliseconds.push(took.as_secs_f64() * 1000.0);
            }
        }
        Measurement::of(sent, &milliseconds)
    }

    fn due_at(&self, number: usize) -> Instant {
        let (round, place) = (number / self.hosts, number % self.hosts);
        let times = |duration: Duration, count: usize| {
            duration.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
        };
        self.start + times(self.between, round) + times(self.gap, place)
    }

    /// Requests on their way are forgotten and the rest follow from now on, at the same pace.
    fn was_absent(&mut self, late: Duration) {
        for state in &mut self.requests[..self.next] {
            if matches!(state, State::Sent(at) if self.expected.saturating_duration_since(*at) < TIMEOUT)
            {
                *state = State::Void;
                self.settled += 1;
            }
        }
        self.start += late;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const PACE: Pace = Pace { samples: 3, between: Duration::from_millis(100), gap: MS };

    /// Lets the sweep run by a clock of its own; `answers` says after how long a request is answered, if it is.
    fn flown(
        hosts: usize,
        pace: Pace,
        absent: Option<(Duration, Duration)>,
        answers: impl Fn(Request) -> Option<Duration>,
    ) -> (Flight, Duration) {
        let start = Instant::now();
        let mut now = start;
        let mut flight = Flight::new(hosts, pace, now);
        let mut coming: Vec<(Instant, u16)> = Vec::new();
        let mut absence = absent;
        loop {
            flight.wakes(now);
            while let Some(request) = flight.due(now) {
                flight.sent(request, now);
                coming.extend(answers(request).map(|took| (now + took, request.number)));
            }
            coming.sort_unstable();
            let Some(wake) = flight.rests(now) else { break };
            now = coming.first().map_or(wake, |(at, _)| wake.min(*at)).max(now);
            if let Some((at, length)) = absence.filter(|(at, _)| now >= start + *at) {
                absence = None;
                now = (start + at + length).max(now);
            }
            while coming.first().is_some_and(|(at, _)| *at <= now) {
                flight.heard(coming.remove(0).1, |_| true, now);
            }
        }
        (flight, now - start)
    }

    #[test]
    fn every_host_is_asked_as_often_as_wanted_and_what_is_answered_is_timed() {
        let (flight, took) = flown(254, PACE, None, |_| Some(MS * 2));
        for host in 0..254 {
            let measured = flight.measurement(host);
            assert_eq!((measured.sent, measured.received), (3, 3));
            assert_eq!((measured.median_ms, measured.jitter_ms), (Some(2.0), Some(0.0)));
        }
        assert!(took < Duration::from_secs(1), "nothing is waited for in vain: {took:?}");
    }

    #[test]
    fn what_is_not_answered_within_a_second_is_lost() {
        let (flight, took) = flown(2, PACE, None, |request| {
            (request.host == 0).then_some(if request.number < 2 { MS * 1200 } else { MS })
        });
        assert_eq!((flight.measurement(0).sent, flight.measurement(0).received), (3, 2));
        assert_eq!(flight.measurement(1).loss_pct, Some(100.0));
        assert!(took < Duration::from_secs(2), "{took:?}");
    }

    #[test]
    fn a_process_that_was_stopped_meanwhile_reports_no_loss_for_it() {
        let pace = Pace { samples: 20, ..PACE };
        let stopped = Some((MS * 550, Duration::from_secs(60)));
        let (flight, _) = flown(4, pace, stopped, |_| Some(MS * 30));
        for host in 0..4 {
            let measured = flight.measurement(host);
            assert_eq!(measured.received, measured.sent, "{measured:?}");
            assert!(measured.sent >= 18 && measured.p95_ms <= Some(40.0), "{measured:?}");
        }
    }

    #[test]
    fn an_answer_from_somebody_else_a_second_one_and_one_never_asked_for_do_not_count() {
        let now = Instant::now();
        let mut flight = Flight::new(1, PACE, now);
        let request = flight.due(now).unwrap();
        flight.sent(request, now);
        flight.heard(request.number, |_| false, now);
        assert_eq!(flight.measurement(0).received, 0);
        flight.heard(request.number, |_| true, now + MS);
        flight.heard(request.number, |_| true, now + MS);
        flight.heard(2, |_| true, now);
        flight.heard(999, |_| true, now);
        assert_eq!(flight.measurement(0).received, 1);
    }

    #[test]
    fn nobody_to_ask_is_no_work() {
        assert_eq!(Flight::new(0, PACE, Instant::now()).rests(Instant::now()), None);
    }
}
