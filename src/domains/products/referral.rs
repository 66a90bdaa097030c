//! Codes by which people bring others along.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime},
};
use lectern_macros::{extends, object, resolvers};

use super::loaders::UsesOfReferral;
use crate::domains::{
    applications::Application,
    identity::User,
    programs::{Program, percent},
};

/// A code by which somebody brings others along: who names it at the start of an application may get something off. It shows to its owner, to PROGRAM_MANAGE and
/// ORDER_READ_ALL.
#[object(table = "referral", alias = "rl", id = "referral", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Referral {
    /// Its id.
    pub id: Id<Referral>,
    /// The program that it is for; null when you may not see it.
    #[one]
    pub program_id: Id<Program>,
    /// What others type: 3 to 40 of A to Z, 0 to 9, hyphen and underscore; unique among the codes of the program, those of coupons included.
    pub code: String,
    /// Whose it is; null when you may not see them.
    #[one]
    pub owner_id: Id<User>,
    #[hidden]
    pub percent_off: i32,
    /// Whether it can be named, and takes something off.
    pub is_active: bool,
    /// When it was made.
    pub created_at: DateTime,
}

/// The latest first.
pub const LATEST: Order = Order { key: SortKey::moment("CREATED_AT", "rl.created_at"), id: "rl.id", descending: true };

#[resolvers]
impl Referral {
    /// What it takes off the orders of those who named it, in percent; 0 for nothing.
    fn percent_off(percent_off: i32) -> f64 {
        percent(percent_off)
    }

    /// How many applications may name it; null: any number.
    #[cost(2)]
    async fn max_uses(id: Id<Referral>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(ctx.load(UsesOfReferral(id)).await?.and_then(|uses| uses.most))
    }

    /// How many applications have named it.
    #[cost(2)]
    async fn uses(id: Id<Referral>, ctx: &Context<'_>) -> Result<i32> {
        Ok(ctx.load(UsesOfReferral(id)).await?.map_or(0, |uses| uses.used))
    }

    /// How many of these are ACCEPTED, whether or not you may see them.
    #[count(function = "app.referral_acceptances", key = "referral_id")]
    fn accepted() -> i32;
}

/// What is added to applications.
pub struct ApplicationReferral;

#[extends(Application)]
impl ApplicationReferral {
    /// The referral that it named at its start; null where it named none, and when you may not see it.
    #[one]
    #[column]
    fn referral(referral_id: Option<Id<Referral>>) -> Referral;
}
