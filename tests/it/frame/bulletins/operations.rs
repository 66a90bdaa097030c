//! Reading and writing bulletins.

use async_graphql::{Context, ID, MaybeUndefined};
use lectern::domains::courses::Course;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, Forward, Insert, Loaded, Patch, Rows, list_of, one, page, text},
};
use lectern_macros::{mutations, queries, writes};

use super::{Bulletin, bulletin::LATEST};

/// Queries of bulletins.
pub struct Queries;

#[queries]
impl Queries {
    /// A bulletin; null when there is none, or none that you may see.
    #[needs(GroupRead)]
    async fn bulletin(
        ctx: &Context<'_>,
        /// The bulletin's id.
        id: Id<Bulletin>,
    ) -> Result<Option<Loaded<Bulletin>>> {
        one(ctx, id).await
    }

    /// The bulletins of the school, the latest first.
    #[needs(GroupRead)]
    async fn bulletins(ctx: &Context<'_>, paging: Forward) -> Result<Connection<Bulletin>> {
        page(ctx, list_of::<Bulletin>("bulletins", LATEST), paging).await
    }
}

/// A bulletin to be made.
#[writes(Bulletin)]
pub struct CreateBulletinInput {
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

/// A change of a bulletin. What is left out stays as it is.
#[writes(Bulletin)]
pub struct UpdateBulletinInput {
    /// The bulletin.
    #[by_hand]
    pub id: ID,
    /// A new headline; 1 to 200 characters.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// A new text; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub body: MaybeUndefined<String>,
}

/// Mutations of bulletins.
pub struct Mutations;

#[mutations("Bulletin")]
impl Mutations {
    /// Makes a bulletin, in your name.
    #[needs(GroupUpdate)]
    async fn create_bulletin(
        ctx: &Context<'_>,
        /// The bulletin.
        input: CreateBulletinInput,
    ) -> Result<Loaded<Bulletin>> {
        let course = Id::<Course>::parse_opt("courseId", input.course_id.as_ref())?;
        if let Some(course) = course
            && ctx.get(course).await?.is_none()
        {
            return Err(Error::not_found("course").field("courseId"));
        }
        let (author, news) = (Id::from_uuid(ctx.actor()?.user), Insert::<Bulletin>::new().input(ctx, &input)?);
        Ok(news.set(Bulletin::COLUMNS.author_id, author).set(Bulletin::COLUMNS.course_id, course).run(ctx).await?)
    }

    /// Changes a bulletin.
    #[needs(GroupUpdate)]
    async fn update_bulletin(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateBulletinInput,
    ) -> Result<Loaded<Bulletin>> {
        let id = Id::parse("id", &input.id)?;
        match Patch::of(id).input(ctx, &input)?.run(ctx).await? {
            Some(bulletin) => Ok(bulletin),
            None => Err(ctx.untouched::<Bulletin>(id, "bulletin").await),
        }
    }

    /// Deletes a bulletin. Answers its id.
    #[needs(GroupUpdate)]
    async fn delete_bulletin(
        ctx: &Context<'_>,
        /// The bulletin's id.
        id: Id<Bulletin>,
    ) -> Result<Id<Bulletin>> {
        let deleted = ctx.tx().query("DELETE FROM bulletin n WHERE n.tenant_id = $1 AND n.id = $2 RETURNING n.id", &[&id]).await?;
        if deleted.is_empty() { Err(ctx.untouched(id, "bulletin").await) } else { Ok(id) }
    }
}
