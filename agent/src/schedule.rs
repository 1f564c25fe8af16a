//! Which section is due for a look. Pure: the clock is an argument.
//!
//! It says nothing of what a look costs or finds; a probe may answer a routine look in part from its last reading.

use std::time::Duration;

use atalaya_reading::SectionKind;

use crate::probe::Depth;

/// Everything is read in full this often.
const FULL_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Lists that change slowly and cost more to read than all the rest: at most one of them a round.
const LISTS: [SectionKind; 3] =
    [SectionKind::Updates, SectionKind::Accounts, SectionKind::Software];

/// A round of looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// How much is read.
    pub depth: Depth,
    /// The sections, the quickest to read first, so that bad news does not wait behind slow readings.
    pub kinds: Vec<SectionKind>,
    /// A list that is due as well; read after the rest and after the report.
    pub list: Option<SectionKind>,
}

/// When the next round is due. Rounds of a fleet that started together drift apart.
#[derive(Debug)]
pub struct Schedule {
    interval: Duration,
    seed: u64,
    next: Duration,
    full_at: Duration,
    lists_every: Duration,
    lists_at: [Duration; LISTS.len()],
}

impl Schedule {
    /// A schedule whose first round is due at `clock`. `seed` is random; it spreads the rounds of many agents.
    pub fn new(interval: Duration, lists_every: Duration, seed: u64, clock: Duration) -> Schedule {
        // The first round brings what people wait for; the lists follow, one in each of the next rounds.
        let lists_at = [clock + interval / 2; LISTS.len()];
        Schedule { interval, seed, next: clock, full_at: clock, lists_every, lists_at }
    }

    /// Rounds are this far apart from now on.
    pub fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// When the next round is due.
    pub fn next(&self) -> Duration {
        self.next
    }

    /// The round that is due, if one is; the one after it is then set.
    pub fn due(&mut self, clock: Duration) -> Option<Round> {
        if clock < self.next {
            return None;
        }
        let depth = if clock >= self.full_at { Depth::Full } else { Depth::Routine };
        if depth == Depth::Full {
            self.full_at = clock + FULL_EVERY;
        }
        // A late round is not made up for: the next one counts from now if more than one was missed.
        let base = if clock >= self.next + self.interval { clock } else { self.next };
        self.next = base + self.jittered();
        let kinds = vec![
            SectionKind::System,
            SectionKind::Firewall,
            SectionKind::Antivirus,
            SectionKind::Disk,
            SectionKind::Connectivity,
        ];
        Some(Round { depth, kinds, list: self.due_list(clock) })
    }

    /// The list that has been due the longest.
    fn due_list(&mut self, clock: Duration) -> Option<SectionKind> {
        let due = (0..LISTS.len()).filter(|at| self.lists_at[*at] <= clock);
        let first = due.min_by_key(|at| self.lists_at[*at])?;
        self.lists_at[first] = clock + self.lists_every;
        Some(LISTS[first])
    }

    /// The interval, up to 5 % shorter or longer.
    fn jittered(&mut self) -> Duration {
        // A step of SplitMix64: enough to spread rounds, and needs no state but the seed.
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let share = ((mixed >> 40) % 101) as u32;
        self.interval * 19 / 20 + self.interval * share / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_first_round_is_due_at_once_and_reads_everything() {
        let mut schedule = Schedule::new(MINUTE, HOUR, 7, Duration::ZERO);
        let round = schedule.due(Duration::ZERO).unwrap();
        assert_eq!((round.depth, round.kinds.len()), (Depth::Full, SectionKind::EVERY_ROUND.len()));
        assert_eq!(schedule.due(Duration::from_secs(50)), None);
    }

    #[test]
    fn each_list_is_read_soon_after_the_start_one_a_round_and_then_at_its_own_pace() {
        let mut schedule = Schedule::new(MINUTE, HOUR, 7, Duration::ZERO);
        let mut read = Vec::new();
        while schedule.next() < 2 * HOUR {
            let clock = schedule.next();
            let round = schedule.due(clock).unwrap();
            read.extend(round.list.map(|kind| (kind, clock)));
        }
        let first: Vec<SectionKind> = read.iter().take(3).map(|(kind, _)| *kind).collect();
        assert_eq!(first, LISTS);
        assert!(read[0].1 > Duration::ZERO && read[2].1 < 4 * MINUTE, "{read:?}");
        assert_eq!(read.len(), 6, "{read:?}");
        for (kind, at) in &read[3..] {
            let (_, before) = read.iter().find(|(first, _)| first == kind).unwrap();
            assert!(*at - *before >= HOUR && *at - *before < HOUR + 3 * MINUTE, "{read:?}");
        }
    }

    #[test]
    fn rounds_stay_within_five_per_cent_of_the_interval_and_differ_between_agents() {
        let mut times = Vec::new();
        for seed in 0..20 {
            let mut schedule = Schedule::new(MINUTE, HOUR, seed, Duration::ZERO);
            for _ in 0..20 {
                let due = schedule.next();
                schedule.due(due).unwrap();
                let gap = schedule.next() - due;
                assert!(gap >= MINUTE * 95 / 100 && gap <= MINUTE * 105 / 100, "{gap:?}");
            }
            times.push(schedule.next());
        }
        times.sort_unstable();
        times.dedup();
        assert!(times.len() > 15);
    }

    #[test]
    fn everything_is_read_in_full_every_six_hours() {
        let mut schedule = Schedule::new(MINUTE, HOUR, 1, Duration::ZERO);
        let mut full = 0;
        while schedule.next() < Duration::from_secs(24 * 3600 + 600) {
            let due = schedule.next();
            full += usize::from(schedule.due(due).unwrap().depth == Depth::Full);
        }
        assert_eq!(full, 5);
    }

    #[test]
    fn after_a_long_sleep_there_is_one_round_not_many() {
        let mut schedule = Schedule::new(MINUTE, HOUR, 1, Duration::ZERO);
        schedule.due(Duration::ZERO).unwrap();
        let woken = Duration::from_secs(36_000);
        assert!(schedule.due(woken).is_some());
        assert_eq!(schedule.due(woken + Duration::from_secs(1)), None);
    }
}
