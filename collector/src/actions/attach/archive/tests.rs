//! Real archives, honest and hostile, made here by the same crate an office suite's counterpart would use.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut entries = vec![
        ("[Content_Types].xml", &b"<Types/>"[..]),
        ("_rels/.rels", b"<Relationships/>"),
        ("word/document.xml", b"<w:document/>"),
    ];
    entries.extend(more);
    archive(&entries)
}

fn told(bytes: &[u8]) -> Result<MediaType, Unfit> {
    identify(Cursor::new(bytes))
}

#[test]
fn documents_of_both_suites_are_told_apart() {
    let mimetype = MediaType::Ods.as_str().as_bytes();
    let ods = archive(&[("mimetype", mimetype), ("content.xml", b"<office/>")]);
    assert_eq!(told(&ods).unwrap(), MediaType::Ods);
    assert_eq!(told(&docx(&[])).unwrap(), MediaType::Docx);
    let xlsx = archive(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<w/>")]);
    assert_eq!(told(&xlsx).unwrap(), MediaType::Xlsx);
    assert_eq!(told(&docx(&[("word/embeddings/tabla.xlsx", &xlsx)])).unwrap(), MediaType::Docx);
    assert!(matches!(told(&archive(&[("a.txt", b"hola")])), Err(Unfit::NoDocument)));
}

#[test]
fn a_bomb_is_noticed_by_what_comes_out_of_it_and_not_by_what_it_says() {
    let zeros = vec![0; 30 * 1024 * 1024];
    let bomb = docx(&[("word/media/ceros.bin", &zeros)]);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    assert!(matches!(told(&bomb), Err(Unfit::Bomb)));
    // The same with every size it declares turned into one byte.
    let mut liar = bomb.clone();
    let size = (zeros.len() as u32).to_le_bytes();
    for at in 0..liar.len() - 4 {
        if liar[at..at + 4] == size {
            liar[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
        }
    }
    assert!(liar != bomb);
    assert!(matches!(told(&liar), Err(Unfit::Bomb | Unfit::Damaged)));
}

#[test]
fn archives_in_archives_and_crowds_of_entries_are_not_taken() {
    let inner = docx(&[("word/embeddings/otro.docx", &docx(&[]))]);
    assert!(matches!(told(&docx(&[("word/embeddings/a.docx", &inner)])), Err(Unfit::Bomb)));
    let plain = archive(&[("a.txt", b"hola")]);
    assert!(matches!(told(&docx(&[("word/a.zip", &plain)])), Err(Unfit::Bomb)));
    assert!(matches!(told(&docx(&[("word/a.gz", b"\x1f\x8b\x08\0")])), Err(Unfit::Bomb)));
    let names: Vec<String> = (0..ENTRIES).map(|number| format!("word/{number}.xml")).collect();
    let crowd: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(matches!(told(&docx(&crowd)), Err(Unfit::Bomb)));
}

#[test]
fn macros_passwords_and_pieces_are_named() {
    let macros = docx(&[("word/vbaProject.bin", b"x")]);
    assert!(matches!(told(&macros), Err(Unfit::Macros)));
    let mut locked = docx(&[]);
    // The bit that says a password is needed, in every header of both kinds.
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        for at in 0..locked.len() - 12 {
            if locked[at..at + 4] == *signature {
                locked[at + flags] |= 1;
            }
        }
    }
    assert!(matches!(told(&locked), Err(Unfit::Encrypted)));
    let whole = docx(&[]);
    for cut in [4, 30, whole.len() / 2, whole.len() - 5] {
        assert!(told(&whole[..cut]).is_err(), "{cut}");
    }
}
