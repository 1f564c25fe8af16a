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

/// What ails the PC of that number: every fourth is ill, from the fourth on.
pub fn of(number: u32) -> Option<Illness> {
    let turn = (number % 4 == 3).then_some(number / 4)?;
    ALL.get(turn as usize % ALL.len()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_pcs_show_every_illness_and_three_in_four_are_well() {
        let ill: Vec<Illness> = (0..60).filter_map(of).collect();
        assert_eq!(ill.len(), 15);
        assert!(ALL.iter().all(|illness| ill.contains(illness)));
    }
}
