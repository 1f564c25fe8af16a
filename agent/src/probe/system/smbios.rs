//! Maker, model and serial number in the firmware's table, as `GetSystemFirmwareTable('RSMB')` gives it. Pure; the
//! table is the maker's text and may be cut or wrong anywhere.

/// What structure type 1 (DMTF DSP0134, "System Information") says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemInformation {
    /// Maker.
    pub manufacturer: Option<String>,
    /// Model.
    pub product: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
}

/// Bytes Windows puts before the table: method, two version numbers, revision, length.
const HEADER: usize = 8;
const SYSTEM_INFORMATION: u8 = 1;
const END_OF_TABLE: u8 = 127;

/// Reads the table with Windows' header; `None` when it holds no whole structure type 1.
pub fn parse(raw: &[u8]) -> Option<SystemInformation> {
    let length = u32::from_le_bytes(raw.get(4..HEADER)?.try_into().ok()?);
    let table = raw.get(HEADER..)?;
    let mut rest = table.get(..usize::try_from(length).ok()?).unwrap_or(table);
    loop {
        let (kind, length) = (*rest.first()?, usize::from(*rest.get(1)?));
        let formatted = rest.get(..length).filter(|_| length >= 4)?;
        let (strings, after) = strings(rest.get(length..)?)?;
        match kind {
            SYSTEM_INFORMATION => return Some(information(formatted, &strings)),
            END_OF_TABLE => return None,
            _ => rest = after,
        }
    }
}

fn information(formatted: &[u8], strings: &[&[u8]]) -> SystemInformation {
    // Strings are numbered from 1; 0 says there is none.
    let text = |offset: usize| {
        let number = usize::from(*formatted.get(offset)?);
        let bytes = strings.get(number.checked_sub(1)?)?;
        Some(String::from_utf8_lossy(bytes).trim().to_string()).filter(|text| !text.is_empty())
    };
    SystemInformation { manufacturer: text(4), product: text(5), serial: text(7) }
}

/// The strings after a structure, each ended by a zero, their list by one more; and what follows.
fn strings(mut bytes: &[u8]) -> Option<(Vec<&[u8]>, &[u8])> {
    let mut found = Vec::new();
    loop {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (text, after) = (&bytes[..end], &bytes[end + 1..]);
        if text.is_empty() {
            // A structure without strings is followed by two zeros.
            let after =
                if found.is_empty() { after.strip_prefix(&[0]).unwrap_or(after) } else { after };
            return Some((found, after));
        }
        found.push(text);
        bytes = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(structures: &[u8]) -> Vec<u8> {
        let mut raw = vec![0, 3, 2, 0];
        raw.extend(u32::try_from(structures.len()).unwrap().to_le_bytes());
        raw.extend(structures);
        raw
    }

    fn office_pc() -> Vec<u8> {
        let mut structures = vec![0, 6, 0, 0, 1, 2];
        structures.extend(b"AMI\x002.1\0\0");
        structures.extend([126, 4, 9, 0, 0, 0]);
        structures.extend([1, 9, 1, 0, 1, 2, 0, 3, 0]);
        structures.extend(b"LENOVO\0 11DTS0 \0PF2A1B3C\0\0");
        structures.extend([127, 4, 2, 0, 0, 0]);
        table(&structures)
    }

    #[test]
    fn maker_model_and_serial_are_the_strings_structure_1_points_to() {
        let found = parse(&office_pc()).unwrap();
        assert_eq!(found.manufacturer.as_deref(), Some("LENOVO"));
        assert_eq!(found.product.as_deref(), Some("11DTS0"));
        assert_eq!(found.serial.as_deref(), Some("PF2A1B3C"));
    }

    #[test]
    fn a_table_cut_anywhere_gives_nothing_or_what_it_still_holds() {
        let whole = office_pc();
        for cut in 0..whole.len() {
            if let Some(found) = parse(&whole[..cut]) {
                assert_eq!(found, parse(&whole).unwrap(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_structure_of_no_length_does_not_hold_the_reader_up() {
        assert_eq!(parse(&table(&[9, 0, 0, 0, 0, 0])), None);
        assert_eq!(parse(&table(&[127, 4, 0, 0, 0, 0])), None);
        assert_eq!(parse(&[]), None);
    }

    #[test]
    fn a_number_of_a_string_that_is_not_there_is_unknown() {
        let mut structures = vec![1, 8, 0, 0, 1, 9, 0, 0];
        structures.extend(b"Dell Inc.\0\0");
        let found = parse(&table(&structures)).unwrap();
        assert_eq!(found.manufacturer.as_deref(), Some("Dell Inc."));
        assert_eq!((found.product, found.serial), (None, None));
    }
}
