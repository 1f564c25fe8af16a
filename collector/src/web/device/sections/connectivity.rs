//! The connection on the sheet.

use crate::domain::reading::{Connectivity, Interface, Target};
use crate::web::markup::Look;
use crate::web::words;

/// The connection as shown.
pub struct ConnectivityView {
    /// What was read.
    pub connectivity: Connectivity,
    /// The verdict on the whole way.
    pub verdict: Look,
    /// Whether the gateway is there.
    pub gateway: Look,
    /// Whether names resolve.
    pub dns: Look,
    /// Targets with the collector last, and how each answered.
    pub targets: Vec<(Target, Look)>,
    /// Network devices it looks at, and how each answered.
    pub devices: Vec<(Target, Look)>,
    /// Interfaces, those with a link first.
    pub interfaces: Vec<InterfaceView>,
}

/// One interface.
pub struct InterfaceView {
    /// What was read.
    pub interface: Interface,
    /// Whether there is a carrier.
    pub link: Look,
    /// How strong the radio is; `None`: there is none, or it is not known.
    pub radio: Option<Look>,
}

impl ConnectivityView {
    pub(super) fn new(connectivity: Connectivity) -> Self {
        let targets = connectivity.targets.iter().chain(connectivity.collector.iter());
        let look = |target: &Target| (target.clone(), words::target(target.measurement.loss_pct));
        let mut interfaces: Vec<InterfaceView> =
            connectivity.interfaces.iter().map(InterfaceView::new).collect();
        interfaces.sort_by_key(|view| view.interface.link_up != Some(true));
        ConnectivityView {
            verdict: words::connection(connectivity.verdict),
            gateway: words::good(connectivity.gateway.reachable, "Responde", "No responde"),
            dns: words::good(connectivity.dns.resolves, "Resuelve", "No resuelve"),
            targets: targets.map(look).collect(),
            devices: connectivity.devices.iter().map(look).collect(),
            interfaces,
            connectivity,
        }
    }
}

impl InterfaceView {
    fn new(interface: &Interface) -> Self {
        InterfaceView {
            link: words::link(interface.link_up),
            radio: interface.wifi_signal_dbm.map(words::radio),
            interface: interface.clone(),
        }
    }
}
