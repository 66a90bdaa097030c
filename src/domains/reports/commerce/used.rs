//! What took something off, and what it brought in.

use std::sync::Arc;

use async_graphql::Context;
use lectern_kernel::{
    db::ColumnReader,
    error::Result,
    resolve::{Ctx, Loaded},
};
use lectern_macros::object;

use super::{Scope, sql};
use crate::domains::{
    products::{Coupon, Referral},
    programs::MoneyTotal,
    reports::counts::int,
};

/// What one coupon brought in.
#[object]
pub struct CouponPerformance {
    /// The coupon.
    pub coupon: Loaded<Coupon>,
    /// Orders that were paid with it.
    pub uses: i32,
    /// What it took off of them, in each currency.
    pub discounts: Vec<MoneyTotal>,
    /// What they brought in, after refunds and without taxes, in each currency.
    pub revenue: Vec<MoneyTotal>,
}

pub async fn coupons(ctx: &Context<'_>, scope: Scope, first: i64) -> Result<Vec<CouponPerformance>> {
    let (columns, shape) = ctx.request().catalog().whole::<Coupon>("c");
    let rows = ctx.tx().query(&sql::coupons(scope, &columns), &[&scope.range.from, &scope.range.to, &scope.program, &first]).await?;
    let mut coupons = Vec::with_capacity(rows.len());
    for row in rows {
        let row = Arc::new(row);
        let mut reader = ColumnReader::new(&row);
        let uses: i64 = reader.next()?;
        let currencies: Vec<String> = reader.next()?;
        let (discounts, revenue): (Vec<i64>, Vec<i64>) = (reader.next()?, reader.next()?);
        let each = |amounts: Vec<i64>| {
            amounts.into_iter().zip(&currencies).map(|(amount, currency)| MoneyTotal::new(amount, currency.clone())).collect()
        };
        if let Some(coupon) = Loaded::joined(&row, 4, &shape) {
            coupons.push(CouponPerformance { coupon, uses: int(uses)?, discounts: each(discounts), revenue: each(revenue) });
        }
    }
    Ok(coupons)
}

pub async fn referrals(ctx: &Context<'_>, scope: Scope, first: i64) -> Result<Vec<Loaded<Referral>>> {
    let (columns, shape) = ctx.request().catalog().whole::<Referral>("r");
    let rows = ctx.tx().query(&sql::referrals(&columns), &[&scope.program, &first]).await?;
    Ok(rows.into_iter().filter_map(|row| Loaded::joined(&Arc::new(row), 0, &shape)).collect())
}
