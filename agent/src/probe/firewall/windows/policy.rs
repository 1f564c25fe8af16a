//! What `INetFwPolicy2` says: the profiles with group policy laid over them, and the active inbound rules.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use windows::Win32::NetworkManagement::WindowsFirewall::{
    INetFwPolicy2, INetFwRule, NET_FW_ACTION_ALLOW, NET_FW_PROFILE_TYPE2, NET_FW_PROFILE2_DOMAIN,
    NET_FW_PROFILE2_PRIVATE, NET_FW_PROFILE2_PUBLIC, NET_FW_RULE_DIR_IN, NetFwPolicy2,
};
use windows::Win32::System::Com::IDispatch;
use windows::Win32::System::Ole::IEnumVARIANT;
use windows::Win32::System::Variant::{VARIANT, VT_DISPATCH};
use windows::core::{BSTR, Interface, Result};

use super::super::inbound_rules::{Profile, Rule};
use super::super::profiles::NamedProfile;
use super::group_policy;
use crate::probe::Unread;
use crate::probe::windows::com::{Apartment, unread};

const WHAT: &str = "Firewall de Windows";
/// Rules beyond this are not looked at; a PC with every feature has under a thousand.
const RULES: usize = 8_192;
const ALL: [(&str, NET_FW_PROFILE_TYPE2); 3] = [
    ("domain", NET_FW_PROFILE2_DOMAIN),
    ("private", NET_FW_PROFILE2_PRIVATE),
    ("public", NET_FW_PROFILE2_PUBLIC),
];

/// All profiles, and the inbound rules that are active in those in use.
pub fn read() -> std::result::Result<(Vec<NamedProfile>, Vec<Rule>), Unread> {
    let apartment = Apartment::enter()?;
    let policy: INetFwPolicy2 = apartment.create(WHAT, &NetFwPolicy2)?;
    asked(&policy).map_err(|error| unread(WHAT, &error))
}

fn asked(policy: &INetFwPolicy2) -> Result<(Vec<NamedProfile>, Vec<Rule>)> {
    // SAFETY: a plain getter of a live object.
    let in_use = unsafe { policy.CurrentProfileTypes() }?;
    let profiles = ALL
        .iter()
        .map(|(name, which)| {
            let active = in_use & which.0 != 0;
            let settings = profile(policy, *which)?;
            let own = NamedProfile { name, active, settings, by_group_policy: None };
            Ok(own.under(group_policy::values(name)))
        })
        .collect::<Result<_>>()?;
    // Without a network no profile is in use: then all of them are what the PC will meet.
    let all = ALL.iter().fold(0, |mask, (_, profile)| mask | profile.0);
    let mask = if in_use & all == 0 { all } else { in_use };
    Ok((profiles, rules(policy, mask)?))
}

fn profile(policy: &INetFwPolicy2, which: NET_FW_PROFILE_TYPE2) -> Result<Profile> {
    // SAFETY: plain getters of a live object.
    unsafe {
        Ok(Profile {
            enabled: policy.get_FirewallEnabled(which)?.as_bool(),
            blocks_all: policy.get_BlockAllInboundTraffic(which)?.as_bool(),
            allows_by_default: policy.get_DefaultInboundAction(which)? == NET_FW_ACTION_ALLOW,
        })
    }
}

fn rules(policy: &INetFwPolicy2, profiles: i32) -> Result<Vec<Rule>> {
    // SAFETY: plain getters of live objects.
    let all: IEnumVARIANT = unsafe { policy.Rules()?._NewEnum()? }.cast()?;
    let mut rules = Vec::new();
    for _ in 0..RULES {
        let mut item = [VARIANT::default()];
        let mut fetched = 0;
        // SAFETY: room for one item, and a count, both ours.
        let ended = unsafe { all.Next(&mut item, &mut fetched) };
        if ended.is_err() || fetched == 0 {
            break;
        }
        // One rule that cannot be read must not cost the others.
        if let Some(rule) = dispatch(&item[0]).and_then(|item| rule(&item.cast().ok()?, profiles).ok()?) {
            rules.push(rule);
        }
    }
    Ok(rules)
}

fn dispatch(item: &VARIANT) -> Option<IDispatch> {
    // SAFETY: the kind says which member of the union holds; the object is counted once more by the clone.
    unsafe {
        let content = &item.Anonymous.Anonymous;
        if content.vt == VT_DISPATCH { (*content.Anonymous.pdispVal).clone() } else { None }
    }
}

/// `None` for a rule that is not active here or not for what comes in.
fn rule(rule: &INetFwRule, profiles: i32) -> Result<Option<Rule>> {
    let text = |text: Result<BSTR>| text.map(|text| text.to_string()).unwrap_or_default();
    let named = |text: String| Some(text).filter(|text| !text.is_empty());
    // SAFETY: plain getters of a live object.
    unsafe {
        if !rule.Enabled()?.as_bool() || rule.Direction()? != NET_FW_RULE_DIR_IN || rule.Profiles()? & profiles == 0 {
            return Ok(None);
        }
        Ok(Some(Rule {
            allow: rule.Action()? == NET_FW_ACTION_ALLOW,
            protocol: rule.Protocol()?,
            // Protocols without ports refuse the question.
            ports: text(rule.LocalPorts()),
            remotes: text(rule.RemoteAddresses()),
            program: named(text(rule.ApplicationName())),
            service: named(text(rule.ServiceName())),
        }))
    }
}
