//! Money and percentages, as every part of commerce has them: whole minor units of one currency, and hundredths of a percent. Nothing is ever computed in
//! floating point, and nothing converts.

use async_graphql::{InputObject, InputValueError, InputValueResult, Scalar as GraphqlScalar, ScalarType, Value};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{JsonText, Scalar, Written},
};
use lectern_macros::object;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut};

/// The most that one thing costs, and the most that one payment is.
pub const MOST: i32 = 1_999_999_999;

/// A sum in minor units of a currency: an integer between -2^53 and 2^53, as a JSON number. Sums outgrow Int.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MinorUnits(pub i64);

/// What every client holds exactly.
const EXACT: i64 = 1 << 53;

/// A sum in minor units of a currency: an integer between -2^53 and 2^53, as a JSON number. Sums outgrow Int.
#[GraphqlScalar]
impl ScalarType for MinorUnits {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => match number.as_i64() {
                Some(sum) if (-EXACT..=EXACT).contains(&sum) => Ok(MinorUnits(sum)),
                _ => Err(InputValueError::custom("expected an integer between -2^53 and 2^53")),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

impl Written for MinorUnits {
    fn write(&self, out: &mut JsonText) {
        out.extend_from_slice(self.0.to_string().as_bytes());
    }
}

impl Scalar for MinorUnits {
    type Read<'a> = MinorUnits;
}

impl<'a> FromSql<'a> for MinorUnits {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        i64::from_sql(ty, raw).map(MinorUnits)
    }
    fn accepts(ty: &Type) -> bool {
        <i64 as FromSql>::accepts(ty)
    }
}

impl ToSql for MinorUnits {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }
    fn accepts(ty: &Type) -> bool {
        <i64 as ToSql>::accepts(ty)
    }
    tokio_postgres::types::to_sql_checked!();
}

/// An amount of one thing: a price, a payment, the total of an order.
#[object]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// In minor units (cents of EUR, yen of JPY): 0 to 1,999,999,999.
    pub amount: i32,
    /// The currency, as ISO 4217 has it: EUR.
    pub currency: String,
}

impl Money {
    /// An amount of a currency.
    pub fn new(amount: i32, currency: impl Into<String>) -> Self {
        Money { amount, currency: currency.into() }
    }

    /// What two columns say; none where they hold nothing.
    pub fn of(amount: Option<i32>, currency: Option<String>) -> Option<Self> {
        Some(Money { amount: amount?, currency: currency? })
    }
}

/// A sum of many amounts.
#[object]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MoneyTotal {
    /// In minor units; below 0 where more went out than came in.
    pub amount: MinorUnits,
    /// The currency, as ISO 4217 has it: EUR.
    pub currency: String,
}

impl MoneyTotal {
    /// A sum of a currency.
    pub fn new(amount: i64, currency: impl Into<String>) -> Self {
        MoneyTotal { amount: MinorUnits(amount), currency: currency.into() }
    }
}

/// An amount of one thing.
#[derive(InputObject, Clone, Debug)]
pub struct MoneyInput {
    /// In minor units (cents of EUR, yen of JPY): 0 to 1,999,999,999.
    pub amount: i32,
    /// The currency, as ISO 4217 has it, in any case: EUR.
    pub currency: String,
}

impl MoneyInput {
    /// The amount, and the currency in upper case. Whether there is such a currency here, the database says.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: with AMOUNT_TOO_LARGE above the most that one thing costs, with UNKNOWN_CURRENCY for what can't be a currency.
    pub fn check(&self, field: &str) -> Result<Money> {
        Ok(Money {
            amount: amount(&format!("{field}.amount"), self.amount)?,
            currency: currency(&format!("{field}.currency"), &self.currency)?,
        })
    }

    /// The same of something that costs nothing only where it is not asked for: 1 at least.
    ///
    /// # Errors
    /// As [`MoneyInput::check`], and for 0.
    pub fn check_positive(&self, field: &str) -> Result<Money> {
        let money = self.check(field)?;
        if money.amount > 0 { Ok(money) } else { Err(Error::bad_input(format!("{field}.amount"), "must be above 0")) }
    }
}

/// An amount of one thing.
///
/// # Errors
/// `BAD_USER_INPUT` below 0, and with AMOUNT_TOO_LARGE above the most that one thing costs.
pub fn amount(field: &str, given: i32) -> Result<i32> {
    if given > MOST {
        return Err(Error::bad_input(field, format!("must be at most {MOST}")).reason("AMOUNT_TOO_LARGE"));
    }
    if given < 0 { Err(Error::bad_input(field, "must be 0 or more")) } else { Ok(given) }
}

