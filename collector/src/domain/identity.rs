//! Is a device one PC? What its agent says when it connects, beside what is known of it. Pure.
//!
//! Nothing here is a credential: the key is that. These signs tell that a key is in two places.

use jiff::Timestamp;

use super::device::Hints;
use super::id::DeviceId;

/// Starts of a device's service that are remembered.
pub const STARTS: u32 = 16;

/// What an agent says of itself and its spool when it connects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Greeting {
    /// The PC.
    pub hints: Hints,
    /// The epoch it is about to deliver.
    pub epoch: u64,
    /// The highest number it knows to have given in that epoch, and its hash; none: not said.
    pub known: Option<(u64, [u8; 16])>,
    /// Which start of its service this is. 0: not said.
    pub start: u64,
    /// The start before. 0: none, or not known.
    pub previous: u64,
    /// Where it calls from.
    pub address: String,
}

/// A start of a device's service, as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Random; what the agent calls it.
    pub id: u64,
    /// The start before it on the same state folder. 0: none, or not known.
    pub previous: u64,
    /// When it first connected.
    pub first_seen_at: Timestamp,
    /// When it last took the place of another.
    pub arrived_at: Timestamp,
    /// Where it called from.
    pub address: String,
    /// Serial number of the certificate it used.
    pub certificate: String,
    /// What it said of its PC.
    pub hints: Hints,
}

/// What gives away that two PCs have one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// One number stands for two records.
    Chain,
    /// The collector has more of an epoch than the agent ever gave.
    WentBack,
    /// A start that another had followed is back: both are alive.
    TwoAtOnce,
    /// The operating system is another.
    MachineId,
    /// A certificate that its owner had replaced is still in use.
    OldCertificate,
}

impl Sign {
    /// The word in SQL and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Sign::Chain => "chain",
            Sign::WentBack => "went_back",
            Sign::TwoAtOnce => "two_at_once",
            Sign::MachineId => "machine_id",
            Sign::OldCertificate => "old_certificate",
        }
    }

    /// The sign of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Chain, Self::WentBack, Self::TwoAtOnce, Self::MachineId, Self::OldCertificate]
            .into_iter()
            .find(|sign| sign.as_str() == word)
    }

    /// What was noticed, for people; part of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Sign::Chain => "llegaron dos historias distintas con los mismos números de registro",
            Sign::WentBack => {
                "se conectó con un disco más viejo que lo ya recibido: una copia, o un respaldo restaurado"
            }
            Sign::TwoAtOnce => "dos agentes se turnan con la misma identidad",
            Sign::MachineId => "se conectó desde otra instalación del sistema operativo",
            Sign::OldCertificate => "se usó un certificado que ya había sido reemplazado",
        }
    }
}

/// Two PCs with one identity: from when it was noticed until one of them has it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Identity.
    pub id: String,
    /// Whose identity.
    pub device: DeviceId,
    /// When it was noticed.
    pub found_at: Timestamp,
    /// By what.
    pub sign: Sign,
    /// When a person decided.
    pub settled_at: Option<Timestamp>,
    /// The start that was kept, followed through restarts; none: nobody has decided, or there was none to choose.
    pub kept: Option<u64>,
    /// When the kept one had a certificate that the other does not have.
    pub rekeyed_at: Option<Timestamp>,
}

impl Conflict {
    /// Decided, but the other could still use the certificate.
    pub fn is_being_settled(&self) -> bool {
        self.settled_at.is_some() && self.rekeyed_at.is_none()
    }

    /// Whether whoever greets is the one that was kept; `starts` are all that are remembered.
    ///
    /// The start itself or its successor is. After restarts nobody saw, the PC is known by what tells it from the others.
    pub fn keeps(&self, said: &Greeting, starts: &[Start]) -> bool {
        let Some(kept) = self.kept else { return true };
        if said.start == kept {
            return true;
        }
        if starts.iter().any(|one| one.id == said.start) {
            return false;
        }
        if said.previous == kept && said.previous != 0 {
            return true;
        }
        let Some(kept) = starts.iter().find(|one| one.id == kept) else { return false };
        let marks = |hints: &Hints| {
            let Hints { machine_id, manufacturer, model, serial, .. } = hints.clone();
            (machine_id, manufacturer, model, serial)
        };
        let alike = |one: &&Start| marks(&one.hints) == marks(&said.hints);
        let others = sides(starts).into_iter().filter(|one| one.id != kept.id);
        alike(&kept) && !others.into_iter().any(|one| alike(&one))
    }
}

/// The sign in a greeting, if there is one. `starts`: those remembered; `stored`: how far its epoch is stored.
pub fn sign_of(
    said: &Greeting,
    enrolled: &Hints,
    starts: &[Start],
    stored: (u64, [u8; 16]),
) -> Option<Sign> {
    let (stored_seq, stored_hash) = stored;
    if let Some((seq, hash)) = said.known {
        if stored_seq > seq {
            return Some(Sign::WentBack);
        }
        if stored_seq == seq && stored_hash != hash {
            return Some(Sign::Chain);
        }
    }
    let differ = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
    if differ(&enrolled.machine_id, &said.hints.machine_id) {
        return Some(Sign::MachineId);
    }
    let latest = starts.iter().max_by_key(|one| one.arrived_at);
    let is_back = said.start != 0
        && starts.iter().any(|one| one.id == said.start)
        && latest.is_some_and(|latest| latest.id != said.start);
    is_back.then_some(Sign::TwoAtOnce)
}

