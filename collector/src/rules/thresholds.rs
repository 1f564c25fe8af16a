//! All thresholds, in one place. `[rules]` of the configuration overrides any of them.

use serde::Deserialize;

use crate::domain::firewall_policy::PermittedPort;

/// When a reading is bad. Unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Signatures older than this warn, days.
    pub signatures_warning_days: i64,
    /// Signatures older than this are critical, days.
    pub signatures_critical_days: i64,
    /// A detection counts this long after it was found, days.
    pub detection_days: i64,
    /// An antivirus may take this long to start after the PC, seconds.
    pub antivirus_grace_s: u64,
    /// Free space below this warns, per cent.
    pub volume_warning_pct: f64,
    /// Free space below this is critical, per cent.
    pub volume_critical_pct: f64,
    /// Files a volume can still take below this warns, per cent.
    pub inodes_warning_pct: f64,
    /// Files a volume can still take below this is critical, per cent.
    pub inodes_critical_pct: f64,
    /// Security updates may wait this long after the last installation, days.
    pub updates_days: i64,
    /// A PC that waits for a restart this long warns, days.
    pub reboot_days: i64,
    /// A link that comes and goes more often than this warns, changes an hour since the PC started.
    pub link_changes_per_hour: f64,
    /// Loss above this is unstable, per cent.
    pub loss_pct: f64,
    /// Jitter above this is unstable, milliseconds.
    pub jitter_ms: f64,
    /// A clock further off than this warns, seconds.
    pub clock_skew_s: i64,
    /// A PC not heard of for this long in working time is silent, minutes.
    pub silent_minutes: i64,
    /// Silence counts at any hour, for PCs that are never switched off.
    pub silent_at_any_hour: bool,
    /// A router, switch or printer that does not answer for this long is down, minutes.
    pub network_device_down_minutes: i64,
    /// One that answers again for this long is no longer down, minutes.
    pub network_device_up_minutes: i64,
    /// A run nobody touched ends by itself when its alerts have been over for this long, minutes.
    pub recovered_minutes: i64,
    /// Ports every PC may open unless its area says otherwise: `tcp/445`, `tcp/49664-49700` or
    /// `tcp/3389 10.20.0.0/16`.
    pub permitted_ports: Vec<PermittedPort>,
}

/// What Windows 10 and 11 and a plain Debian listen on as they come, so that only what was added stands out:
/// RPC, NetBIOS, SMB, delivery optimisation, device discovery, the RPC range of services; SSH, printing and
/// name services on Linux.
const PERMITTED: &[(&str, u16, u16)] = &[
    ("tcp", 22, 22),
    ("tcp", 135, 135),
    ("tcp", 139, 139),
    ("tcp", 445, 445),
    ("tcp", 631, 631),
    ("tcp", 2869, 2869),
    ("tcp", 5040, 5040),
    ("tcp", 5355, 5355),
    ("tcp", 5357, 5358),
    ("tcp", 7680, 7680),
    ("tcp", 49664, 49700),
    ("udp", 53, 53),
    ("udp", 67, 68),
    ("udp", 123, 123),
    ("udp", 137, 138),
    ("udp", 500, 500),
    ("udp", 546, 546),
    ("udp", 631, 631),
    ("udp", 1900, 1900),
    ("udp", 3702, 3702),
    ("udp", 4500, 4500),
    ("udp", 5050, 5050),
    ("udp", 5353, 5353),
    ("udp", 5355, 5355),
    // Replies of clients come back here: an open UDP socket in this range is no service.
    ("udp", 32768, 65535),
];

impl Default for Thresholds {
    fn default() -> Self {
        let permitted = PERMITTED.iter().map(|(protocol, first, last)| PermittedPort {
            protocol: (*protocol).to_owned(),
            first: *first,
            last: *last,
            source: None,
        });
        Thresholds {
            signatures_warning_days: 7,
            signatures_critical_days: 30,
            detection_days: 7,
            antivirus_grace_s: 600,
            volume_warning_pct: 10.0,
            volume_critical_pct: 5.0,
            inodes_warning_pct: 10.0,
            inodes_critical_pct: 5.0,
            updates_days: 14,
            reboot_days: 7,
            link_changes_per_hour: 6.0,
            loss_pct: 5.0,
            jitter_ms: 50.0,
            clock_skew_s: 120,
            silent_minutes: 15,
            silent_at_any_hour: false,
            network_device_down_minutes: 3,
            network_device_up_minutes: 1,
            recovered_minutes: 10,
            permitted_ports: permitted.collect(),
        }
    }
}
