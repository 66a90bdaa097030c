//! The operator's connection: as lectern_platform, to a database that stands at the schema of this binary.

use anyhow::bail;
use lectern_kernel::db::{
    migrate::{Standing, schema_fingerprint, standing},
    operator,
};
use sqlx::PgConnection;

use super::sources;

/// The role that the operator's policies are written to.
const ROLE: &str = "lectern_platform";

/// Connects, and refuses a role or a schema on which the operator's commands would go wrong halfway.
pub(super) async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    let mut connection = operator::connect(url, "LECTERN_PLATFORM_URL").await?;
    let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut connection).await?;
    if role != ROLE {
        bail!("the role {role} is not {ROLE}, to which the operator's policies are written: set LECTERN_PLATFORM_URL to that role");
    }
    match standing(sources::embedded()?, schema_fingerprint(&mut connection).await?.as_deref()) {
        Standing::Current | Standing::Newer => Ok(connection),
        Standing::Missing => bail!("the database has no Lectern schema yet: run `lectern migrate`"),
        Standing::Behind => bail!("the database's schema is not the one of this binary: run `lectern migrate`"),
    }
}
