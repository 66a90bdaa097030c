//! Reading applications.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Loaded, OrderBy, Paging, filtered, one, page},
};
use lectern_macros::queries;

use super::{
    Application,
    lists::{ApplicationFilter, ApplicationOrders, seen},
};

/// Queries of applications.
pub struct ApplicationQueries;

#[queries]
impl ApplicationQueries {
    /// An application; null when there is none, or none that you may see.
    async fn application(
        ctx: &Context<'_>,
        /// The application's id.
        id: Id<Application>,
    ) -> Result<Option<Loaded<Application>>> {
        one(ctx, id).await
    }

    /// The applications that you may see: your own; those that were handed in to programs that name you as a reviewer; with APPLICATION_READ_ALL or APPLICATION_MANAGE, all of the
    /// school. The latest handed in first unless ordered otherwise.
    async fn applications(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which applications.
        filter: Option<ApplicationFilter>,
        /// In which order.
        order_by: Option<OrderBy<ApplicationOrders>>,
    ) -> Result<Option<Connection<Application>>> {
        let filter = filter.unwrap_or_default();
        let of_one_program = filter.program_id.is_some();
        let narrowing = filter.check()?;
        let mut list = seen(ctx, "applications", OrderBy::or_usual(ctx, order_by), of_one_program)?;
        narrowing.narrow(&mut list, ctx.actor()?.user);
        page(ctx, filtered::<ApplicationFilter>(ctx, list)?, paging).await.map(Some)
    }
}
