//! Carries orders out, each on a task of its own and within its time, beside the regular looks.

use std::time::Duration;

use atalaya_reading::{Action, ActionOutcome, Protocol};
use tokio::sync::mpsc;

use super::{Accepted, Answer, Ended, network_test, privileged};
use crate::config::Config;

/// Beyond the time an order needs, for what it starts to come to its end.
const MARGIN: Duration = Duration::from_secs(15);

/// What carrying out needs.
#[derive(Debug, Clone)]
pub struct Carrier {
    config: Config,
    /// `host:port`.
    collector: Option<String>,
    ended: mpsc::Sender<Ended>,
}

impl Carrier {
    /// One that tells `ended`.
    pub fn new(config: &Config, collector: Option<String>, ended: mpsc::Sender<Ended>) -> Carrier {
        Carrier { config: config.clone(), collector, ended }
    }

    /// Begins; `ended` is told, whatever happens.
    pub fn start(&self, accepted: Accepted) {
        let carrier = self.clone();
        let action = accepted.action.clone();
        tokio::spawn(async move {
            let ended = carrier.ended.clone();
            // A task of its own, so that one that panics is answered too.
            let answer = tokio::spawn(async move { carrier.carry(action).await }).await;
            let answer =
                answer.unwrap_or_else(|_| Answer::failed("la acción falló por un error interno"));
            // Nobody listens any more when the agent stops; the journal knows that it was under way.
            let _ = ended.send(Ended { accepted, answer }).await;
        });
    }

    async fn carry(&self, action: Action) -> Answer {
        let limit = privileged::limit(&action) + MARGIN;
        let carried = async {
            match &action {
                Action::NetworkTest { targets, seconds } => {
                    let settings = &self.config.connectivity;
                    network_test::run(targets, *seconds, settings, self.collector.as_deref()).await
                }
                other => privileged::carry(&self.config, other).await,
            }
        };
        tokio::time::timeout(limit, carried).await.unwrap_or_else(|_| {
            let seconds = limit.as_secs();
            Answer::failed(format!("no terminó en {seconds} s y se abandonó"))
        })
    }

    /// Unblocks a port nobody ordered to unblock: there is no order to be answered.
    pub fn undo(&self, protocol: Protocol, port: u16) {
        let action = Action::UnblockPort { protocol, port };
        self.start(Accepted { id: String::new(), requested_by: String::new(), action });
    }

    /// Blocks a port as it was before the PC was started anew; that it failed is logged.
    pub fn block_again(&self, protocol: Protocol, port: u16, minutes: u32) {
        let carrier = self.clone();
        tokio::spawn(async move {
            let answer = carrier.carry(Action::BlockPort { protocol, port, minutes }).await;
            if answer.outcome != ActionOutcome::Done {
                tracing::warn!(port, detail = answer.detail, "a port was not blocked again");
            }
        });
    }
}
