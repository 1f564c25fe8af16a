//! Text for searching: without accents and case, so that «Tesoreria» finds «Tesorería».

/// Lower case without the accents of Spanish; other characters stay.
pub fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|character| match character {
            'á' | 'à' | 'ä' | 'â' => 'a',
            'é' | 'è' | 'ë' | 'ê' => 'e',
            'í' | 'ì' | 'ï' | 'î' => 'i',
            'ó' | 'ò' | 'ö' | 'ô' => 'o',
            'ú' | 'ù' | 'ü' | 'û' => 'u',
            'ñ' => 'n',
            other => other,
        })
        .filter(|character| !('\u{300}'..='\u{36f}').contains(character))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn accents_case_and_tildes_do_not_hide_a_word() {
        assert_eq!(super::fold("Tesorería MUÑOZ"), "tesoreria munoz");
        assert_eq!(super::fold("Tesoreri\u{301}a"), "tesoreria");
    }
}
