//! Files with every kind of nonsense, and the message each gets.

use super::*;

/// Each file says on its first line what must be said of it.
#[test]
fn every_kind_of_nonsense_gets_its_message() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/procedures");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = contents(&file).unwrap();
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap();
        let expected = std::str::from_utf8(first).unwrap().strip_prefix("# ").unwrap();
        let said = read(&name, &bytes).expect_err(&name).to_string();
        assert!(said.contains(expected), "{name}\nexpected: {expected}\nsaid: {said}");
        assert!(said.starts_with(&format!("{name}: ")), "{said}");
        count += 1;
    }
    assert!(count >= 97, "only {count} files were found in {}", folder.display());
}

#[test]
fn a_file_of_any_size_is_refused_without_being_read_whole() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(1 << 40).unwrap();
    let bytes = contents(file.path()).unwrap();
    assert_eq!(bytes.len(), FILE_BYTES + 1);
    let said = read("grande.toml", &bytes).unwrap_err().to_string();
    assert!(said.contains("un procedimiento mide a lo más 256 KiB"), "{said}");
}
