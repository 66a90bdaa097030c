//! What the mutations of products, coupons and referrals take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{DateTime, text},
};
use lectern_macros::writes;

use super::{
    Coupon, Product,
    product::{Admission, ProductDuration, ProductKind},
};
use crate::domains::programs::{Money, MoneyInput, hundredths, hundredths_or_none};

/// The most of whatever is counted.
const MOST: i32 = 1_000_000;

/// A product to be added.
#[writes(Product)]
pub struct CreateProductInput {
    /// The program that sells it.
    #[by_hand]
    pub program_id: ID,
    /// Its name; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub name: String,
    /// More about it; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// What it is; that never changes.
    pub kind: ProductKind,
    /// How much of the program it is for: of a TICKET alone, FULL unless given.
    #[by_hand]
    pub duration: Option<ProductDuration>,
    /// How often it admits; ONCE unless given.
    pub admission: Option<Admission>,
    /// What it costs: 1 to 5 prices, each in another currency of the program; 0 is free.
    #[by_hand]
    pub prices: Vec<MoneyInput>,
    /// How many there are, 0 to 1,000,000; any number unless given.
    #[by_hand]
    pub stock: Option<i32>,
    /// How many of it one attendee may hold, 1 to 1,000,000; any number unless given.
    #[check(limit)]
    pub per_person_limit: Option<i32>,
    /// How many of it one order may have, 1 to 1,000,000; any number unless given.
    #[check(limit)]
    pub per_order_limit: Option<i32>,
    /// When its sale begins; at once unless given.
    pub sale_starts_at: Option<DateTime>,
    /// When its sale ends, after it begins; with its program unless given.
    pub sale_ends_at: Option<DateTime>,
    /// From when on it admits; at once unless given.
    pub valid_from: Option<DateTime>,
    /// Until when it admits, after `validFrom`; for ever unless given.
    pub valid_until: Option<DateTime>,
    /// Whether an attendee may hold one exclusive product of this kind alone; false unless given.
    pub exclusive: Option<bool>,
    /// What an attendee must hold, or buy with it: another product of the program.
    #[by_hand]
    pub requires_product_id: Option<ID>,
    /// Whether discounts take something off it; true unless given.
    pub discountable: Option<bool>,
    /// Whether it can be given back for something else; true unless given.
    pub exchangeable: Option<bool>,
    /// Its tax in percent, 0 to 100 with two decimals at most; 0 unless given.
    #[check(tax)]
    pub tax_percent: Option<f64>,
    /// Whether its prices contain the tax; true unless given.
    pub tax_included: Option<bool>,
    /// Its place among the program's products, 0 to 1,000,000; 0 unless given.
    #[check(position)]
    pub position: Option<i32>,
    /// Whether it is sold; true unless given.
    pub is_active: Option<bool>,
}

/// A change of a product. What is left out stays as it is; an explicit null clears. Orders keep what they were placed with.
#[writes(Product)]
pub struct UpdateProductInput {
    /// The product.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// More about it; at most 10,000 characters. Null for nothing.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// How often it admits: tickets that are sold keep theirs.
    pub admission: MaybeUndefined<Admission>,
    /// What it costs: 1 to 5 prices in place of those before.
    #[by_hand]
    pub prices: MaybeUndefined<Vec<MoneyInput>>,
    /// How many there are, and not fewer than live tickets hold; null for any number.
    #[by_hand]
    pub stock: MaybeUndefined<i32>,
    /// How many of it one attendee may hold, 1 to 1,000,000; null for any number.
    #[check(limit)]
    pub per_person_limit: MaybeUndefined<i32>,
    /// How many of it one order may have, 1 to 1,000,000; null for any number.
    #[check(limit)]
    pub per_order_limit: MaybeUndefined<i32>,
    /// When its sale begins; null for at once.
    pub sale_starts_at: MaybeUndefined<DateTime>,
    /// When its sale ends, after it begins; null for with its program.
    pub sale_ends_at: MaybeUndefined<DateTime>,
    /// From when on it admits: tickets that are sold keep theirs. Null for at once.
    pub valid_from: MaybeUndefined<DateTime>,
    /// Until when it admits, after `validFrom`: tickets that are sold keep theirs. Null for ever.
    pub valid_until: MaybeUndefined<DateTime>,
    /// Whether an attendee may hold one exclusive product of its kind alone: tickets that are sold stay as they are.
    pub exclusive: MaybeUndefined<bool>,
    /// What an attendee must hold, or buy with it: another product of the program. Null for nothing.
    #[by_hand]
    pub requires_product_id: MaybeUndefined<ID>,
    /// Whether discounts take something off it.
    pub discountable: MaybeUndefined<bool>,
    /// Whether it can be given back for something else.
    pub exchangeable: MaybeUndefined<bool>,
    /// Its tax in percent, 0 to 100 with two decimals at most.
    #[check(tax)]
    pub tax_percent: MaybeUndefined<f64>,
    /// Whether its prices contain the tax.
    pub tax_included: MaybeUndefined<bool>,
    /// Its place among the program's products, 0 to 1,000,000.
    #[check(position)]
    pub position: MaybeUndefined<i32>,
    /// Whether it is sold.
    pub is_active: MaybeUndefined<bool>,
}

