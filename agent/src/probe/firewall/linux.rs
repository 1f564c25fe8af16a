//! The firewall of Linux: nftables first, since the rules of every front end end up there, then legacy iptables.

mod owners;
mod sockets;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use procfs::FromRead;
use procfs::net::RouteEntries;
use atalaya_reading::{Firewall, FirewallBackend, PacketPolicy, Reading, Section, Status, bounds};

use super::Settings;
use super::ruleset::Ruleset;
use super::walk::{self, Policy, Scene};
use super::{iptables, nft};
use crate::probe::{Look, Probe, Unread};
use sockets::Sockets;

const LIMIT: Duration = Duration::from_secs(4);

/// Files whose change says that rules may have changed, long before the next regular look.
const RULE_FILES: [&str; 8] = [
    "/etc/nftables.conf",
    "/etc/ufw/ufw.conf",
    "/etc/ufw/user.rules",
    "/etc/ufw/user6.rules",
    "/etc/default/ufw",
    "/etc/firewalld",
    "/etc/firewalld/zones",
    "/etc/iptables",
];

/// Reads rules and sockets; keeps the rules and the owners of sockets between readings.
pub struct Reader {
    every: Duration,
    read_at: Option<Instant>,
    changed_at: Vec<Option<SystemTime>>,
    rules: Result<Rules, Unread>,
    sockets: Sockets,
}

/// The rules' half of the reading.
#[derive(Clone)]
struct Rules {
    backend: FirewallBackend,
    policy: Policy,
    source: &'static str,
}

impl Reader {
    /// With these settings.
    pub fn new(settings: &Settings) -> Reader {
        Reader {
            every: Duration::from_secs(settings.rules_every_s),
            read_at: None,
            changed_at: Vec::new(),
            rules: Err(Unread::NotApplicable(String::new())),
            sockets: Sockets::new(Path::new("/proc")),
        }
    }

    fn refresh_rules(&mut self, look: &Look) {
        let modified = |file: &&str| Path::new(file).metadata().and_then(|data| data.modified()).ok();
        let changed_at: Vec<_> = RULE_FILES.iter().map(modified).collect();
        if changed_at != self.changed_at || look.is_due(self.read_at, self.every) {
            self.rules = read_rules(look);
            // What only failed this once is asked again at the next look.
            let passing = matches!(&self.rules, Err(Unread::Timeout(_) | Unread::Failed(_)));
            self.read_at = (!passing).then(Instant::now);
            self.changed_at = changed_at;
        }
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        self.refresh_rules(look);
        let mut value = Firewall::default();
        match self.sockets.read(look) {
            Ok(mut listening) => {
                let beyond = listening.len().saturating_sub(bounds::LISTENING);
                listening.truncate(bounds::LISTENING);
                value.listening = listening;
                value.listening_left_out = u32::try_from(beyond).unwrap_or(u32::MAX);
                value.listening_status = Status::Ok;
            }
            Err(unread) => value.listening_status = unread.status(),
        }
        Ok(Section::Firewall(match &self.rules {
            Ok(rules) => {
                value.enabled = Some(rules.policy.filters);
                value.backend = Some(rules.backend);
                value.default_inbound = Some(rules.policy.default_inbound);
                let allowed = rules.policy.allowed.iter().take(bounds::ALLOWED);
                value.allowed = allowed.cloned().collect();
                Reading::ok(value, rules.source, look.now)
            }
            Err(unread) => Reading {
                value,
                ..Reading::unknown(unread.status(), unread.to_string(), "nft", look.now)
            },
        }))
    }
}

fn read_rules(look: &Look) -> Result<Rules, Unread> {
    let scene = Scene {
        ipv6_in_use: reachable_by_ipv6(),
        outside: outside_interface(),
        only_chains: "",
    };
    match read_nft(look) {
        Ok(ruleset) => {
            let rules = judge(&ruleset, &scene);
            if rules.backend == FirewallBackend::None && legacy_in_use() {
                return read_legacy(look, &scene);
            }
            Ok(rules)
        }
        // Without nft there may still be iptables, or nothing that could answer.
        Err(Unread::NotApplicable(_)) => read_legacy(look, &scene),
        Err(unread) => Err(unread),
    }
}

