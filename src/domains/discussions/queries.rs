//! Reading what is said.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Loaded, one},
};
use lectern_macros::queries;

use super::Thread;

/// Queries of discussions.
pub struct DiscussionQueries;

#[queries]
impl DiscussionQueries {
    /// A thread; null when there is none, or none that you may see.
    async fn thread(
        ctx: &Context<'_>,
        /// The thread's id.
        id: Id<Thread>,
    ) -> Result<Option<Loaded<Thread>>> {
        one(ctx, id).await
    }
}
