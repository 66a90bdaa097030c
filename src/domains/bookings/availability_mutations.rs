//! Saying when instructors can be booked.

use async_graphql::{Context, ID, Object};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission::{AvailabilityManage, BookingManage},
    resolve::{Ctx, Require, requires_permission},
};

use super::{
    Availability,
    inputs::{CreateAvailabilityInput, availability_span},
    sql,
};
use crate::domains::identity::{self, User};

/// Mutations of availability.
#[derive(Default)]
pub struct AvailabilityMutations;

#[Object]
impl AvailabilityMutations {
    /// Says when an instructor can be booked: you, or with BOOKING_MANAGE another. It may overlap what was said before.
    /// Needs AVAILABILITY_MANAGE.
    #[graphql(guard = "Require([AvailabilityManage])", directive = requires_permission::apply(vec![AvailabilityManage]))]
    async fn create_availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose time, from when to when.")] input: CreateAvailabilityInput,
    ) -> Result<Availability> {
        let actor = ctx.actor()?;
        let span = availability_span(input.starts_at, input.ends_at, ctx.now())?;
        let instructor = match Id::<User>::parse_opt("instructorId", input.instructor_id.as_ref())? {
            Some(other) if !actor.is(other.0) => {
                if !actor.can(BookingManage) {
                    return Err(Error::missing_permission(&[BookingManage]).field("instructorId"));
                }
                other
            }
            _ => Id::from_uuid(actor.user),
        };
        identity::require_instructor(ctx, "instructorId", instructor).await?;
        let id = Id::<Availability>::generate();
        let availability = ctx.tx().opt(&sql::insert_availability(), &[&id, &instructor, &span.start, &span.end]).await?;
        availability.ok_or_else(|| Error::internal("an INSERT returned nothing"))
    }

    /// Takes back that an instructor can be booked: you, or with BOOKING_MANAGE another. Bookings that are assigned already
    /// stay. Answers its id. Needs AVAILABILITY_MANAGE.
    #[graphql(guard = "Require([AvailabilityManage])", directive = requires_permission::apply(vec![AvailabilityManage]))]
    async fn delete_availability(&self, ctx: &Context<'_>, #[graphql(desc = "The availability's id.")] id: ID) -> Result<Id<Availability>> {
        let id = Id::<Availability>::parse("id", &id)?;
        if !ctx.tx().query(sql::DELETE_AVAILABILITY, &[&id]).await?.is_empty() {
            return Ok(id);
        }
        match ctx.load(id).await? {
            Some(_) => Err(Error::not_yours()),
            None => Err(Error::not_found("availability").field("id")),
        }
    }
}
