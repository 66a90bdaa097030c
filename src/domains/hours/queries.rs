//! Reading rules and times off.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    permission::Permission::{BookingManage, BookingReadAll},
    resolve::{Connection, Ctx, Forward, Loaded, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    AvailabilityRule, BY_CREATION, TimeOff,
    lists::{AvailabilityRuleFilter, TimeOffFilter},
    time_off::BY_START,
};

/// Queries of hours.
pub struct HourQueries;

#[queries]
impl HourQueries {
    /// A weekly rule; null when there is none.
    async fn availability_rule(
        ctx: &Context<'_>,
        /// The rule's id.
        id: Id<AvailabilityRule>,
    ) -> Result<Option<Loaded<AvailabilityRule>>> {
        one(ctx, id).await
    }

    /// The weekly rules of the school's instructors and resources, in the order in which they were made.
    async fn availability_rules(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which rules.
        filter: Option<AvailabilityRuleFilter>,
    ) -> Result<Option<Connection<AvailabilityRule>>> {
        let mut list = list_of::<AvailabilityRule>("availabilityRules", BY_CREATION);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<AvailabilityRuleFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// A time off; null when there is none, or none that you may see.
    async fn time_off(
        ctx: &Context<'_>,
        /// The time off's id.
        id: Id<TimeOff>,
    ) -> Result<Option<Loaded<TimeOff>>> {
        one(ctx, id).await
    }

    /// The times off that you may see, in the order of their start: your own and those of resources; with BOOKING_MANAGE or BOOKING_READ_ALL, all of
    /// the school.
    async fn time_offs(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which times off.
        filter: Option<TimeOffFilter>,
    ) -> Result<Option<Connection<TimeOff>>> {
        let mut list = list_of::<TimeOff>("timeOffs", BY_START);
        filter.unwrap_or_default().narrow(&mut list)?;
        let actor = ctx.actor()?;
        if !actor.can(BookingManage) && !actor.can(BookingReadAll) {
            let me = list.bind(actor.user); // as the policy says, in terms that use the indexes of owners
            list.filter(format!("(o.resource_id IS NOT NULL OR o.instructor_id = {me})"));
        }
        page(ctx, filtered::<TimeOffFilter>(ctx, list)?, paging).await.map(Some)
    }
}
