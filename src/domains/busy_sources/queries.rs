//! Reading busy sources.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Loaded, Rows as _, one},
};
use lectern_macros::queries;

use super::{BusySource, sql};
use crate::domains::identity::User;

/// Queries of busy sources.
pub struct BusySourceQueries;

#[queries]
impl BusySourceQueries {
    /// A busy source; null when there is none, or none that you may see.
    async fn busy_source(
        ctx: &Context<'_>,
        /// The source's id.
        id: Id<BusySource>,
    ) -> Result<Option<Loaded<BusySource>>> {
        one(ctx, id).await
    }

    /// The busy sources that you may see, the newest first: your own; with BOOKING_MANAGE, all of the school, 1,000 at most.
    #[cost(20)]
    async fn busy_sources(
        ctx: &Context<'_>,
        /// Only this instructor's.
        instructor_id: Option<Id<User>>,
    ) -> Result<Option<Vec<Loaded<BusySource>>>> {
        Ok(Some(ctx.rows(sql::SOURCES, &[&instructor_id]).await?))
    }
}
