//! What programs bring in: the books, added up. Each block is one statement, and all of a document see the same moment.

mod money;
mod people;
mod sql;
mod used;

use async_graphql::{Context, ID};
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, Loaded, Rows, cost},
};
use lectern_macros::{object, resolvers};

pub use self::{
    money::{AccountBalance, CommerceTotals, DayRevenue, ProductRevenue},
    people::{ApplicationFunnel, ProgramAttendance},
    used::CouponPerformance,
};
use super::{queries::limit, range::Range};
use crate::domains::{products::Referral, programs::Program};

/// Of what a report is: a range of time, and a program or all of the school.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    range: Range,
    program: Option<Id<Program>>,
}

/// What programs bring in, in each currency apart. It counts what was booked in the range of `reports`, everything without one, and adds up the ledger in the
/// document's own snapshot: the sums of `revenueByProduct` and of `revenuePerDay` are `revenue`, and those of `accounts` are 0.
#[object(resolvers)]
pub struct CommerceReport {
    #[hidden]
    scope: Scope,
}

/// The report of a program, or of all of the school; none for a program that the viewer does not see.
pub(super) async fn commerce(ctx: &Context<'_>, range: Range, program: Option<&ID>) -> Result<Option<CommerceReport>> {
    let program = Id::<Program>::parse_opt("programId", program)?;
    if let Some(program) = program
        && ctx.whole(program).await?.is_none()
    {
        return Ok(None);
    }
    Ok(Some(CommerceReport { scope: Scope { range, program } }))
}

#[resolvers]
impl CommerceReport {
    /// The sums, for each currency in which anything was booked or is due, by their codes.
    #[cost(5)]
    async fn totals(&self, ctx: &Context<'_>) -> Result<Vec<CommerceTotals>> {
        money::totals(ctx, self.scope).await
    }

    /// Revenue by what was sold, and in which currency: the most first. Fees of applications are one line without a product.
    #[cost(50)]
    async fn revenue_by_product(&self, ctx: &Context<'_>) -> Result<Vec<ProductRevenue>> {
        money::by_product(ctx, self.scope).await
    }

    /// Revenue by the date on which it was booked, and in which currency, in order; dates on which nothing was are left out. Without a range it goes back to the
    /// beginning.
    #[cost(366)]
    async fn revenue_per_day(
        &self,
        ctx: &Context<'_>,
        /// The IANA time zone whose dates are the days; the school's own unless given.
        time_zone: Option<String>,
    ) -> Result<Vec<DayRevenue>> {
        money::per_day(ctx, self.scope, time_zone.as_deref()).await
    }

    /// How far applications come that were started in the range.
    async fn funnel(&self, ctx: &Context<'_>) -> Result<ApplicationFunnel> {
        people::funnel(ctx, self.scope).await
    }

    /// What coupons brought in, by the orders that were paid in the range: those used most first, then by code.
    #[cost(cost::page)]
    async fn coupons(
        &self,
        ctx: &Context<'_>,
        /// How many coupons; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<CouponPerformance>> {
        used::coupons(ctx, self.scope, limit(first)?).await
    }

    /// The referrals that applications named most, whatever the range; then by code.
    #[cost(cost::page)]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        /// How many referrals; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Vec<Loaded<Referral>>> {
        used::referrals(ctx, self.scope, limit(first)?).await
    }

    /// With how many tickets somebody came.
    async fn attendance(&self, ctx: &Context<'_>) -> Result<ProgramAttendance> {
        people::attendance(ctx, self.scope).await
    }

    /// What each account of the ledger has moved, in each currency: in the order of the enum. Without a range these are its balances.
    #[cost(20)]
    async fn accounts(&self, ctx: &Context<'_>) -> Result<Vec<AccountBalance>> {
        money::accounts(ctx, self.scope).await
    }

    /// Whether the ledger says what orders, payments, refunds, credit and tickets say, whatever the range: each of them is added up anew, now. It takes a second
    /// where there are a hundred thousand orders.
    #[cost(50)]
    async fn reconciled(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.tx().value::<bool>(sql::RECONCILED, &[&self.scope.program]).await?.unwrap_or(false))
    }
}
