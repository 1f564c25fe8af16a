//! What asks for more privilege than the service has: ports and the antivirus. On Linux a process of its own is asked,
//! one for each errand, which checks the errand and the settings again by itself; it is told which, never how.

cfg_select! {
    target_os = "linux" => {
        mod linux;
        use linux as platform;
        pub use linux::answer_errand;
    }
    _ => {
        mod elsewhere;
        use elsewhere as platform;
    }
}

use std::time::Duration;

use atalaya_reading::Action;

use super::{Answer, antivirus, ports};
use crate::config::Config;
use crate::probe::program::Programs;

/// Longest time an action may take.
pub fn limit(action: &Action) -> Duration {
    Duration::from_secs(match action {
        Action::NetworkTest { seconds, .. } => u64::from(*seconds) + 10,
        Action::UpdateSignatures {} => 240,
        Action::QuickScan {} => 40 * 60,
        _ => 20,
    })
}

/// Carries an action out, here or where the privilege is.
pub async fn carry(config: &Config, action: &Action) -> Answer {
    match platform::elsewhere(action).await {
        Some(answer) => answer,
        None => here(config, action).await,
    }
}

/// Carries an action out in this process.
async fn here(config: &Config, action: &Action) -> Answer {
    let programs = Programs::new(&config.programs.path);
    match action {
        Action::BlockPort { protocol, port, minutes } => {
            ports::block(&programs, *protocol, *port, *minutes).await
        }
        Action::UnblockPort { protocol, port } => ports::unblock(&programs, *protocol, *port).await,
        Action::UpdateSignatures {} => antivirus::update(&programs).await,
        Action::QuickScan {} => antivirus::scan(&programs, limit(action)).await,
        Action::ProbeNow { .. } | Action::NetworkTest { .. } | Action::CollectDiagnostics {} => {
            Answer::unsupported("esta acción no se hace aquí")
        }
    }
}
