//! Upper bounds of everything a PC may say. The agent keeps to them; the collector enforces them.
//!
//! Strings are bounded in bytes of UTF-8 and cut at a character; lists are cut and, where it matters,
//! what was left out is counted.

/// Any string that has no bound of its own.
pub const TEXT: usize = 1_024;
/// Antivirus products.
pub const PRODUCTS: usize = 32;
/// Detections of one product.
pub const DETECTIONS: usize = 64;
/// Firewall profiles.
pub const PROFILES: usize = 8;
/// Firewall exceptions.
pub const ALLOWED: usize = 1_024;
/// Listening sockets.
pub const LISTENING: usize = 4_096;
/// Drives.
pub const DRIVES: usize = 64;
/// Reasons of one drive.
pub const REASONS: usize = 32;
/// Attributes of one drive.
pub const ATTRIBUTES: usize = 32;
/// Volumes.
pub const VOLUMES: usize = 256;
/// Interfaces and targets.
pub const INTERFACES: usize = 64;
/// Targets a collector may give an agent.
pub const DEVICES: usize = 64;
/// Bytes of the id of such a target.
pub const TARGET_ID: usize = 64;
/// Bytes of the name of such a target.
pub const TARGET_NAME: usize = 200;
/// Bytes of its address: the longest host name, a colon and a port, in brackets.
pub const TARGET_ADDRESS: usize = 261;
/// Addresses of one interface.
pub const ADDRESSES: usize = 32;
/// Name servers.
pub const SERVERS: usize = 16;
/// Targets of one network test.
pub const TEST_TARGETS: usize = 16;
/// How long a network test may take, seconds.
pub const TEST_SECONDS: std::ops::RangeInclusive<u32> = 5..=60;
/// How long a port may be blocked with a term, minutes: 30 days.
pub const BLOCK_MINUTES: u32 = 30 * 24 * 60;
/// Parts of diagnostics, and bytes of all their texts together.
pub const DIAGNOSTICS_PARTS: usize = 16;
/// See [`DIAGNOSTICS_PARTS`].
pub const DIAGNOSTICS_BYTES: usize = 64 * 1024;
/// Bytes of the agent's own rules before or after a change.
pub const RULES: usize = 8 * 1024;

/// Updates that are listed.
pub const UPDATES: usize = 100;
/// Installed programs.
pub const PROGRAMS: usize = 2_000;
/// Local accounts.
pub const ACCOUNTS: usize = 256;
/// Bytes of a name in a list that may be long: an update, a program, an account.
pub const NAME: usize = 200;
/// Bytes of a version in such a list.
pub const VERSION: usize = 100;

/// Cuts at the last whole character within `max` bytes and drops control characters.
pub fn text(value: &str, max: usize) -> String {
    let mut kept = String::with_capacity(value.len().min(max));
    for character in value.chars().filter(|c| !c.is_control()) {
        if kept.len() + character.len_utf8() > max {
            break;
        }
        kept.push(character);
    }
    kept
}

/// As [`text`], and keeps line breaks.
pub fn lines(value: &str, max: usize) -> String {
    let mut kept = String::with_capacity(value.len().min(max));
    for character in value.chars().filter(|c| *c == '\n' || !c.is_control()) {
        if kept.len() + character.len_utf8() > max {
            break;
        }
        kept.push(character);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character_and_loses_control_characters() {
        assert_eq!(text("ñandú", 3), "ña");
        assert_eq!(text("a\u{0}b\nc", 10), "abc");
        assert_eq!(text(&"x".repeat(1_000_000), TEXT).len(), TEXT);
    }
}
