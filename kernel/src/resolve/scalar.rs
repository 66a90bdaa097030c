//! Scalars as JSON text: columns are written from the driver's row straight into the answer, texts borrowed.

use std::fmt::Write as _;

use async_graphql::ID;
use tokio_postgres::{Row, types::FromSql};

use super::{
    object::JsonText,
    scalars::{Date, DateTime, Json, LocalTime},
};
use crate::{
    db::DbError,
    error::Code,
    ids::{self, Id, Kind},
};

/// A value that is written as JSON.
pub trait Written {
    /// Writes it.
    fn write(&self, out: &mut JsonText);
}

/// A type of columns that an answer holds, and what is read of such a column: a text is borrowed from its row.
pub trait Scalar: Written {
    /// What is read.
    type Read<'a>: FromSql<'a> + Written;
}

/// Writes a column.
///
/// # Errors
/// When it is of another type.
pub fn write_column<T: Scalar>(row: &Row, at: usize, out: &mut JsonText) -> Result<(), DbError> {
    row.try_get::<_, T::Read<'_>>(at)?.write(out);
    Ok(())
}

/// Writes a text, with its quotes.
pub fn write_text(text: &str, out: &mut JsonText) {
    out.push(b'"');
    let mut rest = text;
    // Most texts need no escapes, and are copied whole.
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            control => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[DIGITS[usize::from(control >> 4)], DIGITS[usize::from(control & 15)]]);
            }
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

/// Writes what prints itself in letters that need no escapes, with quotes.
fn write_plain(value: impl std::fmt::Display, out: &mut JsonText) {
    struct Bytes<'a>(&'a mut JsonText);
    impl std::fmt::Write for Bytes<'_> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }
    out.push(b'"');
    let _ = write!(Bytes(out), "{value}");
    out.push(b'"');
}

/// Writes what serde writes; for everything that is not hot.
pub fn write_serialized(value: &impl serde::Serialize, out: &mut JsonText) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

impl Written for &str {
    fn write(&self, out: &mut JsonText) {
        write_text(self, out);
    }
}

impl Written for String {
    fn write(&self, out: &mut JsonText) {
        write_text(self, out);
    }
}

impl Scalar for String {
    type Read<'a> = &'a str;
}

impl Written for ID {
    fn write(&self, out: &mut JsonText) {
        write_text(self, out);
    }
}

impl Written for Code {
    fn write(&self, out: &mut JsonText) {
        write_plain(self.as_str(), out);
    }
}

impl Written for bool {
    fn write(&self, out: &mut JsonText) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Written for DateTime {
    fn write(&self, out: &mut JsonText) {
        write_plain(self.0, out);
    }
}

impl Written for Date {
    fn write(&self, out: &mut JsonText) {
        write_plain(self.0, out);
    }
}

impl Written for LocalTime {
    fn write(&self, out: &mut JsonText) {
        write_plain(self, out);
    }
}

impl<T: Kind> Written for Id<T> {
    fn write(&self, out: &mut JsonText) {
        out.push(b'"');
        ids::write(T::PREFIX, self.0, out);
        out.push(b'"');
    }
}

impl<T: Written> Written for Option<T> {
    fn write(&self, out: &mut JsonText) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl<T: Written> Written for Vec<T> {
    fn write(&self, out: &mut JsonText) {
        out.push(b'[');
        for (at, value) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            value.write(out);
        }
        out.push(b']');
    }
}

impl<T: Scalar> Scalar for Option<T> {
    type Read<'a> = Option<T::Read<'a>>;
}

impl<T: Scalar> Scalar for Vec<T> {
    type Read<'a> = Vec<T::Read<'a>>;
}

impl<T: Kind> Scalar for Id<T> {
    type Read<'a> = Id<T>;
}

macro_rules! serialized {
    ($($ty:ty),+) => {
        $(impl Written for $ty {
            fn write(&self, out: &mut JsonText) {
                write_serialized(self, out);
            }
        })+
    };
}

serialized!(i32, f64, serde_json::Value);

macro_rules! read_whole {
    ($($ty:ty),+) => {
        $(impl Scalar for $ty {
            type Read<'a> = $ty;
        })+
    };
}

read_whole!(bool, i32, f64, DateTime, Date, LocalTime, serde_json::Value);

impl Written for Json {
    fn write(&self, out: &mut JsonText) {
        self.0.write(out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: impl Written) -> String {
        let mut out = JsonText::new();
        value.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn texts_are_written_as_serde_writes_them(text in any::<String>(), control in 0u8..0x20) {
            for text in [text.clone(), format!("{text}{}\"\\{text}", char::from(control))] {
                prop_assert_eq!(written(text.as_str()), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn values_are_written_as_graphql_has_them() {
        assert_eq!(written(None::<i32>), "null");
        assert_eq!(written(vec![Some(1), None]), "[1,null]");
        assert_eq!(written(5.0), "5.0");
        assert_eq!(written(DateTime("2026-11-20T09:30:00Z".parse().unwrap())), "\"2026-11-20T09:30:00Z\"");
    }
}
