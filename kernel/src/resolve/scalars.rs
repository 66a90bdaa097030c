//! The scalars that GraphQL itself does not have.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::{Timestamp, civil};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut};

/// What is wrong with a value for one of these scalars, as the end of the sentence "`field` …"; nothing, where all is well, or where
/// the scalar is another one.
pub(crate) fn scalar_problem(name: &str, value: &Value) -> Option<&'static str> {
    match (name, value) {
        ("DateTime", Value::String(text)) => DateTime::read(text).err(),
        ("DateTime", _) => Some(NO_MOMENT),
        ("Date", value) if !matches!(value, Value::String(text) if text.parse::<civil::Date>().is_ok()) => {
            Some("must be a Date such as \"2026-11-20\"")
        }
        ("LocalTime", value) if !matches!(value, Value::String(text) if LocalTime::read(text).is_some()) => Some(NO_LOCAL_TIME),
        _ => None,
    }
}

/// A point in time, RFC 3339: `2026-11-20T09:30:00Z`. It ends with its offset, `Z` or such as `+02:00`; answers are in UTC. From
/// the year 1900 to 2999, to the microsecond, without leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DateTime(pub Timestamp);

/// What is wrong with a text that is no moment at all, as the end of the sentence "`field` …".
const NO_MOMENT: &str = "must be an RFC 3339 date-time between the years 1900 and 2999, such as \"2026-11-20T09:30:00Z\"";

impl DateTime {
    /// Reads RFC 3339, and nothing else: jiff alone also takes `2026-11-20 09`, commas, zones in brackets, offsets of hours or with
    /// seconds, and makes 59 of a second 60.
    ///
    /// # Errors
    /// What would be right, as the end of the sentence "`field` …".
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let Some((date_time, rest)) = text.split_at_checked("2026-11-20T09:30:00".len()) else { return Err(NO_MOMENT) };
        let shaped = date_time.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => matches!(byte, b'T' | b't'),
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
        // Any number of digits; jiff reads nine, and microseconds are kept.
        let (fraction, offset) = match rest.strip_prefix('.') {
            None => ("", rest),
            Some(rest) => match rest.split_at(rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len())) {
                ("", _) => return Err(NO_MOMENT),
                (digits, offset) => (&digits[..digits.len().min(9)], offset),
            },
        };
        if !shaped {
            return Err(NO_MOMENT);
        }
        if offset.is_empty() {
            return Err("must end with its offset from UTC: Z, or one such as +02:00");
        }
        if date_time.ends_with("60") {
            return Err("must have a second from 00 to 59");
        }
        if !is_offset(offset) {
            return Err("must end with its offset from UTC: Z, or hours and minutes from -23:59 to +23:59, such as +02:00");
        }
        let point = if fraction.is_empty() { "" } else { "." };
        let timestamp: Timestamp = format!("{date_time}{point}{fraction}{offset}").parse().map_err(|_| NO_MOMENT)?;
        let micros = Timestamp::from_microsecond(timestamp.as_microsecond()).map_err(|_| NO_MOMENT)?;
        let year = micros.to_zoned(jiff::tz::TimeZone::UTC).year();
        if (1900..=2999).contains(&year) { Ok(DateTime(micros)) } else { Err(NO_MOMENT) }
    }
}

/// `Z`, or a sign with two digits of hours and two of minutes.
fn is_offset(text: &str) -> bool {
    let &[b'+' | b'-', tens, hours, b':', minutes, ones] = text.as_bytes() else { return matches!(text, "Z" | "z") };
    let digits = [tens, hours, minutes, ones].iter().all(u8::is_ascii_digit);
    digits && (tens < b'2' || (tens == b'2' && hours <= b'3')) && minutes <= b'5'
}

/// A point in time, RFC 3339: `2026-11-20T09:30:00Z`. It ends with its offset, `Z` or such as `+02:00`; answers are in UTC. From
/// the year 1900 to 2999, to the microsecond, without leap seconds.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Self::read(text).map_err(InputValueError::custom)
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if Self::read(text).is_ok())
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

/// A time on a wall's clock, hours and minutes: `09:30`. From `00:00` to `24:00`, which is the end of the day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocalTime {
    minutes: u16,
}

/// What is wrong with a text that is no such time, as the end of the sentence "`field` …".
const NO_LOCAL_TIME: &str = "must be a time of day from \"00:00\" to \"24:00\", such as \"09:30\"";

impl LocalTime {
    /// The end of a day.
    pub const END: LocalTime = LocalTime { minutes: 24 * 60 };

    /// Reads two digits of hours and two of minutes.
    pub fn read(text: &str) -> Option<Self> {
        let &[tens, hours, b':', sixths, ones] = text.as_bytes() else { return None };
        let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
        let (hours, minutes) = (digit(tens)? * 10 + digit(hours)?, digit(sixths)? * 10 + digit(ones)?);
        (minutes < 60 && (hours < 24 || (hours == 24 && minutes == 0))).then_some(LocalTime { minutes: hours * 60 + minutes })
    }
}

impl std::fmt::Display for LocalTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

/// A time on a wall's clock, hours and minutes: `09:30`. From `00:00` to `24:00`, which is the end of the day.
#[Scalar]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Self::read(text).ok_or_else(|| InputValueError::custom(NO_LOCAL_TIME))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if Self::read(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl<'a> FromSql<'a> for LocalTime {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let text = <&str as FromSql>::from_sql(ty, raw)?;
        Self::read(text).ok_or_else(|| format!("{text} is no time of day").into())
    }
    fn accepts(ty: &Type) -> bool {
        <&str as FromSql>::accepts(ty)
    }
}

impl ToSql for LocalTime {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_string().to_sql(ty, out)
    }
    fn accepts(ty: &Type) -> bool {
        <&str as ToSql>::accepts(ty)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_hours_and_minutes_and_may_be_the_end_of_the_day() {
        for text in ["00:00", "09:30", "23:59", "24:00"] {
            assert_eq!(LocalTime::read(text).unwrap().to_string(), text);
        }
        for text in ["", "9:30", "09:60", "24:01", "25:00", "0930", "09:3", "09:30:00", "-1:00", "aa:bb", "09：30"] {
            assert_eq!(LocalTime::read(text), None, "{text}");
        }
        assert!(LocalTime::read("09:30") < LocalTime::read("10:00") && LocalTime::read("24:00") == Some(LocalTime::END));
    }
}
