//! Is a PC that enrols one that is known already, installed again? Only a person can say; this finds whom to ask about.

use jiff::Timestamp;

use super::device::Hints;
use super::id::DeviceId;

/// What makers write where a serial number was to be, letters and digits only.
const JUNK: &[&str] = &[
    "tobefilledbyoem",
    "tobefilledbyoemmore",
    "tobefilled",
    "defaultstring",
    "systemserialnumber",
    "systemproductname",
    "systemmanufacturer",
    "chassisserialnumber",
    "baseboardserialnumber",
    "serialnumber",
    "notspecified",
    "notapplicable",
    "notavailable",
    "notpresent",
    "unspecified",
    "unknown",
    "invalid",
    "empty",
    "none",
    "null",
    "oem",
    "default",
    "123456789",
    "1234567890",
    "0123456789",
    "12345678",
    "1234567",
    "123456",
    "12345",
    "1234",
];
/// Fewer letters and digits than this tell no two PCs apart.
const LEAST: usize = 4;

/// A new device that may be a known one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    /// The new one.
    pub device: DeviceId,
    /// The known one.
    pub known: DeviceId,
    /// What is alike.
    pub marks: Vec<Mark>,
    /// When it was noticed.
    pub found_at: Timestamp,
    /// What a person said.
    pub decision: Decision,
}

/// What is alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Model and serial number.
    Serial,
    /// Machine id of the operating system.
    MachineId,
}

impl Mark {
    /// The word in SQL and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Mark::Serial => "serial",
            Mark::MachineId => "machine_id",
        }
    }

    /// The mark of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Serial, Self::MachineId].into_iter().find(|mark| mark.as_str() == word)
    }

    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Mark::Serial => "el modelo y el número de serie",
            Mark::MachineId => "la instalación del sistema operativo",
        }
    }
}

/// What a person said of a likeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet.
    Proposed,
    /// They are one PC.
    Merged,
    /// They are not.
    Apart,
}

impl Decision {
    /// The word in SQL and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Proposed => "proposed",
            Decision::Merged => "merged",
            Decision::Apart => "apart",
        }
    }

    /// The decision of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Proposed, Self::Merged, Self::Apart]
            .into_iter()
            .find(|decision| decision.as_str() == word)
    }
}

/// What two PCs have in common that no two PCs should have.
pub fn alike(one: &Hints, other: &Hints) -> Vec<Mark> {
    let mut marks = Vec::new();
    let same_model = plain(&one.model) == plain(&other.model);
    if same_model && is_telling(&one.serial) && plain(&one.serial) == plain(&other.serial) {
        marks.push(Mark::Serial);
    }
    // PCs made from one disk image may share a machine id; a serial number of their own tells them apart.
    let other_hardware = is_telling(&one.serial) && is_telling(&other.serial) && marks.is_empty();
    if !other_hardware
        && is_telling(&one.machine_id)
        && plain(&one.machine_id) == plain(&other.machine_id)
    {
        marks.push(Mark::MachineId);
    }
    marks
}

/// Whether a serial number or machine id can tell one PC from others.
pub fn is_telling(text: &str) -> bool {
    let plain = plain(text);
    let first = plain.chars().next();
    plain.len() >= LEAST
        && !JUNK.contains(&plain.as_str())
        && !plain.chars().all(|one| Some(one) == first)
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|one| one.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pc(model: &str, serial: &str, machine_id: &str) -> Hints {
        Hints {
            model: model.into(),
            serial: serial.into(),
            machine_id: machine_id.into(),
            ..Hints::default()
        }
    }

    #[test]
    fn a_serial_number_with_its_model_or_a_machine_id_makes_two_alike() {
        let known = pc("OptiPlex 3080", "5XK2R33", "aa11");
        assert_eq!(alike(&known, &pc("optiplex 3080", " 5xk2r33 ", "bb22")), [Mark::Serial]);
        assert_eq!(alike(&known, &pc("OptiPlex 7010", "5XK2R33", "bb22")), []);
        assert_eq!(alike(&known, &pc("", "", "AA11")), [Mark::MachineId]);
        let twin = pc("OptiPlex 3080", "7ZK9R11", "aa11");
        assert_eq!(alike(&known, &twin), [], "one image, two PCs");
        assert_eq!(alike(&known, &known), [Mark::Serial, Mark::MachineId]);
    }

    #[test]
    fn what_makers_write_instead_of_a_serial_number_matches_nobody() {
        for junk in [
            "",
            " ",
            "To be filled by O.E.M.",
            "To Be Filled By O.E.M",
            "None",
            "NONE",
            "0000",
            "0000000000",
            "0",
            "Default string",
            "System Serial Number",
            "Not Specified",
            "N/A",
            "123456789",
            "xxxxxxxx",
            "........",
            "INVALID",
            "Unknown",
            "OEM",
            "-",
        ] {
            assert_eq!(alike(&pc("PC", junk, junk), &pc("PC", junk, junk)), [], "{junk:?}");
        }
        assert!(is_telling("VMware-56 4d 9c"));
    }
}
