//! The public list of schools.

use async_graphql::Context;
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    resolve::{Connection, Forward, page, text},
};
use lectern_macros::queries;

use super::PublicTenant;

const BY_NAME: Order = Order { key: SortKey::name("NAME", "t.name"), id: "t.tenant_id", descending: false };

/// Queries of schools.
pub struct TenantQueries;

#[queries]
impl TenantQueries {
    /// The schools of this deployment, for sign-in pages, by name. A school can opt out of this list.
    #[public]
    async fn public_tenants(
        ctx: &Context<'_>,
        /// Beginnings of words in slug and name, whatever their case and accents: "oak sch" finds "Oak School".
        search: Option<String>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
    ) -> Result<Connection<PublicTenant>> {
        let search = text::search("search", search.as_deref())?;
        let mut list = List::public("publicTenants", BY_NAME).of_all_schools();
        let search = list.bind(search);
        list.inner_join(&format!("app.public_tenants({search}) t"));
        page(ctx, list, paging).await
    }
}
