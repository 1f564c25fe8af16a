//! What this process and its threads take of the PC: processor, memory, threads. It measures and judges nothing.

cfg_select! {
    target_os = "linux" => {
        mod linux;
        use linux as platform;
    }
    windows => {
        mod windows;
        use self::windows as platform;
    }
    _ => {
        mod elsewhere;
        use elsewhere as platform;
    }
}

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use platform::{children_cpu, give_memory_back, keep_memory_tight, thread_cpu};

/// What the agent takes. `None`: the system does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Physical memory in its pages, KiB.
    pub rss_kib: Option<u64>,
    /// Its share of that memory, where pages used by several processes are divided among them, KiB.
    pub pss_kib: Option<u64>,
    /// Processor time since it began, of itself and the programs it ran, milliseconds.
    pub cpu_ms: Option<u64>,
    /// Threads.
    pub threads: Option<u32>,
}

impl Usage {
    /// What it takes now.
    pub fn now() -> Usage {
        platform::usage()
    }

    /// Processor time since it began.
    pub fn cpu(&self) -> Option<Duration> {
        self.cpu_ms.map(Duration::from_millis)
    }
}

/// Processor time between two looks: of the thread that looks, and of the programs that ended meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Meter {
    thread: Option<Duration>,
    children: Option<Duration>,
}

impl Meter {
    /// Counts from now, on this thread.
    pub fn start() -> Meter {
        Meter { thread: thread_cpu(), children: children_cpu() }
    }

    /// Processor time since the start, by the same thread; `None` where the system does not tell. A program that another
    /// probe ran meanwhile would be counted too; probes are asked one after the other.
    pub fn stop(self) -> Option<Duration> {
        let own = thread_cpu()?.checked_sub(self.thread?)?;
        let of_programs =
            children_cpu().zip(self.children).and_then(|(now, then)| now.checked_sub(then));
        Some(own + of_programs.unwrap_or_default())
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::hint::black_box;
    use std::time::Instant;

    use super::*;

    #[test]
    fn work_of_the_thread_and_of_a_program_it_ran_is_counted_and_rest_is_not() {
        let meter = Meter::start();
        std::thread::park_timeout(Duration::from_millis(50));
        let at_rest = meter.stop().unwrap();
        assert!(at_rest < Duration::from_millis(40), "{at_rest:?}");

        let (meter, began) = (Meter::start(), Instant::now());
        while began.elapsed() < Duration::from_millis(60) {
            black_box(began);
        }
        let own = meter.stop().unwrap();
        assert!(own > Duration::from_millis(10), "{own:?}");

        let meter = Meter::start();
        let busy = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        assert!(
            std::process::Command::new("/bin/sh").args(["-c", busy]).status().unwrap().success()
        );
        let with_program = meter.stop().unwrap();
        assert!(with_program > Duration::from_millis(10), "{with_program:?}");
    }

    #[test]
    fn this_process_takes_memory_processor_and_at_least_one_thread() {
        let usage = Usage::now();
        assert!(usage.rss_kib.unwrap() > 500 && usage.threads.unwrap() >= 1, "{usage:?}");
        assert!(usage.pss_kib.unwrap() <= usage.rss_kib.unwrap() + 64, "{usage:?}");
        assert!(usage.cpu_ms.is_some());
    }
}
