//! Other makers' products, found by folder and service, and asked by their own tools as far as these answer. What only
//! their consoles know stays unknown.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use atalaya_reading::AntivirusProduct;
use jiff::tz::TimeZone;

use super::super::vendor_answers;
use super::Services;
use crate::probe::Look;

/// For one question.
const LIMIT: Duration = Duration::from_secs(2);

/// Tools by product. They lie in folders of root, and most answer root alone.
const QUESTIONS: &[(&str, &str, &[&str])] = &[
    ("Bitdefender", "/opt/bitdefender-security-tools/bin/bduitool", &["get", "ps"]),
    ("SentinelOne", "/opt/sentinelone/bin/sentinelctl", &["version"]),
    ("SentinelOne", "/opt/sentinelone/bin/sentinelctl", &["control", "status"]),
    ("ESET", "/opt/eset/eea/bin/upd", &["--list-modules"]),
    ("ESET", "/opt/eset/eea/sbin/lic", &["--status"]),
    ("Kaspersky Endpoint Security", "/opt/kaspersky/kesl/bin/kesl-control", &["--app-info"]),
];

/// What the tools answered last.
#[derive(Default)]
pub struct Others {
    told: HashMap<String, (Instant, AntivirusProduct)>,
}

impl Others {
    /// The products found beneath `root`; one that runs is asked by its own tools, no more often than so.
    pub fn read(
        &mut self,
        root: &Path,
        services: &Services,
        look: &Look,
        ask_every: Duration,
    ) -> Vec<AntivirusProduct> {
        let mut products = found(root, services);
        for product in &mut products {
            // The tool of one that stands still would wait for it in vain.
            if product.running == Some(true) {
                *product = self.asked(product, look, ask_every);
            } else {
                self.told.remove(&product.name);
            }
        }
        products
    }

    fn asked(&mut self, found: &AntivirusProduct, look: &Look, every: Duration) -> AntivirusProduct {
        if let Some((at, told)) = self.told.get(&found.name)
            && !look.is_due(Some(*at), every)
        {
            return told.clone();
        }
        let mut product = found.clone();
        for (_, tool, arguments) in QUESTIONS.iter().filter(|(of, _, _)| *of == found.name) {
            if let Ok(output) = look.run(tool, arguments, LIMIT) {
                let answer = String::from_utf8_lossy(&output.stdout);
                vendor_answers::complete(&mut product, &answer, &TimeZone::system(), look.now);
            }
        }
        self.told.insert(found.name.clone(), (Instant::now(), product.clone()));
        product
    }
}

/// A product, a folder that is there when it is installed, and the services of which one runs when it does.
const PRODUCTS: &[(&str, &[&str], &[&str])] = &[
    ("ESET", &["opt/eset/eea", "opt/eset/efs", "opt/eset/esets"], &["oaeventd", "startd", "esets_daemon"]),
    ("Sophos", &["opt/sophos-spl", "opt/sophos-av"], &["sophos_threat_detector", "soapd", "savd"]),
    ("Bitdefender", &["opt/bitdefender-security-tools", "opt/BitDefender"], &["bdsecd", "bdepsecd", "bdsrvscand"]),
    ("SentinelOne", &["opt/sentinelone"], &["s1-agent", "s1-orchestrator", "sentinelone-agent"]),
    ("Cortex XDR", &["opt/traps"], &["pmd", "trapsd"]),
    ("CrowdStrike Falcon", &["opt/CrowdStrike"], &["falcon-sensor", "falcon-sensor-bpf"]),
    ("Kaspersky Endpoint Security", &["opt/kaspersky/kesl"], &["kesl"]),
    ("Trellix Endpoint Security", &["opt/McAfee/ens", "opt/isec/ens"], &["mfetpd", "isectpd"]),
    ("Trend Micro", &["opt/ds_agent", "opt/TrendMicro"], &["ds_agent", "ds_am", "vsapiapp"]),
    ("Dr.Web", &["opt/drweb.com"], &["drweb-configd"]),
    ("WithSecure", &["opt/f-secure"], &["fsavd", "fsma2", "f-secure-linuxsecurity"]),
    ("Avast", &["etc/avast"], &["avast"]),
    ("Comodo", &["opt/COMODO"], &["cmdavd", "cmgdaemon"]),
];

/// The products found beneath `root`.
fn found(root: &Path, services: &Services) -> Vec<AntivirusProduct> {
    let product = |(name, folders, processes): &(&str, &[&str], &[&str])| {
        let running = services.running(processes);
        let installed = folders.iter().any(|folder| root.join(folder).is_dir());
        (installed || running == Some(true)).then(|| AntivirusProduct {
            name: (*name).into(),
            running,
            ..AntivirusProduct::default()
        })
    };
    PRODUCTS.iter().filter_map(product).collect()
}
