//! What the books add up to.

use std::sync::Arc;

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    resolve::{Ctx, Date, Loaded},
};
use lectern_macros::object;

use super::{Scope, sql};
use crate::domains::{
    ledger::LedgerAccount,
    products::{Product, ProductKind},
    programs::{MinorUnits, MoneyTotal},
    reports::counts::int,
    tenants,
};

/// The sums of one currency, in its minor units.
#[object]
#[derive(Clone, Debug)]
pub struct CommerceTotals {
    /// The currency, as ISO 4217 has it.
    pub currency: String,
    /// Orders that were paid, those refunded since and fees of applications included.
    pub orders: i32,
    /// Their subtotals: before discounts, and before taxes that are added.
    pub sales: MinorUnits,
    /// What was taken off of that.
    pub discounts: MinorUnits,
    /// What was given back of orders, as money and as credit; taxes included.
    pub refunds: MinorUnits,
    /// What is the school's own of sales, after discounts, refunds and exchanges, without taxes.
    pub revenue: MinorUnits,
    /// Taxes in what was sold, less those in what was given back.
    pub tax: MinorUnits,
    /// Money that came, less money that went back.
    pub received: MinorUnits,
    /// What is missing of PENDING orders now, whatever the range.
    pub outstanding: MinorUnits,
    /// Credit that was given, less credit that was used.
    pub credit_balance: MinorUnits,
    /// What an order comes to before taxes that are added: sales less discounts, divided by orders, half up. 0 without orders.
    pub average_order: MinorUnits,
}

/// What one product brought in, in one currency.
#[object]
pub struct ProductRevenue {
    /// The product; null for fees of applications.
    pub product: Option<Loaded<Product>>,
    /// Its name; of fees, "Application fee".
    pub name: String,
    /// What it is; null for fees.
    pub kind: Option<ProductKind>,
    /// How many were sold, those given back since included.
    pub quantity: i32,
    /// What is the school's own of it, after discounts, refunds and exchanges, without taxes.
    pub revenue: MoneyTotal,
}

/// What one date brought in, in one currency.
#[object]
#[derive(Clone, Debug)]
pub struct DayRevenue {
    /// The date, in the time zone of the series.
    pub date: Date,
    /// Orders in this currency that were paid on it.
    pub orders: i32,
    /// What was booked as revenue on it, less what was given back on it.
    pub revenue: MoneyTotal,
}

/// What one account has moved, in one currency.
#[object]
#[derive(Clone, Debug)]
pub struct AccountBalance {
    /// The account.
    pub account: LedgerAccount,
    /// The sum of its postings: above 0 what is the school's (money), below 0 what it owes or has earned.
    pub balance: MoneyTotal,
}

/// A share, half up; both at least 0.
fn share(amount: i64, parts: i64) -> i64 {
    if parts == 0 { 0 } else { (2 * amount + parts).div_euclid(2 * parts) }
}

pub async fn totals(ctx: &Context<'_>, scope: Scope) -> Result<Vec<CommerceTotals>> {
    let rows = ctx.tx().query(&sql::totals(scope), &[&scope.range.from, &scope.range.to, &scope.program]).await?;
    let totals = rows.iter().map(|row| {
        let mut reader = ColumnReader::new(row);
        let (currency, orders): (String, i64) = (reader.next()?, reader.next()?);
        let (sales, discounts, refunds): (i64, i64, i64) = (reader.next()?, reader.next()?, reader.next()?);
        let (revenue, tax, received) = (reader.next()?, reader.next()?, reader.next()?);
        let (outstanding, credit_balance) = (reader.next()?, reader.next()?);
        Ok(CommerceTotals {
            currency,
            orders: int(orders)?,
            sales: MinorUnits(sales),
            discounts: MinorUnits(discounts),
            refunds: MinorUnits(refunds),
            revenue: MinorUnits(revenue),
            tax: MinorUnits(tax),
            received: MinorUnits(received),
            outstanding: MinorUnits(outstanding),
            credit_balance: MinorUnits(credit_balance),
            average_order: MinorUnits(share(sales - discounts, orders)),
        })
    });
    totals.collect()
}

pub async fn by_product(ctx: &Context<'_>, scope: Scope) -> Result<Vec<ProductRevenue>> {
    let (columns, shape) = ctx.request().catalog().whole::<Product>("d");
    let rows = ctx.tx().query(&sql::by_product(scope, &columns), &[&scope.range.from, &scope.range.to, &scope.program]).await?;
    let lines = rows.into_iter().map(|row| {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let (currency, amount, quantity): (String, i64, i64) = (reader.next()?, reader.next()?, reader.next()?);
        let (name, kind) = (reader.next()?, reader.next()?);
        let product = Loaded::joined(&row, 5, &shape);
        Ok(ProductRevenue { product, name, kind, quantity: int(quantity)?, revenue: MoneyTotal::new(amount, currency) })
    });
    lines.collect()
}

pub async fn per_day(ctx: &Context<'_>, scope: Scope, time_zone: Option<&str>) -> Result<Vec<DayRevenue>> {
    let zone = zone(ctx, time_zone)?;
    let rows = ctx.tx().query(sql::PER_DAY, &[&scope.range.from, &scope.range.to, &scope.program, &zone]).await;
    let rows = rows.on_constraint("zone_unknown", |_| Error::bad_input("timeZone", "is not known to the database"))?;
    let days = rows.iter().map(|row| {
        let mut reader = ColumnReader::new(row);
        let (date, currency): (Date, String) = (reader.next()?, reader.next()?);
        let (orders, revenue): (i64, i64) = (reader.next()?, reader.next()?);
        Ok(DayRevenue { date, orders: int(orders)?, revenue: MoneyTotal::new(revenue, currency) })
    });
    days.collect()
}

pub async fn accounts(ctx: &Context<'_>, scope: Scope) -> Result<Vec<AccountBalance>> {
    let rows = ctx.tx().query(&sql::accounts(scope), &[&scope.range.from, &scope.range.to, &scope.program]).await?;
    let balances = rows.iter().map(|row| {
        let mut reader = ColumnReader::new(row);
        let (account, currency, amount): (LedgerAccount, String, i64) = (reader.next()?, reader.next()?, reader.next()?);
        Ok(AccountBalance { account, balance: MoneyTotal::new(amount, currency) })
    });
    let mut balances: Vec<AccountBalance> = balances.collect::<Result<_>>()?;
    let place = |account: LedgerAccount| LedgerAccount::ALL.iter().position(|found| *found == account);
    balances.sort_by(|one, other| {
        place(one.account).cmp(&place(other.account)).then_with(|| one.balance.currency.cmp(&other.balance.currency))
    });
    Ok(balances)
}

/// The name of a time zone, checked; the school's own unless given.
pub fn zone(ctx: &Context<'_>, time_zone: Option<&str>) -> Result<String> {
    tenants::time_zone(ctx, "timeZone", time_zone)?;
    match time_zone {
        Some(name) => Ok(name.to_owned()),
        None => Ok(ctx.actor()?.time_zone.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn an_average_is_rounded_half_up() {
        assert_eq!((share(0, 0), share(100, 3), share(101, 2), share(7, 2), share(0, 4)), (0, 33, 51, 4, 0));
    }
}