fn read_nft(look: &Look) -> Result<Ruleset, Unread> {
    let output = look.run("nft", &["-j", "list", "ruleset"], LIMIT)?;
    if !output.status.success() {
        return Err(refused("nft", &output.stderr));
    }
    let mut ruleset = nft::parse(&output.stdout)?;
    for (family, tool) in [("ip", "iptables-save"), ("ip6", "ip6tables-save")] {
        // nft does not show the conditions of rules that iptables made; iptables does.
        let hidden = |(of, table): &(String, String)| of == family && table == "filter";
        if ruleset.opaque.iter().any(hidden)
            && let Ok(saved) = look.run(tool, &["-t", "filter"], LIMIT)
            && saved.status.success()
        {
            let text = String::from_utf8_lossy(&saved.stdout);
            iptables::replace_filter_table(&mut ruleset, family, &text);
        }
    }
    Ok(ruleset)
}

fn read_legacy(look: &Look, scene: &Scene) -> Result<Rules, Unread> {
    let mut ruleset = Ruleset::default();
    for (family, tools) in [
        ("ip", ["iptables-legacy-save", "iptables-save"]),
        ("ip6", ["ip6tables-legacy-save", "ip6tables-save"]),
    ] {
        let installed = tools.iter().find(|tool| look.programs.find(tool).is_some());
        let Some(tool) = installed else {
            return Err(Unread::NotApplicable(
                "no se encontró nft ni iptables: no se puede saber si hay cortafuegos".into(),
            ));
        };
        let output = look.run(tool, &["-t", "filter"], LIMIT)?;
        if !output.status.success() {
            return Err(refused(tool, &output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        iptables::replace_filter_table(&mut ruleset, family, &text);
    }
    Ok(Rules { source: "iptables-save", ..judge(&ruleset, scene) })
}

fn judge(ruleset: &Ruleset, scene: &Scene) -> Rules {
    let base = |part: &str| ruleset.chains.keys().any(|id| id.name.contains(part));
    let is_ufw = base("ufw-user-input");
    let only_chains = if is_ufw { "-user-" } else { "" };
    let policy = walk::policy(ruleset, &Scene { only_chains, ..scene.clone() });
    let inbound = || ruleset.chains.iter().filter(|(_, chain)| chain.input_policy.is_some());
    let of_iptables = inbound().all(|(id, _)| {
        let place = (id.table.as_str(), id.name.as_str());
        matches!(place, ("filter", "INPUT") | ("raw" | "mangle", "PREROUTING"))
    });
    let filters = policy.filters || policy.default_inbound != PacketPolicy::Accept;
    let backend = if !filters {
        FirewallBackend::None
    } else if ruleset.chains.keys().any(|id| id.table == "firewalld") {
        FirewallBackend::Firewalld
    } else if is_ufw {
        FirewallBackend::Ufw
    } else if of_iptables {
        FirewallBackend::Iptables
    } else {
        FirewallBackend::Nftables
    };
    Rules { backend, policy, source: "nft -j list ruleset" }
}

fn refused(tool: &str, stderr: &str) -> Unread {
    let said = bounds::text(stderr.trim(), 200);
    let for_want_of_privilege =
        ["not permitted", "Permission denied", "must be root"].iter().any(|part| said.contains(part));
    if for_want_of_privilege {
        Unread::Denied(format!("{tool} necesita privilegios de root"))
    } else {
        Unread::Failed(format!("{tool}: {said}"))
    }
}

/// Legacy tables are not among those of nftables.
fn legacy_in_use() -> bool {
    ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"].iter().any(|file| {
        std::fs::read_to_string(file).is_ok_and(|names| names.lines().any(|name| name == "filter"))
    })
}

/// Whether any interface but loopback has an IPv6 address.
fn reachable_by_ipv6() -> bool {
    std::fs::read_to_string("/proc/net/if_inet6")
        .is_ok_and(|table| table.lines().any(|line| !line.trim_end().ends_with(" lo")))
}

/// The interface of the default route.
fn outside_interface() -> Option<String> {
    let table = std::fs::read("/proc/net/route").ok()?;
    let routes = RouteEntries::from_read(&table[..]).ok()?.0;
    let default = routes
        .into_iter()
        .filter(|route| route.destination.is_unspecified() && route.mask.is_unspecified());
    default.min_by_key(|route| route.metrics).map(|route| route.iface)
}
