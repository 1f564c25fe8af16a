//! Link, gateway, names, internet and collector: separate facts, one verdict. Every round is bounded in time, and all
//! of it is measured at once.

#[cfg(any(target_os = "linux", test))]
mod address_flags;
mod captive;
mod collect;
mod devices;
#[cfg(any(not(windows), test))]
mod flight;
mod interrupted;
pub(crate) mod measure;
#[cfg(any(not(windows), test))]
mod packet;
mod settings;
mod tls;
mod verdict;
#[cfg(any(target_os = "linux", test))]
mod wireless;

use atalaya_reading::{Connectivity, Reading, Section};

use super::{Look, Probe, Unread};
use crate::devices::Devices;
pub(crate) use collect::resolve;
pub use measure::{Host, Pace};
pub use settings::{Settings, TargetSetting};
pub(crate) use system::{default_route, name_servers};

cfg_select! {
    target_os = "linux" => {
        mod echo;
        mod interfaces;
        mod linux;
        pub use echo::sweep;
        use interfaces::read as interfaces;
        use linux as system;
    }
    windows => {
        mod windows;
        use self::windows as system;
        pub use self::windows::sweep;
        use self::windows::interfaces;
    }
    _ => {
        mod echo;
        mod elsewhere;
        mod interfaces;
        pub use echo::sweep;
        use elsewhere as system;
        use interfaces::read as interfaces;
    }
}

/// Rounds in vain before one is taken as it is.
const INTERRUPTIONS: usize = 2;

/// Measures the connection.
pub struct Reader {
    settings: Settings,
    collector_address: Option<String>,
    devices: Devices,
    tls: tls::Connector,
}

impl Reader {
    /// With these settings; `collector_address` is `host:port`, `devices` what the collector gave.
    pub fn new(settings: &Settings, collector_address: Option<String>, devices: Devices) -> Reader {
        let tls = tls::Connector::default();
        Reader { settings: settings.clone(), collector_address, devices, tls }
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let devices = self.devices.targets();
        let devices = if self.settings.given_targets { &devices[..] } else { &[] };
        let round = collect::Round {
            settings: &self.settings,
            collector_address: self.collector_address.as_deref(),
            devices,
            tls: &self.tls,
        };
        let mut value = look.wait(undisturbed(&round));
        value.interfaces = interfaces()?;
        (value.verdict, value.reason) = verdict::verdict(&value);
        Ok(Section::Connectivity(Reading::ok(value, "icmp, tcp, dns", look.now)))
    }
}

/// A round without a pause in it: what was on its way when the computer was suspended is not lost by the network.
async fn undisturbed(round: &collect::Round<'_>) -> Connectivity {
    for _ in 0..INTERRUPTIONS {
        tokio::select! {
            biased;
            () = interrupted::interrupted() => {
                tracing::info!("the round was interrupted and begins again");
            }
            measured = round.run() => return measured,
        }
    }
    round.run().await
}
