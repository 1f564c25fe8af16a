//! From columns to domain types: instants and words of enums, with a clear error when a value is not ours.

use jiff::Timestamp;

use super::{Error, Result};

pub(super) fn instant(
    table: &'static str,
    column: &'static str,
    microseconds: i64,
) -> Result<Timestamp> {
    Timestamp::from_microsecond(microseconds)
        .map_err(|_| unreadable(table, column, &microseconds.to_string()))
}

pub(super) fn some_instant(
    table: &'static str,
    column: &'static str,
    microseconds: Option<i64>,
) -> Result<Option<Timestamp>> {
    microseconds.map(|value| instant(table, column, value)).transpose()
}

pub(super) fn word<T>(
    table: &'static str,
    column: &'static str,
    value: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T> {
    parse(value).ok_or_else(|| unreadable(table, column, value))
}

pub(super) fn number<N: TryFrom<i64>>(
    table: &'static str,
    column: &'static str,
    value: i64,
) -> Result<N> {
    N::try_from(value).map_err(|_| unreadable(table, column, &value.to_string()))
}

pub(super) fn unreadable(table: &'static str, column: &'static str, value: &str) -> Error {
    Error::Unreadable { table, column, value: value.chars().take(80).collect() }
}
