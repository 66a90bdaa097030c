//! What the files of a school take.

use async_graphql::Context;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    resolve::Ctx,
};
use lectern_macros::{extends, object};

use super::sql;
use crate::domains::tenants::Tenant;

/// What the uploaded files of a school take, of what they may. What the service makes itself is not counted.
#[object]
pub struct StorageUsage {
    /// Bytes that the files take; a whole number.
    pub used_bytes: f64,
    /// Bytes that uploads under way have reserved; a whole number.
    pub reserved_bytes: f64,
    /// Bytes that both together may take; a whole number. Null for as many as there is room for.
    pub quota_bytes: Option<f64>,
    /// How many files there are.
    pub files: i32,
}

/// What is added to schools.
pub struct TenantStorage;

#[extends(Tenant)]
impl TenantStorage {
    /// What its files take.
    #[needs(FileManage)]
    async fn storage(ctx: &Context<'_>) -> Result<StorageUsage> {
        let rows = ctx.tx().query(sql::USAGE, &[]).await?;
        let row = rows.first().ok_or_else(|| Error::internal("the use of the store answers no row"))?;
        let mut reader = ColumnReader::new(row);
        let mut number = || reader.next::<Option<i64>>();
        let (used, reserved, quota, files) = (number()?, number()?, number()?, number()?);
        let bytes = |number: i64| number as f64;
        Ok(StorageUsage {
            used_bytes: used.map_or(0.0, bytes),
            reserved_bytes: reserved.map_or(0.0, bytes),
            quota_bytes: quota.map(bytes),
            files: files.and_then(|files| i32::try_from(files).ok()).unwrap_or(i32::MAX),
        })
    }
}
