//! Processor use out of two looks at the counters Windows keeps for all processors together. Pure.

/// Counters since the start, in units of 100 ns; `kernel` includes `idle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTimes {
    /// Doing nothing.
    pub idle: u64,
    /// In the kernel, idling included.
    pub kernel: u64,
    /// In programs.
    pub user: u64,
}

impl CpuTimes {
    /// Per cent of all processors used since `before`, one decimal; `None` when no time passed or a counter went back.
    pub fn used_pct_since(self, before: CpuTimes) -> Option<f64> {
        let idle = self.idle.checked_sub(before.idle)?;
        let kernel = self.kernel.checked_sub(before.kernel)?;
        let all = kernel.checked_add(self.user.checked_sub(before.user)?)?;
        let used = all.saturating_sub(idle);
        (all > 0).then(|| (used as f64 * 1000.0 / all as f64).round() / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_part_of_the_kernels() {
        let before = CpuTimes { idle: 100, kernel: 200, user: 50 };
        let after = CpuTimes { idle: 850, kernel: 1_100, user: 150 };
        assert_eq!(after.used_pct_since(before), Some(25.0));
    }

    #[test]
    fn counters_that_stand_still_or_went_back_say_nothing() {
        let times = CpuTimes { idle: 1, kernel: 2, user: 3 };
        assert_eq!(times.used_pct_since(times), None);
        assert_eq!(times.used_pct_since(CpuTimes { idle: 2, ..times }), None);
    }
}
