//! The notification protocol of systemd; what is told when is decided above.

use std::time::Duration;

use sd_notify::NotifyState;

use super::News;

/// Tells it; silent without a service manager.
pub fn tell(news: News) {
    let state = match news {
        News::Ready => NotifyState::Ready,
        News::Alive => NotifyState::Watchdog,
        News::Stopping => NotifyState::Stopping,
    };
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "the service manager was not told");
    }
}

/// How long it waits for a sign of life.
pub fn patience() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero())
}
