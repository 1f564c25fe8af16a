//! Ports blocked by rules of Windows' own firewall, in a group of the agent's. A rule that blocks wins over those that
//! allow; answers to what this PC began pass, as the firewall keeps account of them.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use atalaya_reading::{BlockEvidence, Evidence, Protocol};
use windows::Win32::Foundation::VARIANT_TRUE;
use windows::Win32::NetworkManagement::WindowsFirewall::{
    INetFwPolicy2, INetFwRule, INetFwRules, NET_FW_ACTION_BLOCK, NET_FW_PROFILE2_ALL,
    NET_FW_RULE_DIR_IN, NetFwPolicy2, NetFwRule,
};
use windows::core::{BSTR, Result};

use super::{blocked, unblocked};
use crate::action::Answer;
use crate::probe::Unread;
use crate::probe::program::Programs;
use crate::probe::windows::com::{Apartment, unread};

const WHAT: &str = "Firewall de Windows";
const GROUP: &str = "Atalaya";

/// Blocks a port. A term is the agent's to keep, not the firewall's.
pub async fn block(_: &Programs, protocol: Protocol, port: u16, minutes: u32) -> Answer {
    let change = move |apartment: &Apartment, rules: &INetFwRules| {
        let before = own(rules, protocol, port).map(|_| shown(protocol, port)).unwrap_or_default();
        if before.is_empty() {
            let rule: INetFwRule = apartment.create(WHAT, &NetFwRule)?;
            add(rules, &rule, protocol, port).map_err(|error| unread(WHAT, &error))?;
        }
        let after = own(rules, protocol, port).map(|_| shown(protocol, port)).unwrap_or_default();
        if after.is_empty() {
            return Err(Unread::Failed("Windows no dio error, pero la regla no aparece".into()));
        }
        let evidence = Evidence::Block(BlockEvidence { before, after });
        Ok(Answer::done(blocked(protocol, port, minutes)).with(evidence))
    };
    on_a_thread(change).await
}

/// Unblocks a port.
pub async fn unblock(_: &Programs, protocol: Protocol, port: u16) -> Answer {
    let change = move |_: &Apartment, rules: &INetFwRules| {
        let was_blocked = own(rules, protocol, port).is_some();
        if was_blocked {
            // SAFETY: a live object; the name is that of a rule of our group, as `own` has seen.
            let removed = unsafe { rules.Remove(&name(protocol, port)) };
            removed.map_err(|error| unread(WHAT, &error))?;
        }
        let before = if was_blocked { shown(protocol, port) } else { String::new() };
        let evidence = Evidence::Block(BlockEvidence { before, after: String::new() });
        Ok(Answer::done(unblocked(protocol, port, was_blocked)).with(evidence))
    };
    on_a_thread(change).await
}

/// Objects of the firewall live on one thread.
async fn on_a_thread(
    change: impl FnOnce(&Apartment, &INetFwRules) -> std::result::Result<Answer, Unread> + Send + 'static,
) -> Answer {
    let work = move || {
        let apartment = Apartment::enter()?;
        let policy: INetFwPolicy2 = apartment.create(WHAT, &NetFwPolicy2)?;
        // SAFETY: a plain getter of a live object.
        let rules = unsafe { policy.Rules() }.map_err(|error| unread(WHAT, &error))?;
        change(&apartment, &rules)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(Unread::NotApplicable(what))) => Answer::unsupported(what),
        Ok(Err(unread)) => Answer::failed(unread.to_string()),
        Err(_) => Answer::failed("la acción falló por un error interno"),
    }
}

fn add(rules: &INetFwRules, rule: &INetFwRule, protocol: Protocol, port: u16) -> Result<()> {
    let number = match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    };
    // SAFETY: plain setters of live objects; the texts live until each call returns. The protocol comes before the
    // ports, which it gives their meaning.
    unsafe {
        rule.SetName(&name(protocol, port))?;
        rule.SetDescription(&BSTR::from("Puerto bloqueado por orden del colector de Atalaya."))?;
        rule.SetGrouping(&BSTR::from(GROUP))?;
        rule.SetProtocol(number)?;
        rule.SetLocalPorts(&BSTR::from(port.to_string()))?;
        rule.SetDirection(NET_FW_RULE_DIR_IN)?;
        rule.SetAction(NET_FW_ACTION_BLOCK)?;
        rule.SetProfiles(NET_FW_PROFILE2_ALL.0)?;
        rule.SetEnabled(VARIANT_TRUE)?;
        rules.Add(rule)
    }
}

/// The agent's own rule for that port; one of that name that somebody else made is not.
fn own(rules: &INetFwRules, protocol: Protocol, port: u16) -> Option<INetFwRule> {
    // SAFETY: plain getters of live objects.
    unsafe {
        let rule = rules.Item(&name(protocol, port)).ok()?;
        (GROUP == rule.Grouping().ok()?).then_some(rule)
    }
}

fn name(protocol: Protocol, port: u16) -> BSTR {
    BSTR::from(shown(protocol, port))
}

fn shown(protocol: Protocol, port: u16) -> String {
    format!("Atalaya: bloquear {}/{port} de entrada", protocol.as_str())
}
