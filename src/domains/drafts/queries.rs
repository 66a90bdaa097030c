//! Reading generations.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Forward, Loaded, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Generation,
    lists::{GenerationFilter, LATEST},
};

/// Queries of drafts.
pub struct DraftQueries;

#[queries]
impl DraftQueries {
    /// A generation that you asked for; null when there is none.
    async fn generation(
        ctx: &Context<'_>,
        /// The generation's id.
        id: Id<Generation>,
    ) -> Result<Option<Loaded<Generation>>> {
        one(ctx, id).await
    }

    /// The generations that you asked for, the latest first.
    async fn generations(
        ctx: &Context<'_>,
        paging: Forward,
        /// Which generations.
        filter: Option<GenerationFilter>,
    ) -> Result<Option<Connection<Generation>>> {
        let mut list = list_of::<Generation>("generations", LATEST);
        // What the policy says, in terms that use the index.
        let me = list.bind(ctx.actor()?.user);
        list.filter(format!("gn.requested_by_id = {me}"));
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<GenerationFilter>(ctx, list)?, paging).await.map(Some)
    }
}
