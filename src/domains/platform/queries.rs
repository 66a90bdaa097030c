//! Reading the platform.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Loaded, OrderBy, Paging, Rows, list_of, one, page, text},
};
use lectern_macros::queries;

use super::{
    DeskTenant, PlatformAdmin, PlatformAuditEntry, Statistics, TenantErasure,
    admin::myself,
    entry::{NEWEST, PlatformAuditFilter},
    erasure::LATEST,
    inputs::TenantFilter,
    sql, statistics,
    tenant::TenantOrders,
};

/// Queries of the platform.
pub struct PlatformQueries;

#[queries]
impl PlatformQueries {
    /// Who is signed in; null when nobody is, or when the token is invalid, expired or revoked.
    #[public]
    async fn viewer(ctx: &Context<'_>) -> Result<Option<Loaded<PlatformAdmin>>> {
        match ctx.request().actor() {
            Some(_) => myself(ctx).await.map(Some),
            None => Ok(None),
        }
    }

    /// A school; null when there is none.
    async fn tenant(
        ctx: &Context<'_>,
        /// The school's id.
        id: Id<DeskTenant>,
    ) -> Result<Option<Loaded<DeskTenant>>> {
        one(ctx, id).await
    }

    /// The schools of this deployment, by name unless ordered otherwise.
    async fn tenants(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which schools.
        filter: Option<TenantFilter>,
        /// In which order.
        order_by: Option<OrderBy<TenantOrders>>,
    ) -> Result<Option<Connection<DeskTenant>>> {
        let filter = filter.unwrap_or_default();
        let mut list = list_of::<DeskTenant>("tenants", OrderBy::or_usual(ctx, order_by));
        if let Some(search) = text::search("filter.search", filter.search.as_deref())? {
            let search = list.bind(search);
            list.among("t.id", &format!("app.search_desk_tenant({search})"));
        }
        if let Some(states) = filter.states {
            let states = list.bind(states);
            list.filter(format!("t.state = ANY ({states})"));
        }
        if let Some(before) = filter.subscription_ends_before {
            let before = list.bind(before);
            list.filter(format!("t.subscription_end < {before}"));
        }
        page(ctx, list, paging).await.map(Some)
    }

    /// What all schools hold together, out of one snapshot: the sum of what `usage` says of each.
    #[cost(50)]
    async fn statistics(
        ctx: &Context<'_>,
        /// Only what was created from this moment on; all of it unless given.
        from: Option<DateTime>,
        /// Only what was created before this moment.
        to: Option<DateTime>,
    ) -> Result<Option<Statistics>> {
        statistics::add_up(ctx, from, to).await.map(Some)
    }

    /// The administrators of the platform, by name.
    #[cost(20)]
    async fn admins(ctx: &Context<'_>) -> Result<Option<Vec<Loaded<PlatformAdmin>>>> {
        Ok(Some(ctx.rows(sql::ADMINS, &[]).await?))
    }

    /// An erasure; null when there is none.
    async fn tenant_erasure(
        ctx: &Context<'_>,
        /// The erasure's id.
        id: Id<TenantErasure>,
    ) -> Result<Option<Loaded<TenantErasure>>> {
        one(ctx, id).await
    }

    /// The erasures of schools, the latest first.
    async fn tenant_erasures(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
    ) -> Result<Option<Connection<TenantErasure>>> {
        page(ctx, list_of::<TenantErasure>("tenantErasures", LATEST), paging).await.map(Some)
    }

    /// What administrators of the platform and operators did, and what they were refused, the newest first.
    async fn audit_log(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which entries.
        filter: Option<PlatformAuditFilter>,
    ) -> Result<Option<Connection<PlatformAuditEntry>>> {
        let mut list = list_of::<PlatformAuditEntry>("auditLog", NEWEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, list, paging).await.map(Some)
    }
}
