//! What a file is, by its content: a name or what a browser says is only a wish. Reads bounded pieces; a document that
//! would unfold without end, or a picture of absurd size, is none that we take.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use super::archive;
use crate::domain::attachment::MediaType;

/// Enough for every magic number.
const HEAD_BYTES: u64 = 4096;
/// Longest side of a picture, pixels.
const SIDE: usize = 12_000;
/// Most pixels of a picture: what a viewer needs four bytes each for.
const PIXELS: usize = 64_000_000;
/// Read at a time.
const PIECE: usize = 64 * 1024;

/// Why a file is not taken; Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// There is nothing in it.
    #[error("el archivo está vacío")]
    Empty,
    /// It is of a kind that is not taken.
    #[error(
        "ese tipo de archivo no se acepta: envía PDF, imagen (JPG, PNG, WebP o HEIC), texto, CSV o un documento de \
         LibreOffice u Office sin macros"
    )]
    Kind,
    /// It looks like a picture whose size cannot be told.
    #[error("la imagen está dañada: no se puede leer su tamaño")]
    Picture,
    /// A picture of too many pixels.
    #[error(
        "la imagen mide {width} × {height} puntos y caben {SIDE} por lado y 64 millones en total"
    )]
    Large {
        /// Pixels.
        width: usize,
        /// Pixels.
        height: usize,
    },
    /// A document that is none, or that unfolds beyond bounds.
    #[error(transparent)]
    Archive(#[from] archive::Unfit),
    /// The system could not read what it had just written.
    #[error("no se pudo leer el archivo recibido: {0}")]
    Read(#[from] std::io::Error),
}

/// The kind of a file; `name` only tells CSV from other text.
///
/// # Errors
/// See [`Unfit`].
pub fn identify(file: &mut File, name: &str) -> Result<MediaType, Unfit> {
    let mut head = Vec::new();
    file.rewind()?;
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    file.rewind()?;
    if head.is_empty() {
        return Err(Unfit::Empty);
    }
    if archive::begins(&head) {
        return Ok(archive::identify(BufReader::new(file))?);
    }
    let magic = infer::get(&head).map(|found| found.mime_type());
    let media = match magic {
        Some("application/pdf") => MediaType::Pdf,
        Some("image/png") => picture(MediaType::Png, file)?,
        Some("image/jpeg") => picture(MediaType::Jpeg, file)?,
        Some("image/webp") => picture(MediaType::Webp, file)?,
        Some("image/heif" | "image/heic") => picture(MediaType::Heic, file)?,
        // A page or a script is text too, and a browser or a shell would run it.
        Some(_) => return Err(Unfit::Kind),
        None if is_text(file)? && name.to_ascii_lowercase().ends_with(".csv") => MediaType::Csv,
        None if is_text(file)? => MediaType::Text,
        None => return Err(Unfit::Kind),
    };
    Ok(media)
}

fn picture(media: MediaType, file: &File) -> Result<MediaType, Unfit> {
    let size = imagesize::reader_size(BufReader::new(file)).map_err(|_| Unfit::Picture)?;
    let (width, height) = (size.width, size.height);
    if width == 0 || height == 0 {
        return Err(Unfit::Picture);
    }
    if width > SIDE || height > SIDE || width.saturating_mul(height) > PIXELS {
        return Err(Unfit::Large { width, height });
    }
    Ok(media)
}

/// Text in UTF-8 or in what Windows writes: nothing but line ends and tabs below the space.
fn is_text(file: &mut File) -> std::io::Result<bool> {
    file.rewind()?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok(true);
        }
        if piece[..count].iter().any(|byte| matches!(byte, 0..=8 | 11 | 14..=31 | 127)) {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn kind(content: &[u8], name: &str) -> Result<MediaType, Unfit> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        identify(&mut file, name)
    }

    /// A PNG that says it has that size.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn the_content_decides_and_not_the_name() {
        assert_eq!(kind(b"%PDF-1.7\n", "foto.png").unwrap(), MediaType::Pdf);
        assert_eq!(kind(&png(640, 480), "acta.pdf").unwrap(), MediaType::Png);
        assert_eq!(kind("año;área\n1;Ñ\n".as_bytes(), "lista.CSV").unwrap(), MediaType::Csv);
        assert_eq!(kind(b"a\xf1o;b\r\n", "lista.csv").unwrap(), MediaType::Csv, "Windows-1252");
        assert_eq!(kind(b"no enciende\n", "nota").unwrap(), MediaType::Text);
    }

    #[test]
    fn what_runs_or_draws_by_itself_is_not_taken() {
        for (content, name) in [
            (&b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"[..], "factura.pdf"),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", "nota.txt"),
            (b"<!DOCTYPE html><script>alert(1)</script>", "nota.txt"),
            (b"<html><body>", "a.csv"),
            (b"#!/bin/sh\nrm -rf /\n", "nota.txt"),
            (b"\x1f\x8b\x08\0\0\0\0\0", "copia.gz"),
            (b"Rar!\x1a\x07\x01\0", "copia.rar"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "copia.7z"),
            (b"GIF89a\x01\0\x01\0", "foto.gif"),
            (b"texto\0con nulo", "nota.txt"),
        ] {
            assert!(matches!(kind(content, name), Err(Unfit::Kind)), "{name}: {content:?}");
        }
        assert!(matches!(kind(b"", "nada.txt"), Err(Unfit::Empty)));
    }

    #[test]
    fn a_picture_of_absurd_size_is_told_from_its_header() {
        let told = kind(&png(50_000, 50_000), "a.png").unwrap_err().to_string();
        assert!(told.contains("50000 × 50000"), "{told}");
        assert!(matches!(kind(&png(11_000, 11_000), "a.png"), Err(Unfit::Large { .. })));
        assert!(matches!(kind(&png(0, 10), "a.png"), Err(Unfit::Picture)));
        assert!(matches!(kind(b"\x89PNG\r\n\x1a\n\0\0", "a.png"), Err(Unfit::Picture)));
        assert!(matches!(kind(b"\xff\xd8\xff\xe0 cut", "a.jpg"), Err(Unfit::Picture)));
    }
}
