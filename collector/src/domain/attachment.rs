//! Files that people add to a run: which kinds are taken, how large they may be, under which name they are
//! kept, and what the antivirus said of them. What a file is, its content decides, never its name.

use jiff::Timestamp;

use super::id::{AttachmentId, PersonId, RunId};
use super::procedure::StepId;

/// Most bytes of one file.
pub const FILE_BYTES: u64 = 15 * 1024 * 1024;
/// Most files of one run.
pub const FILES_OF_RUN: i64 = 50;
/// Most characters of a name, its ending included.
const NAME_CHARS: usize = 120;

/// A file of a run, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Identity.
    pub id: AttachmentId,
    /// The run it belongs to.
    pub run: RunId,
    /// The step the run stood at; `None` after its end.
    pub step: Option<StepId>,
    /// SHA-256 of the content, lower-case hexadecimal: the file's name on disk.
    pub sha256: String,
    /// The name shown, cleaned.
    pub name: String,
    /// What the content is.
    pub media: MediaType,
    /// Bytes.
    pub size: u64,
    /// When it was added.
    pub created_at: Timestamp,
    /// Name of who added it.
    pub added_by: String,
    /// The person, if they have an account.
    pub person: Option<PersonId>,
    /// What the antivirus said.
    pub scan: Scan,
}

/// What the antivirus said of a file. Infected ones are never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// Looked at, nothing found.
    Clean,
    /// No antivirus answered: nobody knows.
    NotScanned,
}

impl Scan {
    /// The word in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Scan::Clean => "clean",
            Scan::NotScanned => "not_scanned",
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Scan::Clean, Scan::NotScanned].into_iter().find(|scan| scan.as_str() == word)
    }
}

macro_rules! media_types {
    ($($(#[$doc:meta])* $name:ident: $mime:literal, $ending:literal;)*) => {
        /// The kinds of files that are taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MediaType {
            $($(#[$doc])* $name,)*
        }

        impl MediaType {
            /// All of them.
            pub const ALL: &[MediaType] = &[$(MediaType::$name),*];

            /// The word in SQL, JSON and HTTP.
            pub fn as_str(self) -> &'static str {
                match self { $(MediaType::$name => $mime),* }
            }

            /// How names of such files end, with the dot.
            pub fn ending(self) -> &'static str {
                match self { $(MediaType::$name => $ending),* }
            }
        }
    };
}

media_types! {
    /// PDF.
    Pdf: "application/pdf", ".pdf";
    /// PNG.
    Png: "image/png", ".png";
    /// JPEG.
    Jpeg: "image/jpeg", ".jpg";
    /// WebP.
    Webp: "image/webp", ".webp";
    /// HEIC and HEIF, what some phones photograph in.
    Heic: "image/heic", ".heic";
    /// Plain text.
    Text: "text/plain", ".txt";
    /// Values separated by commas or semicolons.
    Csv: "text/csv", ".csv";
    /// OpenDocument text.
    Odt: "application/vnd.oasis.opendocument.text", ".odt";
    /// OpenDocument spreadsheet.
    Ods: "application/vnd.oasis.opendocument.spreadsheet", ".ods";
    /// OpenDocument presentation.
    Odp: "application/vnd.oasis.opendocument.presentation", ".odp";
    /// Word.
    Docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx";
    /// Excel.
    Xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx";
    /// PowerPoint.
    Pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx";
}

impl MediaType {
    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        MediaType::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// A picture every browser shows by itself.
    pub fn is_picture(self) -> bool {
        matches!(self, MediaType::Png | MediaType::Jpeg | MediaType::Webp)
    }

    /// Endings a name may keep; the first is what is added to others.
    fn endings(self) -> &'static [&'static str] {
        match self {
            MediaType::Jpeg => &[".jpg", ".jpeg"],
            MediaType::Heic => &[".heic", ".heif"],
            MediaType::Text => &[".txt", ".log", ".md"],
            MediaType::Csv => &[".csv"],
            MediaType::Pdf => &[".pdf"],
            MediaType::Png => &[".png"],
            MediaType::Webp => &[".webp"],
            MediaType::Odt => &[".odt"],
            MediaType::Ods => &[".ods"],
            MediaType::Odp => &[".odp"],
            MediaType::Docx => &[".docx"],
            MediaType::Xlsx => &[".xlsx"],
            MediaType::Pptx => &[".pptx"],
        }
    }
}

/// The name a file is kept under: without folders, without characters that hide or command, not too long, and with
/// an ending that tells what the content is.
pub fn clean_name(given: &str, media: MediaType) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|character| !character.is_control() && !is_invisible(*character))
        .map(|character| if r#"<>:"|?*"#.contains(character) { '_' } else { character })
        .collect();
    let clean = clean.trim_matches(|character: char| character == '.' || character.is_whitespace());
    let folded = clean.to_ascii_lowercase();
    let kept = media.endings().iter().find(|ending| folded.ends_with(*ending));
    let (stem, ending) = match kept {
        // Folding ASCII moves no byte.
        Some(ending) => (&clean[..clean.len() - ending.len()], *ending),
        None => (clean, media.ending()),
    };
    let stem: String = stem.chars().take(NAME_CHARS - ending.len()).collect();
    let stem = if stem.is_empty() { "archivo" } else { stem.trim_end() };
    format!("{stem}{ending}")
}

/// Turns the direction of writing or takes no room: such characters make one name look like another.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_what_it_says_and_loses_what_it_hides() {
        for (given, media, kept) in [
            ("Oficio núm. 3.pdf", MediaType::Pdf, "Oficio núm. 3.pdf"),
            ("C:\\Users\\ana\\foto.JPEG", MediaType::Jpeg, "foto.jpeg"),
            ("../../etc/passwd", MediaType::Text, "passwd.txt"),
            ("virus.bat", MediaType::Text, "virus.bat.txt"),
            ("acta\u{202e}fdp.exe", MediaType::Pdf, "actafdp.exe.pdf"),
            ("a\r\nSet-Cookie: x.png", MediaType::Png, "aSet-Cookie_ x.png"),
            ("...", MediaType::Odt, "archivo.odt"),
            ("", MediaType::Csv, "archivo.csv"),
            (".pdf", MediaType::Pdf, "pdf.pdf"),
        ] {
            assert_eq!(clean_name(given, media), kept, "{given:?}");
        }
        let long = clean_name(&"ñ".repeat(5_000), MediaType::Docx);
        assert_eq!(long.chars().count(), 120);
        assert!(long.ends_with(".docx"));
    }

    #[test]
    fn a_kind_is_found_by_its_word_and_keeps_its_own_ending() {
        for kind in MediaType::ALL {
            assert_eq!(MediaType::parse(kind.as_str()), Some(*kind));
            assert!(kind.endings().contains(&kind.ending()));
        }
    }
}
