//! Typed ids. A client sees a TypeID, `course_01h455vb4pex5vsknk084sn02q`: the kind, then a UUID of version 7 in base32.
//! Inside, an [`Id<Course>`] can't be mistaken for an [`Id<User>`].

use std::{fmt, hash, marker::PhantomData};

use async_graphql::{ContextSelectionSet, ID, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut};
use uuid::Uuid;

use crate::error::{Error, Result};

/// A kind of thing that has ids.
pub trait Kind: Send + Sync + 'static {
    /// What stands before the underscore: lower-case letters.
    const PREFIX: &'static str;
    /// The GraphQL type's name.
    const TYPE: &'static str;
}

/// The id of a `T`, as the database keeps it.
pub struct Id<T>(pub Uuid, PhantomData<fn() -> T>);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 26 characters of 5 bits hold 130 bits; a UUID has 128.
const SUFFIX_LENGTH: usize = 26;

impl<T> Id<T> {
    /// Wraps a UUID that the database gave.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Id(uuid, PhantomData)
    }

    /// A new id, ordered by time.
    pub fn generate() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }
}

/// A word of ids with its article: "a user", "an upload".
fn with_article(word: &str) -> String {
    let is_vowel = word.starts_with(['a', 'e', 'i', 'o']) || word.starts_with("up");
    format!("{} {word}", if is_vowel { "an" } else { "a" })
}

/// What is wrong with a text that is no id, where one with this prefix is taken.
pub(crate) fn not_an_id(prefix: &str) -> String {
    format!("is not an id; {} id is `{prefix}_` and 26 characters", with_article(prefix))
}

impl<T: Kind> Id<T> {
    /// Reads an id out of an input. `field` is its path inside the input.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for text that is no TypeID, or one of another kind.
    pub fn parse(field: &str, id: &ID) -> Result<Self> {
        match decode(id.as_str()) {
            Some((prefix, uuid)) if prefix == T::PREFIX => Ok(Self::from_uuid(uuid)),
            Some((prefix, _)) => {
                let (theirs, ours) = (with_article(prefix), with_article(T::PREFIX));
                Err(Error::bad_input(field, format!("is the id of {theirs}; {ours} id begins with `{}_`", T::PREFIX)))
            }
            None => Err(Error::bad_input(field, not_an_id(T::PREFIX))),
        }
    }

    /// Reads an optional id.
    ///
    /// # Errors
    /// As [`Id::parse`].
    pub fn parse_opt(field: &str, id: Option<&ID>) -> Result<Option<Self>> {
        id.map(|id| Self::parse(field, id)).transpose()
    }

    /// Reads a list of ids; each may stand in it once.
    ///
    /// # Errors
    /// As [`Id::parse`], with `field` as `userIds.3`; `BAD_USER_INPUT` for an empty, an overlong or a repetitive list.
    pub fn parse_list(field: &str, ids: &[ID], max: usize) -> Result<Vec<Self>> {
        if ids.is_empty() || ids.len() > max {
            return Err(Error::bad_input(field, format!("must hold 1 to {max} ids")));
        }
        let parsed = ids.iter().enumerate().map(|(index, id)| Self::parse(&format!("{field}.{index}"), id)).collect::<Result<Vec<_>>>()?;
        let mut seen = std::collections::HashSet::new();
        match parsed.iter().position(|id| !seen.insert(id.0)) {
            Some(index) => Err(Error::bad_input(format!("{field}.{index}"), "stands in the list twice")),
            None => Ok(parsed),
        }
    }
}

/// Splits a TypeID into its prefix and UUID. None where it is not written exactly as the service writes it.
pub fn decode(text: &str) -> Option<(&str, Uuid)> {
    let (prefix, suffix) = text.rsplit_once('_')?;
    if suffix.len() != SUFFIX_LENGTH || prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let mut bits: u128 = 0;
    for (index, byte) in suffix.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|&letter| letter == byte)? as u128;
        if index == 0 && digit > 7 {
            return None; // would not fit into 128 bits
        }
        bits = (bits << 5) | digit;
    }
    Some((prefix, Uuid::from_u128(bits)))
}

/// Writes a TypeID.
pub fn encode(prefix: &str, uuid: Uuid) -> String {
    let mut text = String::with_capacity(prefix.len() + 1 + SUFFIX_LENGTH);
    text.push_str(prefix);
    text.push('_');
    text.extend(suffix(uuid).map(char::from));
    text
}

/// Writes a TypeID behind what is there.
pub fn write(prefix: &str, uuid: Uuid, out: &mut Vec<u8>) {
    out.extend_from_slice(prefix.as_bytes());
    out.push(b'_');
    out.extend_from_slice(&suffix(uuid));
}

fn suffix(uuid: Uuid) -> [u8; SUFFIX_LENGTH] {
    let mut bits = uuid.as_u128();
    let mut suffix = [0u8; SUFFIX_LENGTH];
    for place in suffix.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    suffix
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T: Kind> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(T::PREFIX, self.0))
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<T: Kind> OutputType for Id<T> {
    fn type_name() -> std::borrow::Cow<'static, str> {
        <ID as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.to_string()))
    }
}

impl<T> Default for Id<T> {
    /// Nobody's: the nil UUID.
    fn default() -> Self {
        Id::from_uuid(Uuid::nil())
    }
}

impl<T> ToSql for Id<T> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }
    fn accepts(ty: &Type) -> bool {
        <Uuid as ToSql>::accepts(ty)
    }
    tokio_postgres::types::to_sql_checked!();
}

impl<'a, T> FromSql<'a> for Id<T> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Uuid::from_sql(ty, raw).map(Self::from_uuid)
    }
    fn accepts(ty: &Type) -> bool {
        <Uuid as FromSql>::accepts(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typeid_reads_back_as_it_was_written() {
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        assert_eq!(encode("course", uuid), "course_01h455vb4pex5vsknk084sn02q");
        assert_eq!(decode("course_01h455vb4pex5vsknk084sn02q"), Some(("course", uuid)));
    }

    #[test]
    fn what_is_not_exactly_a_typeid_is_refused() {
        for text in [
            "",
            "_",
            "course_",
            "course",
            "course_01H455VB4PEX5VSKNK084SN02Q",
            "course_81h455vb4pex5vsknk084sn02q",
            "course_01h455vb4pex5vsknk084sn02",
            "Course_01h455vb4pex5vsknk084sn02q",
            "course_01h455vb4pex5vsknk084sn0\u{e9}",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
