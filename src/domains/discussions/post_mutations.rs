//! Answering.

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;

use super::{
    Post, Thread,
    inputs::{CreatePostInput, UpdatePostInput, words},
    sql,
    thread_mutations::{closed, not_enrolled},
};

/// Mutations of posts.
pub struct PostMutations;

#[mutations("Post")]
impl PostMutations {
    /// Writes in a thread. FORBIDDEN with NOT_ENROLLED for who is neither of the course's staff nor has an enrollment that gives access; CONFLICT with
    /// THREAD_CLOSED.
    #[needs(EnrollmentSelf, CourseUpdate, CourseUpdateAll)]
    async fn create_post(
        ctx: &Context<'_>,
        /// What, and where.
        input: CreatePostInput,
    ) -> Result<Loaded<Post>> {
        let thread = Id::<Thread>::parse("threadId", &input.thread_id)?;
        let body = words("body", &input.body)?;
        let added = ctx.row::<Post>(sql::ADD_POST, &[&Id::<Post>::generate(), &thread, &body]).await;
        if let Some(post) = added.on_constraint("thread_closed", |_| closed("threadId"))? {
            return Ok(post);
        }
        let barrier = ctx.tx().value::<Option<String>>(sql::BARRIER, &[&thread]).await?.flatten();
        Err(if barrier.is_some() { not_enrolled("threadId") } else { Error::not_found("thread").field("threadId") })
    }

    /// Changes what a post of yours says, and stamps that. NOT_YOURS for another's; CONFLICT with THREAD_CLOSED.
    #[needs(EnrollmentSelf, CourseUpdate, CourseUpdateAll)]
    async fn update_post(
        ctx: &Context<'_>,
        /// The change.
        input: UpdatePostInput,
    ) -> Result<Loaded<Post>> {
        let id = Id::<Post>::parse("id", &input.id)?;
        let body = words("body", &input.body)?;
        let changed = ctx.row::<Post>(sql::UPDATE_POST, &[&id, &body]).await;
        if let Some(post) = changed.on_constraint("thread_closed", |_| closed("id"))? {
            return Ok(post);
        }
        // Of an own one that was deleted nothing is left to be changed.
        let is_own = ctx.get(id).await?.map(|post| ctx.actor().map(|actor| actor.is(post.author_id.0))).transpose()?;
        Err(if is_own == Some(false) { Error::not_yours().field("id") } else { Error::not_found("post").field("id") })
    }

    /// Takes the words of a post away; its place stays. Your own, or, with DISCUSSION_MODERATE, any of a course that you are staff of. Again changes
    /// nothing.
    #[needs(EnrollmentSelf, DiscussionModerate)]
    async fn delete_post(
        ctx: &Context<'_>,
        /// The post's id.
        id: Id<Post>,
    ) -> Result<Loaded<Post>> {
        match ctx.row::<Post>(sql::DELETE_POST, &[&id]).await? {
            Some(post) => Ok(post),
            None => Err(ctx.untouched(id, "post").await),
        }
    }
}
