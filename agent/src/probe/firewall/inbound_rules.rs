//! The verdict of Windows Defender Firewall: what its profiles and inbound rules come to. Pure.

use std::collections::BTreeSet;

use atalaya_reading::{AllowedPort, PacketPolicy, bounds};

/// Settings of one profile that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Whether it filters, group policy included.
    pub enabled: bool,
    /// Nothing comes in whatever the rules say.
    pub blocks_all: bool,
    /// What no rule speaks of is let through.
    pub allows_by_default: bool,
}

/// An active inbound rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Lets through, or refuses.
    pub allow: bool,
    /// IANA number; 256: any.
    pub protocol: i32,
    /// `22,8000-8100`, `RPC`, `*` or empty: any.
    pub ports: String,
    /// `LocalSubnet,10.0.0.0/8`, `*` or empty: any.
    pub remotes: String,
    /// Only for this program, by its path.
    pub program: Option<String>,
    /// Only for this service; `*`: for any service.
    pub service: Option<String>,
}

/// A program or service that listens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listener {
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// Local port.
    pub port: u16,
    /// Path of its program.
    pub program: Option<String>,
    /// Services within its process.
    pub services: Vec<String>,
}

/// What the profiles in use come to; the laxest counts, as traffic finds it.
pub fn verdict(profiles: &[Profile]) -> (bool, PacketPolicy) {
    let enabled = profiles.iter().all(|profile| profile.enabled);
    let open =
        |profile: &Profile| !profile.enabled || (profile.allows_by_default && !profile.blocks_all);
    let default = if profiles.iter().any(open) { PacketPolicy::Accept } else { PacketPolicy::Drop };
    (enabled, default)
}

/// What the rules let through. One tied to a program or a service opens the ports this one listens on, no others.
pub fn allowed(rules: &[Rule], listeners: &[Listener]) -> Vec<AllowedPort> {
    let mut open = BTreeSet::new();
    for rule in rules.iter().filter(|rule| rule.allow) {
        for protocol in protocols(rule.protocol) {
            for port in ports(rule, protocol, listeners) {
                let allowed = |source: &str| AllowedPort {
                    protocol: protocol.into(),
                    port: port.clone(),
                    source: source.into(),
                };
                open.extend(list(&rule.remotes).iter().map(|source| allowed(source)));
            }
        }
    }
    // To refuse takes precedence over to allow.
    for rule in
        rules.iter().filter(|rule| !rule.allow && rule.program.is_none() && rule.service.is_none())
    {
        let (protocols, ports, remotes) =
            (protocols(rule.protocol), list(&rule.ports), list(&rule.remotes));
        let any = |list: &[String]| list.iter().any(|item| item == "any");
        open.retain(|allowed: &AllowedPort| {
            let protocol =
                protocols.contains(&"any") || protocols.contains(&allowed.protocol.as_str());
            let port = any(&ports) || ports.contains(&allowed.port);
            let source = any(&remotes) || remotes.contains(&allowed.source);
            !(protocol && port && source)
        });
    }
    open.into_iter().take(bounds::ALLOWED).collect()
}

/// ICMP and the like have no ports and are not listed.
fn protocols(number: i32) -> Vec<&'static str> {
    match number {
        6 => vec!["tcp"],
        17 => vec!["udp"],
        256 => vec!["any"],
        _ => Vec::new(),
    }
}

fn ports(rule: &Rule, protocol: &str, listeners: &[Listener]) -> Vec<String> {
    let mut found = Vec::new();
    for port in list(&rule.ports) {
        let numbered = port.starts_with(|first: char| first.is_ascii_digit());
        let tied = rule.program.is_some() || rule.service.is_some();
        match port.as_str() {
            _ if numbered => found.push(port),
            "any" if !tied => found.push(port),
            // The end point mapper has a port of its own, whatever else is dynamic.
            "RPC-EPMap" => found.push("135".into()),
            _ => {
                let theirs = listeners.iter().filter(|listener| {
                    (protocol == "any" || listener.protocol == protocol) && is_for(rule, listener)
                });
                found.extend(theirs.map(|listener| listener.port.to_string()));
            }
        }
    }
    found
}

fn is_for(rule: &Rule, listener: &Listener) -> bool {
    let same = |left: &str, right: &str| left.to_lowercase() == right.to_lowercase();
    let program = rule.program.as_deref().is_none_or(|program| {
        listener.program.as_deref().is_some_and(|listening| same(program, listening))
    });
    let service = match rule.service.as_deref() {
        None => true,
        Some("*") => !listener.services.is_empty(),
        Some(service) => listener.services.iter().any(|listening| same(service, listening)),
    };
    program && service && (rule.program.is_some() || rule.service.is_some())
}

