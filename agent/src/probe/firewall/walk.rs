//! What a set of rules means for inbound traffic: the fate of a packet no rule speaks of, and the rules that let
//! something through. Pure.

use std::collections::BTreeSet;

use atalaya_reading::{AllowedPort, PacketPolicy, bounds};

use super::ruleset::{ChainId, Condition, Rule, Ruleset, Verdict};

/// Deeper than any real rules nest; rules that jump in a circle end here.
const MAX_DEPTH: usize = 24;
/// Rules looked at in all: rules that fan out must not cost more.
const MAX_STEPS: usize = 200_000;

/// The verdict on inbound traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The fate of a new connection no rule speaks of.
    pub default_inbound: PacketPolicy,
    /// Whether anything at all is refused.
    pub filters: bool,
    /// What is let through.
    pub allowed: BTreeSet<AllowedPort>,
}

/// The verdict over both address families. `ipv6_in_use`: this PC can be reached by IPv6. `only_chains`: exceptions
/// count only within chains of this name part (a front end's own chains); empty: in all.
pub fn policy(ruleset: &Ruleset, ipv6_in_use: bool, only_chains: &str) -> Policy {
    let mut v4 = of_family(ruleset, "ip", only_chains);
    let v6 = of_family(ruleset, "ip6", only_chains);
    v4.filters |= v6.filters;
    if v4.default_inbound != PacketPolicy::Accept {
        if v6.default_inbound != PacketPolicy::Accept {
            v4.allowed.extend(v6.allowed);
        } else if ipv6_in_use {
            v4.allowed.insert(entry("any", "any", "::/0"));
        }
    }
    v4
}

fn of_family(ruleset: &Ruleset, family: &str, only_chains: &str) -> Policy {
    let mut policy =
        Policy { default_inbound: PacketPolicy::Accept, filters: false, allowed: BTreeSet::new() };
    for (id, chain) in &ruleset.chains {
        let Some(end) = chain.input_policy else { continue };
        if id.family != family && id.family != "inet" {
            continue;
        }
        let mut walk =
            Walk { ruleset, only_chains, steps: 0, filters: false, allowed: BTreeSet::new() };
        let fate = walk.chain(id, &Path::default(), 0).unwrap_or(end);
        policy.filters |= walk.filters || fate != PacketPolicy::Accept;
        if fate != PacketPolicy::Accept {
            // A packet must pass every chain: the one that refuses decides.
            policy.default_inbound = fate;
            policy.allowed.append(&mut without_repetition(walk.allowed));
        }
    }
    policy
}

/// What the packets that come this way have in common.
#[derive(Debug, Clone, Default)]
struct Path {
    protocols: Vec<String>,
    ports: Vec<String>,
    sources: Vec<String>,
    interfaces: Vec<String>,
}

struct Walk<'a> {
    ruleset: &'a Ruleset,
    only_chains: &'a str,
    steps: usize,
    filters: bool,
    allowed: BTreeSet<AllowedPort>,
}

impl Walk<'_> {
    /// The fate of a packet like those of `path`; `None` when it comes out at the end.
    fn chain(&mut self, id: &ChainId, path: &Path, depth: usize) -> Option<PacketPolicy> {
        let chain = self.ruleset.chains.get(id).filter(|_| depth < MAX_DEPTH)?;
        for rule in &chain.rules {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return None;
            }
            let Some((path, narrows)) = narrowed(path, rule) else { continue };
            let outcome = match &rule.verdict {
                Verdict::Continue => continue,
                Verdict::Final(policy) => {
                    self.note(id, rule, &path, *policy);
                    let refuses_tcp = *policy != PacketPolicy::Accept && only_tcp(rule, &path);
                    if refuses_tcp {
                        return Some(*policy);
                    }
                    Outcome::End(Some(*policy))
                }
                Verdict::Return => Outcome::End(None),
                Verdict::Goto(name) => Outcome::End(self.chain(&id.beside(name), &path, depth + 1)),
                Verdict::Jump(name) => match self.chain(&id.beside(name), &path, depth + 1) {
                    Some(policy) => Outcome::End(Some(policy)),
                    None => Outcome::On,
                },
            };
            if let Outcome::End(fate) = outcome
                && !narrows
            {
                return fate;
            }
        }
        None
    }

    fn note(&mut self, id: &ChainId, rule: &Rule, path: &Path, policy: PacketPolicy) {
        let named = !path.ports.is_empty() || !path.sources.is_empty();
        if policy != PacketPolicy::Accept {
            self.filters |= !path.ports.is_empty();
        } else if (named || !path.interfaces.is_empty() && !has_other(rule))
            && id.name.contains(self.only_chains)
        {
            self.allow(path);
        }
    }

    fn allow(&mut self, path: &Path) {
        let any = || vec!["any".to_string()];
        let or_any = |list: &Vec<String>| if list.is_empty() { any() } else { list.clone() };
        let sources = match (&path.sources, &path.interfaces) {
            (sources, _) if !sources.is_empty() => sources.clone(),
            (_, interfaces) => interfaces.iter().map(|name| format!("iif {name}")).collect(),
        };
        for protocol in or_any(&path.protocols) {
            for port in or_any(&path.ports) {
                for source in or_any(&sources) {
                    // One beyond the bound shows that there are more.
                    if self.allowed.len() <= bounds::ALLOWED {
                        self.allowed.insert(entry(&protocol, &port, &source));
                    }
                }
            }
        }
    }
}