/// The last start of each side, by when it was first seen: a start that was followed by another on its state folder is
/// not told, unless it came back after that.
pub fn sides(starts: &[Start]) -> Vec<&Start> {
    let followed = |one: &Start| {
        starts.iter().any(|next| next.previous == one.id && next.arrived_at > one.arrived_at)
    };
    let mut sides: Vec<&Start> = starts.iter().filter(|one| !followed(one)).collect();
    sides.sort_by_key(|one| (one.first_seen_at, one.id));
    sides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(id: u64, previous: u64, arrived: i64) -> Start {
        Start {
            id,
            previous,
            first_seen_at: Timestamp::from_second(arrived).unwrap(),
            arrived_at: Timestamp::from_second(arrived).unwrap(),
            address: String::new(),
            certificate: String::new(),
            hints: Hints { machine_id: "m".into(), ..Hints::default() },
        }
    }

    fn said(start: u64, previous: u64) -> Greeting {
        let hints = Hints { machine_id: "m".into(), ..Hints::default() };
        Greeting { start, previous, hints, ..Greeting::default() }
    }

    fn sign(said: &Greeting, starts: &[Start], stored_seq: u64) -> Option<Sign> {
        let enrolled = Hints { machine_id: "m".into(), ..Hints::default() };
        sign_of(said, &enrolled, starts, (stored_seq, [1; 16]))
    }

    #[test]
    fn restarts_renamed_pcs_and_unreadable_machine_ids_are_one_pc() {
        let starts = [start(1, 0, 1), start(2, 1, 2)];
        assert_eq!(sign(&said(2, 1), &starts, 9), None, "it reconnects");
        assert_eq!(sign(&said(3, 2), &starts, 9), None, "it restarts");
        assert_eq!(sign(&said(4, 3), &starts, 9), None, "a start in between was never seen");
        assert_eq!(sign(&said(5, 0), &starts, 9), None, "it could not note its start");
        let mut nameless = said(3, 2);
        nameless.hints = Hints { hostname: "otro".into(), ..Hints::default() };
        nameless.known = Some((9, [1; 16]));
        assert_eq!(sign(&nameless, &starts, 9), None);
        nameless.known = Some((12, [2; 16]));
        assert_eq!(sign(&nameless, &starts, 9), None, "answers were lost, or records are new");
        assert_eq!(sides(&starts).len(), 1);
    }

    #[test]
    fn each_sign_of_a_copy_is_told_from_the_others() {
        let starts = [start(1, 0, 1), start(2, 1, 2)];
        assert_eq!(sign(&said(1, 0), &starts, 9), Some(Sign::TwoAtOnce));
        let mut old = said(3, 2);
        old.known = Some((8, [1; 16]));
        assert_eq!(sign(&old, &starts, 9), Some(Sign::WentBack));
        old.known = Some((9, [7; 16]));
        assert_eq!(sign(&old, &starts, 9), Some(Sign::Chain));
        let mut moved = said(3, 2);
        moved.hints.machine_id = "otra".into();
        assert_eq!(sign(&moved, &starts, 9), Some(Sign::MachineId));
    }

    #[test]
    fn sides_follow_their_restarts() {
        // 2 is a copy's first start, made while 1 was running; then 1 came back and restarted as 3.
        let mut starts = [start(1, 0, 1), start(2, 1, 2), start(3, 1, 4)];
        starts[0].arrived_at = Timestamp::from_second(3).unwrap();
        let ids = |starts: &[Start]| sides(starts).iter().map(|one| one.id).collect::<Vec<_>>();
        assert_eq!(ids(&starts[..2]), [1, 2]);
        assert_eq!(ids(&starts), [2, 3]);
    }

    #[test]
    fn the_kept_side_is_known_again_after_restarts_and_the_other_never_is() {
        let mut starts = [start(1, 0, 1), start(2, 1, 2)];
        starts[0].arrived_at = Timestamp::from_second(3).unwrap();
        let conflict = Conflict {
            id: String::new(),
            device: DeviceId::new("d"),
            found_at: Timestamp::UNIX_EPOCH,
            sign: Sign::TwoAtOnce,
            settled_at: Some(Timestamp::UNIX_EPOCH),
            kept: Some(1),
            rekeyed_at: None,
        };
        assert!(conflict.keeps(&said(1, 0), &starts));
        assert!(conflict.keeps(&said(3, 1), &starts));
        assert!(!conflict.keeps(&said(2, 1), &starts));
        assert!(!conflict.keeps(&said(4, 2), &starts));
        assert!(!conflict.keeps(&said(9, 8), &starts), "both PCs say the same of themselves");
        starts[1].hints.serial = "OTRA".into();
        assert!(conflict.keeps(&said(9, 8), &starts));
        let mut other = said(9, 8);
        other.hints.serial = "OTRA".into();
        assert!(!conflict.keeps(&other, &starts));
    }
}
