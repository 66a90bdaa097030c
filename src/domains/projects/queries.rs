//! Reading projects.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Loaded, OrderBy, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Project,
    lists::{ProjectFilter, ProjectOrders},
};

/// Queries of projects.
pub struct ProjectQueries;

#[queries]
impl ProjectQueries {
    /// A project; null when there is none, or none that you may see.
    async fn project(
        ctx: &Context<'_>,
        /// The project's id.
        id: Id<Project>,
    ) -> Result<Option<Loaded<Project>>> {
        one(ctx, id).await
    }

    /// The projects that you may see, by name unless ordered otherwise: those that you are a member of, and all of the school with PROJECT_READ or PROJECT_MANAGE.
    async fn projects(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which projects.
        filter: Option<ProjectFilter>,
        /// In which order.
        order_by: Option<OrderBy<ProjectOrders>>,
    ) -> Result<Option<Connection<Project>>> {
        let mut list = list_of::<Project>("projects", OrderBy::or_usual(ctx, order_by));
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<ProjectFilter>(ctx, list)?, paging).await.map(Some)
    }
}
