//! Reading and writing announcements.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern::domains::courses::Course;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, Forward, Insert, Loaded, Patch, Rows, list_of, one, page, text},
};
use lectern_macros::{mutations, queries, writes};

use super::{Announcement, announcement::LATEST};

/// Queries of announcements.
pub struct Queries;

#[queries]
impl Queries {
    /// An announcement; null when there is none, or none that you may see.
    #[needs(GroupRead)]
    async fn announcement(
        ctx: &Context<'_>,
        /// The announcement's id.
        id: Id<Announcement>,
    ) -> Result<Option<Loaded<Announcement>>> {
        one(ctx, id).await
    }

    /// The announcements of the school, the latest first.
    #[needs(GroupRead)]
    async fn announcements(ctx: &Context<'_>, paging: Forward) -> Result<Connection<Announcement>> {
        page(ctx, list_of::<Announcement>("announcements", LATEST), paging).await
    }
}

/// An announcement to be made.
#[writes(Announcement)]
pub struct CreateAnnouncementInput {
    /// Its headline; 1 to 200 characters.
    #[check(text::name)]
    pub title: String,
    /// What it says; at most 10,000 characters.
    #[check(text::long)]
    pub body: Option<String>,
    /// The course that it is about; none where it is about the school.
    #[by_hand]
    pub course_id: Option<ID>,
}

/// A change of an announcement. What is left out stays as it is.
#[writes(Announcement)]
pub struct UpdateAnnouncementInput {
    /// The announcement.
    #[by_hand]
    pub id: ID,
    /// A new headline; 1 to 200 characters.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// A new text; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub body: MaybeUndefined<String>,
}

/// Mutations of announcements.
pub struct Mutations;

#[mutations("Announcement")]
impl Mutations {
    /// Makes an announcement, in your name.
    #[needs(GroupUpdate)]
    async fn create_announcement(
        ctx: &Context<'_>,
        /// The announcement.
        input: CreateAnnouncementInput,
    ) -> Result<Loaded<Announcement>> {
        let course = Id::<Course>::parse_opt("courseId", input.course_id.as_ref())?;
        if let Some(course) = course
            && ctx.get(course).await?.is_none()
        {
            return Err(Error::not_found("course").field("courseId"));
        }
        let (author, news) = (Id::from_uuid(ctx.actor()?.user), Insert::<Announcement>::new().input(ctx, &input)?);
        Ok(news.set(Announcement::COLUMNS.author_id, author).set(Announcement::COLUMNS.course_id, course).run(ctx).await?)
    }

    /// Changes an announcement.
    #[needs(GroupUpdate)]
    async fn update_announcement(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateAnnouncementInput,
    ) -> Result<Loaded<Announcement>> {
        let id = Id::parse("id", &input.id)?;
        match Patch::of(id).input(ctx, &input)?.run(ctx).await? {
            Some(announcement) => Ok(announcement),
            None => Err(ctx.untouched::<Announcement>(id, "announcement").await),
        }
    }

    /// Deletes an announcement. Answers its id.
    #[needs(GroupUpdate)]
    async fn delete_announcement(
        ctx: &Context<'_>,
        /// The announcement's id.
        id: Id<Announcement>,
    ) -> Result<Id<Announcement>> {
        let deleted = ctx.tx().query("DELETE FROM announcement n WHERE n.tenant_id = $1 AND n.id = $2 RETURNING n.id", &[&id]).await?;
        if deleted.is_empty() { Err(ctx.untouched(id, "announcement").await) } else { Ok(id) }
    }
}
