//! How wide a text is and where it breaks. The server has no fonts at hand: widths are those of Arial and
//! its metric equals, with some room for the fonts that stand in for them.

/// Advance widths of the printable ASCII characters, thousandths of the size, from the blank on.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// Room for other fonts and for bold, per cent.
const ROOM: u32 = 112;

/// Width of a text at a font size, pixels.
pub fn width(text: &str, size: i32) -> i32 {
    pixels(text.chars().map(advance).sum(), size)
}

fn pixels(thousandths: u32, size: i32) -> i32 {
    let size = u32::try_from(size).unwrap_or_default();
    let pixels = (u64::from(thousandths) * u64::from(size * ROOM)).div_ceil(100_000);
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

fn advance(letter: char) -> u32 {
    let plain = match letter {
        'á' | 'à' | 'ä' | 'â' => 'a',
        'é' | 'è' | 'ë' | 'ê' => 'e',
        'í' | 'ì' | 'ï' | 'î' => 'r',
        'ó' | 'ò' | 'ö' | 'ô' => 'o',
        'ú' | 'ù' | 'ü' | 'û' => 'u',
        'ñ' => 'n',
        'Á' => 'A',
        'É' => 'E',
        'Í' | '¡' | '·' => 'I',
        'Ó' => 'O',
        'Ú' | 'Ü' | 'Ñ' => 'U',
        '¿' => '?',
        '«' | '»' | '“' | '”' => 'a',
        other => other,
    };
    let at = u32::from(plain).checked_sub(32).and_then(|at| usize::try_from(at).ok());
    // What is not in the table may be as wide as it is high.
    at.and_then(|at| WIDTHS.get(at)).map_or(1_000, |width| u32::from(*width))
}

/// Breaks a text into lines; `room` gives the pixels each line has. A word longer than its line is cut.
pub fn wrap(text: &str, size: i32, room: impl Fn(usize) -> i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut long) = (String::new(), 0);
    for word in text.split_whitespace() {
        let letters: u32 = word.chars().map(advance).sum();
        let joined = if line.is_empty() { letters } else { long + advance(' ') + letters };
        if pixels(joined, size) <= room(lines.len()) {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            long = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            long = 0;
        }
        for letter in word.chars() {
            let wide = advance(letter);
            if !line.is_empty() && pixels(long + wide, size) > room(lines.len()) {
                lines.push(std::mem::take(&mut line));
                long = 0;
            }
            line.push(letter);
            long += wide;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_breaks_between_words_and_a_long_word_within() {
        let lines = wrap("Revisa la falla del equipo.", 13, |_| 100);
        assert_eq!(lines, ["Revisa la falla", "del equipo."]);
        let long = wrap("electroencefalografista", 13, |_| 60);
        assert!(long.len() > 2 && long.concat() == "electroencefalografista", "{long:?}");
        assert!(wrap("   ", 13, |_| 60).is_empty());
    }

    #[test]
    fn accents_do_not_change_the_width() {
        assert_eq!(width("ñandú", 13), width("nandu", 13));
        assert!(width("á", 13) < width("漢", 13));
    }
}
