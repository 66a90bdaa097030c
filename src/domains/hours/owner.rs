//! Whose time it is.

use async_graphql::{Context, ID};
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission::{AvailabilityManage, BookingManage, ScheduleManage},
    resolve::{Ctx, Rows},
};

use crate::domains::{
    identity::{self, User},
    resources::Resource,
};

/// An instructor or a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The instructor; none where it is a resource.
    pub instructor: Option<Id<User>>,
    /// The resource; none where it is an instructor.
    pub resource: Option<Id<Resource>>,
}

impl Owner {
    /// Whoever an input names, in `instructorId` or `resourceId`: the actor, where it names nobody. Their time must be the actor's to say.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for both, and for somebody who is no instructor; `FORBIDDEN` with the missing permission for another's time; `NOT_FOUND` for
    /// what the actor can't see.
    pub async fn of(ctx: &Context<'_>, instructor: Option<&ID>, resource: Option<&ID>) -> Result<Owner> {
        let (instructor, resource) =
            (Id::<User>::parse_opt("instructorId", instructor)?, Id::<Resource>::parse_opt("resourceId", resource)?);
        let actor = ctx.actor()?;
        let Some(resource) = resource else {
            let instructor = instructor.unwrap_or(Id::from_uuid(actor.user));
            if !actor.can(BookingManage) {
                if !actor.is(instructor.0) {
                    return Err(Error::missing_permission(&[BookingManage]).field("instructorId"));
                }
                if !actor.can(AvailabilityManage) {
                    return Err(Error::missing_permission(&[AvailabilityManage]));
                }
            }
            identity::require_instructor(ctx, "instructorId", instructor).await?;
            return Ok(Owner { instructor: Some(instructor), resource: None });
        };
        if instructor.is_some() {
            return Err(Error::bad_input("resourceId", "must be left out where `instructorId` is given"));
        }
        if !actor.can(ScheduleManage) {
            return Err(Error::missing_permission(&[ScheduleManage]).field("resourceId"));
        }
        match ctx.get(resource).await? {
            Some(_) => Ok(Owner { instructor: None, resource: Some(resource) }),
            None => Err(Error::not_found("resource").field("resourceId")),
        }
    }
}
