//! ufw, firewalld and iptables themselves, started in a network of their own, and what the agent makes of their rules.

use atalaya_tests::fixture::namespace;
use serde_json::Value;

use crate::firewall::assert_judged;

/// Their settings, as Debian installs them, on a copy of their own.
const UFW: &str = "cp -a /etc/ufw /run/ufw; cp /etc/default/ufw /run/ufw.default\n\
                   mount --bind /run/ufw /etc/ufw; mount --bind /run/ufw.default /etc/default/ufw\n\
                   ufw --force reset; rm -f /etc/ufw/*.20*\n";
const FIREWALLD: &str = "cp -a /etc/firewalld /run/firewalld.etc; mount --bind /run/firewalld.etc /etc/firewalld\n\
                         mkdir -p /run/dbus /run/log; mount -t tmpfs tmpfs /var/log\n\
                         dbus-daemon --system --fork --nopidfile\n\
                         firewalld --nofork --nopid & firewalld=$!\n\
                         until firewall-cmd --state; do kill -0 $firewalld; read -rt 0.1 <> <(:) || :; done\n\
                         firewall-cmd --zone=public --change-interface=eth0\n";

fn with(script: &str) -> Value {
    namespace::probe("firewall", script)
}

#[test]
fn ufw_is_read_as_its_owner_set_it() {
    let script = "ufw allow 22/tcp; ufw limit 2222/tcp; ufw allow 8000:8100/tcp; ufw deny 23\n\
                  ufw allow from 10.0.0.0/8 to any port 161 proto udp; ufw allow in on wg0; ufw --force enable";
    let allowed = [
        "any any iif wg0",
        "tcp 22 any",
        "tcp 2222 any",
        "tcp 8000-8100 any",
        "udp 161 10.0.0.0/8",
    ];
    assert_judged(&with(&format!("{UFW}{script}")), "ufw", "drop", &allowed);
}

#[test]
fn ufw_that_rejects_or_lets_all_in_is_said_to() {
    let rejects =
        with(&format!("{UFW}ufw default reject incoming; ufw allow 443/tcp; ufw --force enable"));
    assert_judged(&rejects, "ufw", "reject", &["tcp 443 any"]);
    let open = with(&format!("{UFW}ufw default allow incoming; ufw --force enable"));
    assert_judged(&open, "none", "accept", &[]);
    let off = with(&format!("{UFW}ufw allow 22; ufw --force enable; ufw disable"));
    assert_judged(&off, "none", "accept", &[]);
}

#[test]
fn firewalld_is_read_with_services_ports_and_rich_rules() {
    let script = "firewall-cmd --add-service=https; firewall-cmd --add-port=9000-9010/udp\n\
                  firewall-cmd --add-rich-rule='rule family=ipv4 source address=10.0.0.0/8 port port=3306 protocol=tcp accept'";
    let allowed =
        ["tcp 22 any", "tcp 3306 10.0.0.0/8", "tcp 443 any", "udp 546 any", "udp 9000-9010 any"];
    assert_judged(&with(&format!("{FIREWALLD}{script}")), "firewalld", "reject", &allowed);
}

#[test]
fn a_zone_of_firewalld_decides_the_default() {
    let drop = with(&format!("{FIREWALLD}firewall-cmd --zone=drop --change-interface=eth0"));
    assert_judged(&drop, "firewalld", "drop", &[]);
    let trusted = with(&format!("{FIREWALLD}firewall-cmd --zone=trusted --change-interface=eth0"));
    assert_eq!(trusted["default_inbound"], "accept");
}

/// The same rules by either tool.
fn by(tool: &str) -> Value {
    let rules = "-P INPUT DROP\n\
                 -A INPUT -i lo -j ACCEPT\n\
                 -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n\
                 -N web\n\
                 -A INPUT -p tcp -j web\n\
                 -A web -p tcp -m multiport --dports 80,443 -m comment --comment \"la web\" -j ACCEPT\n\
                 -A INPUT -s 10.0.0.0/8 -p udp --dport 161 -j ACCEPT\n\
                 -A INPUT -p tcp --dport 8000:8100 -m limit --limit 10/min -j ACCEPT\n\
                 -A INPUT ! -s 192.0.2.0/24 -j DROP\n\
                 -A INPUT -p tcp --dport 22 -j ACCEPT";
    let script = format!(
        "while read -r rule; do eval \"ip{tool} $rule\"; done <<'END'\n{rules}\nEND\nip6{tool} -P INPUT DROP"
    );
    with(&script)
}

#[test]
fn both_kinds_of_iptables_are_read_alike() {
    let allowed = [
        "tcp 22 192.0.2.0/24",
        "tcp 443 any",
        "tcp 80 any",
        "tcp 8000-8100 any",
        "udp 161 10.0.0.0/8",
    ];
    assert_judged(&by("tables-nft"), "iptables", "drop", &allowed);
    assert_judged(&by("tables-legacy"), "iptables", "drop", &allowed);
}
