//! Adding, changing and deleting resources.

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch},
};
use lectern_macros::mutations;

use super::{
    Resource,
    inputs::{CreateResourceInput, UpdateResourceInput},
    sql,
};
use crate::domains::identity::zone;

/// Mutations of resources.
pub struct ResourceMutations;

fn with_known_zone<T>(written: Result<T, DbError>) -> Result<T> {
    Ok(written.on_constraint("zone_unknown", |_| Error::bad_input("timeZone", "is not known to the database"))?)
}

#[mutations("Resource")]
impl ResourceMutations {
    /// Adds a resource. It is open day and night until it has a weekly rule (`createAvailabilityRule`).
    #[needs(ScheduleManage)]
    async fn create_resource(
        ctx: &Context<'_>,
        /// The resource.
        input: CreateResourceInput,
    ) -> Result<Loaded<Resource>> {
        let name = match &input.time_zone {
            Some(name) => zone("timeZone", name)?,
            None => ctx.actor()?.time_zone.clone(),
        };
        let resource = Insert::<Resource>::new().input(ctx, &input)?.set(Resource::COLUMNS.time_zone, name);
        with_known_zone(resource.run(ctx).await)
    }

    /// Changes a resource. What is left out stays as it is; what is booked, too.
    #[needs(ScheduleManage)]
    async fn update_resource(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateResourceInput,
    ) -> Result<Loaded<Resource>> {
        let id = Id::<Resource>::parse("id", &input.id)?;
        let resource = with_known_zone(Patch::of(id).input(ctx, &input)?.run(ctx).await)?;
        resource.ok_or_else(|| Error::not_found("resource").field("id"))
    }

    /// Deletes a resource, with its rules, openings and times off; it stays where history points. CONFLICT with IN_USE where a booking that is not over has
    /// it: UNBOOKABLE ends new bookings. Answers its id.
    #[needs(ScheduleManage)]
    async fn delete_resource(
        ctx: &Context<'_>,
        /// The resource's id.
        id: Id<Resource>,
    ) -> Result<Id<Resource>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await.on_constraint("resource_in_use", |_| {
            Error::conflict("IN_USE", "Bookings that are not over have it: move them first.").field("id")
        })?;
        if deleted.is_empty() { Err(Error::not_found("resource").field("id")) } else { Ok(id) }
    }
}
