//! Reading resources.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Loaded, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Resource,
    lists::{BY_NAME, ResourceFilter},
};

/// Queries of resources.
pub struct ResourceQueries;

#[queries]
impl ResourceQueries {
    /// A resource; null when there is none.
    async fn resource(
        ctx: &Context<'_>,
        /// The resource's id.
        id: Id<Resource>,
    ) -> Result<Option<Loaded<Resource>>> {
        one(ctx, id).await
    }

    /// The school's resources, by name.
    async fn resources(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which resources.
        filter: Option<ResourceFilter>,
    ) -> Result<Option<Connection<Resource>>> {
        let mut list = list_of::<Resource>("resources", BY_NAME);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<ResourceFilter>(ctx, list)?, paging).await.map(Some)
    }
}
