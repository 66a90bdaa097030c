//! Reading coupons and referrals. Products are read with their program.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    permission::Permission::{OrderReadAll, ProgramManage},
    resolve::{Connection, Ctx, Forward, filtered, list_of, page},
};
use lectern_macros::queries;

use super::{
    Coupon, Referral, coupon,
    lists::{CouponFilter, ReferralFilter},
    referral,
};

/// Queries of coupons and referrals.
pub struct CodeQueries;

#[queries]
impl CodeQueries {
    /// The coupons of the school, the latest first.
    #[needs(ProgramManage, OrderReadAll)]
    async fn coupons(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which coupons.
        filter: Option<CouponFilter>,
    ) -> Result<Option<Connection<Coupon>>> {
        let mut list = list_of::<Coupon>("coupons", coupon::LATEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<CouponFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// Referrals, the latest first: your own; with PROGRAM_MANAGE or ORDER_READ_ALL, all of the school.
    async fn referrals(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which referrals.
        filter: Option<ReferralFilter>,
    ) -> Result<Option<Connection<Referral>>> {
        let mut list = list_of::<Referral>("referrals", referral::LATEST);
        let actor = ctx.actor()?;
        if !actor.can(ProgramManage) && !actor.can(OrderReadAll) {
            let me = list.bind(actor.user);
            list.filter(format!("rl.owner_id = {me}"));
        }
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<ReferralFilter>(ctx, list)?, paging).await.map(Some)
    }
}
