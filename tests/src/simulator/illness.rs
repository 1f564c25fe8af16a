//! What may ail a sample PC: one illness for every rule, and one that leaves a reading unknown.

/// An illness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name says it")]
pub enum Illness {
    NoAntivirus,
    AntivirusOff,
    OldSignatures,
    Detection,
    FirewallOff,
    OpenPort,
    DriveWarning,
    DriveFailing,
    VolumeFull,
    NoInternet,
    Unstable,
    ClockAhead,
    /// The drives' health could not be read: unknown, neither good nor bad.
    DrivesDenied,
    /// Reports once and never again.
    Silent,
}

/// In the order they are handed out.
const ALL: [Illness; 14] = [
    Illness::DriveFailing,
    Illness::NoAntivirus,
    Illness::OldSignatures,
    Illness::FirewallOff,
    Illness::VolumeFull,
    Illness::Unstable,
    Illness::AntivirusOff,
    Illness::OpenPort,
    Illness::DriveWarning,
    Illness::DrivesDenied,
    Illness::NoInternet,
    Illness::Detection,
    Illness::ClockAhead,
    Illness::Silent,
];

/// What ails the PC of that number: one in four is ill, the first among them, and every area has some.
pub fn of(number: u32) -> Option<Illness> {
    let turn = number / 4;
    // Areas go by eights: the ill one of each four moves, else all would be in two areas.
    let ill = (turn + turn / 2) % 4 == number % 4;
    if ill { ALL.get(turn as usize % ALL.len()).copied() } else { None }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn sixty_pcs_show_every_illness_and_three_in_four_are_well() {
        let ill: Vec<Illness> = (0..60).filter_map(of).collect();
        assert_eq!(ill.len(), 15);
        assert!(ALL.iter().all(|illness| ill.contains(illness)));
        let areas: HashSet<u32> = (0..60).filter(|n| of(*n).is_some()).map(|n| n % 8).collect();
        assert_eq!(areas.len(), 8);
    }
}
