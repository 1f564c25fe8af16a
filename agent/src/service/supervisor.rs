//! The service manager that started the agent: it is told when the agent is ready, alive and stopping.
//!
//! Where nobody supervises, nothing is said. It does not decide when the agent is well: the loop that works says so.

cfg_select! {
    target_os = "linux" => {
        mod linux;
        use linux as platform;
    }
    _ => {
        mod platform {
            use std::time::Duration;

            use super::News;

            pub fn tell(_news: News) {}

            pub fn patience() -> Option<Duration> {
                None
            }
        }
    }
}

use std::time::Duration;

/// What a service manager is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// It works.
    Ready,
    /// The loop turned once more.
    Alive,
    /// It comes to its end.
    Stopping,
}

/// The service manager.
#[derive(Debug)]
pub struct Supervisor {
    /// How long it waits for a sign of life; `None`: for ever.
    patience: Option<Duration>,
}

impl Supervisor {
    /// Who started this process, if anybody wants to hear from it.
    pub fn of_this_process() -> Supervisor {
        Supervisor { patience: platform::patience() }
    }

    /// The agent works.
    pub fn ready(&self) {
        platform::tell(News::Ready);
    }

    /// The loop turned once more.
    pub fn alive(&self) {
        if self.patience.is_some() {
            platform::tell(News::Alive);
        }
    }

    /// Says for as long as it is polled that the agent is alive: while nothing but a person is waited for.
    pub async fn keeps_alive(&self) {
        loop {
            self.alive();
            self.sign_is_due().await;
        }
    }

    /// The agent ends in order.
    pub fn stopping(&self) {
        platform::tell(News::Stopping);
    }

    /// Comes when a sign of life is due, well before patience runs out.
    pub async fn sign_is_due(&self) {
        match self.patience {
            Some(patience) => tokio::time::sleep(patience / 3).await,
            None => std::future::pending().await,
        }
    }
}
