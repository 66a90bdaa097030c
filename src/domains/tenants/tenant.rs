//! A school, as its people see it and as the public does.

use std::collections::HashMap;

use async_graphql::{SimpleObject, dataloader::Loader};

use crate::{
    db::{Cells, DbError, Record, select},
    error::{Error, Result},
    graphql::{Batch, DateTime},
    ids::{Id, Kind},
};

/// A school.
#[derive(SimpleObject, Clone, Debug)]
pub struct Tenant {
    /// Its id.
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

impl Kind for Tenant {
    const PREFIX: &'static str = "tenant";
    const TYPE: &'static str = "Tenant";
}

impl Record for Tenant {
    const COLUMNS: &'static [&'static str] = &["tenant_id", "slug", "name", "time_zone", "subscription_end"];

    fn read(cells: &mut Cells<'_>) -> Result<Self, DbError> {
        Ok(Tenant {
            id: cells.next()?,
            slug: cells.next()?,
            name: cells.next()?,
            time_zone: cells.next()?,
            subscription_end: cells.next()?,
        })
    }
}

impl Loader<Id<Tenant>> for Batch {
    type Value = Tenant;
    type Error = Error;

    async fn load(&self, ids: &[Id<Tenant>]) -> Result<HashMap<Id<Tenant>, Tenant>> {
        let sql = format!("SELECT {} FROM tenant t WHERE t.tenant_id = $1 AND t.tenant_id = ANY ($2)", select::<Tenant>("t"));
        let tenants: Vec<Tenant> = self.tx.all(&sql, &[&ids]).await?;
        Ok(tenants.into_iter().map(|tenant| (tenant.id, tenant)).collect())
    }
}

/// A school as everybody may know it.
#[derive(SimpleObject, Clone, Debug)]
pub struct PublicTenant {
    /// Its short name: what `login` takes as `tenant`.
    pub slug: String,
    /// Its name.
    pub name: String,
}

impl Record for PublicTenant {
    const COLUMNS: &'static [&'static str] = &["slug", "name"];

    fn read(cells: &mut Cells<'_>) -> Result<Self, DbError> {
        Ok(PublicTenant { slug: cells.next()?, name: cells.next()? })
    }
}

crate::plain! { PublicTenant { "slug": slug, "name": name } }
