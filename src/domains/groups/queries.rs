//! ParsedDocument groups.

use async_graphql::{Context, ID, Object};
use lectern_kernel::{
    db::{PageArgs, Record, page_size},
    error::Result,
    ids::Id,
    permission::Permission::GroupRead,
    resolve::{Connection, Ctx, SignedIn, Total},
};

use super::{
    Group, group_list,
    lists::{GroupFilter, GroupOrder, order},
};

/// Queries of groups.
#[derive(Default)]
pub struct GroupQueries;

const LIST: &str = "groups";

#[Object]
impl GroupQueries {
    /// A group; null when there is none, or none that you may see.
    #[graphql(guard = "SignedIn")]
    async fn group(&self, ctx: &Context<'_>, #[graphql(desc = "The group's id.")] id: ID) -> Result<Option<Group>> {
        ctx.load(Id::<Group>::parse("id", &id)?).await
    }

    /// The groups that you may see, by name unless ordered otherwise: your own, and all of the school with GROUP_READ.
    #[graphql(guard = "SignedIn", complexity = "page_size(first, last) * child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
        #[graphql(desc = "The last so many; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: go back before it.")] before: Option<String>,
        #[graphql(desc = "Which groups.")] filter: Option<GroupFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<GroupOrder>,
    ) -> Result<Option<Connection<Group>>> {
        let order = order(order_by);
        let page = PageArgs { first, after, last, before }.check(&ctx.cursors(), LIST, &order)?;
        let mut list = group_list(LIST, order);
        filter.unwrap_or_default().narrow(&mut list)?;
        if !ctx.actor()?.can(GroupRead) {
            list.filter("g.id IN (SELECT app.my_groups())"); // as the policy says, which would be asked of every group
        }
        let fetched = list.fetch(ctx.tx(), &page, Group::read).await?;
        Ok(Some(Connection::new(fetched, ctx.cursors(), LIST, &order, Total::of_list(list))))
    }
}
