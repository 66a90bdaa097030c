//! A school, as its people see it and as the public does.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded},
};
use lectern_macros::{object, resolvers};

use super::settings::{TenantSettings, settings_of};

/// A school.
#[object(table = "tenant", alias = "t", id = "tenant", key = "tenant_id", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id.
    #[column("tenant_id")]
    pub id: Id<Tenant>,
    /// Its short name, unique in the whole deployment; people sign in with it.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its time zone, as IANA names it: days of calendars and reports begin at its midnight unless asked otherwise.
    pub time_zone: String,
    /// When its subscription lapses; null when it doesn't.
    pub subscription_end: Option<DateTime>,
}

#[resolvers]
impl Tenant {
    /// Its settings.
    async fn settings(id: Id<Tenant>, ctx: &Context<'_>) -> Result<Loaded<TenantSettings>> {
        settings_of(ctx, id).await
    }
}

/// A school as everybody may know it.
// It is listed by a function, and never asked for by an id: no id begins with this prefix.
#[object(table = "app.public_tenants", alias = "t", id = "publictenant", key = "tenant_id")]
#[derive(Clone, Debug)]
pub struct PublicTenant {
    /// Its short name: what `login` takes as `tenant`.
    pub slug: String,
    /// Its name.
    pub name: String,
}
