//! Who is staff of a course: its owner, its co-instructors, and whoever holds COURSE_UPDATE_ALL. Being staff shows rows; each verb
//! still needs its permission.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission::{CourseUpdate, CourseUpdateAll},
    resolve::{Ctx, Loaded, Rows},
};

use super::{Course, sql};
use crate::domains::identity::User;

/// Whether the actor is staff of a course, whose owner is known.
pub(super) async fn is_staff(ctx: &Context<'_>, id: Id<Course>, owner: Option<Id<User>>) -> Result<bool> {
    let actor = ctx.actor()?;
    if actor.can(CourseUpdateAll) || owner.is_some_and(|owner| actor.is(owner.0)) {
        return Ok(true);
    }
    Ok(ctx.tx().value(sql::IS_STAFF, &[&id]).await?.unwrap_or(false))
}

/// A course that the actor is staff of.
///
/// # Errors
/// `NOT_FOUND` for one that they can't see, `NOT_YOURS` for any other.
pub async fn require_staff(ctx: &Context<'_>, field: &str, id: Id<Course>) -> Result<Loaded<Course>> {
    let course = ctx.whole(id).await?.ok_or_else(|| Error::not_found("course").field(field))?;
    let owner = course.get(Course::COLUMNS.instructor_id)?;
    if is_staff(ctx, id, owner).await? { Ok(course) } else { Err(Error::not_yours().field(field)) }
}

/// A course that the actor may change.
///
/// # Errors
/// As [`require_staff`].
pub async fn require_author(ctx: &Context<'_>, field: &str, id: Id<Course>) -> Result<Loaded<Course>> {
    let course = require_staff(ctx, field, id).await?;
    let actor = ctx.actor()?;
    if actor.can(CourseUpdate) || actor.can(CourseUpdateAll) { Ok(course) } else { Err(Error::not_yours().field(field)) }
}

/// Waits for the turn of a course's sections and lessons.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock_sections(ctx: &Context<'_>, id: Id<Course>) -> Result<()> {
    ctx.tx().query(sql::LOCK_SECTIONS, &[&id]).await?;
    Ok(())
}
