//! Documents that are zip archives inside: which they are, and that they do not unfold beyond bounds. Everything in them
//! is inflated once, into nothing, within one budget: what an archive says of its own sizes is not believed.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use zip::ZipArchive;

use crate::domain::attachment::MediaType;

/// Most entries, those of documents inside the document included.
const ENTRIES: usize = 4_000;
/// Most bytes of everything unfolded.
const UNFOLDED: u64 = 300 * 1024 * 1024;
/// How many times its size an archive may unfold, once past [`FREE`]. Tables of zeros compress well, bombs better.
const RATIO: u64 = 120;
/// Unfolded bytes for which no ratio is asked.
const FREE: u64 = 16 * 1024 * 1024;
/// A document inside a document, read into memory: a chart's table, a drawing.
const INNER_BYTES: u64 = 15 * 1024 * 1024;
/// A document may hold documents; those hold none.
const DEPTH: u32 = 1;
/// Signature of an entry in an archive's table of contents.
const ENTRY: &[u8] = b"PK\x01\x02";

/// Why an archive is not taken; Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Not a document of an office suite.
    #[error(
        "el archivo comprimido no es un documento de LibreOffice u Office: envía sus archivos uno por uno"
    )]
    NoDocument,
    /// It holds programs.
    #[error("el documento contiene macros: guárdalo sin ellas y vuelve a enviarlo")]
    Macros,
    /// It cannot be opened without a password.
    #[error("el documento está cifrado: envíalo sin contraseña")]
    Encrypted,
    /// It unfolds beyond bounds, or holds archives.
    #[error(
        "el documento se desdobla en demasiado contenido y no se abrió: por seguridad no se acepta"
    )]
    Bomb,
    /// It is cut off or none.
    #[error("el documento está dañado o incompleto")]
    Damaged,
}

/// What is left to unfold.
struct Budget {
    entries: usize,
    bytes: u64,
}

/// Whether a file with that beginning is a zip archive.
pub fn begins(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
        || head.starts_with(b"PK\x05\x06")
        || head.starts_with(b"PK\x07\x08")
}

/// The kind of document an archive is.
///
/// # Errors
/// See [`Unfit`].
pub fn identify(mut archive: impl Read + Seek) -> Result<MediaType, Unfit> {
    let size = archive.seek(SeekFrom::End(0)).map_err(|_| Unfit::Damaged)?;
    let bytes = UNFOLDED.min(size.saturating_mul(RATIO).max(FREE));
    unfold(archive, &mut Budget { entries: ENTRIES, bytes }, 0)
}

fn unfold(
    mut archive: impl Read + Seek,
    budget: &mut Budget,
    depth: u32,
) -> Result<MediaType, Unfit> {
    // Before a table of a million entries is read into memory.
    count_entries(&mut archive, budget)?;
    let mut archive = ZipArchive::new(archive).map_err(|_| Unfit::Damaged)?;
    let mut names = Vec::new();
    let mut kind = Kind::default();
    for index in 0..archive.len() {
        // Raw: the one that inflates asks for a password first.
        let entry = archive.by_index_raw(index).map_err(|_| Unfit::Damaged)?;
        if entry.encrypted() {
            return Err(Unfit::Encrypted);
        }
        drop(entry);
        let mut entry = archive.by_index(index).map_err(|_| Unfit::Damaged)?;
        let name = entry.name().map_err(|_| Unfit::Damaged)?.into_owned();
        look(&mut entry, &name, &mut kind, budget, depth)?;
        names.push(name);
    }
    kind.tell(&names)
}

/// Counts the signatures of entries; stray ones in compressed data are too few to matter.
fn count_entries(archive: &mut (impl Read + Seek), budget: &mut Budget) -> Result<(), Unfit> {
    archive.rewind().map_err(|_| Unfit::Damaged)?;
    let (mut piece, mut kept, mut found) = (vec![0; 64 * 1024], 0, 0);
    loop {
        let count = archive.read(&mut piece[kept..]).map_err(|_| Unfit::Damaged)?;
        if count == 0 {
            break;
        }
        let filled = kept + count;
        found += piece[..filled].windows(ENTRY.len()).filter(|window| *window == ENTRY).count();
        // A signature may lie across two pieces.
        kept = filled.min(ENTRY.len() - 1);
        piece.copy_within(filled - kept..filled, 0);
    }
    budget.entries = budget.entries.checked_sub(found).ok_or(Unfit::Bomb)?;
    archive.rewind().map_err(|_| Unfit::Damaged)
}

/// Inflates one entry within the budget.
fn look(
    entry: &mut impl Read,
    name: &str,
    kind: &mut Kind,
    budget: &mut Budget,
    depth: u32,
) -> Result<(), Unfit> {
    let mut head = Vec::new();
    entry.by_ref().take(4096).read_to_end(&mut head).map_err(|_| Unfit::Damaged)?;
    if name.to_ascii_lowercase().ends_with("vbaproject.bin") || name.starts_with("Basic/") {
        return Err(Unfit::Macros);
    }
    if name == "mimetype" {
        kind.mimetype = String::from_utf8_lossy(&head).trim().to_owned();
    }
    budget.spend(head.len() as u64)?;
    if !is_archive(&head) {
        let rest = io::copy(&mut entry.by_ref().take(budget.bytes + 1), &mut io::sink());
        return budget.spend(rest.map_err(|_| Unfit::Damaged)?);
    }
    if depth >= DEPTH || !begins(&head) {
        return Err(Unfit::Bomb);
    }
    let mut inner = head;
    entry.by_ref().take(INNER_BYTES).read_to_end(&mut inner).map_err(|_| Unfit::Damaged)?;
    if inner.len() as u64 > INNER_BYTES {
        return Err(Unfit::Bomb);
    }
    budget.spend(inner.len() as u64)?;
    match unfold(Cursor::new(inner), budget, depth + 1) {
        Err(Unfit::NoDocument) => Err(Unfit::Bomb),
        other => other.map(drop),
    }
}

fn is_archive(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 6] =
        [b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x28\xb5\x2f\xfd"];
    begins(head) || MAGIC.iter().any(|magic| head.starts_with(magic))
}

impl Budget {
    fn spend(&mut self, bytes: u64) -> Result<(), Unfit> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Unfit::Bomb)?;
        Ok(())
    }
}

/// What an archive says it is.
#[derive(Default)]
struct Kind {
    mimetype: String,
}

impl Kind {
    fn tell(&self, names: &[String]) -> Result<MediaType, Unfit> {
        let holds = |name: &str| names.iter().any(|one| one == name);
        let open = [MediaType::Odt, MediaType::Ods, MediaType::Odp];
        if holds("content.xml")
            && let Some(media) = open.into_iter().find(|media| media.as_str() == self.mimetype)
        {
            return Ok(media);
        }
        if holds("[Content_Types].xml") {
            for (main, media) in [
                ("word/document.xml", MediaType::Docx),
                ("xl/workbook.xml", MediaType::Xlsx),
                ("ppt/presentation.xml", MediaType::Pptx),
            ] {
                if holds(main) {
                    return Ok(media);
                }
            }
        }
        Err(Unfit::NoDocument)
    }
}

#[cfg(test)]
mod tests;
