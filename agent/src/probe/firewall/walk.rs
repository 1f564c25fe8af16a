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

/// What the rules stand in front of.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// This PC can be reached by IPv6.
    pub ipv6_in_use: bool,
    /// The interface strangers come through: that of the default route.
    pub outside: Option<String>,
    /// Exceptions count only within chains of this name part (a front end's own chains); empty: in all.
    pub only_chains: &'static str,
}

/// The verdict over both address families.
pub fn policy(ruleset: &Ruleset, scene: &Scene) -> Policy {
    let mut v4 = of_family(ruleset, "ip", scene);
    let v6 = of_family(ruleset, "ip6", scene);
    v4.filters |= v6.filters;
    if v4.default_inbound != PacketPolicy::Accept {
        if v6.default_inbound != PacketPolicy::Accept {
            v4.allowed.extend(v6.allowed);
        } else if scene.ipv6_in_use {
            v4.allowed.insert(entry("any", "any", "::/0"));
        }
    }
    v4
}

fn of_family(ruleset: &Ruleset, family: &str, scene: &Scene) -> Policy {
    let mut policy =
        Policy { default_inbound: PacketPolicy::Accept, filters: false, allowed: BTreeSet::new() };
    for (id, chain) in &ruleset.chains {
        let Some(end) = chain.input_policy else { continue };
        if id.family != family && id.family != "inet" {
            continue;
        }
        let (filters, allowed) = (false, BTreeSet::new());
        let mut walk = Walk { ruleset, scene, family, end, steps: 0, filters, allowed };
        let fate = walk.chain(id, 0, &Path::default(), 0).unwrap_or(end);
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
    scene: &'a Scene,
    /// `ip` or `ip6`.
    family: &'a str,
    /// The fate of what comes out at the end of the chain the walk began with.
    end: PacketPolicy,
    steps: usize,
    filters: bool,
    allowed: BTreeSet<AllowedPort>,
}

impl Walk<'_> {
    /// The fate of a packet like those of `path` from that rule on; `None` when it comes out at the end.
    fn chain(
        &mut self,
        id: &ChainId,
        from: usize,
        path: &Path,
        depth: usize,
    ) -> Option<PacketPolicy> {
        let chain = self.ruleset.chains.get(id).filter(|_| depth < MAX_DEPTH)?;
        for (at, rule) in chain.rules.iter().enumerate().skip(from) {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return None;
            }
            let Some((narrow, narrows)) = self.narrowed(path, rule) else { continue };
            let outcome = match &rule.verdict {
                Verdict::Continue => continue,
                Verdict::Final(policy) => {
                    self.note(id, rule, &narrow, *policy);
                    if *policy != PacketPolicy::Accept && only_tcp(rule, &narrow) {
                        self.spared(id, at, rule, path, depth);
                        return Some(*policy);
                    }
                    Outcome::End(Some(*policy))
                }
                Verdict::Return => Outcome::End(None),
                Verdict::Goto(name) => {
                    Outcome::End(self.chain(&id.beside(name), 0, &narrow, depth + 1))
                }
                Verdict::Jump(name) => match self.chain(&id.beside(name), 0, &narrow, depth + 1) {
                    Some(policy) => Outcome::End(Some(policy)),
                    None => Outcome::On,
                },
            };
            if let Outcome::End(fate) = outcome
                && !narrows
            {
                if fate.is_some_and(|fate| fate != PacketPolicy::Accept) {
                    self.spared(id, at, rule, path, depth);
                }
                return fate;
            }
        }
        None
    }

    /// What a rule leaves alone that refuses everything else: it goes on to the next rules.
    fn spared(&mut self, id: &ChainId, at: usize, rule: &Rule, path: &Path, depth: usize) {
        for (index, condition) in rule.conditions.iter().enumerate() {
            let Condition::Except(spared) = condition else { continue };
            let mut only = Rule { verdict: Verdict::Continue, ..rule.clone() };
            only.conditions[index] = (**spared).clone();
            let Some((path, _)) = self.narrowed(path, &only) else { continue };
            let fate = self.chain(id, at + 1, &path, depth + 1).unwrap_or(self.end);
            if fate == PacketPolicy::Accept {
                self.allow(&path);
            }
        }
    }

    /// The path behind the rule's conditions, and whether it is narrower than before; `None` when no new connection
    /// from outside can meet them.
    fn narrowed(&self, path: &Path, rule: &Rule) -> Option<(Path, bool)> {
        let mut narrow = path.clone();
        let mut narrows = false;
        let accepts = rule.verdict == Verdict::Final(PacketPolicy::Accept);
        for condition in &rule.conditions {
            narrows |= match condition {
                Condition::Family(family) if *family != self.family => return None,
                Condition::Family(_) => false,
                // A strict rate lets through too, and refuses only some.
                Condition::Rate => !accepts,
                condition => self.narrow(&mut narrow, condition)?,
            };
        }
        Some((narrow, narrows))
    }

    /// Narrows the path by one condition and says whether that made it narrower.
    fn narrow(&self, path: &mut Path, condition: &Condition) -> Option<bool> {
        let outside = self.scene.outside.as_deref();
        match condition {
            Condition::FirstPacket(first) => return first.then_some(false),
            Condition::Interface(names) if names.iter().all(|name| name == "lo") => return None,
            Condition::Interface(names) if outside.is_some_and(|name| covers(names, name)) => {
                return Some(false);
            }
            Condition::Interface(names) => path.interfaces = names.clone(),
            Condition::NotInterface(names) => {
                let met = outside.is_none_or(|name| !covers(names, name));
                return met.then(|| outside.is_none() && names.iter().any(|name| name != "lo"));
            }
            Condition::Protocol(names) => path.protocols = with_ports(names)?,
            Condition::Transport(protocol, ports) => {
                path.protocols = vec![protocol.clone()];
                if !ports.iter().any(|port| covers_all(port)) {
                    path.ports = ports.clone();
                }
            }
            Condition::Port(ports) if ports.iter().any(|port| covers_all(port)) => {
                return Some(false);
            }
            Condition::Port(ports) => path.ports = ports.clone(),
            Condition::Source(nets) if nets.iter().any(|net| net.ends_with("/0")) => {
                return Some(false);
            }
            Condition::Source(nets) if nets.iter().all(|net| is_loopback(net)) => return None,
            Condition::Source(nets) => path.sources = nets.clone(),
            Condition::Except(spared) => match &**spared {
                // A packet no rule speaks of comes from elsewhere and asks for another port.
                Condition::Source(_) | Condition::Port(_) => return Some(false),
                Condition::Transport(protocol, _) => path.protocols = vec![protocol.clone()],
                _ => {}
            },
            Condition::Family(_) | Condition::Rate | Condition::Other => {}
        }
        Some(true)
    }

    fn note(&mut self, id: &ChainId, rule: &Rule, path: &Path, policy: PacketPolicy) {
        let named = !path.ports.is_empty() || !path.sources.is_empty();
        let of_protocol = !path.protocols.is_empty() && !has_other(rule);
        if policy != PacketPolicy::Accept {
            self.filters |= !path.ports.is_empty() || !path.interfaces.is_empty();
        } else if (named || of_protocol || !path.interfaces.is_empty() && !has_other(rule))
            && id.name.contains(self.scene.only_chains)
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

/// The protocols that carry connections or datagrams to a port; `None`: there are none among them.
fn with_ports(names: &[String]) -> Option<Vec<String>> {
    let without = ["icmp", "icmpv6", "ipv6-icmp", "igmp"];
    let names: Vec<String> =
        names.iter().filter(|name| !without.contains(&name.as_str())).cloned().collect();
    (!names.is_empty()).then_some(names)
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
    let accepts = rule.verdict == Verdict::Final(PacketPolicy::Accept);
    let other = |condition: &Condition| match condition {
        Condition::Other => true,
        Condition::Rate => !accepts,
        _ => false,
    };
    rule.conditions.iter().any(other)
}

/// Whether one of the names, perhaps with `+` or `*` for any ending, is this interface.
fn covers(names: &[String], interface: &str) -> bool {
    names.iter().any(|name| match name.strip_suffix(['+', '*']) {
        Some(start) => interface.starts_with(start),
        None => name == interface,
    })
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
mod tests;
