//! Changing courses.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::CourseUpdateAll,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    Course, CourseStatus,
    inputs::{CreateCourseInput, UpdateCourseInput},
    sql,
    staff::is_staff,
};
use crate::domains::{
    files::{self, File},
    identity::{self, User},
};

/// Mutations of courses.
pub struct CourseMutations;

fn full(error: &DbError) -> Error {
    let used = error.number("used").map_or(0, |used| used + 1);
    Error::conflict("COURSE_FULL", format!("{used} seats are taken already.")).field("capacity")
}

/// The instructor whom an input names. `None` where it names nobody. Actors may name themselves; anybody else must be an
/// instructor.
async fn instructor(ctx: &Context<'_>, id: Option<&ID>) -> Result<Option<Id<User>>> {
    let actor = ctx.actor()?;
    let id = Id::<User>::parse_opt("instructorId", id)?;
    if id.is_none_or(|id| !actor.is(id.0)) && !actor.can(CourseUpdateAll) {
        return Err(Error::missing_permission(&[CourseUpdateAll]).field("instructorId"));
    }
    match id {
        Some(id) if !actor.is(id.0) => identity::require_instructor(ctx, "instructorId", id).await.map(Some),
        own_or_none => Ok(own_or_none),
    }
}

#[mutations("Course")]
impl CourseMutations {
    /// Adds a course to the school, as a draft.
    #[needs(CourseCreate)]
    async fn create_course(
        ctx: &Context<'_>,
        /// The course.
        input: CreateCourseInput,
    ) -> Result<Loaded<Course>> {
        let course = Insert::<Course>::new().input(ctx, &input)?;
        let instructor = match &input.instructor_id {
            MaybeUndefined::Undefined => Some(Id::from_uuid(ctx.actor()?.user)),
            MaybeUndefined::Null => instructor(ctx, None).await?,
            MaybeUndefined::Value(id) => instructor(ctx, Some(id)).await?,
        };
        Ok(course.set(Course::COLUMNS.instructor_id, instructor).run(ctx).await?)
    }

    /// Changes a course. What is left out stays as it is. CONFLICT with CODE_TAKEN for a code that another course of the school has.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn update_course(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateCourseInput,
    ) -> Result<Loaded<Course>> {
        let id = Id::<Course>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        if ctx.get(id).await?.is_none() {
            return Err(Error::not_found("course").field("id"));
        }
        let teacher = match input.instructor_id.as_opt_ref() {
            None => None,
            Some(id) => Some(instructor(ctx, id).await?),
        };
        let poster = match input.intro_video_poster_id.as_opt_ref() {
            None => None,
            Some(None) => Some(None),
            Some(Some(id)) => {
                Some(Some(files::require_own(ctx, "introVideoPosterId", Id::<File>::parse("introVideoPosterId", id)?).await?))
            }
        };
        let change = change.set_if(Course::COLUMNS.instructor_id, teacher).set_if(Course::COLUMNS.intro_video_poster_id, poster);
        let course = change
            .run(ctx)
            .await
            .on_constraint("course_seats", full)
            .on_constraint("course_owner_right", |_| Error::missing_permission(&[CourseUpdateAll]).field("instructorId"))
            .on_constraint("course_code_key", |_| {
                Error::conflict("CODE_TAKEN", "Another course of the school has this code.").field("code")
            })
            .on_constraint("course_intro_video_poster_fkey", |_| Error::not_found("file").field("introVideoPosterId"))?;
        match course {
            Some(course) => Ok(course),
            None => Err(ctx.untouched(id, "course").await),
        }
    }

    /// Puts a draft into the catalogue and opens it for enrollment; groups that were given it enroll their members, if
    /// they say so. CONFLICT with INVALID_TRANSITION for an archived course.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn publish_course(
        ctx: &Context<'_>,
        /// The course's id.
        id: Id<Course>,
    ) -> Result<Loaded<Course>> {
        let course = set_status(ctx, id, &[CourseStatus::Draft], CourseStatus::Published).await?;
        ctx.tx()
            .query("SELECT app.auto_enroll_published($2) WHERE app.tenant_id() = $1", &[&id])
            .await
            .on_constraint("course_seats", |_| {
                Error::conflict("COURSE_FULL", "The groups that were given this course hold more people than it has seats.").field("id")
            })?;
        Ok(course)
    }

    /// Closes a course for new enrollments; everybody keeps what they have. CONFLICT with INVALID_TRANSITION for one that
    /// is archived already.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn archive_course(
        ctx: &Context<'_>,
        /// The course's id.
        id: Id<Course>,
    ) -> Result<Loaded<Course>> {
        set_status(ctx, id, &[CourseStatus::Draft, CourseStatus::Published], CourseStatus::Archived).await
    }

    /// Deletes a course in which nobody holds a seat; history keeps it. CONFLICT with IN_USE for any other: archive it.
    /// FORBIDDEN with NOT_YOURS for whoever only teaches it together with its owner. Answers its id.
    #[needs(CourseDelete)]
    async fn delete_course(
        ctx: &Context<'_>,
        /// The course's id.
        id: Id<Course>,
    ) -> Result<Id<Course>> {
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await.on_constraint("course_in_use", |_| {
            Error::conflict("IN_USE", "People hold seats in this course: archive it instead.").field("id")
        })?;
        if deleted.is_empty() { Err(ctx.untouched(id, "course").await) } else { Ok(id) }
    }
}

async fn set_status(ctx: &Context<'_>, id: Id<Course>, from: &[CourseStatus], to: CourseStatus) -> Result<Loaded<Course>> {
    if let Some(course) = ctx.row(sql::SET_STATUS, &[&id, &from, &to]).await? {
        return Ok(course);
    }
    match ctx.get(id).await? {
        Some(course) if !from.contains(&course.status) => {
            // Ownership is checked first: a person who may not change it learns no more than that.
            if is_staff(ctx, id, course.instructor_id).await? {
                let (from, to) = (course.status.as_str(), to.as_str());
                Err(Error::conflict("INVALID_TRANSITION", format!("A course that is {from} can't become {to}.")).field("id"))
            } else {
                Err(Error::not_yours().field("id"))
            }
        }
        Some(_) => Err(Error::not_yours().field("id")),
        None => Err(Error::not_found("course").field("id")),
    }
}
