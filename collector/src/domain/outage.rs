//! When PCs that fall silent or lose the internet together are one fault of their network, and not one fault each. Pure.

use jiff::{SignedDuration, Timestamp};

/// Fewer PCs than this prove nothing about their network.
pub const AT_LEAST: usize = 3;
/// More of its PCs than this, per cent.
const MORE_THAN_PCT: usize = 60;
/// They fall within this time of one another.
const TOGETHER: SignedDuration = SignedDuration::from_mins(10);
/// How long an alert waits for others of its network before it is its PC's own.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(3);

/// Whether a network fails, by how many PCs it has and when each one that has no connection lost it. PCs that were off
/// long before say nothing either way.
pub fn is_outage(members: usize, fallen: &[Timestamp]) -> bool {
    let Some(newest) = fallen.iter().max() else { return false };
    let together = fallen.iter().filter(|at| newest.duration_since(**at) <= TOGETHER).count();
    let off_before = fallen.len() - together;
    let counted = members.saturating_sub(off_before);
    together >= AT_LEAST && together * 100 > counted * MORE_THAN_PCT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_pcs_of_a_network_that_fall_together_are_one_outage() {
        let at = |minute: i64| Timestamp::from_second(1_800_000_000 + minute * 60).unwrap();
        for (members, minutes, outage) in [
            (40, (0..40).map(|_| 0).collect::<Vec<i64>>(), true),
            (40, (0..25).map(|_| 1).collect(), true),
            (40, (0..24).map(|_| 1).collect(), false),
            (3, vec![0, 4, 9], true),
            (3, vec![0, 4, 11], false),
            (3, vec![0, 0], false),
            (2, vec![0, 0], false),
            (5, vec![0, 0, 0], false),
            // Two were off since yesterday: three of the three that count.
            (5, vec![-1_440, -1_440, 0, 1, 2], true),
            (9, vec![-1_440, -1_440, 0, 1, 2], false),
            (0, vec![], false),
        ] {
            let fallen: Vec<Timestamp> = minutes.iter().map(|minute| at(*minute)).collect();
            assert_eq!(is_outage(members, &fallen), outage, "{members} {minutes:?}");
        }
    }
}
