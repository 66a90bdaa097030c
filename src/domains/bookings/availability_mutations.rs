//! Saying when instructors and resources can be booked, once.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Insert, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{
    Availability,
    inputs::{CreateAvailabilityInput, availability_span},
    sql,
};
use crate::domains::{hours::Owner, tenants};

/// Mutations of availability.
pub struct AvailabilityMutations;

#[mutations("Availability")]
impl AvailabilityMutations {
    /// Says when an instructor can be booked: you, or with BOOKING_MANAGE another; with SCHEDULE_MANAGE when a resource is open beyond its rules. It may
    /// overlap what was said before.
    #[needs(AvailabilityManage)]
    async fn create_availability(
        ctx: &Context<'_>,
        /// Whose time, from when to when.
        input: CreateAvailabilityInput,
    ) -> Result<Loaded<Availability>> {
        let span = availability_span(input.starts_at, input.ends_at, &tenants::time_zone(ctx, "timeZone", None)?, ctx.now())?;
        let owner = Owner::of(ctx, input.instructor_id.as_ref(), input.resource_id.as_ref()).await?;
        let availability = Insert::<Availability>::new()
            .set(Availability::COLUMNS.instructor_id, owner.instructor)
            .set(Availability::COLUMNS.resource_id, owner.resource)
            .set(Availability::COLUMNS.starts_at, DateTime(span.start))
            .set(Availability::COLUMNS.ends_at, DateTime(span.end));
        Ok(availability.run(ctx).await?)
    }

    /// Takes back that an instructor can be booked: you, or with BOOKING_MANAGE another; with SCHEDULE_MANAGE, that a resource is open. Bookings that are
    /// assigned already stay. Answers its id.
    #[needs(AvailabilityManage)]
    async fn delete_availability(
        ctx: &Context<'_>,
        /// The availability's id.
        id: Id<Availability>,
    ) -> Result<Id<Availability>> {
        if !ctx.tx().query(sql::DELETE_AVAILABILITY, &[&id]).await?.is_empty() {
            return Ok(id);
        }
        match ctx.whole(id).await? {
            Some(_) => Err(Error::not_yours()),
            None => Err(Error::not_found("availability").field("id")),
        }
    }
}
