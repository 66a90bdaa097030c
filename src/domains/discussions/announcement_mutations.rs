//! Announcing.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Announcement,
    inputs::{CreateAnnouncementInput, UpdateAnnouncementInput, words},
    sql,
};
use crate::domains::{
    courses::{Course, require_author},
    identity::User,
};

/// Mutations of announcements.
pub struct AnnouncementMutations;

#[mutations("Announcement")]
impl AnnouncementMutations {
    /// Announces something in a course that you are staff of. Everybody whose enrollment gives access is told of it, once, at its moment.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn create_announcement(
        ctx: &Context<'_>,
        /// The announcement.
        input: CreateAnnouncementInput,
    ) -> Result<Loaded<Announcement>> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        let (title, body) = (text::name("title", &input.title)?, words("body", &input.body)?);
        require_author(ctx, "courseId", course).await?;
        let columns = Announcement::COLUMNS;
        let added = Insert::<Announcement>::new()
            .set(columns.course_id, course)
            .set(columns.author_id, Id::<User>::from_uuid(ctx.actor()?.user))
            .set(columns.title, title)
            .set(columns.body, body);
        let added = match input.publish_at {
            Some(moment) => added.set(columns.publish_at, moment),
            None => added,
        };
        Ok(added.run(ctx).await?)
    }

    /// Changes an announcement of a course that you are staff of. What is left out stays as it is.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn update_announcement(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateAnnouncementInput,
    ) -> Result<Loaded<Announcement>> {
        let id = Id::<Announcement>::parse("id", &input.id)?;
        match Patch::of(id).input(ctx, &input)?.run(ctx).await? {
            Some(announcement) => Ok(announcement),
            None => Err(ctx.untouched(id, "announcement").await),
        }
    }

    /// Deletes an announcement of a course that you are staff of. Answers its id.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn delete_announcement(
        ctx: &Context<'_>,
        /// The announcement's id.
        id: Id<Announcement>,
    ) -> Result<Id<Announcement>> {
        let deleted = ctx.tx().query(sql::DELETE_ANNOUNCEMENT, &[&id]).await?;
        if deleted.is_empty() { Err(ctx.untouched(id, "announcement").await) } else { Ok(id) }
    }
}