/// A coupon to be added. Exactly one of `percentOff` and `amountOff`.
#[writes(Coupon)]
pub struct CreateCouponInput {
    /// The program whose orders it is for.
    #[by_hand]
    pub program_id: ID,
    /// What buyers type, whatever its case: 3 to 40 letters without accents, digits, hyphens and underscores. It never changes.
    #[check(code)]
    pub code: String,
    /// What it takes off: above 0, at most 100 percent, with two decimals at most.
    #[check(off)]
    pub percent_off: Option<f64>,
    /// What it takes off, of orders in that currency: above 0, in a currency of the program.
    #[by_hand]
    pub amount_off: Option<MoneyInput>,
    /// How many orders may use it, 1 to 1,000,000; any number unless given.
    #[by_hand]
    pub max_uses: Option<i32>,
    /// How many orders of one person may use it, 1 to 1,000,000; any number unless given.
    #[check(limit)]
    pub uses_per_person: Option<i32>,
    /// From when on it can be used; at once unless given.
    pub starts_at: Option<DateTime>,
    /// Until when it can be used, after `startsAt`; for ever unless given.
    pub ends_at: Option<DateTime>,
    /// Whether it can be used; true unless given.
    pub is_active: Option<bool>,
}

/// A change of a coupon. What is left out stays as it is; an explicit null clears. Of `percentOff` and `amountOff` one is given still: whoever sets the other clears the first with it.
#[writes(Coupon)]
pub struct UpdateCouponInput {
    /// The coupon.
    #[by_hand]
    pub id: ID,
    /// What it takes off: above 0, at most 100 percent, with two decimals at most.
    #[by_hand]
    pub percent_off: MaybeUndefined<f64>,
    /// What it takes off, of orders in that currency: above 0, in a currency of the program.
    #[by_hand]
    pub amount_off: MaybeUndefined<MoneyInput>,
    /// How many orders may use it, and not fewer than do; null for any number.
    #[by_hand]
    pub max_uses: MaybeUndefined<i32>,
    /// How many orders of one person may use it, 1 to 1,000,000; null for any number.
    #[check(limit)]
    pub uses_per_person: MaybeUndefined<i32>,
    /// From when on it can be used; null for at once.
    pub starts_at: MaybeUndefined<DateTime>,
    /// Until when it can be used, after `startsAt`; null for ever.
    pub ends_at: MaybeUndefined<DateTime>,
    /// Whether it can be used.
    pub is_active: MaybeUndefined<bool>,
}

/// A referral to be made.
#[derive(InputObject)]
pub struct CreateReferralInput {
    /// The program that it is for.
    pub program_id: ID,
    /// What others type, whatever its case: 3 to 40 letters without accents, digits, hyphens and underscores. Left out: eight characters that can't be confused.
    pub code: Option<String>,
    /// Whose it is: you, unless given. Needs PROGRAM_MANAGE.
    pub user_id: Option<ID>,
    /// What it takes off the orders of those who name it: above 0, at most 100 percent, with two decimals at most; nothing unless given. Needs PROGRAM_MANAGE.
    pub percent_off: Option<f64>,
    /// How many applications may name it, 1 to 1,000,000; any number unless given.
    pub max_uses: Option<i32>,
}

