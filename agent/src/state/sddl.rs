//! Who may do what with a file of Windows, out of the text form of its descriptor (SDDL). Pure. What is not understood
//! counts as access.

/// Everything a file can be asked for.
const FILE_ALL: u32 = 0x1F_01FF;

/// Rights that change a file's content, the file itself or who may change it.
pub const CHANGE: u32 = 0x2 | 0x4 | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_ALL | GENERIC_WRITE;
/// Rights on a folder that let another entry take the place of one within it, or of the folder itself.
pub const REPLACE: u32 = DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_ALL;

const DELETE_CHILD: u32 = 0x40;
const DELETE: u32 = 0x1_0000;
const WRITE_DAC: u32 = 0x4_0000;
const WRITE_OWNER: u32 = 0x8_0000;
const GENERIC_ALL: u32 = 0x1000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;

/// Two letters a right, as in SDDL's tables for files.
const RIGHTS: [(&str, u32); 21] = [
    ("FA", FILE_ALL),
    ("FR", 0x12_0089),
    ("FW", 0x12_0116),
    ("FX", 0x12_00A0),
    ("GA", GENERIC_ALL),
    ("GX", 0x2000_0000),
    ("GW", GENERIC_WRITE),
    ("GR", 0x8000_0000),
    ("SD", DELETE),
    ("RC", 0x2_0000),
    ("WD", WRITE_DAC),
    ("WO", WRITE_OWNER),
    ("CC", 0x1),
    ("DC", 0x2),
    ("LC", 0x4),
    ("SW", 0x8),
    ("RP", 0x10),
    ("WP", 0x20),
    ("DT", DELETE_CHILD),
    ("LO", 0x80),
    ("CR", 0x100),
];

/// Accounts that own the PC, and those that stand for whoever owns or made the file: the system, the administrators,
/// the installer of Windows, the owner, the maker.
const TRUSTED: [&str; 9] = [
    "SY",
    "S-1-5-18",
    "BA",
    "S-1-5-32-544",
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
    "OW",
    "S-1-3-4",
    "CO",
    "S-1-3-0",
];

/// The first account but the owner, the trusted ones and `also` that has any of `rights`; `Err`: a descriptor without
/// a list, which refuses nobody anything.
pub fn stranger(sddl: &str, rights: u32, also: &str) -> Result<Option<String>, Unlimited> {
    let start = sddl.find("D:").ok_or(Unlimited)?;
    let owner = sddl
        .strip_prefix("O:")
        .map(|rest| &rest[..rest.find("G:").or(rest.find("D:")).unwrap_or(rest.len())]);
    let list = &sddl[start + 2..];
    let list =
        &list[..list.find("S:").filter(|at| list[..*at].ends_with(')')).unwrap_or(list.len())];
    if list.starts_with("NO_ACCESS_CONTROL") {
        return Err(Unlimited);
    }
    for entry in list.split('(').skip(1) {
        let fields: Vec<&str> = entry.trim_end_matches(')').split(';').collect();
        let &[kind, flags, mask, _, _, account, ..] = &fields[..] else {
            return Ok(Some(entry.into()));
        };
        // An entry that is only inherited says nothing of this file.
        let applies = !flags.as_bytes().chunks(2).any(|flag| flag == b"IO");
        let known = TRUSTED.contains(&account) || account == also || owner == Some(account);
        if applies && !known && !matches!(kind, "D" | "XD") && number(mask) & rights != 0 {
            return Ok(Some(account.into()));
        }
    }
    Ok(None)
}

/// The descriptor has no list of rights: everybody may do everything.
#[derive(Debug, PartialEq, Eq)]
pub struct Unlimited;

fn number(mask: &str) -> u32 {
    if let Some(hex) = mask.strip_prefix("0x") {
        return u32::from_str_radix(hex, 16).unwrap_or(u32::MAX);
    }
    let right = |letters: &[u8]| {
        let known = RIGHTS.iter().find(|(name, _)| name.as_bytes() == letters);
        known.map_or(u32::MAX, |(_, bits)| *bits)
    };
    mask.as_bytes().chunks(2).map(right).fold(0, |all, right| all | right)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: &str = "S-1-5-80-1-2-3-4-5";

    #[test]
    fn a_private_folder_lets_nobody_else_in() {
        let sddl = format!(
            "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{AGENT})(A;OICI;FA;;;S-1-3-4)"
        );
        assert_eq!(stranger(&sddl, u32::MAX, AGENT), Ok(None));
        assert_eq!(stranger(&sddl, u32::MAX, "x"), Ok(Some(AGENT.into())));
    }

    #[test]
    fn users_who_may_read_a_secret_are_found() {
        // The list Windows gives a folder made under C:\ProgramData.
        let sddl = "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)";
        assert_eq!(stranger(sddl, u32::MAX, AGENT), Ok(Some("BU".into())));
        assert_eq!(stranger(sddl, CHANGE, AGENT), Ok(Some("BU".into())), "they may add files");
        assert_eq!(stranger(sddl, REPLACE, AGENT), Ok(None), "but not take another's place");
    }

    #[test]
    fn the_root_of_a_drive_can_be_added_to_but_not_replaced() {
        let sddl = "O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464G:SYD:PAI(A;;LC;;;AU)(A;OICIIO;SDGXGWGR;;;AU)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)";
        assert_eq!(stranger(sddl, REPLACE, AGENT), Ok(None));
    }

    #[test]
    fn the_owner_is_no_stranger_and_a_refusal_no_access() {
        let user = "S-1-5-21-1-2-3-1001";
        let sddl = format!("O:{user}G:{user}D:(D;;FA;;;WD)(A;;FA;;;{user})S:AI(AU;SA;FA;;;WD)");
        assert_eq!(stranger(&sddl, u32::MAX, AGENT), Ok(None));
    }

    #[test]
    fn what_is_not_understood_counts_as_access() {
        assert_eq!(stranger("O:BA", u32::MAX, AGENT), Err(Unlimited));
        assert_eq!(stranger("O:BAD:NO_ACCESS_CONTROL", u32::MAX, AGENT), Err(Unlimited));
        assert_eq!(stranger("D:(A;;ZZ;;;WD)", CHANGE, AGENT), Ok(Some("WD".into())));
        assert_eq!(stranger("D:(A;;0xgg;;;WD)", CHANGE, AGENT), Ok(Some("WD".into())));
        assert!(stranger("D:(A)", CHANGE, AGENT).unwrap().is_some());
    }
}
