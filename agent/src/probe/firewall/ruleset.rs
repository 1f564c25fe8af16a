//! Packet rules as far as inbound connections are concerned: what nftables and iptables have in common.
//! Plain data; `nft` and `iptables` fill it, `walk` judges it.

use std::collections::BTreeMap;

use atalaya_reading::PacketPolicy;

/// `ip`, `ip6` or `inet`, the table, the chain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainId {
    /// `ip`, `ip6` or `inet`.
    pub family: String,
    /// Name of its table.
    pub table: String,
    /// Its own name.
    pub name: String,
}

impl ChainId {
    /// The chain of that name beside this one.
    pub fn beside(&self, name: &str) -> ChainId {
        ChainId { name: name.into(), ..self.clone() }
    }
}

/// All chains.
#[derive(Debug, Default)]
pub struct Ruleset {
    /// By name.
    pub chains: BTreeMap<ChainId, Chain>,
    /// Tables holding rules whose conditions nft cannot show (those of iptables-nft): family and table.
    pub opaque: Vec<(String, String)>,
}

/// One chain.
#[derive(Debug, Default)]
pub struct Chain {
    /// What happens to an inbound packet at its end, as it comes in or before; `None` for a chain that inbound packets
    /// only reach by a jump.
    pub input_policy: Option<PacketPolicy>,
    /// In order.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// What then happens.
    pub verdict: Verdict,
}

/// What happens to a packet.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The end of its way.
    Final(PacketPolicy),
    /// Back to where it came from.
    Return,
    /// Into another chain and back.
    Jump(String),
    /// Into another chain, not back.
    Goto(String),
    /// Nothing: counted, logged, marked.
    Continue,
}

/// What a packet must be like.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// One of these transport protocols.
    Protocol(Vec<String>),
    /// A transport protocol and one of its destination ports.
    Transport(String, Vec<String>),
    /// One of these destination ports: `22`, `8000-8100`.
    Port(Vec<String>),
    /// From one of these addresses or networks.
    Source(Vec<String>),
    /// Through one of these interfaces.
    Interface(Vec<String>),
    /// Through any interface but these.
    NotInterface(Vec<String>),
    /// Whether the first packet of a connection to this PC meets it.
    FirstPacket(bool),
    /// Of this address family: `ip` or `ip6`.
    Family(&'static str),
    /// Everything but that: sources, ports, or ports of a protocol.
    Except(Box<Condition>),
    /// No more often than so: some packets pass, however strict the rate.
    Rate,
    /// Something that is not understood: it may hold or not.
    Other,
}