/// A change of a referral. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateReferralInput {
    /// The referral.
    pub id: ID,
    /// What it takes off the orders of those who named it: above 0, at most 100 percent, with two decimals at most; null for nothing. Needs PROGRAM_MANAGE.
    pub percent_off: MaybeUndefined<f64>,
    /// How many applications may name it, and not fewer than have; null for any number.
    pub max_uses: MaybeUndefined<i32>,
    /// Whether it can be named, and takes something off.
    pub is_active: MaybeUndefined<bool>,
}

fn within(field: &str, number: i32, least: i32) -> Result<i32> {
    if (least..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(Error::bad_input(field, format!("must be between {least} and 1,000,000")))
    }
}

/// A limit that lets something through.
///
/// # Errors
/// `BAD_USER_INPUT` outside of 1 to 1,000,000.
pub fn limit(field: &str, number: &i32) -> Result<i32> {
    within(field, *number, 1)
}

fn position(field: &str, number: &i32) -> Result<i32> {
    within(field, *number, 0)
}

/// How many there are.
///
/// # Errors
/// `BAD_USER_INPUT` outside of 0 to 1,000,000.
pub fn stock(field: &str, number: &i32) -> Result<i32> {
    within(field, *number, 0)
}

fn tax(field: &str, percent: &f64) -> Result<i32> {
    hundredths_or_none(field, *percent)
}

/// A percentage that is taken off, in hundredths.
///
/// # Errors
/// `BAD_USER_INPUT` outside of 0 to 100, for 0, and for more than two decimals.
pub fn off(field: &str, percent: &f64) -> Result<i32> {
    hundredths(field, *percent)
}

/// A code as it is kept: trimmed, in upper case.
///
/// # Errors
/// `BAD_USER_INPUT` for what can't be one.
pub fn code(field: &str, given: &str) -> Result<String> {
    let code = given.trim().to_ascii_uppercase();
    let is_plain = |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == b'-' || letter == b'_';
    if (3..=40).contains(&code.len()) && code.bytes().all(is_plain) {
        Ok(code)
    } else {
        Err(Error::bad_input(field, "must have 3 to 40 letters from A to Z, digits, hyphens and underscores"))
    }
}

/// Prices: 1 to 5, each in another of these currencies.
///
/// # Errors
/// `BAD_USER_INPUT`; with CURRENCY_UNAVAILABLE for a currency that the program does not have.
pub fn prices(given: &[MoneyInput], currencies: &[String]) -> Result<Vec<Money>> {
    if given.is_empty() || given.len() > 5 {
        return Err(Error::bad_input("prices", "must hold 1 to 5 prices"));
    }
    let mut prices: Vec<Money> = Vec::with_capacity(given.len());
    for (n, price) in given.iter().enumerate() {
        let price = price.check(&format!("prices.{n}"))?;
        let field = format!("prices.{n}.currency");
        if !currencies.contains(&price.currency) {
            return Err(unavailable(field));
        }
        if prices.iter().any(|known| known.currency == price.currency) {
            return Err(Error::bad_input(field, "stands in the list twice"));
        }
        prices.push(price);
    }
    Ok(prices)
}

/// A currency that the program does not have.
pub fn unavailable(field: impl Into<String>) -> Error {
    Error::bad_input(field, "must be a currency of the program").reason("CURRENCY_UNAVAILABLE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_trimmed_and_in_upper_case() {
        assert_eq!(code("code", " early-bird_24 ").unwrap(), "EARLY-BIRD_24");
        for wrong in ["", "ab", "früh", "early bird", "a.b.c", &"x".repeat(41)] {
            assert!(code("code", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn prices_are_in_different_currencies_of_the_program() {
        let price = |currency: &str| MoneyInput { amount: 1, currency: currency.to_owned() };
        let currencies = ["EUR".to_owned(), "JPY".to_owned()];
        assert_eq!(prices(&[price("jpy"), price("EUR")], &currencies).unwrap().len(), 2);
        assert_eq!(prices(&[price("USD")], &currencies).unwrap_err().why(), Some("CURRENCY_UNAVAILABLE"));
        assert!(prices(&[], &currencies).is_err() && prices(&[price("EUR"), price("eur")], &currencies).is_err());
    }
}
