//! Changing courses.

use async_graphql::{Context, ID, MaybeUndefined, Object};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::{CourseCreate, CourseDelete, CourseUpdate, CourseUpdateAll},
    resolve::{Ctx, Require, requires_permission, text},
};

use super::{
    Course, CourseStatus,
    inputs::{CreateCourseInput, UpdateCourseInput, capacity},
    sql,
};
use crate::domains::identity::{self, User};

/// Mutations of courses.
#[derive(Default)]
pub struct CatalogueMutations;

/// Why nothing was changed: there is no such course for this person, or it is not theirs.
async fn refusal(ctx: &Context<'_>, id: Id<Course>) -> Error {
    match ctx.load(id).await {
        Ok(Some(_)) => Error::not_yours().field("id"),
        Ok(None) => Error::not_found("course").field("id"),
        Err(error) => error,
    }
}

fn full(error: &DbError) -> Error {
    let used = error.number("used").map_or(0, |used| used + 1);
    Error::conflict("COURSE_FULL", format!("{used} seats are taken already.")).field("capacity")
}

/// The instructor whom an input names. `None` where it names nobody. Whoever may have courses may have their own; anybody
/// else must be an instructor.
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

#[Object]
impl CatalogueMutations {
    /// Adds a course to the school, as a draft. Needs COURSE_CREATE.
    #[graphql(guard = "Require([CourseCreate])", directive = requires_permission::apply(vec![CourseCreate]))]
    async fn create_course(&self, ctx: &Context<'_>, #[graphql(desc = "The course.")] input: CreateCourseInput) -> Result<Course> {
        let title = text::name("title", &input.title)?;
        let description = input.description.map(|text| text::long("description", &text)).transpose()?.flatten();
        let capacity = input.capacity.map(capacity).transpose()?;
        let key = input.enrollment_key.map(|key| text::name("enrollmentKey", &key)).transpose()?;
        let tags = text::tags("tags", &input.tags.unwrap_or_default())?;
        let instructor = match &input.instructor_id {
            MaybeUndefined::Undefined => Some(Id::from_uuid(ctx.actor()?.user)),
            MaybeUndefined::Null => instructor(ctx, None).await?,
            MaybeUndefined::Value(id) => instructor(ctx, Some(id)).await?,
        };
        let course =
            ctx.tx().opt(&sql::insert(), &[&Id::<Course>::generate(), &title, &description, &instructor, &capacity, &key, &tags]).await?;
        course.ok_or_else(|| Error::internal("an INSERT returned nothing"))
    }

