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

use atalaya_reading::{Action, ActionKind};

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

/// Whether an errand may be carried out for whoever asks through a socket that gives privilege for `kinds` only.
fn refusal(config: &Config, kinds: &[ActionKind], action: &Action) -> Option<Answer> {
    let kind = action.kind();
    if !kinds.contains(&kind) {
        return Some(Answer::refused("esta acción no se hace aquí"));
    }
    if let Err(unfit) = action.check() {
        return Some(Answer::refused(unfit.0));
    }
    config.actions.refusal(kind).map(Answer::refused)
}

#[cfg(test)]
mod tests {
    use atalaya_reading::{ActionOutcome, Protocol};

    use super::*;

    const PORTS: [ActionKind; 2] = [ActionKind::BlockPort, ActionKind::UnblockPort];

    #[test]
    fn an_errand_is_checked_again_where_the_privilege_is() {
        let mut config = Config::default();
        let protocol = Protocol::Tcp;
        let block = |port| Action::BlockPort { protocol, port, minutes: 0 };
        let refused = |config: &Config, action: &Action| {
            refusal(config, &PORTS, action).map(|answer| answer.outcome)
        };
        let not_allowed = refusal(&config, &PORTS, &block(445)).unwrap();
        assert!(not_allowed.detail.contains("block_port = true"), "{}", not_allowed.detail);
        assert_eq!(refused(&config, &Action::UnblockPort { protocol, port: 445 }), None);
        config.actions.block_port = true;
        assert_eq!(refused(&config, &block(445)), None);
        for action in [block(0), Action::QuickScan {}, Action::CollectDiagnostics {}] {
            assert_eq!(refused(&config, &action), Some(ActionOutcome::Refused), "{action:?}");
        }
    }
}