/// What is allowed from anywhere need not be said again of an interface.
fn without_repetition(allowed: BTreeSet<AllowedPort>) -> BTreeSet<AllowedPort> {
    let repeated = |entry: &AllowedPort| {
        let everywhere = AllowedPort { source: "any".into(), ..entry.clone() };
        entry.source.starts_with("iif ") && allowed.contains(&everywhere)
    };
    allowed.iter().filter(|entry| !repeated(entry)).cloned().collect()
}

enum Outcome {
    /// Its way ends here, decided or back where it came from.
    End(Option<PacketPolicy>),
    /// It goes on to the next rule.
    On,
}

/// The path behind the rule's conditions, and whether it is narrower than before; `None` when no new connection from
/// outside can meet them.
fn narrowed(path: &Path, rule: &Rule) -> Option<(Path, bool)> {
    let mut narrow = path.clone();
    let mut narrows = false;
    for condition in &rule.conditions {
        match condition {
            Condition::FirstPacket(false) => return None,
            Condition::FirstPacket(true) => {}
            Condition::Interface(names) if names.iter().all(|name| name == "lo") => return None,
            Condition::Interface(names) => {
                narrow.interfaces = names.clone();
                narrows = true;
            }
            Condition::NotInterface(names) => narrows |= names.iter().any(|name| name != "lo"),
            Condition::Protocol(names) => {
                let relevant = |name: &&String| {
                    !["icmp", "icmpv6", "ipv6-icmp", "igmp"].contains(&name.as_str())
                };
                let names: Vec<String> = names.iter().filter(relevant).cloned().collect();
                if names.is_empty() {
                    return None;
                }
                narrow.protocols = names;
                narrows = true;
            }
            Condition::Transport(protocol, ports) => {
                narrow.protocols = vec![protocol.clone()];
                if !ports.iter().any(|port| covers_all(port)) {
                    narrow.ports = ports.clone();
                }
                narrows = true;
            }
            Condition::Port(ports) if ports.iter().any(|port| covers_all(port)) => {}
            Condition::Port(ports) => {
                narrow.ports = ports.clone();
                narrows = true;
            }
            Condition::Source(nets) if nets.iter().any(|net| net.ends_with("/0")) => {}
            Condition::Source(nets) if nets.iter().all(|net| is_loopback(net)) => return None,
            Condition::Source(nets) => {
                narrow.sources = nets.clone();
                narrows = true;
            }
            Condition::Other => narrows = true,
        }
    }
    Some((narrow, narrows))
}

/// Whether the rule speaks of every TCP connection: one that refuses these is a default.
fn only_tcp(rule: &Rule, path: &Path) -> bool {
    path.protocols.iter().any(|name| name == "tcp")
        && path.ports.is_empty()
        && path.sources.is_empty()
        && path.interfaces.is_empty()
        && !has_other(rule)
}

fn has_other(rule: &Rule) -> bool {
    rule.conditions.contains(&Condition::Other)
}

fn covers_all(port: &str) -> bool {
    matches!(port, "0-65535" | "1-65535")
}

fn is_loopback(net: &str) -> bool {
    net.starts_with("127.") || net == "::1"
}

fn entry(protocol: &str, port: &str, source: &str) -> AllowedPort {
    let text = |value: &str| bounds::text(value, bounds::TEXT);
    AllowedPort { protocol: text(protocol), port: text(port), source: text(source) }
}

#[cfg(test)]
mod tests {
    use PacketPolicy::{Accept, Drop, Reject};

    use super::super::{iptables, nft};
    use super::*;

    macro_rules! nft {
        ($name:literal) => {
            nft::parse(include_bytes!(concat!("../../../fixtures/nft/", $name))).unwrap()
        };
    }

    fn saved(text: &str) -> Ruleset {
        let mut ruleset = Ruleset::default();
        iptables::replace_filter_table(&mut ruleset, "ip", text);
        iptables::replace_filter_table(&mut ruleset, "ip6", "*filter\n:INPUT DROP [0:0]\nCOMMIT\n");
        ruleset
    }