fn list(text: &str) -> Vec<String> {
    let items: Vec<String> = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| if item == "*" { "any".into() } else { bounds::text(item, 128) })
        .collect();
    if items.is_empty() { vec!["any".into()] } else { items }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: i32, ports: &str, remotes: &str) -> Rule {
        Rule {
            allow: true,
            protocol,
            ports: ports.into(),
            remotes: remotes.into(),
            ..Rule::default()
        }
    }

    fn shown(rules: &[Rule], listeners: &[Listener]) -> Vec<String> {
        let show = |allowed: AllowedPort| {
            format!("{} {} {}", allowed.protocol, allowed.port, allowed.source)
        };
        allowed(rules, listeners).into_iter().map(show).collect()
    }

    #[test]
    fn ports_and_sources_are_listed_one_by_one() {
        let rules =
            [rule(6, "3389", "LocalSubnet,10.1.0.0/255.255.0.0"), rule(17, "5000-5010,5353", "*")];
        assert_eq!(
            shown(&rules, &[]),
            [
                "tcp 3389 10.1.0.0/255.255.0.0",
                "tcp 3389 LocalSubnet",
                "udp 5000-5010 any",
                "udp 5353 any"
            ]
        );
    }

    #[test]
    fn a_rule_for_a_program_opens_what_it_listens_on_and_nothing_else() {
        let path = r"C:\Program Files\AnyDesk\AnyDesk.exe";
        let listener = |port, program: &str| Listener {
            protocol: "tcp",
            port,
            program: Some(program.into()),
            services: Vec::new(),
        };
        let listeners = [listener(7070, &path.to_uppercase()), listener(80, r"C:\httpd.exe")];
        let for_program = Rule { program: Some(path.into()), ..rule(6, "", "") };
        assert_eq!(shown(std::slice::from_ref(&for_program), &listeners), ["tcp 7070 any"]);
        assert_eq!(shown(&[for_program], &[]), [""; 0], "what does not listen opens nothing");
    }

    #[test]
    fn a_rule_for_a_service_finds_it_within_its_process() {
        let svchost = Listener {
            protocol: "udp",
            port: 5355,
            program: Some(r"C:\Windows\System32\svchost.exe".into()),
            services: vec!["dnscache".into()],
        };
        let named = Rule { service: Some("Dnscache".into()), ..rule(17, "*", "*") };
        let any = Rule { service: Some("*".into()), ..rule(17, "RPC", "*") };
        assert_eq!(shown(&[named], std::slice::from_ref(&svchost)), ["udp 5355 any"]);
        assert_eq!(shown(&[any], &[svchost]), ["udp 5355 any"]);
    }

    #[test]
    fn a_rule_for_everything_is_said_to_be_so() {
        assert_eq!(shown(&[rule(256, "", "")], &[]), ["any any any"]);
        assert_eq!(shown(&[rule(1, "", "")], &[]), [""; 0], "ICMP has no ports");
        assert_eq!(shown(&[rule(6, "RPC-EPMap", "")], &[]), ["tcp 135 any"]);
    }

    #[test]
    fn to_refuse_takes_precedence() {
        let refused = Rule { allow: false, ..rule(6, "445", "*") };
        let rules = [rule(6, "445,80", "*"), refused];
        assert_eq!(shown(&rules, &[]), ["tcp 80 any"]);
        let everything = Rule { allow: false, ..rule(256, "", "") };
        assert_eq!(shown(&[rule(6, "80", "*"), everything], &[]), [""; 0]);
    }

    #[test]
    fn the_laxest_profile_in_use_is_the_verdict() {
        let strict = Profile { enabled: true, blocks_all: false, allows_by_default: false };
        let off = Profile { enabled: false, ..strict };
        let lax = Profile { allows_by_default: true, ..strict };
        assert_eq!(verdict(&[strict]), (true, PacketPolicy::Drop));
        assert_eq!(verdict(&[strict, off]), (false, PacketPolicy::Accept));
        assert_eq!(verdict(&[strict, lax]), (true, PacketPolicy::Accept));
        assert_eq!(verdict(&[Profile { blocks_all: true, ..lax }]), (true, PacketPolicy::Drop));
    }
}
