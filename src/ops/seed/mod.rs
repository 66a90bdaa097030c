//! Data to look at ([`seed_demo`]) and data to measure with ([`seed_scale`]). The SQL stands in `sql/seed`.
//!
//! Both run as `lectern_platform` under the same triggers and constraints as everybody else, so that no rule of the
//! database can be broken by what is loaded; only the audit trigger is told to be silent.

mod demo;
mod scale;

use lectern_kernel::auth::Passwords;
use sqlx::PgConnection;

pub use self::{
    demo::{Demo, seed_demo, seed_demo_if_empty},
    scale::seed_scale,
};

/// Everybody's password in generated data: it is public.
const PASSWORD: &str = "lectern-demo";

/// Ids and chance, as temporary functions.
const HELPERS: &str = include_str!("../../../sql/seed/helpers.sql");

/// Keys the advisory lock that lets one seed run at a time.
const LOCK: i64 = 0x4c45_4354_5345_4544;

async fn hash(passwords: &Passwords) -> anyhow::Result<String> {
    passwords.hash(PASSWORD.to_owned()).await.map_err(|error| anyhow::anyhow!("passwords can't be hashed: {}", error.message()))
}

/// Sets a setting for the rest of the transaction.
async fn set(connection: &mut PgConnection, name: &str, value: &str) -> sqlx::Result<()> {
    sqlx::query("SELECT set_config($1, $2, true)").bind(name).bind(value).execute(connection).await?;
    Ok(())
}

/// Makes a school the one that is loaded: `pg_temp.id` speaks of it, and the wall stands around it.
async fn enter(connection: &mut PgConnection, slug: &str) -> sqlx::Result<()> {
    set(connection, "seed.slug", slug).await?;
    sqlx::query("SELECT set_config('app.tenant_id', pg_temp.id('tenant')::text, true)").execute(connection).await?;
    Ok(())
}

/// Whether there is a school of this name.
async fn exists(connection: &mut PgConnection, slug: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM tenant WHERE slug = $1)").bind(slug).fetch_one(connection).await
}
