//! `nft -j list ruleset` as a ruleset. Reads the JSON; what it means is for `walk`.

use std::collections::HashMap;

use atalaya_reading::{PacketPolicy, bounds};
use serde_json::Value;

use super::ruleset::{Chain, ChainId, Condition, Rule, Ruleset, Verdict};
use crate::probe::Unread;

/// Named sets and maps: family, table, name.
type Named<'a> = HashMap<(&'a str, &'a str, &'a str), &'a [Value]>;

/// Reads the whole output.
pub fn parse(output: &[u8]) -> Result<Ruleset, Unread> {
    let unreadable = |what: &str| Unread::Failed(format!("respuesta de nft ilegible: {what}"));
    let document: Value =
        serde_json::from_slice(output).map_err(|error| unreadable(&error.to_string()))?;
    let objects = document.get("nftables").and_then(Value::as_array);
    let objects = objects.ok_or_else(|| unreadable("falta `nftables`"))?;
    let mut named = Named::new();
    let mut ruleset = Ruleset::default();
    for object in objects {
        let body = object.get("set").or_else(|| object.get("map"));
        if let Some((set, elements)) =
            body.and_then(|set| Some((set, set.get("elem")?.as_array()?)))
        {
            named.insert((text(set, "family"), text(set, "table"), text(set, "name")), elements);
        }
        if let Some(chain) = object.get("chain") {
            let input = match text(chain, "hook") {
                "input" => true,
                "prerouting" => text(chain, "type") == "filter",
                _ => false,
            };
            let policy = if text(chain, "policy") == "drop" {
                PacketPolicy::Drop
            } else {
                PacketPolicy::Accept
            };
            let made = Chain { input_policy: input.then_some(policy), rules: Vec::new() };
            ruleset.chains.insert(chain_id(chain, "name"), made);
        }
    }
    for rule in objects.iter().filter_map(|object| object.get("rule")) {
        let reader = RuleReader { rule, named: &named };
        if reader.is_opaque() {
            let table = (text(rule, "family").to_string(), text(rule, "table").to_string());
            if !ruleset.opaque.contains(&table) {
                ruleset.opaque.push(table);
            }
        }
        if let Some(chain) = ruleset.chains.get_mut(&chain_id(rule, "chain")) {
            chain.rules.extend(reader.rules());
        }
    }
    Ok(ruleset)
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn chain_id(object: &Value, name: &str) -> ChainId {
    ChainId {
        family: text(object, "family").into(),
        table: text(object, "table").into(),
        name: text(object, name).into(),
    }
}

struct RuleReader<'a> {
    rule: &'a Value,
    named: &'a Named<'a>,
}

