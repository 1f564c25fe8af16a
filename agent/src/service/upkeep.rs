//! After each round: what the agent takes is noted, and kept within its bounds. What it does about it is decided in
//! `limits`.

use std::cell::RefCell;
use std::time::Duration;

use super::ServiceError;
use crate::limits::{Budget, Settings};
use crate::status::Work;
use crate::usage::{self, Usage};

/// The bounds, and where what is taken is noted.
#[derive(Debug)]
pub(super) struct Upkeep<'a> {
    /// How often each list is read.
    pub lists_every: Duration,
    /// What the agent takes, for its status.
    pub work: &'a RefCell<Work>,
    limits: Settings,
    budget: Budget,
    stretch: u32,
}

impl<'a> Upkeep<'a> {
    pub fn new(limits: &Settings, lists_every: Duration, work: &'a RefCell<Work>) -> Upkeep<'a> {
        Upkeep { lists_every, work, limits: *limits, budget: Budget::new(limits), stretch: 1 }
    }

    /// How many times as long as usual to rest until the next round.
    ///
    /// # Errors
    /// When the agent takes more memory than it may, even after giving back what is free.
    pub fn after_round(&mut self, clock: Duration) -> Result<u32, ServiceError> {
        usage::give_memory_back();
        let usage = Usage::now();
        if self.limits.is_too_much(usage.rss_kib) {
            return Err(ServiceError::Memory(usage.rss_kib.unwrap_or_default()));
        }
        if let Some(cpu) = usage.cpu() {
            let stretch = self.budget.take(clock, cpu);
            if stretch > self.stretch {
                tracing::warn!(
                    stretch,
                    ?cpu,
                    "over its share of the processor: rounds are spaced out"
                );
            } else if stretch < self.stretch {
                tracing::info!(stretch, "within its share of the processor again");
            }
            self.stretch = stretch;
        }
        let mut work = self.work.borrow_mut();
        (work.usage, work.stretch) = (usage, self.stretch);
        Ok(self.stretch)
    }
}
