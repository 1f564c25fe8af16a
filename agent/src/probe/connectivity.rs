//! Link, gateway, names, internet and collector: separate facts, one verdict. Every round is bounded in time, and all
//! of it is measured at once.

mod collect;
mod measure;
mod settings;
mod tls;

use atalaya_reading::{Connectivity, Measurement, Reading, Section, Verdict};

use super::{Look, Probe, Unread};
pub use settings::{Settings, TargetSetting};

cfg_select! {
    target_os = "linux" => {
        mod echo;
        mod interfaces;
        mod linux;
        use echo::Echo;
        use interfaces::read as interfaces;
        use linux as system;
    }
    windows => {
        mod windows;
        use self::windows as system;
        use self::windows::{Echo, interfaces};
    }
    _ => {
        mod echo;
        mod elsewhere;
        mod interfaces;
        use echo::Echo;
        use elsewhere as system;
        use interfaces::read as interfaces;
    }
}

/// More loss than this is not "ok": one answer of five, or two of twenty.
const NOTABLE_LOSS_PCT: f64 = 5.0;

/// Measures the connection.
pub struct Reader {
    settings: Settings,
    collector_address: Option<String>,
    tls: tls::Connector,
}

impl Reader {
    /// With these settings; `collector_address` is `host:port`.
    pub fn new(settings: &Settings, collector_address: Option<String>) -> Reader {
        Reader { settings: settings.clone(), collector_address, tls: tls::Connector::default() }
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let interfaces = interfaces()?;
        let round = collect::Round {
            settings: &self.settings,
            collector_address: self.collector_address.as_deref(),
            tls: &self.tls,
        };
        let mut value = look.wait(round.run());
        value.interfaces = interfaces;
        value.verdict = verdict(&value);
        Ok(Section::Connectivity(Reading::ok(value, "icmp, tcp, dns", look.now)))
    }
}

/// The verdict on the whole way. The internet decides; a gateway that keeps silent while the internet answers is
/// there.
fn verdict(seen: &Connectivity) -> Verdict {
    let measured: Vec<&Measurement> = seen
        .targets
        .iter()
        .map(|target| &target.measurement)
        .filter(|measurement| measurement.sent > 0)
        .collect();
    let lossy = |measurement: &&&Measurement| {
        measurement.loss_pct.is_some_and(|loss| loss > NOTABLE_LOSS_PCT)
    };
    if measured.is_empty() {
        let cut_off = seen.gateway.address.is_none() || seen.gateway.reachable == Some(false);
        if cut_off { Verdict::Down } else { Verdict::Unknown }
    } else if measured.iter().all(|measurement| measurement.received == 0) {
        Verdict::Down
    } else if measured.iter().any(|m| lossy(&m)) || seen.dns.resolves == Some(false) {
        Verdict::Degraded
    } else {
        Verdict::Ok
    }
}

#[cfg(test)]
mod tests {
    use atalaya_reading::{Dns, Gateway, Target, TargetKind};

    use super::*;

    fn seen(received: &[u32], resolves: Option<bool>) -> Connectivity {
        let target = |received: &u32| Target {
            id: None,
            name: "x".into(),
            kind: TargetKind::Icmp,
            address: "192.0.2.1".into(),
            fallback: None,
            measurement: Measurement::of(20, &vec![1.0; *received as usize]),
        };
        Connectivity {
            targets: received.iter().map(target).collect(),
            dns: Dns { resolves, ..Dns::default() },
            gateway: Gateway { address: Some("192.0.2.254".into()), ..Gateway::default() },
            ..Connectivity::default()
        }
    }

    #[test]
    fn a_third_lost_is_not_green() {
        assert_eq!(verdict(&seen(&[20, 20], Some(true))), Verdict::Ok);
        assert_eq!(verdict(&seen(&[20, 19], Some(true))), Verdict::Ok);
        assert_eq!(verdict(&seen(&[20, 13], Some(true))), Verdict::Degraded);
    }

    #[test]
    fn one_target_of_two_missing_is_degraded_both_are_down() {
        assert_eq!(verdict(&seen(&[20, 0], Some(true))), Verdict::Degraded);
        assert_eq!(verdict(&seen(&[0, 0], Some(true))), Verdict::Down);
    }

    #[test]
    fn names_that_do_not_resolve_degrade_a_good_connection() {
        assert_eq!(verdict(&seen(&[20], Some(false))), Verdict::Degraded);
        assert_eq!(verdict(&seen(&[20], None)), Verdict::Ok);
    }

    #[test]
    fn without_targets_the_internet_is_unknown_and_without_a_gateway_down() {
        assert_eq!(verdict(&seen(&[], None)), Verdict::Unknown);
        let alone = Connectivity { gateway: Gateway::default(), ..seen(&[], None) };
        assert_eq!(verdict(&alone), Verdict::Down);
    }
}