impl<'a> RuleReader<'a> {
    fn statements(&self) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let list = self.rule.get("expr").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flatten()
            .map(|(k, v)| (k.as_str(), v))
    }

    /// Conditions of iptables that nft names but does not show.
    fn is_opaque(&self) -> bool {
        self.statements().any(|(name, body)| name == "xt" && text(body, "type") == "match")
    }

    /// One rule, or several where a map gives each key its own verdict.
    fn rules(&self) -> Vec<Rule> {
        let mut conditions = Vec::new();
        let mut combined = None;
        for (name, body) in self.statements() {
            match name {
                "match" if body.get("left").is_some_and(|left| left.get("concat").is_some()) => {
                    combined = Some(body);
                }
                "match" => conditions.extend(self.condition(body)),
                "vmap" => {
                    conditions.extend(combined.map(|_| Condition::Other));
                    return self.mapped(&conditions, body);
                }
                "xt" if text(body, "type") == "target" => {
                    let rejects = text(body, "name") == "REJECT";
                    let verdict = Verdict::Final(PacketPolicy::Reject);
                    return if rejects { vec![Rule { conditions, verdict }] } else { Vec::new() };
                }
                "limit" => conditions.push(Condition::Rate),
                "xt" | "quota" | "meter" | "ct count" | "fib" | "socket" => {
                    conditions.push(Condition::Other);
                }
                // A packet may be put into a set only as often as a rate within allows.
                "set" | "map" if body.get("stmt").is_some() => conditions.push(Condition::Other),
                _ => {
                    if let Some(verdict) = verdict(name, body) {
                        return self.combinations(conditions, combined, verdict);
                    }
                }
            }
        }
        Vec::new()
    }

    /// A rule whose match combines fields, `ip saddr . tcp dport @pairs`: one rule for each combination it lets
    /// through.
    fn combinations(
        &self,
        conditions: Vec<Condition>,
        combined: Option<&Value>,
        verdict: Verdict,
    ) -> Vec<Rule> {
        let rule = |more: Vec<Condition>| Rule {
            conditions: conditions.iter().cloned().chain(more).collect(),
            verdict: verdict.clone(),
        };
        let Some(body) = combined else { return vec![rule(Vec::new())] };
        let left = body.get("left").unwrap_or(&Value::Null);
        let elements = match body.get("right") {
            Some(Value::String(name)) => self.elements(name).unwrap_or_default(),
            Some(right) => {
                right.get("set").and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
            }
            None => &[],
        };
        let accepts = verdict == Verdict::Final(PacketPolicy::Accept);
        if !accepts || text(body, "op") == "!=" || elements.is_empty() {
            return vec![rule(vec![Condition::Other])];
        }
        // One beyond the bound shows that there are more.
        let elements = elements.iter().take(bounds::ALLOWED + 1);
        elements.map(|element| rule(self.matching(left, element, false))).collect()
    }

    fn mapped(&self, conditions: &[Condition], body: &Value) -> Vec<Rule> {
        let data = body.get("data").unwrap_or(&Value::Null);
        let pairs = match data {
            Value::String(name) => self.elements(name).unwrap_or_default(),
            data => data.get("set").and_then(Value::as_array).map_or(&[][..], Vec::as_slice),
        };
        let key = body.get("key").unwrap_or(&Value::Null);
        let rule = |pair: &Value| {
            let (value, verdicts) = (pair.get(0)?, pair.get(1)?.as_object()?);
            let (name, body) = verdicts.iter().next()?;
            let mut conditions = conditions.to_vec();
            conditions.extend(self.matching(key, value, false));
            Some(Rule { conditions, verdict: verdict(name, body)? })
        };
        pairs.iter().filter_map(rule).collect()
    }

    fn condition(&self, body: &Value) -> Vec<Condition> {
        let left = body.get("left").unwrap_or(&Value::Null);
        let right = body.get("right").unwrap_or(&Value::Null);
        self.matching(left, right, text(body, "op") == "!=")
    }

    fn matching(&self, left: &Value, right: &Value, negated: bool) -> Vec<Condition> {
        if let Some(fields) = left.get("concat").and_then(Value::as_array) {
            let element = right.get("elem").and_then(|element| element.get("val")).unwrap_or(right);
            let parts = element.get("concat").and_then(Value::as_array);
            let Some(parts) = parts.filter(|parts| parts.len() == fields.len() && !negated) else {
                return vec![Condition::Other];
            };
            let pairs = fields.iter().zip(parts);
            return pairs.flat_map(|(field, part)| self.matching(field, part, false)).collect();
        }
        let mut conditions = Vec::new();
        // Such a field exists in packets of its own family only.
        match left.get("payload").map(|payload| text(payload, "protocol")) {
            Some("ip") => conditions.push(Condition::Family("ip")),
            Some("ip6") => conditions.push(Condition::Family("ip6")),
            _ => {}
        }
        conditions.push(self.field(left, self.values(right), negated));
        conditions
    }

    fn field(&self, left: &Value, values: Vec<String>, negated: bool) -> Condition {
        if left.get("ct").is_some_and(|ct| text(ct, "key") == "state") {
            let new = values.iter().any(|state| state == "new");
            return Condition::FirstPacket(new != negated);
        }
        if left.get("fib").is_some_and(|fib| text(fib, "result") == "type") {
            let local = values.iter().any(|kind| kind == "local") && !negated;
            return if local { Condition::FirstPacket(true) } else { Condition::Other };
        }
        if let Some(meta) = left.get("meta") {
            return match (text(meta, "key"), negated) {
                ("iif" | "iifname", false) => Condition::Interface(values),
                ("iif" | "iifname", true) => Condition::NotInterface(values),
                ("l4proto", false) => Condition::Protocol(values),
                ("protocol" | "nfproto", _) => family(&values, negated),
                _ => Condition::Other,
            };
        }
        // `tcp flags & (fin|syn|rst|ack) == syn`: the first packet of a connection.
        let masked = left.get("&").and_then(|sides| sides.get(0));
        match left.get("payload").or_else(|| masked.and_then(|side| side.get("payload"))) {
            Some(payload) if masked.is_some() && text(payload, "field") != "flags" => {
                Condition::Other
            }
            Some(payload) => {
                let (protocol, field) = (text(payload, "protocol"), text(payload, "field"));
                match (payload_condition(protocol, field, values), negated) {
                    (condition, false) => condition,
                    (Condition::Other, true) => Condition::Other,
                    (condition, true) => Condition::Except(Box::new(condition)),
                }
            }
            _ => Condition::Other,
        }
    }

    /// The right side as texts; names of sets are replaced by what they hold.
    fn values(&self, value: &Value) -> Vec<String> {
        match value {
            Value::String(name) if name.starts_with('@') => match self.elements(name) {
                Some(elements) => elements.iter().flat_map(|value| self.values(value)).collect(),
                None => vec![name.clone()],
            },
            Value::String(text) => vec![text.clone()],
            Value::Number(number) => vec![number.to_string()],
            Value::Array(list) => list.iter().flat_map(|value| self.values(value)).collect(),
            Value::Object(object) => {
                let inner = |key: &str| object.get(key);
                if let Some(set) = inner("set") {
                    self.values(set)
                } else if let Some(range) = inner("range") {
                    vec![self.values(range).join("-")]
                } else if let Some(prefix) = inner("prefix") {
                    let length = prefix.get("len").and_then(Value::as_u64).unwrap_or_default();
                    vec![format!("{}/{length}", text(prefix, "addr"))]
                } else {
                    let element = inner("elem").and_then(|element| element.get("val"));
                    element.map(|value| self.values(value)).unwrap_or_default()
                }
            }
            _ => Vec::new(),
        }
    }

    fn elements(&self, name: &str) -> Option<&'a [Value]> {
        let (family, table) = (text(self.rule, "family"), text(self.rule, "table"));
        self.named.get(&(family, table, name.trim_start_matches('@'))).copied()
    }
}

