//! `iptables-save` as chains of a ruleset. Reads the text; what it means is for `walk`.

use atalaya_reading::PacketPolicy;

use super::ruleset::{Chain, ChainId, Condition, Rule, Ruleset, Verdict};

/// Matches that add nothing beyond the options that follow them.
const PLAIN_MATCHES: [&str; 7] =
    ["tcp", "udp", "multiport", "conntrack", "state", "comment", "addrtype"];

/// Puts the filter table of `text` into `ruleset`, in place of what was there of it. `family`: `ip` or `ip6`.
pub fn replace_filter_table(ruleset: &mut Ruleset, family: &str, text: &str) {
    ruleset.chains.retain(|id, _| !(id.family == family && id.table == "filter"));
    let mut in_filter = false;
    let id =
        |name: &str| ChainId { family: family.into(), table: "filter".into(), name: name.into() };
    for line in text.lines() {
        if let Some(table) = line.strip_prefix('*') {
            in_filter = table.trim() == "filter";
        } else if !in_filter {
            continue;
        } else if let Some(chain) = line.strip_prefix(':') {
            let mut words = chain.split_whitespace();
            let (Some(name), policy) = (words.next(), words.next()) else { continue };
            let policy =
                if policy == Some("DROP") { PacketPolicy::Drop } else { PacketPolicy::Accept };
            let input_policy = (name == "INPUT").then_some(policy);
            ruleset.chains.insert(id(name), Chain { input_policy, rules: Vec::new() });
        } else if let Some((name, rule)) = rule(line)
            && let Some(chain) = ruleset.chains.get_mut(&id(&name))
        {
            chain.rules.push(rule);
        }
    }
}

/// A line `-A CHAIN …`.
fn rule(line: &str) -> Option<(String, Rule)> {
    let words = words(line);
    let mut words = words.iter().map(String::as_str);
    (words.next()? == "-A").then_some(())?;
    let chain = words.next()?.to_string();
    let mut conditions = Vec::new();
    let mut verdict = Verdict::Continue;
    let mut negated = false;
    while let Some(word) = words.next() {
        let mut list = |separator: char| {
            let values = words.next().unwrap_or_default();
            values.split(separator).map(|value| value.replace(':', "-")).collect::<Vec<_>>()
        };
        let condition = match word {
            "!" => {
                negated = true;
                continue;
            }
            "-j" => {
                verdict = target(words.next()?);
                continue;
            }
            "-g" => {
                verdict = Verdict::Goto(words.next()?.to_string());
                continue;
            }
            "-m" => match words.next()? {
                name if PLAIN_MATCHES.contains(&name) => continue,
                "limit" => Some(Condition::Rate),
                "set" => continue,
                _ => Some(Condition::Other),
            },
            "--comment" | "--reject-with" => {
                words.next();
                continue;
            }
            "-p" => Some(Condition::Protocol(list(','))),
            "-s" => {
                let net = words.next()?;
                Some(Condition::Source(vec![net.strip_suffix("/32").unwrap_or(net).to_string()]))
            }
            "-i" => {
                let names = vec![words.next()?.to_string()];
                let not = std::mem::take(&mut negated);
                Some(if not { Condition::NotInterface(names) } else { Condition::Interface(names) })
            }
            "--dport" | "--dports" => Some(Condition::Port(list(','))),
            "--ctstate" | "--state" => {
                let states = words.next()?;
                let new = states.split(',').any(|state| state == "NEW");
                Some(Condition::FirstPacket(new != std::mem::take(&mut negated)))
            }
            "--dst-type" if words.clone().next() == Some("LOCAL") => {
                words.next();
                Some(Condition::FirstPacket(true))
            }
            "--limit" | "--limit-burst" => {
                words.next();
                continue;
            }
            // The set itself is not shown here; its name says more than nothing.
            "--match-set" => {
                let (set, side) = (words.next()?, words.next()?);
                Some(if side == "src" {
                    Condition::Source(vec![format!("ipset {set}")])
                } else {
                    Condition::Other
                })
            }
            "--syn" => Some(Condition::FirstPacket(true)),
            "--tcp-flags" => {
                // What `--syn` is saved as: the first packet of a connection.
                let first = words.next().is_some_and(|mask| mask.contains("ACK"))
                    && words.next() == Some("SYN");
                Some(if first { Condition::FirstPacket(true) } else { Condition::Other })
            }
            _ => word.starts_with('-').then_some(Condition::Other),
        };
        let negated = std::mem::take(&mut negated);
        conditions.extend(condition.map(|condition| match condition {
            Condition::Source(_) | Condition::Port(_) if negated => {
                Condition::Except(Box::new(condition))
            }
            _ if negated => Condition::Other,
            condition => condition,
        }));
    }
    Some((chain, Rule { conditions, verdict }))
}

fn target(name: &str) -> Verdict {
    match name {
        "ACCEPT" => Verdict::Final(PacketPolicy::Accept),
        "DROP" => Verdict::Final(PacketPolicy::Drop),
        "REJECT" => Verdict::Final(PacketPolicy::Reject),
        "RETURN" => Verdict::Return,
        // The targets of the system are in capitals; they mark, log or count.
        name if name.chars().all(|c| !c.is_lowercase()) && is_extension(name) => Verdict::Continue,
        name => Verdict::Jump(name.to_string()),
    }
}

fn is_extension(name: &str) -> bool {
    const EXTENSIONS: [&str; 14] = [
        "LOG",
        "NFLOG",
        "ULOG",
        "MARK",
        "CONNMARK",
        "CT",
        "TRACE",
        "AUDIT",
        "SECMARK",
        "CONNSECMARK",
        "CLASSIFY",
        "TCPMSS",
        "SET",
        "CHECKSUM",
    ];
    EXTENSIONS.contains(&name)
}

/// Words, with `"quoted ones"` kept together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut escaped) = (false, false);
    for character in line.chars() {
        match character {
            _ if escaped => {
                word.push(character);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
