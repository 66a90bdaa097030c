//! ParsedDocument people and roles.

use async_graphql::{Context, ID, Object};
use lectern_kernel::{
    db::{PageArgs, Record, page_size},
    error::Result,
    ids::Id,
    permission::Permission::{RoleRead, UserRead},
    resolve::{Connection, Ctx, Public, Require, SignedIn, Total, public, requires_permission},
};

use super::{
    Role, User, Viewer,
    lists::{UserFilter, UserOrder, order, user_list},
    sql,
};

/// Queries of people and roles.
#[derive(Default)]
pub struct IdentityQueries;

#[Object]
impl IdentityQueries {
    /// Who is signed in; null when nobody is, or when the token is invalid, expired or revoked.
    #[graphql(guard = "Public", directive = public::apply())]
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        ctx.request().actor().map(|_| Viewer)
    }

    /// A person of the school; null when there is none, or none that you may see. You see yourself, instructors, the
    /// members of your groups, and whom you learn from or teach; with USER_READ, everybody.
    #[graphql(guard = "SignedIn")]
    async fn user(&self, ctx: &Context<'_>, #[graphql(desc = "The person's id.")] id: ID) -> Result<Option<User>> {
        ctx.load(Id::<User>::parse("id", &id)?).await
    }

    /// The people of the school, by name unless ordered otherwise; deleted ones are not among them. Needs USER_READ.
    #[graphql(
        guard = "Require([UserRead])",
        directive = requires_permission::apply(vec![UserRead]),
        complexity = "page_size(first, last) * child_complexity"
    )]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
        #[graphql(desc = "The last so many; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: go back before it.")] before: Option<String>,
        #[graphql(desc = "Which people.")] filter: Option<UserFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<UserOrder>,
    ) -> Result<Option<Connection<User>>> {
        let order = order(order_by);
        let page = PageArgs { first, after, last, before }.check(&ctx.cursors(), "users", &order)?;
        let mut list = user_list("users", order);
        filter.unwrap_or_default().narrow(&mut list)?;
        let fetched = list.fetch(ctx.tx(), &page, User::read).await?;
        Ok(Some(Connection::new(fetched, ctx.cursors(), "users", &order, Total::of_list(list))))
    }

    /// The roles of the school: the four that every school has, then its own, by their keys. Needs ROLE_READ.
    #[graphql(
        guard = "Require([RoleRead])",
        directive = requires_permission::apply(vec![RoleRead]),
        complexity = "20 * child_complexity"
    )]
    async fn roles(&self, ctx: &Context<'_>) -> Result<Option<Vec<Role>>> {
        Ok(Some(ctx.tx().all(&sql::roles(), &[]).await?))
    }
}
