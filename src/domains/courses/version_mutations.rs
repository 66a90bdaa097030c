//! Copies and versions of courses; restoring and purging what was deleted.

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::CourseUpdateAll,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{Course, inputs::DuplicateCourseInput, sql, staff::require_staff};

/// Mutations of courses as wholes.
pub struct VersionMutations;

/// Whether a statement found its course deleted.
///
/// # Errors
/// `NOT_FOUND` where there is none for the actor, `NOT_DELETED` where they see that it is not.
async fn was_deleted(ctx: &Context<'_>, statement: &str, id: Id<Course>) -> Result<()> {
    let rows = ctx.tx().query(statement, &[&id]).await?;
    let found: Option<Option<bool>> = rows.first().map(|row| row.try_get(0)).transpose().map_err(DbError::from)?;
    match found.flatten() {
        Some(true) => Ok(()),
        Some(false) if ctx.get(id).await?.is_some() => Err(Error::conflict("NOT_DELETED", "The course is not deleted.").field("id")),
        _ => Err(Error::not_found("course").field("id")),
    }
}

#[mutations("Course")]
impl VersionMutations {
    /// Copies a course that you are staff of, as a draft of yours: its settings, sections, lessons, drip and materials; no people, no
    /// unlocks, no key and no code. As the next version of its series, if wanted; learners stay where they are. FORBIDDEN with NOT_YOURS for
    /// any other course.
    #[needs(CourseCreate)]
    async fn duplicate_course(
        ctx: &Context<'_>,
        /// Which course, and how.
        input: DuplicateCourseInput,
    ) -> Result<Loaded<Course>> {
        let id = Id::<Course>::parse("id", &input.id)?;
        let title = input.title.map(|title| text::name("title", &title)).transpose()?;
        let shift = input.shift_days.unwrap_or(0);
        if !(-3650..=3650).contains(&shift) {
            return Err(Error::bad_input("shiftDays", "must be between -3650 and 3650"));
        }
        require_staff(ctx, "id", id).await?;
        let copy = Id::<Course>::generate();
        ctx.tx()
            .query(sql::COPY, &[&id, &copy, &title, &input.as_new_version.unwrap_or(false), &shift])
            .await
            .on_constraint("course_copy_gone", |_| Error::not_found("course").field("id"))?;
        ctx.whole(copy).await?.ok_or_else(|| Error::internal("a copy can't be read by its owner"))
    }

    /// Undoes the deletion of a course: it comes back as it was, with the groups and files that it had. CONFLICT with NOT_DELETED for one that
    /// is not deleted.
    #[needs(CoursePurge)]
    async fn restore_course(
        ctx: &Context<'_>,
        /// The course's id.
        id: Id<Course>,
    ) -> Result<Loaded<Course>> {
        was_deleted(ctx, sql::RESTORE, id).await?;
        ctx.whole(id).await?.ok_or_else(|| Error::missing_permission(&[CourseUpdateAll])) // it could not be answered
    }

    /// Removes a deleted course for good, with its sections, lessons, materials and enrollments, and all progress in it. Bookings, later
    /// versions and the audit log go on without it. CONFLICT with NOT_DELETED for one that is not deleted. Answers its id.
    #[needs(CoursePurge)]
    async fn purge_course(
        ctx: &Context<'_>,
        /// The course's id.
        id: Id<Course>,
    ) -> Result<Id<Course>> {
        was_deleted(ctx, sql::PURGE, id).await?;
        Ok(id)
    }
}
