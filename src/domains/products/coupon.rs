//! Codes that take something off, for whoever has them.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime},
};
use lectern_macros::{object, resolvers};

use super::loaders::UsesOfCoupon;
use crate::domains::programs::{Money, Program, percent};

/// A code that takes something off an order. It shows to PROGRAM_MANAGE and ORDER_READ_ALL.
#[object(table = "coupon", alias = "cp", id = "coupon", node(ProgramManage, OrderReadAll), resolvers)]
#[derive(Clone, Debug)]
pub struct Coupon {
    /// Its id.
    pub id: Id<Coupon>,
    /// The program whose orders it is for; null when you may not see it.
    #[one]
    pub program_id: Id<Program>,
    /// What buyers type: 3 to 40 of A to Z, 0 to 9, hyphen and underscore; unique among the codes of the program, those of referrals included.
    pub code: String,
    #[hidden]
    pub percent_off: Option<i32>,
    #[hidden]
    pub amount_off: Option<i32>,
    #[hidden]
    pub currency: Option<String>,
    /// How many orders of one person may use it; null: any number.
    pub uses_per_person: Option<i32>,
    /// From when on it can be used; null: at once.
    pub starts_at: Option<DateTime>,
    /// Until when it can be used; null: for ever.
    pub ends_at: Option<DateTime>,
    /// Whether it can be used.
    pub is_active: bool,
    /// When it was added.
    pub created_at: DateTime,
}

/// The latest first.
pub const LATEST: Order = Order { key: SortKey::moment("CREATED_AT", "cp.created_at"), id: "cp.id", descending: true };

#[resolvers]
impl Coupon {
    /// What it takes off, in percent; null where it takes off an amount.
    fn percent_off(percent_off: Option<i32>) -> Option<f64> {
        percent_off.map(percent)
    }

    /// What it takes off, of orders in that currency; null where it takes off a part.
    async fn amount_off(amount_off: Option<i32>, currency: Option<String>) -> Result<Option<Money>> {
        Ok(Money::of(amount_off, currency))
    }

    /// How many orders may use it; null: any number.
    #[cost(2)]
    async fn max_uses(id: Id<Coupon>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(ctx.load(UsesOfCoupon(id)).await?.and_then(|uses| uses.most))
    }

    /// How many orders use it: those that are PENDING, and those that were paid.
    #[cost(2)]
    async fn uses(id: Id<Coupon>, ctx: &Context<'_>) -> Result<i32> {
        Ok(ctx.load(UsesOfCoupon(id)).await?.map_or(0, |uses| uses.used))
    }
}
