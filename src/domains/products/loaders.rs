//! What stands beside products, coupons and referrals, read for many of them at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};

use super::{
    Coupon, Product, Referral,
    product::{ProductAvailability, PublicProduct},
    sql,
};
use crate::domains::{
    programs::{Money, Program},
    tenants::Tenant,
};

/// The prices of a product, in their order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PricesOf(pub Id<Product>);

/// Whether a product can be bought.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AvailabilityOf(pub Id<Product>);

/// How many there are of a product.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StockOf(pub Id<Product>);

/// What everybody may know of what a program sells.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ShownOf {
    /// Its school.
    pub school: Id<Tenant>,
    /// The program.
    pub program: Id<Program>,
}

/// How often a coupon is used.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UsesOfCoupon(pub Id<Coupon>);

/// How often a referral is named.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UsesOfReferral(pub Id<Referral>);

/// How many there are.
#[derive(Clone, Copy, Debug)]
pub struct Stock {
    /// In all; none: any number.
    pub all: Option<i32>,
    /// By live tickets.
    pub held: i32,
}

impl Stock {
    /// How many are left; none: any number.
    pub fn left(self) -> Option<i32> {
        self.all.map(|all| all - self.held)
    }
}

/// How often something may be used, and is.
#[derive(Clone, Copy, Debug)]
pub struct Uses {
    /// At most; none: any number.
    pub most: Option<i32>,
    /// So far.
    pub used: i32,
}

impl Loader<PricesOf> for Batch {
    type Value = Vec<Money>;
    type Error = Error;

    async fn load(&self, keys: &[PricesOf]) -> Result<HashMap<PricesOf, Vec<Money>>> {
        let products: Vec<Id<Product>> = keys.iter().map(|key| key.0).collect();
        let mut prices: HashMap<PricesOf, Vec<Money>> = HashMap::new();
        for row in &self.tx.query(sql::PRICES, &[&products]).await? {
            let mut reader = ColumnReader::new(row);
            let of = PricesOf(reader.next()?);
            let (amount, currency) = (reader.next::<i32>()?, reader.next::<String>()?);
            prices.entry(of).or_default().push(Money::new(amount, currency));
        }
        Ok(prices)
    }
}

impl Loader<AvailabilityOf> for Batch {
    type Value = ProductAvailability;
    type Error = Error;

    async fn load(&self, keys: &[AvailabilityOf]) -> Result<HashMap<AvailabilityOf, ProductAvailability>> {
        let products: Vec<Id<Product>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::new();
        for row in &self.tx.query(sql::AVAILABILITY, &[&products]).await? {
            let mut reader = ColumnReader::new(row);
            found.insert(AvailabilityOf(reader.next()?), reader.next()?);
        }
        Ok(found)
    }
}

impl Loader<StockOf> for Batch {
    type Value = Stock;
    type Error = Error;

    async fn load(&self, keys: &[StockOf]) -> Result<HashMap<StockOf, Stock>> {
        let products: Vec<Id<Product>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::new();
        for row in &self.tx.query(sql::STOCKS, &[&products]).await? {
            let mut reader = ColumnReader::new(row);
            found.insert(StockOf(reader.next()?), Stock { all: reader.next()?, held: reader.next()? });
        }
        Ok(found)
    }
}

impl Loader<ShownOf> for Batch {
    type Value = Vec<PublicProduct>;
    type Error = Error;

    async fn load(&self, keys: &[ShownOf]) -> Result<HashMap<ShownOf, Vec<PublicProduct>>> {
        let schools: Vec<Id<Tenant>> = keys.iter().map(|key| key.school).collect();
        let programs: Vec<Id<Program>> = keys.iter().map(|key| key.program).collect();
        let school_of: HashMap<Id<Program>, Id<Tenant>> = keys.iter().map(|key| (key.program, key.school)).collect();
        let mut shown: HashMap<ShownOf, Vec<PublicProduct>> = HashMap::new();
        for row in &self.tx.query(sql::SHOWN, &[&schools, &programs]).await? {
            let mut reader = ColumnReader::new(row);
            let program: Id<Program> = reader.next()?;
            let (name, description, kind) = (reader.next()?, reader.next()?, reader.next()?);
            let amounts: Vec<i32> = reader.next::<Option<_>>()?.unwrap_or_default();
            let currencies: Vec<String> = reader.next::<Option<_>>()?.unwrap_or_default();
            let prices = amounts.into_iter().zip(currencies).map(|(amount, currency)| Money::new(amount, currency)).collect();
            let product = PublicProduct { name, description, kind, prices, availability: reader.next()? };
            if let Some(school) = school_of.get(&program) {
                shown.entry(ShownOf { school: *school, program }).or_default().push(product);
            }
        }
        Ok(shown)
    }
}

impl Loader<UsesOfCoupon> for Batch {
    type Value = Uses;
    type Error = Error;

    async fn load(&self, keys: &[UsesOfCoupon]) -> Result<HashMap<UsesOfCoupon, Uses>> {
        let coupons: Vec<Id<Coupon>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::new();
        for row in &self.tx.query(sql::COUPON_USES, &[&coupons]).await? {
            let mut reader = ColumnReader::new(row);
            found.insert(UsesOfCoupon(reader.next()?), Uses { most: reader.next()?, used: reader.next()? });
        }
        Ok(found)
    }
}

impl Loader<UsesOfReferral> for Batch {
    type Value = Uses;
    type Error = Error;

    async fn load(&self, keys: &[UsesOfReferral]) -> Result<HashMap<UsesOfReferral, Uses>> {
        let referrals: Vec<Id<Referral>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::new();
        for row in &self.tx.query(sql::REFERRAL_USES, &[&referrals]).await? {
            let mut reader = ColumnReader::new(row);
            found.insert(UsesOfReferral(reader.next()?), Uses { most: reader.next()?, used: reader.next()? });
        }
        Ok(found)
    }
}
