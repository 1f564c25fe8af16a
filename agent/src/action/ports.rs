//! Inbound ports blocked and unblocked by rules of the agent's own, beside whatever other rules there are: nothing of
//! anybody else is changed, and undoing removes exactly what was made.
//!
//! Only what comes in is blocked, and not the answers to what this PC began: the way to the collector stays open.

cfg_select! {
    target_os = "linux" => {
        mod linux;
        pub use linux::{block, unblock};
    }
    windows => {
        mod windows;
        pub use self::windows::{block, unblock};
    }
    _ => {
        mod elsewhere;
        pub use elsewhere::{block, unblock};
    }
}

#[cfg(any(target_os = "linux", test))]
mod nft;

use atalaya_reading::Protocol;

/// What a person should know of a block, as the end of a sentence.
fn blocked(protocol: Protocol, port: u16, minutes: u32) -> String {
    let protocol = protocol.as_str();
    let until = match minutes {
        0 => "hasta que se desbloquee".to_owned(),
        minutes => format!("por {minutes} min"),
    };
    let warning = match (protocol, port) {
        ("tcp", 22) => "; es el de SSH: no habrá sesiones remotas nuevas",
        ("tcp" | "udp", 3389) => "; es el de Escritorio remoto: no habrá sesiones remotas nuevas",
        _ => "",
    };
    format!("bloqueado {protocol}/{port} de entrada {until}{warning}")
}

fn unblocked(protocol: Protocol, port: u16, was_blocked: bool) -> String {
    let protocol = protocol.as_str();
    if was_blocked {
        format!("desbloqueado {protocol}/{port}")
    } else {
        format!("{protocol}/{port} no estaba bloqueado por el agente")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_blocks_remote_administration_is_told() {
        assert_eq!(blocked(Protocol::Tcp, 445, 60), "bloqueado tcp/445 de entrada por 60 min");
        assert!(blocked(Protocol::Tcp, 22, 0).contains("SSH"));
        assert!(blocked(Protocol::Udp, 3389, 0).contains("Escritorio remoto"));
    }
}
