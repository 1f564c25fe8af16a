//! Other makers' products, found by folder and service. What only their own consoles know stays unknown.

use std::path::Path;

use atalaya_reading::AntivirusProduct;

use super::Services;

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
pub fn found(root: &Path, services: &Services) -> Vec<AntivirusProduct> {
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
