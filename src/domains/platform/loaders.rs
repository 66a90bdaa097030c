//! What schools hold, and who administers them: of many schools in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};

use super::{
    DeskTenant, sql,
    statistics::int,
    tenant::{TenantAdmin, TenantUsage},
};

/// What a school holds.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UsageOf(pub Id<DeskTenant>);

impl Loader<UsageOf> for Batch {
    type Value = TenantUsage;
    type Error = Error;

    async fn load(&self, keys: &[UsageOf]) -> Result<HashMap<UsageOf, TenantUsage>> {
        let schools: Vec<Id<DeskTenant>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::USAGE, &[&schools]).await?;
        let usage = rows.iter().map(|row| {
            let mut reader = ColumnReader::new(row);
            let school = UsageOf(reader.next()?);
            let usage = TenantUsage {
                users: int(reader.next()?)?,
                instructors: int(reader.next()?)?,
                courses: int(reader.next()?)?,
                groups: int(reader.next()?)?,
                enrollments: int(reader.next()?)?,
                bookings: int(reader.next()?)?,
                last_sign_in_at: reader.next()?,
            };
            Ok((school, usage))
        });
        usage.collect()
    }
}

/// Who administers a school.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AdminsOf(pub Id<DeskTenant>);

impl Loader<AdminsOf> for Batch {
    type Value = Vec<TenantAdmin>;
    type Error = Error;

    async fn load(&self, keys: &[AdminsOf]) -> Result<HashMap<AdminsOf, Vec<TenantAdmin>>> {
        let schools: Vec<Id<DeskTenant>> = keys.iter().map(|key| key.0).collect();
        let mut admins: HashMap<AdminsOf, Vec<TenantAdmin>> = HashMap::new();
        for row in &self.tx.query(sql::TENANT_ADMINS, &[&schools]).await? {
            let mut reader = ColumnReader::new(row);
            let school = AdminsOf(reader.next()?);
            let admin = TenantAdmin { email: reader.next()?, name: reader.next()?, is_invited: reader.next()? };
            admins.entry(school).or_default().push(admin);
        }
        Ok(admins)
    }
}
