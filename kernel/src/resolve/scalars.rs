//! The scalars that GraphQL itself does not have.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::{Timestamp, civil};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut};

/// What is wrong with a value for one of these scalars, as the rest of a sentence; nothing, where all is well, or where the
/// scalar is another one.
pub(crate) fn scalar_problem(name: &str, value: &Value) -> Option<&'static str> {
    match (name, value) {
        ("DateTime", value) if DateTime::from_value(value).is_none() => Some(
            "must be a DateTime: RFC 3339, such as \"2026-11-20T09:30:00Z\", between the years 1900 and 2999",
        ),
        ("Date", value) if !matches!(value, Value::String(text) if text.parse::<civil::Date>().is_ok()) => {
            Some("must be a Date such as \"2026-11-20\"")
        }
        _ => None,
    }
}

/// A point in time, RFC 3339: `2026-11-20T09:30:00Z`. Any offset is taken, answers are in UTC; from the year 1900 to 2999,
/// to the microsecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DateTime(pub Timestamp);

impl DateTime {
    fn from_value(value: &Value) -> Option<Self> {
        let Value::String(text) = value else { return None };
        // jiff takes more than RFC 3339 does: `2026-11-20 09`, `20261120T09Z`, a zone in brackets.
        let bytes = text.as_bytes();
        let shaped = bytes.len() >= 20
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && matches!(bytes[10], b'T' | b't')
            && bytes[13] == b':'
            && bytes[16] == b':'
            && !text.contains('[');
        let timestamp: Timestamp = text.parse().ok().filter(|_| shaped)?;
        let micros = Timestamp::from_microsecond(timestamp.as_microsecond()).ok()?;
        let year = micros.to_zoned(jiff::tz::TimeZone::UTC).year();
        (1900..=2999).contains(&year).then_some(DateTime(micros))
    }
}

/// A point in time, RFC 3339: `2026-11-20T09:30:00Z`. Any offset is taken, answers are in UTC; from the year 1900 to 2999,
/// to the microsecond.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::from_value(&value).ok_or_else(|| {
            InputValueError::custom("expected an RFC 3339 date-time between the years 1900 and 2999, such as \"2026-11-20T09:30:00Z\"")
        })
    }

    fn is_valid(value: &Value) -> bool {
        Self::from_value(value).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl<'a> FromSql<'a> for DateTime {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Timestamp::from_sql(ty, raw).map(DateTime)
    }
    fn accepts(ty: &Type) -> bool {
        <Timestamp as FromSql>::accepts(ty)
    }
}

impl ToSql for DateTime {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }
    fn accepts(ty: &Type) -> bool {
        <Timestamp as ToSql>::accepts(ty)
    }
    tokio_postgres::types::to_sql_checked!();
}

/// A calendar date, ISO 8601: `2026-11-20`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Date(pub civil::Date);

/// A calendar date, ISO 8601: `2026-11-20`.
#[Scalar(specified_by_url = "https://www.iso.org/iso-8601-date-and-time-format.html")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text.parse().map(Date).map_err(|_| InputValueError::custom("expected a date such as \"2026-11-20\"")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl<'a> FromSql<'a> for Date {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        civil::Date::from_sql(ty, raw).map(Date)
    }
    fn accepts(ty: &Type) -> bool {
        <civil::Date as FromSql>::accepts(ty)
    }
}

impl ToSql for Date {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }
    fn accepts(ty: &Type) -> bool {
        <civil::Date as ToSql>::accepts(ty)
    }
    tokio_postgres::types::to_sql_checked!();
}

/// Any JSON value.
#[derive(Clone, PartialEq, Debug)]
pub struct Json(pub serde_json::Value);

/// Any JSON value.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Json(value.into_json()?))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}