/// `ip`, `ipv4`, `ip6` or `ipv6`.
fn family(values: &[String], negated: bool) -> Condition {
    let is = |names: [&str; 2]| values.iter().all(|value| names.contains(&value.as_str()));
    match (is(["ip", "ipv4"]), is(["ip6", "ipv6"])) {
        (true, false) => Condition::Family(if negated { "ip6" } else { "ip" }),
        (false, true) => Condition::Family(if negated { "ip" } else { "ip6" }),
        // Both are walked anyway.
        (false, false) if !negated => Condition::FirstPacket(true),
        _ => Condition::Other,
    }
}

fn payload_condition(protocol: &str, field: &str, values: Vec<String>) -> Condition {
    match (protocol, field) {
        ("tcp" | "udp" | "sctp" | "dccp", "dport") => Condition::Transport(protocol.into(), values),
        ("th", "dport") => Condition::Port(values),
        ("ip" | "ip6", "saddr") => Condition::Source(values),
        ("ip", "protocol") | ("ip6", "nexthdr") => Condition::Protocol(values),
        ("icmp" | "icmpv6" | "igmp", _) => Condition::Protocol(vec![protocol.into()]),
        ("tcp", "flags") if values == ["syn"] => Condition::Protocol(vec!["tcp".into()]),
        _ => Condition::Other,
    }
}

fn verdict(name: &str, body: &Value) -> Option<Verdict> {
    let target = || text(body, "target").to_string();
    Some(match name {
        "accept" => Verdict::Final(PacketPolicy::Accept),
        "drop" => Verdict::Final(PacketPolicy::Drop),
        "reject" => Verdict::Final(PacketPolicy::Reject),
        "return" => Verdict::Return,
        "jump" => Verdict::Jump(target()),
        "goto" => Verdict::Goto(target()),
        _ => return None,
    })
}
