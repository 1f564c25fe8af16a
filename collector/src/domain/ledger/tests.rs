//! How an entry is hashed; what a walk finds is tried on real databases, beside the actions.

use super::*;

#[test]
fn no_field_runs_into_the_next_and_absent_is_not_empty() {
    let body = |values: &[Option<&str>]| {
        let mut body = String::new();
        values.iter().for_each(|value| field(&mut body, *value));
        body
    };
    let bodies = [
        body(&[Some("a"), Some("bc")]),
        body(&[Some("ab"), Some("c")]),
        body(&[Some("abc"), None]),
        body(&[Some("abc"), Some("")]),
        body(&[None, Some("abc")]),
        body(&[Some("a1:b"), Some("c")]),
    ];
    for (at, one) in bodies.iter().enumerate() {
        assert!(bodies.iter().skip(at + 1).all(|other| one != other), "{one}");
    }
    let values = [Some("año 1:2"), None, Some(""), Some("-")];
    assert_eq!(fields(&body(&values)).unwrap(), values);
    assert_eq!(fields("9:corto"), None);
}

#[test]
fn the_hash_depends_on_the_entry_before_on_the_number_and_on_the_body() {
    let hash = entry_hash("", 1, "1:a");
    // Reckoned apart: printf '0:1:11:a' | sha256sum
    assert_eq!(hash, "2401e4f518e18903433385ca170b3562a41eea1343e34514689a2d56c5dc8f15");
    for other in [entry_hash("0", 1, "1:a"), entry_hash("", 2, "1:a"), entry_hash("", 1, "1:b")] {
        assert_ne!(hash, other);
    }
}