/// A currency in upper case, as far as its letters go.
///
/// # Errors
/// `BAD_USER_INPUT` with UNKNOWN_CURRENCY for what can't be one.
pub fn currency(field: &str, given: &str) -> Result<String> {
    let code = given.trim().to_ascii_uppercase();
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) { Ok(code) } else { Err(unknown_currency(field)) }
}

/// What is no currency of ISO 4217.
pub fn unknown_currency(field: &str) -> Error {
    Error::bad_input(field, "must be a currency of ISO 4217 such as EUR").reason("UNKNOWN_CURRENCY")
}

/// A percentage above 0, in hundredths of a percent: 12.5 is 1250.
///
/// # Errors
/// `BAD_USER_INPUT` outside of 0 to 100, and for more than two decimals.
pub fn hundredths(field: &str, given: f64) -> Result<i32> {
    match exact_hundredths(given) {
        Some(hundredths) if (1..=10_000).contains(&hundredths) => Ok(hundredths),
        _ => Err(Error::bad_input(field, "must be above 0 and at most 100, with two decimals at most")),
    }
}

/// A percentage from 0 on, in hundredths of a percent.
///
/// # Errors
/// `BAD_USER_INPUT` outside of 0 to 100, and for more than two decimals.
pub fn hundredths_or_none(field: &str, given: f64) -> Result<i32> {
    match exact_hundredths(given) {
        Some(hundredths) if (0..=10_000).contains(&hundredths) => Ok(hundredths),
        _ => Err(Error::bad_input(field, "must be between 0 and 100, with two decimals at most")),
    }
}

/// A number with two decimals at most, in hundredths. What a client writes as 12.35 is the nearest double of 1235/100, and nothing else is.
#[allow(clippy::cast_possible_truncation, clippy::float_cmp)]
fn exact_hundredths(given: f64) -> Option<i32> {
    if !(given.is_finite() && given.abs() <= 1_000.0) {
        return None;
    }
    let whole = (given * 100.0).round();
    (whole / 100.0 == given).then_some(whole as i32)
}

/// Hundredths of a percent as a percentage.
pub fn percent(hundredths: i32) -> f64 {
    f64::from(hundredths) / 100.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_percentage_has_two_decimals_at_most() {
        for (given, kept) in [(100.0, 10_000), (12.35, 1_235), (0.01, 1), (33.33, 3_333), (8.1, 810), (19.0, 1_900)] {
            assert_eq!(hundredths("percentOff", given).unwrap(), kept);
        }
        for wrong in [0.0, -1.0, 100.01, 12.345, f64::NAN, f64::INFINITY, 1e300] {
            assert!(hundredths("percentOff", wrong).is_err(), "{wrong}");
        }
        assert_eq!(hundredths_or_none("taxPercent", 0.0).unwrap(), 0);
        assert!(hundredths_or_none("taxPercent", -0.01).is_err());
    }

    proptest! {
        #[test]
        fn every_hundredth_is_kept_exactly(kept in 1..=10_000) {
            let written: f64 = format!("{}.{:02}", kept / 100, kept % 100).parse().unwrap();
            prop_assert_eq!(hundredths("percentOff", written).unwrap(), kept);
            prop_assert_eq!(hundredths("percentOff", percent(kept)).unwrap(), kept);
        }
    }

    #[test]
    fn money_is_whole_minor_units_of_a_currency_in_upper_case() {
        let given =
            |amount: i32, currency: &str| MoneyInput { amount, currency: currency.to_owned() }.check("fee").map_err(|error| error.why());
        assert_eq!(given(0, " eur "), Ok(Money::new(0, "EUR")));
        assert_eq!(given(MOST, "JPY"), Ok(Money::new(MOST, "JPY")));
        assert_eq!(given(MOST + 1, "EUR"), Err(Some("AMOUNT_TOO_LARGE")));
        assert_eq!(given(-1, "EUR"), Err(None));
        for wrong in ["", "EU", "EURO", "E1R", "€€€", "ÉUR"] {
            assert_eq!(given(1, wrong), Err(Some("UNKNOWN_CURRENCY")), "{wrong}");
        }
    }

    #[test]
    fn a_sum_is_a_number_that_every_client_holds_exactly() {
        let parsed = |sum: i64| <MinorUnits as ScalarType>::parse(Value::from(sum)).ok();
        assert_eq!(parsed(EXACT), Some(MinorUnits(EXACT)));
        assert_eq!(parsed(EXACT + 1), None);
        let mut out = JsonText::new();
        MinorUnits(-EXACT).write(&mut out);
        assert_eq!(out, b"-9007199254740992");
    }
}