    /// Changes a course. What is left out stays as it is. Needs COURSE_UPDATE or COURSE_UPDATE_ALL.
    #[graphql(
        guard = "Require([CourseUpdate, CourseUpdateAll])",
        directive = requires_permission::apply(vec![CourseUpdate, CourseUpdateAll])
    )]
    async fn update_course(&self, ctx: &Context<'_>, #[graphql(desc = "The changes.")] input: UpdateCourseInput) -> Result<Course> {
        let id = Id::<Course>::parse("id", &input.id)?;
        let required = |field: &str| Error::bad_input(field, "can't be null: leave it out to keep it");
        let title = match &input.title {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(required("title")),
            MaybeUndefined::Value(title) => Some(text::name("title", title)?),
        };
        let description = input
            .description
            .as_opt_ref()
            .map(|text| text.map(|text| text::long("description", text)).transpose().map(Option::flatten))
            .transpose()?;
        let seats = input.capacity.as_opt_ref().map(|seats| seats.copied().map(capacity).transpose()).transpose()?;
        let tags = input.tags.as_opt_ref().map(|tags| text::tags("tags", tags.map_or(&[][..], Vec::as_slice))).transpose()?;
        let key = input.enrollment_key.as_opt_ref().map(|key| key.map(|key| text::name("enrollmentKey", key)).transpose()).transpose()?;
        if ctx.load(id).await?.is_none() {
            return Err(Error::not_found("course").field("id"));
        }
        let teacher = match input.instructor_id.as_opt_ref() {
            None => None,
            Some(id) => Some(instructor(ctx, id).await?),
        };
        if let Some(key) = &key
            && ctx.tx().query(sql::SET_KEY, &[&id, key]).await?.is_empty()
        {
            return Err(refusal(ctx, id).await);
        }
        let course: Option<Course> = ctx
            .tx()
            .opt(
                &sql::update(),
                &[
                    &id,
                    &title.is_some(),
                    &title,
                    &description.is_some(),
                    &description.flatten(),
                    &teacher.is_some(),
                    &teacher.flatten(),
                    &seats.is_some(),
                    &seats.flatten(),
                    &tags.is_some(),
                    &tags.unwrap_or_default(),
                ],
            )
            .await
            .on_constraint("course_seats", full)?;
        match course {
            Some(course) => Ok(course),
            None => Err(refusal(ctx, id).await),
        }
    }

    /// Puts a draft into the catalogue and opens it for enrollment; groups that were given it enroll their members, if
    /// they say so. CONFLICT with INVALID_TRANSITION for an archived course. Needs COURSE_UPDATE or COURSE_UPDATE_ALL.
    #[graphql(
        guard = "Require([CourseUpdate, CourseUpdateAll])",
        directive = requires_permission::apply(vec![CourseUpdate, CourseUpdateAll])
    )]
    async fn publish_course(&self, ctx: &Context<'_>, #[graphql(desc = "The course's id.")] id: ID) -> Result<Course> {
        let course = set_status(ctx, &id, &[CourseStatus::Draft], CourseStatus::Published).await?;
        ctx.tx()
            .query("SELECT app.auto_enroll_published($2) WHERE app.tenant_id() = $1", &[&course.id])
            .await
            .on_constraint("course_seats", |_| {
                Error::conflict("COURSE_FULL", "The groups that were given this course hold more people than it has seats.").field("id")
            })?;
        Ok(course)
    }

    /// Closes a course for new enrollments; everybody keeps what they have. CONFLICT with INVALID_TRANSITION for one that
    /// is archived already. Needs COURSE_UPDATE or COURSE_UPDATE_ALL.
    #[graphql(
        guard = "Require([CourseUpdate, CourseUpdateAll])",
        directive = requires_permission::apply(vec![CourseUpdate, CourseUpdateAll])
    )]
    async fn archive_course(&self, ctx: &Context<'_>, #[graphql(desc = "The course's id.")] id: ID) -> Result<Course> {
        set_status(ctx, &id, &[CourseStatus::Draft, CourseStatus::Published], CourseStatus::Archived).await
    }

    /// Deletes a course in which nobody holds a seat; history keeps it. CONFLICT with IN_USE for any other: archive it.
    /// Answers its id. Needs COURSE_DELETE.
    #[graphql(guard = "Require([CourseDelete])", directive = requires_permission::apply(vec![CourseDelete]))]
    async fn delete_course(&self, ctx: &Context<'_>, #[graphql(desc = "The course's id.")] id: ID) -> Result<Id<Course>> {
        let id = Id::<Course>::parse("id", &id)?;
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await.on_constraint("course_in_use", |_| {
            Error::conflict("IN_USE", "People hold seats in this course: archive it instead.").field("id")
        })?;
        if deleted.is_empty() { Err(refusal(ctx, id).await) } else { Ok(id) }
    }
}

async fn set_status(ctx: &Context<'_>, id: &ID, from: &[CourseStatus], to: CourseStatus) -> Result<Course> {
    let id = Id::<Course>::parse("id", id)?;
    if let Some(course) = ctx.tx().opt(&sql::set_status(), &[&id, &from, &to]).await? {
        return Ok(course);
    }
    match ctx.load(id).await? {
        Some(course) if !from.contains(&course.status) => {
            // Whose it is comes first: a person who may not change it learns no more than that.
            let actor = ctx.actor()?;
            if course.instructor_id.is_some_and(|instructor| actor.is(instructor.0)) || actor.can(CourseUpdateAll) {
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
