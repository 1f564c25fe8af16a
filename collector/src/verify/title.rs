//! The title of an HTML page, as far as it can be told without reading the page as HTML. Pure.

/// Bytes looked at.
const LOOKED_AT: usize = 64 * 1024;
/// Most characters kept.
const KEPT: usize = 160;

/// The text of the first `<title>`.
pub fn of(page: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(page.get(..LOOKED_AT).unwrap_or(page));
    let lower = text.to_ascii_lowercase();
    let opens = lower.find("<title")?;
    let begins = opens + lower.get(opens..)?.find('>')? + 1;
    let ends = begins + lower.get(begins..)?.find("</title")?;
    let title = unescape(text.get(begins..ends)?);
    let words: Vec<&str> = title.split_whitespace().collect();
    let title: String =
        words.join(" ").chars().filter(|one| !one.is_control()).take(KEPT).collect();
    (!title.is_empty()).then_some(title)
}

fn unescape(text: &str) -> String {
    const ENTITIES: [(&str, &str); 13] = [
        ("&aacute;", "á"),
        ("&eacute;", "é"),
        ("&iacute;", "í"),
        ("&oacute;", "ó"),
        ("&uacute;", "ú"),
        ("&ntilde;", "ñ"),
        ("&nbsp;", " "),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#039;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        // Last, so that what it uncovers is not read again.
        ("&amp;", "&"),
    ];
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_told_in_one_line_and_cut() {
        for (page, title) in [
            (
                "<html><TITLE lang=es>\n  H. Ayuntamiento &amp; \n Casa </TITLE>",
                Some("H. Ayuntamiento & Casa"),
            ),
            ("<title>Informaci&oacute;n</title>", Some("Información")),
            ("<title>&amp;lt;</title>", Some("&lt;")),
            ("<title></title>", None),
            ("<title>sin fin", None),
            ("<title", None),
            ("texto", None),
        ] {
            assert_eq!(of(page.as_bytes()).as_deref(), title, "{page}");
        }
        let long = format!("<title>{}</title>", "ñ".repeat(1_000));
        assert_eq!(of(long.as_bytes()).unwrap().chars().count(), KEPT);
        assert_eq!(of(&[0xff, 0xfe, b'<']), None);
    }
}
