//! Reading groups.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    permission::Permission::GroupRead,
    resolve::{Connection, Ctx, Loaded, OrderBy, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Group,
    lists::{GroupFilter, GroupOrders},
};

/// Queries of groups.
pub struct GroupQueries;

#[queries]
impl GroupQueries {
    /// A group; null when there is none, or none that you may see.
    async fn group(
        ctx: &Context<'_>,
        /// The group's id.
        id: Id<Group>,
    ) -> Result<Option<Loaded<Group>>> {
        one(ctx, id).await
    }

    /// The groups that you may see, by name unless ordered otherwise: your own, and all of the school with GROUP_READ.
    async fn groups(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which groups.
        filter: Option<GroupFilter>,
        /// In which order.
        order_by: Option<OrderBy<GroupOrders>>,
    ) -> Result<Option<Connection<Group>>> {
        let mut list = list_of::<Group>("groups", OrderBy::or_usual(ctx, order_by));
        filter.unwrap_or_default().narrow(&mut list)?;
        if !ctx.actor()?.can(GroupRead) {
            list.among("g.id", "app.my_groups()"); // as the policy says, which would be asked of every group
        }
        page(ctx, filtered::<GroupFilter>(ctx, list)?, paging).await.map(Some)
    }
}