    fn allowed(policy: &Policy) -> Vec<String> {
        let line = |a: &AllowedPort| format!("{} {} {}", a.protocol, a.port, a.source);
        policy.allowed.iter().map(line).collect()
    }

    #[test]
    fn plain_nftables_is_a_firewall() {
        let policy = policy(&nft!("plain.json"), true, "");
        assert_eq!((policy.default_inbound, policy.filters), (Reject, true));
        assert_eq!(
            allowed(&policy),
            [
                "tcp 22 any",
                "tcp 443 any",
                "tcp 80 any",
                "tcp 8000-8100 any",
                "udp 161 192.0.2.0/24",
                "udp 5000-5010 192.0.2.0/24",
            ]
        );
    }

    #[test]
    fn verdict_maps_jumps_and_interfaces_are_followed() {
        let policy = policy(&nft!("vmap.json"), true, "");
        assert_eq!(policy.default_inbound, Drop);
        assert_eq!(
            allowed(&policy),
            [
                "any any 192.0.2.7",
                "any any 198.51.100.0/24",
                "any any iif wg0",
                "tcp 22 any",
                "tcp 443 any",
                "tcp 53 any",
                "tcp 80 any",
                "tcp 8443 any",
                "udp 53 any",
            ]
        );
    }

    #[test]
    fn no_rules_and_rules_that_only_forward_are_no_firewall() {
        for ruleset in [nft!("empty.json"), nft!("docker.json")] {
            let policy = policy(&ruleset, true, "");
            assert_eq!((policy.default_inbound, policy.filters), (Accept, false));
            assert_eq!(allowed(&policy), [""; 0]);
        }
    }

    #[test]
    fn firewalld_refuses_at_the_end_of_its_zone() {
        let policy = policy(&nft!("firewalld.json"), true, "");
        assert_eq!(policy.default_inbound, Reject);
        assert_eq!(allowed(&policy), ["tcp 22 any", "tcp 9090 any", "udp 546 any"]);
    }

    #[test]
    fn of_ufw_only_what_people_allowed_is_shown() {
        let mut ruleset = nft!("ufw.json");
        assert!(ruleset.opaque.iter().any(|(family, table)| family == "ip" && table == "filter"));
        let text = include_str!("../../../fixtures/iptables/ufw.txt");
        iptables::replace_filter_table(&mut ruleset, "ip", text);
        let policy = policy(&ruleset, true, "-user-");
        assert_eq!(policy.default_inbound, Drop);
        assert_eq!(
            allowed(&policy),
            [
                "tcp 22 any",
                "tcp 2222 any",
                "tcp 3306 192.0.2.0/24",
                "tcp 53 any",
                "udp 53 any",
                "udp 60000-60100 any",
            ]
        );
    }

    #[test]
    fn iptables_is_understood_in_its_own_words() {
        let policy =
            policy(&saved(include_str!("../../../fixtures/iptables/legacy.txt")), true, "");
        assert_eq!(policy.default_inbound, Drop);
        assert_eq!(
            allowed(&policy),
            ["tcp 443 any", "tcp 80 any", "tcp 8000-8100 any", "udp 161 192.0.2.0/24"]
        );
        let text = include_str!("../../../fixtures/iptables/nft.txt");
        let policy = super::policy(&saved(text), true, "");
        assert_eq!(policy.default_inbound, Reject, "every first packet of TCP is refused");
        assert_eq!(allowed(&policy), ["tcp 22 192.0.2.7", "tcp 443 any", "tcp 80 any"]);
    }

    #[test]
    fn ipv6_left_open_beside_a_closed_ipv4_is_shown() {
        let mut ruleset = Ruleset::default();
        iptables::replace_filter_table(&mut ruleset, "ip", "*filter\n:INPUT DROP [0:0]\n");
        assert_eq!(allowed(&policy(&ruleset, true, "")), ["any any ::/0"]);
        assert_eq!(allowed(&policy(&ruleset, false, "")), [""; 0]);
    }

    #[test]
    fn rules_that_jump_in_a_circle_come_to_an_end() {
        let text = "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n\
                    -A A -j B\n-A A -j B\n-A B -j A\n-A B -j A\n";
        assert_eq!(policy(&saved(text), false, "").default_inbound, Drop);
    }

    #[test]
    fn output_cut_short_is_an_error_never_no_firewall() {
        let whole = include_bytes!("../../../fixtures/nft/plain.json");
        for cut in (0..whole.trim_ascii_end().len()).step_by(7) {
            assert!(nft::parse(&whole[..cut]).is_err(), "cut at {cut}");
        }
        assert!(nft::parse(b"{}").is_err());
    }
}
