//! Releases of the agent: which one a device is offered, and how updates end.

use atalaya_proto::release::{Manifest, Version};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::id::{AreaId, DeviceId};

/// A release kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What it is, by its manifest.
    pub manifest: Manifest,
    /// The manifest's minisign signature.
    pub signature: String,
    /// Name of who added it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
}

/// A version offered to some devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub version: Version,
    /// To the devices of this area; none: of all of them.
    pub area: Option<AreaId>,
    /// To how many of them, percent.
    pub share: u8,
    /// Name of who offered it.
    pub offered_by: String,
    /// When.
    pub offered_at: Timestamp,
}

/// How an update ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpdateOutcome {
    /// The new version runs and was welcomed.
    Installed,
    /// The agent does not take the release.
    Refused,
    /// It could not be fetched or written; it is tried again.
    Failed,
    /// It was not welcomed in time: the version before it is back.
    Restored,
}

impl UpdateOutcome {
    /// The word in SQL, JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            UpdateOutcome::Installed => "installed",
            UpdateOutcome::Refused => "refused",
            UpdateOutcome::Failed => "failed",
            UpdateOutcome::Restored => "restored",
        }
    }

    /// In Spanish, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            UpdateOutcome::Installed => "instalada",
            UpdateOutcome::Refused => "rechazada por el agente",
            UpdateOutcome::Failed => "no se pudo instalar",
            UpdateOutcome::Restored => "retirada; volvió la anterior",
        }
    }

    /// The outcome of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Installed, Self::Refused, Self::Failed, Self::Restored]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

/// What is known of a device's updates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceUpdate {
    /// What its agent was built for; empty: it has not said.
    pub target: String,
    /// The version it was last offered; none: it asked and there was nothing for it.
    pub offered: Option<String>,
    /// When that answer was first given. None: it never asked.
    pub asked_at: Option<Timestamp>,
    /// How its last update ended; none: it has not told of any.
    pub ended: Option<Ended>,
}

/// The end of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Of which version; empty: the manifest could not be read.
    pub version: String,
    /// How.
    pub outcome: UpdateOutcome,
    /// What the agent said.
    pub detail: String,
    /// When the collector learnt of it.
    pub at: Timestamp,
}

/// Who asks for a release.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The device.
    pub device: &'a DeviceId,
    /// Its area.
    pub area: Option<&'a AreaId>,
    /// What its agent was built for.
    pub target: &'a str,
    /// The version it runs; none: it is no version of ours.
    pub running: Option<Version>,
    /// A version that was taken back on this device: not offered again.
    pub restored: Option<Version>,
}

/// The newest release offered to a device that is newer than what it runs.
pub fn offered<'a>(
    releases: &'a [Release],
    offers: &[Offer],
    asker: &Asker<'_>,
    now: Timestamp,
) -> Option<&'a Release> {
    let is_offered = |version: Version| {
        offers.iter().any(|offer| {
            offer.version == version
                && offer.area.as_ref().is_none_or(|area| Some(area) == asker.area)
                && is_in_share(asker.device, version, offer.share)
        })
    };
    let fits = |release: &&Release| {
        let manifest = &release.manifest;
        manifest.target == asker.target
            && manifest.expires_at > now
            && asker.running.is_some_and(|running| {
                running < manifest.version && running >= manifest.minimum_version
            })
            && asker.restored != Some(manifest.version)
            && is_offered(manifest.version)
    };
    releases.iter().filter(fits).max_by_key(|release| release.manifest.version)
}

/// Whether a device is among the first `share` percent. Each version has an order of its own, so that it is not always
/// the same devices that try what is new; a greater share adds devices and drops none.
fn is_in_share(device: &DeviceId, version: Version, share: u8) -> bool {
    let hash = Sha256::digest(format!("{version} {device}").as_bytes());
    let place = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) % 100;
    place < u32::from(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-06-01T00:00:00Z";

    fn release(version: &str, target: &str) -> Release {
        let text = format!(
            "product = \"atalaya-agent\"\nversion = \"{version}\"\ntarget = \"{target}\"\nsize = 1\nsha256 = \"{}\"\n\
             made_at = 2026-05-01T00:00:00Z\nexpires_at = 2026-07-01T00:00:00Z\nminimum_version = \"0.1.0\"\n",
            "0".repeat(64)
        );
        Release {
            manifest: Manifest::parse(text.as_bytes()).unwrap(),
            signature: String::new(),
            added_by: String::new(),
            added_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn offer(version: &str, area: Option<&str>, share: u8) -> Offer {
        Offer {
            version: Version::parse(version).unwrap(),
            area: area.map(AreaId::new),
            share,
            offered_by: String::new(),
            offered_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn asked(offers: &[Offer], running: &str, area: Option<&str>, now: &str) -> Option<String> {
        let releases =
            [release("0.2.0", "linux"), release("0.3.0", "linux"), release("0.4.0", "windows")];
        let (device, area) = (DeviceId::new("d"), area.map(AreaId::new));
        let asker = Asker {
            device: &device,
            area: area.as_ref(),
            target: "linux",
            running: Version::parse(running),
            restored: None,
        };
        offered(&releases, offers, &asker, now.parse().unwrap())
            .map(|release| release.manifest.version.to_string())
    }

    #[test]
    fn the_newest_release_offered_to_the_devices_area_and_target_is_chosen() {
        let everywhere =
            [offer("0.2.0", None, 100), offer("0.3.0", None, 100), offer("0.4.0", None, 100)];
        assert_eq!(asked(&everywhere, "0.1.0", None, NOW).as_deref(), Some("0.3.0"));
        let pilot = [offer("0.2.0", None, 100), offer("0.3.0", Some("tesoreria"), 100)];
        assert_eq!(asked(&pilot, "0.1.0", Some("tesoreria"), NOW).as_deref(), Some("0.3.0"));
        assert_eq!(asked(&pilot, "0.1.0", Some("catastro"), NOW).as_deref(), Some("0.2.0"));
        assert_eq!(asked(&pilot, "0.1.0", None, NOW).as_deref(), Some("0.2.0"));
    }

    #[test]
    fn nothing_is_offered_that_is_not_newer_expired_out_of_reach_or_was_taken_back() {
        let all = [offer("0.2.0", None, 100), offer("0.3.0", None, 100)];
        for running in ["0.3.0", "0.9.0", "0.0.9", "simulador", ""] {
            assert_eq!(asked(&all, running, None, NOW), None, "{running}");
        }
        assert_eq!(asked(&all, "0.1.0", None, "2026-07-01T00:00:00Z"), None);
        assert_eq!(asked(&[], "0.1.0", None, NOW), None);
        let (device, releases) = (DeviceId::new("d"), [release("0.3.0", "linux")]);
        let restored = Version::parse("0.3.0");
        let running = Version::parse("0.1.0");
        let asker = Asker { device: &device, area: None, target: "linux", running, restored };
        assert_eq!(offered(&releases, &all, &asker, NOW.parse().unwrap()), None);
    }

    #[test]
    fn a_share_is_about_that_many_devices_and_grows_without_leaving_any_out() {
        let version = Version::parse("0.2.0").unwrap();
        let devices: Vec<DeviceId> = (0..1000).map(|n| DeviceId::new(n.to_string())).collect();
        let of = |share: u8| -> Vec<&DeviceId> {
            devices.iter().filter(|device| is_in_share(device, version, share)).collect()
        };
        assert!((70..130).contains(&of(10).len()), "{}", of(10).len());
        assert!(of(10).iter().all(|device| of(50).contains(device)));
        assert_eq!((of(0).len(), of(100).len()), (0, 1000));
    }
}
