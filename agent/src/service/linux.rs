//! How Linux asks a service to stop.

mod install;

use tokio::signal::unix::{SignalKind, signal};

pub use install::{install, uninstall};

/// Ends when the system or a person asks the program to stop.
///
/// # Errors
/// When the signals cannot be listened for.
pub fn stop_requested() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
