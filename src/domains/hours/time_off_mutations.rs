//! Taking time off, and taking that back.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime, Insert, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{
    Owner, TimeOff,
    inputs::{CreateTimeOffInput, reason, time_off_span},
    sql,
};
use crate::domains::tenants;

/// Mutations of times off.
pub struct TimeOffMutations;

#[mutations("TimeOff")]
impl TimeOffMutations {
    /// Takes time off: yours, with BOOKING_MANAGE another instructor's, with SCHEDULE_MANAGE a resource's. It cancels nothing: `TimeOff.bookings` lists
    /// what is booked in it all the same.
    #[needs(AvailabilityManage, BookingManage, ScheduleManage)]
    async fn create_time_off(
        ctx: &Context<'_>,
        /// Whose, from when to when.
        input: CreateTimeOffInput,
    ) -> Result<Loaded<TimeOff>> {
        let span = time_off_span(input.starts_at, input.ends_at, &tenants::time_zone(ctx, "timeZone", None)?, ctx.now())?;
        let reason = input.reason.as_deref().map(reason).transpose()?.flatten();
        let owner = Owner::of(ctx, input.instructor_id.as_ref(), input.resource_id.as_ref()).await?;
        let off = Insert::<TimeOff>::new()
            .set(TimeOff::COLUMNS.instructor_id, owner.instructor)
            .set(TimeOff::COLUMNS.resource_id, owner.resource)
            .set(TimeOff::COLUMNS.starts_at, DateTime(span.start))
            .set(TimeOff::COLUMNS.ends_at, DateTime(span.end))
            .set(TimeOff::COLUMNS.reason, reason);
        Ok(off.run(ctx).await?)
    }

    /// Takes back a time off. Answers its id. FORBIDDEN with NOT_YOURS for another instructor's without BOOKING_MANAGE, for a resource's without
    /// SCHEDULE_MANAGE.
    #[needs(AvailabilityManage, BookingManage, ScheduleManage)]
    async fn delete_time_off(
        ctx: &Context<'_>,
        /// The time off's id.
        id: Id<TimeOff>,
    ) -> Result<Id<TimeOff>> {
        let deleted = ctx.tx().query(sql::DELETE_TIME_OFF, &[&id]).await?;
        if deleted.is_empty() { Err(ctx.untouched(id, "time off").await) } else { Ok(id) }
    }
}
