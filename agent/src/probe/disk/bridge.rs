//! Ways to a drive behind a USB bridge or a RAID controller, out of what smartctl says when it cannot reach it plainly.
//! Pure.

/// USB bridges by the language they speak, the most usual first.
const USB: [&str; 5] = ["sat", "sntjmicron", "sntasmedia", "sntrealtek", "usbjmicron"];
/// Slots of a RAID controller that are looked into.
const SLOTS: usize = 16;

/// What to try instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Hint {
    /// For `-d`.
    pub kinds: Vec<String>,
    /// Each that answers is another drive, not the same one.
    pub several: bool,
}

/// The hint in smartctl's words; `None`: there is none.
pub fn hint(said: &str) -> Option<Hint> {
    for controller in ["cciss", "megaraid", "aacraid", "3ware"] {
        if said.contains(&format!("-d {controller},")) {
            let kinds = (0..SLOTS).map(|slot| format!("{controller},{slot}")).collect();
            return Some(Hint { kinds, several: true });
        }
    }
    let unknown = ["Unknown USB bridge", "specify device type with the -d option"];
    let usb = unknown.iter().any(|words| said.contains(words));
    usb.then(|| Hint { kinds: USB.map(String::from).to_vec(), several: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_usb_bridge_is_asked_in_the_languages_bridges_speak() {
        let hint = hint("/dev/sdb: Unknown USB bridge [0x152d:0x0583 (0x214)]").unwrap();
        assert!(hint.kinds.contains(&"sntjmicron".to_string()) && !hint.several);
    }

    #[test]
    fn a_raid_controller_is_asked_for_its_slots() {
        let hint = hint("/dev/sda: requires option '-d cciss,N'").unwrap();
        assert_eq!((hint.kinds[0].as_str(), hint.kinds.len(), hint.several), ("cciss,0", 16, true));
    }

    #[test]
    fn any_other_refusal_hints_at_nothing() {
        for said in ["", "No such device", "Permission denied", "Smartctl open device failed"] {
            assert_eq!(hint(said), None, "{said}");
        }
    }
}
