//! A school, as its people see it and as the public does.

use async_graphql::SimpleObject;
use lectern_kernel::{
    db::{ColumnReader, DbError, Record, select},
    error::Result,
    ids::{Id, Kind},
    resolve::{ById, DateTime},
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

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Tenant {
            id: reader.next()?,
            slug: reader.next()?,
            name: reader.next()?,
            time_zone: reader.next()?,
            subscription_end: reader.next()?,
        })
    }
}

impl ById for Tenant {
    fn by_ids() -> String {
        format!("SELECT {} FROM tenant t WHERE t.tenant_id = $1 AND t.tenant_id = ANY ($2)", select::<Tenant>("t"))
    }

    fn id(&self) -> Id<Tenant> {
        self.id
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

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(PublicTenant { slug: reader.next()?, name: reader.next()? })
    }
}

lectern_kernel::eager! { PublicTenant { "slug": slug, "name": name } }
