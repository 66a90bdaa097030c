//! Reading people and roles.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Forward, Loaded, OrderBy, Paging, Rows, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Role, SignIn, User, Viewer,
    lists::{UserFilter, UserOrders},
    sign_in::{self, SignInFilter},
    sql,
};

/// Queries of people and roles.
pub struct IdentityQueries;

#[queries]
impl IdentityQueries {
    /// Who is signed in; null when nobody is, or when the token is invalid, expired or revoked.
    #[public]
    async fn viewer(ctx: &Context<'_>) -> Option<Viewer> {
        ctx.request().actor().map(|_| Viewer)
    }

    /// A person of the school; null when there is none, or none that you may see. You see yourself, instructors, the
    /// members of your groups, and whom you learn from or teach; with USER_READ, everybody.
    async fn user(
        ctx: &Context<'_>,
        /// The person's id.
        id: Id<User>,
    ) -> Result<Option<Loaded<User>>> {
        one(ctx, id).await
    }

    /// The people of the school, by name unless ordered otherwise; deleted ones are not among them.
    #[needs(UserRead)]
    async fn users(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which people.
        filter: Option<UserFilter>,
        /// In which order.
        order_by: Option<OrderBy<UserOrders>>,
    ) -> Result<Connection<User>> {
        let mut list = list_of::<User>("users", OrderBy::or_usual(ctx, order_by));
        // Deleted people are left out.
        list.filter("u.deleted_at IS NULL");
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<UserFilter>(ctx, list)?, paging).await
    }

    /// Your sign-ins, the latest first: those that last, and those that ended within 90 days. Not for API keys.
    #[in_person]
    async fn sign_ins(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which sign-ins.
        filter: Option<SignInFilter>,
    ) -> Result<Option<Connection<SignIn>>> {
        let mut list = list_of::<SignIn>("signIns", sign_in::LATEST);
        // As the policy says; said again, for the index.
        let own = list.bind(ctx.actor()?.user);
        list.filter(format!("si.user_id = {own}"));
        list.filter(sign_in::IS_KEPT);
        filter.unwrap_or_default().narrow(&mut list);
        page(ctx, list, paging).await.map(Some)
    }

    /// The roles of the school: those that every school has, then its own, by their keys.
    #[needs(RoleRead)]
    #[cost(20)]
    async fn roles(ctx: &Context<'_>) -> Result<Vec<Loaded<Role>>> {
        Ok(ctx.rows(sql::ROLES, &[]).await?)
    }
}
