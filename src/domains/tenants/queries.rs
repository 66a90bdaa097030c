//! The public list of schools.

use async_graphql::{Context, Object};
use lectern_kernel::{
    db::{List, Order, PageArgs, Record, SortKey, page_size},
    error::Result,
    resolve::{Connection, Ctx, Public, Total, public, text},
};

use super::PublicTenant;

const BY_NAME: Order = Order { key: SortKey::text("NAME", "t.name"), id: "t.tenant_id", descending: false };

/// Queries of schools.
#[derive(Default)]
pub struct TenantQueries;

#[Object]
impl TenantQueries {
    /// The schools of this deployment, for sign-in pages, by name. A school can opt out of this list.
    #[graphql(guard = "Public", directive = public::apply(), complexity = "page_size(first, None) * child_complexity")]
    async fn public_tenants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The beginning of the slug, or a part of the name.")] search: Option<String>,
        #[graphql(desc = "How many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
    ) -> Result<Connection<PublicTenant>> {
        let search = text::search("search", search.as_deref())?;
        let page = PageArgs { first, after, ..PageArgs::default() }.check(&ctx.cursors(), "publicTenants", &BY_NAME)?;
        let mut list = List::public::<PublicTenant>("publicTenants", "t", BY_NAME);
        let search = list.bind(search);
        list.inner_join(&format!("app.public_tenants({search}) t"));
        let fetched = list.fetch(ctx.tx(), &page, PublicTenant::read).await?;
        Ok(Connection::new(fetched, ctx.cursors(), "publicTenants", &BY_NAME, Total::of_list(list)))
    }
}
