//! Reading feeds.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Loaded, Rows as _, one},
};
use lectern_macros::queries;

use super::{CalendarFeed, sql};

/// Queries of feeds.
pub struct FeedQueries;

#[queries]
impl FeedQueries {
    /// A feed of yours; null when there is none.
    async fn calendar_feed(
        ctx: &Context<'_>,
        /// The feed's id.
        id: Id<CalendarFeed>,
    ) -> Result<Option<Loaded<CalendarFeed>>> {
        one(ctx, id).await
    }

    /// Your feeds, the newest first; 20 at most.
    #[cost(20)]
    async fn calendar_feeds(ctx: &Context<'_>) -> Result<Option<Vec<Loaded<CalendarFeed>>>> {
        Ok(Some(ctx.rows(sql::FEEDS, &[]).await?))
    }
}
