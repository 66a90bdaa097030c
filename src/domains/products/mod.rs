//! Products: what programs sell, at which prices and how many of it; coupons and referrals, which take something off. Tables: `product`, `product_price`,
//! `product_stock`, `coupon`, `coupon_uses`, `referral`, `referral_uses`, `program_code`. What a cart costs, and what an order holds, is of `orders`.
//!
//! Permissions: PROGRAM_MANAGE (adds and changes), ORDER_READ_ALL (sees coupons, referrals and stock), APPLICATION_SUBMIT (makes own referrals, once ACCEPTED).
//! Invariants, kept by the database: no more live tickets than there is stock, no more uses of a code than it has; codes of a program are unique, coupons and referrals
//! together; whatever was ordered stays.

mod code_mutations;
mod coupon;
mod inputs;
mod lists;
mod loaders;
mod product;
mod product_mutations;
mod queries;
mod referral;
mod sql;

use lectern_kernel::{
    db::{DbError, OnConstraint, Outcome},
    error::{Error, Result},
    ids::Kind as _,
    resolve::registry::Domain,
};

pub use self::{
    coupon::Coupon,
    inputs::{code, unavailable},
    product::{Admission, Product, ProductAvailability, ProductDuration, ProductKind, PublicProduct},
    referral::Referral,
};

/// What app.use_referral refuses, at the field that holds the code.
///
/// # Errors
/// The refusal, or what the database answered for any other reason.
pub fn code_refused<T>(used: Result<T, DbError>, field: &str) -> Result<T, Outcome> {
    used.on_constraint("code_unknown", |_| code_unknown().field(field))
        .on_constraint("code_exhausted", |_| Error::conflict("CODE_EXHAUSTED", "The code was used as often as it may be.").field(field))
        .on_constraint("own_referral", |_| Error::conflict("OWN_REFERRAL", "This code is your own.").field(field))
}

/// A code that there is not, or that can't be used: alike.
pub fn code_unknown() -> Error {
    Error::not_found("code").reason("CODE_UNKNOWN")
}

/// A code that somebody tries, as it is looked up; a blank one is none. What can't be a code is one that there is not.
///
/// # Errors
/// `NOT_FOUND` with CODE_UNKNOWN.
pub fn tried_code(field: &str, given: Option<&str>) -> Result<Option<String>> {
    let given = given.map(str::trim).filter(|given| !given.is_empty());
    given.map(|given| code(field, given).map_err(|_| code_unknown().field(field))).transpose()
}

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Product::object, PublicProduct::object, Coupon::object, Referral::object],
    extensions: &[
        &product::ProgramProducts::EXTENSION,
        &product::PublicProgramProducts::EXTENSION,
        &referral::ApplicationReferral::EXTENSION,
    ],
    operations: &[
        queries::CodeQueries::OPERATIONS,
        product_mutations::ProductMutations::OPERATIONS,
        code_mutations::CouponMutations::OPERATIONS,
        code_mutations::ReferralMutations::OPERATIONS,
    ],
    references: &[("product_id", Product::PREFIX), ("coupon_id", Coupon::PREFIX), ("referral_id", Referral::PREFIX)],
    parts: &[
        (Product::TYPE, "currency", "price"),
        (Product::TYPE, "stock", "stock"),
        (Coupon::TYPE, "max_uses", "uses"),
        (Referral::TYPE, "max_uses", "uses"),
    ],
    ..Domain::new("products")
};
