//! What a collector may order from an agent, and what the agent answers. Typed and bounded: no shell, no path, no file
//! and no command ever goes down.
//!
//! Whether an agent carries an order out is for its own settings to say; this only says what an order can be.

mod answer;

pub use answer::{
    ActionOutcome, BlockEvidence, Diagnostics, DiagnosticsPart, Evidence, Finding, NetworkTest,
    ScanEvidence, TargetTest,
};

use serde::{Deserialize, Serialize};

use crate::{Misfit, SectionKind, TargetKind, TargetSpec, bounds};

/// Something an agent can be ordered to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Look again at sections, at once and in full.
    ProbeNow {
        /// Which. Empty: all.
        #[serde(default)]
        sections: Vec<SectionKind>,
    },
    /// Measure targets without a pause for a while.
    NetworkTest {
        /// What is measured. Empty: gateway, name servers, collector and the targets of the agent's own settings.
        #[serde(default)]
        targets: Vec<TestTarget>,
        /// For how long, seconds.
        seconds: u32,
    },
    /// Have the installed antivirus fetch its signatures.
    UpdateSignatures {},
    /// Have the installed antivirus look through the usual places.
    QuickScan {},
    /// Refuse new inbound packets to a port. What this PC began itself is let through.
    BlockPort {
        /// Of what.
        protocol: Protocol,
        /// Which, from 1.
        port: u16,
        /// For how long. 0: until it is undone.
        #[serde(default)]
        minutes: u32,
    },
    /// Undo exactly a [`Action::BlockPort`].
    UnblockPort {
        /// Of what.
        protocol: Protocol,
        /// Which, from 1.
        port: u16,
    },
    /// Gather what tells how the agent fares.
    CollectDiagnostics {},
}

/// What a port is a port of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Something measured by a network test.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestTarget {
    /// As people call it.
    pub name: String,
    /// How it is measured.
    pub kind: TargetKind,
    /// Address or host for `icmp`, `host:port` for `tcp`; `https` is not measured in a burst.
    pub address: String,
}

/// The kind of an action, without its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionKind {
    /// [`Action::ProbeNow`].
    ProbeNow,
    /// [`Action::NetworkTest`].
    NetworkTest,
    /// [`Action::UpdateSignatures`].
    UpdateSignatures,
    /// [`Action::QuickScan`].
    QuickScan,
    /// [`Action::BlockPort`].
    BlockPort,
    /// [`Action::UnblockPort`].
    UnblockPort,
    /// [`Action::CollectDiagnostics`].
    CollectDiagnostics,
}

/// An order that no agent would carry out; the text is Spanish, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit(pub String);

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

impl ActionKind {
    /// All kinds.
    pub const ALL: [ActionKind; 7] = [
        ActionKind::ProbeNow,
        ActionKind::NetworkTest,
        ActionKind::UpdateSignatures,
        ActionKind::QuickScan,
        ActionKind::BlockPort,
        ActionKind::UnblockPort,
        ActionKind::CollectDiagnostics,
    ];

