//! Settings `[actions]`: what this PC does when the collector orders it. The collector cannot change them.

use atalaya_reading::ActionKind;
use serde::Deserialize;

/// Settings `[actions]`; what is false is answered with a refusal.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Look again at once.
    pub probe_now: bool,
    /// Measure the network for up to a minute.
    pub network_test: bool,
    /// Tell how the agent fares.
    pub collect_diagnostics: bool,
    /// Have the antivirus fetch its signatures.
    pub update_signatures: bool,
    /// Have the antivirus look through the usual places.
    pub quick_scan: bool,
    /// Block inbound ports.
    pub block_port: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            probe_now: true,
            network_test: true,
            collect_diagnostics: true,
            // They change nothing that the antivirus would not change by itself.
            update_signatures: true,
            quick_scan: true,
            // A service people need may stop answering: whoever administers the PC decides that first.
            block_port: false,
        }
    }
}

impl Settings {
    /// Whether actions of this kind are carried out. What was blocked may always be unblocked.
    pub fn allows(&self, kind: ActionKind) -> bool {
        match kind {
            ActionKind::ProbeNow => self.probe_now,
            ActionKind::NetworkTest => self.network_test,
            ActionKind::CollectDiagnostics => self.collect_diagnostics,
            ActionKind::UpdateSignatures => self.update_signatures,
            ActionKind::QuickScan => self.quick_scan,
            ActionKind::BlockPort => self.block_port,
            ActionKind::UnblockPort => true,
        }
    }

    /// Why an action of this kind is refused and what would change that; `None`: it is not.
    pub fn refusal(&self, kind: ActionKind) -> Option<String> {
        let key = kind.as_str();
        (!self.allows(kind)).then(|| {
            format!(
                "la configuración de este equipo no lo permite; para permitirlo: `{key} = true` en [actions] de \
                 agent.toml, y reiniciar el agente"
            )
        })
    }
}
