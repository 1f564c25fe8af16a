//! What every handler gets: the store, what is kept in memory for pages, and the setting of the site.

use std::sync::Arc;

use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;

use super::error::Error;
use super::fleet_view::FleetView;
use super::live::Streams;
use crate::actions::Library;
use crate::actions::attach::Attachments;
use crate::actions::judge::Bench;
use crate::actions::seal::Seal;
use crate::domain::access::TotpRule;
use crate::domain::firewall_policy::PermittedPort;
use crate::domain::procedure::Procedure;
use crate::live::Live;
use crate::store::{Read, Store};
use crate::verify::Verifier;

/// What the web side is given at its start.
pub struct Settings {
    /// The store.
    pub store: Store,
    /// What devices are judged by: thresholds and procedures.
    pub bench: Arc<Bench>,
    /// Tells what changed.
    pub live: Live,
    /// Where files of runs are kept.
    pub attachments: Attachments,
    /// Looks at addresses.
    pub verifier: Verifier,
    /// What people type to reach the pages, without a slash at the end: for links that are sent.
    pub web_url: String,
    /// The privacy notice of the portal; `None`: the portal is closed.
    pub privacy_notice: Option<String>,
    /// The recorded metrics; `None` where they are not recorded.
    pub metrics: Option<PrometheusHandle>,
    /// What secrets of second factors are sealed with.
    pub seal: Seal,
    /// Who must have a second factor.
    pub totp: TotpRule,
}

/// Shared by all requests.
#[derive(Clone)]
pub struct Web {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    fleet: FleetView,
    streams: Streams,
}

impl Web {
    /// Begins with an empty memory.
    pub fn new(settings: Settings) -> Web {
        let streams = Streams::new(settings.live.clone());
        Web { inner: Arc::new(Inner { settings, fleet: FleetView::default(), streams }) }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.inner.settings.store
    }

    /// A consistent view for one page.
    pub async fn read(&self) -> Result<Read, Error> {
        self.store().read().await.map_err(Error::internal)
    }

    /// The fleet as last read.
    pub fn fleet(&self) -> &FleetView {
        &self.inner.fleet
    }

    /// What tells open pages of changes.
    pub fn streams(&self) -> &Streams {
        &self.inner.streams
    }

    /// What devices are judged by.
    pub fn bench(&self) -> &Bench {
        &self.inner.settings.bench
    }

    /// The written procedures.
    pub fn library(&self) -> &Library {
        &self.inner.settings.bench.library
    }

    /// The edition a run began with, else the present one.
    pub fn procedure(&self, code: &str, edition: &str) -> Option<&Procedure> {
        self.library().edition(code, edition).or_else(|| self.library().get(code))
    }

    /// The ports of the configuration, which hold where an area has decided nothing.
    pub fn common_ports(&self) -> &[PermittedPort] {
        &self.bench().thresholds.permitted_ports
    }

    /// Where files of runs are kept.
    pub fn attachments(&self) -> &Attachments {
        &self.inner.settings.attachments
    }

    /// Looks at addresses.
    pub fn verifier(&self) -> &Verifier {
        &self.inner.settings.verifier
    }

    /// What people type to reach the pages, without a slash at the end.
    pub fn web_url(&self) -> &str {
        &self.inner.settings.web_url
    }

    /// The privacy notice of the portal; `None`: the portal is closed.
    pub fn privacy_notice(&self) -> Option<&str> {
        self.inner.settings.privacy_notice.as_deref()
    }

    /// The recorded metrics.
    pub fn metrics(&self) -> Option<&PrometheusHandle> {
        self.inner.settings.metrics.as_ref()
    }

    /// What secrets of second factors are sealed with.
    pub fn seal(&self) -> &Seal {
        &self.inner.settings.seal
    }

    /// Who must have a second factor.
    pub fn totp_rule(&self) -> TotpRule {
        self.inner.settings.totp
    }

    /// The clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