    /// The word in JSON, SQL, settings and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            ActionKind::ProbeNow => "probe_now",
            ActionKind::NetworkTest => "network_test",
            ActionKind::UpdateSignatures => "update_signatures",
            ActionKind::QuickScan => "quick_scan",
            ActionKind::BlockPort => "block_port",
            ActionKind::UnblockPort => "unblock_port",
            ActionKind::CollectDiagnostics => "collect_diagnostics",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        ActionKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Protocol {
    /// The word in JSON, SQL, rules and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

impl Action {
    /// Its kind.
    pub fn kind(&self) -> ActionKind {
        match self {
            Action::ProbeNow { .. } => ActionKind::ProbeNow,
            Action::NetworkTest { .. } => ActionKind::NetworkTest,
            Action::UpdateSignatures {} => ActionKind::UpdateSignatures,
            Action::QuickScan {} => ActionKind::QuickScan,
            Action::BlockPort { .. } => ActionKind::BlockPort,
            Action::UnblockPort { .. } => ActionKind::UnblockPort,
            Action::CollectDiagnostics {} => ActionKind::CollectDiagnostics,
        }
    }

    /// Whether its parameters are within their bounds. Asked by whoever orders, and again by whoever carries out.
    ///
    /// # Errors
    /// When they are not: which, and what would do.
    pub fn check(&self) -> Result<(), Unfit> {
        match self {
            Action::ProbeNow { sections } => {
                let once = |(at, kind): (usize, &SectionKind)| !sections[..at].contains(kind);
                if !sections.iter().enumerate().all(once) {
                    return Err(Unfit("cada sección se nombra una sola vez".into()));
                }
            }
            Action::NetworkTest { targets, seconds } => {
                if !bounds::TEST_SECONDS.contains(seconds) {
                    let (least, most) = (bounds::TEST_SECONDS.start(), bounds::TEST_SECONDS.end());
                    let why = format!("la prueba dura de {least} a {most} segundos, no {seconds}");
                    return Err(Unfit(why));
                }
                if targets.len() > bounds::TEST_TARGETS {
                    let (most, found) = (bounds::TEST_TARGETS, targets.len());
                    return Err(Unfit(format!(
                        "a lo más {most} destinos en una prueba, no {found}"
                    )));
                }
                targets.iter().try_for_each(TestTarget::check)?;
            }
            Action::BlockPort { port, minutes, .. } => {
                check_port(*port)?;
                if *minutes > bounds::BLOCK_MINUTES {
                    let days = bounds::BLOCK_MINUTES / 1440;
                    let why = format!("un bloqueo con plazo dura a lo más {days} días");
                    return Err(Unfit(why));
                }
            }
            Action::UnblockPort { port, .. } => check_port(*port)?,
            Action::UpdateSignatures {} | Action::QuickScan {} | Action::CollectDiagnostics {} => {}
        }
        Ok(())
    }
}

fn check_port(port: u16) -> Result<(), Unfit> {
    if port == 0 { Err(Unfit("el puerto va de 1 a 65535".into())) } else { Ok(()) }
}

impl TestTarget {
    /// The rule for targets that a collector gives: one host by ICMP or TCP, and nothing else.
    fn check(&self) -> Result<(), Unfit> {
        let TestTarget { name, kind, address } = self.clone();
        let spec = TargetSpec { id: "test".into(), name, kind, address };
        let unfit = |misfit: Misfit| match misfit {
            Misfit::Id | Misfit::Name => Unfit(format!(
                "cada destino lleva un nombre, de hasta {} bytes",
                bounds::TARGET_NAME
            )),
            Misfit::Kind | Misfit::Address => {
                let shown = bounds::text(&self.address, 60);
                Unfit(format!(
                    "«{shown}» no se puede medir: icmp lleva la dirección o el nombre de un equipo, \
                     tcp lleva equipo:puerto"
                ))
            }
        };
        spec.check().map(drop).map_err(unfit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_of(kind: TargetKind, address: &str) -> Action {
        let target = TestTarget { name: "x".into(), kind, address: address.into() };
        Action::NetworkTest { targets: vec![target], seconds: 5 }
    }

    #[test]
    fn an_action_reads_and_writes_one_json_shape() {
        for (action, json) in [
            (Action::ProbeNow { sections: vec![] }, r#"{"kind":"probe_now","sections":[]}"#),
            (Action::QuickScan {}, r#"{"kind":"quick_scan"}"#),
            (
                Action::BlockPort { protocol: Protocol::Tcp, port: 445, minutes: 60 },
                r#"{"kind":"block_port","protocol":"tcp","port":445,"minutes":60}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&action).unwrap(), json);
            assert_eq!(serde_json::from_str::<Action>(json).unwrap(), action);
            assert_eq!(ActionKind::parse(action.kind().as_str()), Some(action.kind()));
        }
        for nonsense in [
            r#"{"kind":"run","command":"id"}"#,
            r#"{"kind":"quick_scan","path":"/etc"}"#,
            r#"{"kind":"block_port","protocol":"tcp","port":70000}"#,
            r#"{"kind":"block_port","protocol":"icmp","port":1}"#,
        ] {
            assert!(serde_json::from_str::<Action>(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn parameters_out_of_their_bounds_are_unfit() {
        let protocol = Protocol::Udp;
        for unfit in [
            Action::BlockPort { protocol, port: 0, minutes: 0 },
            Action::BlockPort { protocol, port: 1, minutes: u32::MAX },
            Action::UnblockPort { protocol, port: 0 },
            Action::NetworkTest { targets: vec![], seconds: 4 },
            Action::NetworkTest { targets: vec![], seconds: 61 },
            Action::ProbeNow { sections: vec![SectionKind::Disk; 2] },
            test_of(TargetKind::Icmp, ""),
            test_of(TargetKind::Icmp, "a; rm -rf /"),
            test_of(TargetKind::Icmp, "224.0.0.1"),
            test_of(TargetKind::Icmp, &"x".repeat(10_000)),
            test_of(TargetKind::Tcp, "192.0.2.1"),
            test_of(TargetKind::Tcp, "192.0.2.1:0"),
            test_of(TargetKind::Tcp, ":80"),
            test_of(TargetKind::Https, "https://www.gob.mx"),
        ] {
            assert!(unfit.check().is_err(), "{unfit:?}");
        }
        for fit in [
            Action::BlockPort { protocol, port: 65_535, minutes: 0 },
            test_of(TargetKind::Icmp, "fe80::1"),
            test_of(TargetKind::Tcp, "[2001:db8::1]:443"),
            test_of(TargetKind::Tcp, "www.gob.mx:443"),
        ] {
            assert_eq!(fit.check(), Ok(()), "{fit:?}");
        }
    }
}
