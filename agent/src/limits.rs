//! The agent keeps itself small: a share of one core over ten minutes, and a bound on memory. Beyond the first it looks
//! less often; beyond the second it ends, so that its supervisor starts it afresh. Pure but for where Windows is told.

cfg_select! {
    windows => {
        mod windows;
        pub use self::windows::confine;
    }
    _ => {
        /// The service manager confines it here; see the unit.
        pub fn confine(_settings: &Settings) {}
    }
}

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;

use crate::config::Invalid;

/// Settings `[limits]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Share of one core the agent and the programs it runs keep to, per cent, over ten minutes.
    pub cpu_pct: u64,
    /// Physical memory at which the agent ends, MiB.
    pub memory_mib: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { cpu_pct: 2, memory_mib: 64 }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_within("limits.cpu_pct", self.cpu_pct, 1..=100)?;
        Invalid::unless_within("limits.memory_mib", self.memory_mib, 4..=1_024)
    }

    /// Whether that much physical memory is too much.
    pub fn is_too_much(&self, rss_kib: Option<u64>) -> bool {
        rss_kib.is_some_and(|kib| kib > self.memory_mib * 1024)
    }
}

/// The share of the processor is taken over this span.
const WINDOW: Duration = Duration::from_secs(600);
/// It rests at most this many times as long as it was told to.
const MOST: u32 = 16;

/// How the processor was used in the last ten minutes, and how much longer it rests for it.
#[derive(Debug)]
pub struct Budget {
    /// When, and processor time since the start.
    looks: VecDeque<(Duration, Duration)>,
    cpu_pct: u32,
    stretch: u32,
    /// When the stretch was last changed: what was used before says nothing of it.
    changed_at: Duration,
}

impl Budget {
    /// With these settings.
    pub fn new(settings: &Settings) -> Budget {
        let cpu_pct = u32::try_from(settings.cpu_pct).unwrap_or(u32::MAX);
        Budget { looks: VecDeque::new(), cpu_pct, stretch: 1, changed_at: Duration::ZERO }
    }

    /// Takes in the processor time used since the start, by the agent and the programs it ran; how many times as long as
    /// usual it rests from now on. `clock` counts from any fixed moment.
    pub fn take(&mut self, clock: Duration, cpu: Duration) -> u32 {
        self.looks.push_back((clock, cpu));
        while self.looks.len() > 2 && self.looks[1].0 + WINDOW <= clock {
            self.looks.pop_front();
        }
        let Some((from, before)) = self.looks.front().copied() else { return self.stretch };
        let used = cpu.saturating_sub(before);
        let allowed = WINDOW.max(clock.saturating_sub(from)) * self.cpu_pct / 100;
        if used > allowed {
            self.stretch = (self.stretch * 2).min(MOST);
            // What was overspent is not held against the longer rest a second time.
            self.begin_anew(clock, cpu);
        } else if self.stretch > 1
            && clock.saturating_sub(from.max(self.changed_at)) >= WINDOW
            && used * 2 < allowed
        {
            self.stretch /= 2;
            self.begin_anew(clock, cpu);
        }
        self.stretch
    }

    fn begin_anew(&mut self, clock: Duration, cpu: Duration) {
        self.looks.clear();
        self.looks.push_back((clock, cpu));
        self.changed_at = clock;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_agent_within_its_share_keeps_its_pace_also_when_a_list_costs_some_seconds() {
        let mut budget = Budget::new(&Settings::default());
        let mut cpu = Duration::ZERO;
        for minute in 0..600 {
            cpu += Duration::from_millis(if minute % 360 == 1 { 4_000 } else { 20 });
            assert_eq!(budget.take(s(minute * 60), cpu), 1, "minute {minute}");
        }
    }

    #[test]
    fn one_that_burns_rests_longer_and_longer_up_to_a_bound_and_comes_back_when_it_is_over() {
        let mut budget = Budget::new(&Settings::default());
        let (mut clock, mut cpu, mut stretch) = (Duration::ZERO, Duration::ZERO, 1);
        let mut seen = vec![1];
        // Each look burns seven seconds: at one a minute that is 12 % of a core.
        for _ in 0..40 {
            clock += s(60) * stretch;
            cpu += s(7);
            stretch = budget.take(clock, cpu);
            if seen.last() != Some(&stretch) {
                seen.push(stretch);
            }
        }
        assert_eq!(seen[..4], [1, 2, 4, 8], "{seen:?}");
        assert!((4..=MOST).contains(&stretch));
        for _ in 0..100 {
            clock += s(60) * stretch;
            cpu += Duration::from_millis(20);
            stretch = budget.take(clock, cpu);
        }
        assert_eq!(stretch, 1);
    }

    #[test]
    fn memory_beyond_the_bound_is_too_much_and_an_unknown_one_is_not() {
        let settings = Settings::default();
        assert!(settings.is_too_much(Some(65 * 1024)));
        assert!(!settings.is_too_much(Some(64 * 1024)) && !settings.is_too_much(None));
    }

    #[test]
    fn what_it_remembers_is_bounded() {
        let mut budget = Budget::new(&Settings::default());
        for second in 0..100_000 {
            budget.take(s(second), Duration::ZERO);
        }
        assert!(budget.looks.len() < 700);
    }
}
