//! The profiles of Windows Defender Firewall: settings of the PC and what group policy puts in their place. Pure.
//! `INetFwPolicy2` tells the settings of the PC alone, so the values of the policy are laid over them.

use atalaya_reading::{FirewallProfile, PacketPolicy};

use super::inbound_rules::Profile;

/// A profile by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedProfile {
    /// `domain`, `private` or `public`.
    pub name: &'static str,
    /// Whether the PC is in such a network now.
    pub active: bool,
    /// What is in force.
    pub settings: Profile,
    /// Whether a group policy decides any of it; `None`: the policy could not be read.
    pub by_group_policy: Option<bool>,
}

/// Values of a profile's key beneath `SOFTWARE\Policies\Microsoft\WindowsFirewall`; `None`: not configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PolicyValues {
    /// `EnableFirewall`.
    pub enabled: Option<u32>,
    /// `DefaultInboundAction`: zero lets through.
    pub default_inbound: Option<u32>,
    /// `DoNotAllowExceptions`: nothing comes in whatever the rules say.
    pub no_exceptions: Option<u32>,
}

impl PolicyValues {
    /// These, and where they say nothing, those: an older key speaks for two profiles.
    pub fn or(self, other: PolicyValues) -> PolicyValues {
        PolicyValues {
            enabled: self.enabled.or(other.enabled),
            default_inbound: self.default_inbound.or(other.default_inbound),
            no_exceptions: self.no_exceptions.or(other.no_exceptions),
        }
    }
}

impl NamedProfile {
    /// The profile with what the policy decides in place of the PC's own settings.
    pub fn under(self, policy: Option<PolicyValues>) -> NamedProfile {
        let Some(policy) = policy else { return NamedProfile { by_group_policy: None, ..self } };
        let flag = |value: Option<u32>, own: bool| value.map_or(own, |value| value != 0);
        let settings = Profile {
            enabled: flag(policy.enabled, self.settings.enabled),
            blocks_all: flag(policy.no_exceptions, self.settings.blocks_all),
            allows_by_default: policy
                .default_inbound
                .map_or(self.settings.allows_by_default, |action| action == 0),
        };
        let decides = policy != PolicyValues::default();
        NamedProfile { settings, by_group_policy: Some(decides), ..self }
    }

    /// As a reading tells it.
    pub fn told(&self) -> FirewallProfile {
        let open = self.settings.allows_by_default && !self.settings.blocks_all;
        FirewallProfile {
            name: self.name.into(),
            active: self.active,
            enabled: Some(self.settings.enabled),
            default_inbound: Some(if open { PacketPolicy::Accept } else { PacketPolicy::Drop }),
            by_group_policy: self.by_group_policy,
        }
    }
}

/// What the profiles in use do. Without a network none is in use: then all of them are what the PC will meet.
pub fn in_use(profiles: &[NamedProfile]) -> Vec<Profile> {
    let none = profiles.iter().all(|profile| !profile.active);
    profiles
        .iter()
        .filter(|profile| none || profile.active)
        .map(|profile| profile.settings)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Profile = Profile { enabled: true, blocks_all: false, allows_by_default: false };

    fn private(settings: Profile) -> NamedProfile {
        NamedProfile { name: "private", active: true, settings, by_group_policy: None }
    }

    #[test]
    fn a_policy_that_switches_off_wins_over_the_settings_of_the_pc() {
        let off = PolicyValues { enabled: Some(0), ..PolicyValues::default() };
        let profile = private(STRICT).under(Some(off));
        assert_eq!((profile.settings.enabled, profile.by_group_policy), (false, Some(true)));
        assert_eq!(profile.settings.allows_by_default, STRICT.allows_by_default);
    }

    #[test]
    fn a_policy_that_demands_wins_over_a_pc_that_was_opened() {
        let opened = Profile { enabled: false, blocks_all: false, allows_by_default: true };
        let policy =
            PolicyValues { enabled: Some(1), default_inbound: Some(1), no_exceptions: None };
        let told = private(opened).under(Some(policy)).told();
        assert_eq!(told.enabled, Some(true));
        assert_eq!(told.default_inbound, Some(PacketPolicy::Drop));
        let shut = PolicyValues { no_exceptions: Some(1), ..PolicyValues::default() };
        let told = private(opened).under(Some(shut)).told();
        assert_eq!(told.default_inbound, Some(PacketPolicy::Drop), "exceptions or not");
    }

    #[test]
    fn no_policy_and_a_policy_that_could_not_be_read_are_different_things() {
        let none = private(STRICT).under(Some(PolicyValues::default()));
        assert_eq!((none.settings, none.by_group_policy), (STRICT, Some(false)));
        let unread = private(STRICT).under(None);
        assert_eq!((unread.settings, unread.by_group_policy), (STRICT, None));
    }

    #[test]
    fn the_older_key_speaks_where_the_newer_is_silent() {
        let newer = PolicyValues { enabled: Some(1), ..PolicyValues::default() };
        let older =
            PolicyValues { enabled: Some(0), default_inbound: Some(0), no_exceptions: None };
        let both = PolicyValues { enabled: Some(1), default_inbound: Some(0), no_exceptions: None };
        assert_eq!(newer.or(older), both);
    }

    #[test]
    fn without_a_network_every_profile_counts() {
        let off = Profile { enabled: false, ..STRICT };
        let profile = |active, settings| NamedProfile { active, ..private(settings) };
        assert_eq!(in_use(&[profile(true, STRICT), profile(false, off)]), [STRICT]);
        assert_eq!(in_use(&[profile(false, STRICT), profile(false, off)]), [STRICT, off]);
    }
}
