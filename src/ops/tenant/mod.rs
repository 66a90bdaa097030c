//! `lectern tenant`: creating, listing, renewing, suspending and importing schools. Each change is one transaction, and stands in the
//! school's audit log as `system:tenant-…`.

mod arguments;
mod create;
mod import;
mod list;
mod moving;
pub(super) mod password;
mod tables;

pub(super) use self::arguments::refused;
pub use self::{
    import::import,
    moving::{relocate, switched_by},
};

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use serde_json::json;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::platform;
use crate::config::{TenantCommand, TenantCreate, TenantQuota, TenantRenew, TenantSuspend};

/// Runs one of the commands.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn tenant(platform_url: &str, command: &TenantCommand) -> anyhow::Result<()> {
    let mut connection = platform::connect(platform_url).await?;
    match command {
        TenantCommand::Create(arguments) => println!("{}", create::create(&mut connection, arguments, Uuid::now_v7()).await?),
        TenantCommand::List => print!("{}", list::list(&mut connection).await?),
        TenantCommand::Renew(arguments) => println!("{}", renew(&mut connection, arguments).await?),
        TenantCommand::Suspend(arguments) => println!("{}", suspend(&mut connection, arguments).await?),
        TenantCommand::Quota(arguments) => println!("{}", quota(&mut connection, arguments).await?),
    }
    Ok(())
}

/// Founds a school with an id that was chosen for it.
///
/// # Errors
/// What stands in the way, in one sentence; nothing is kept then.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn found(platform_url: &str, arguments: &TenantCreate, id: Uuid) -> anyhow::Result<()> {
    let mut connection = platform::connect(platform_url).await?;
    println!("{}", create::create(&mut connection, arguments, id).await?);
    Ok(())
}

/// Opens the transaction of one change to one school; the audit trigger writes what changes under `operation`.
pub(super) async fn begin<'c>(connection: &'c mut PgConnection, operation: &str, tenant: Uuid) -> sqlx::Result<Transaction<'c, Postgres>> {
    let mut tx = sqlx::Connection::begin(connection).await?;
    sqlx::query(
        "SELECT set_config('app.tenant_id', $1, true), set_config('app.operation', $2, true), set_config('app.correlation_id', $3, true)",
    )
    .bind(tenant.to_string())
    .bind(operation)
    .bind(Uuid::now_v7().to_string())
    .execute(&mut *tx)
    .await?;
    Ok(tx)
}

/// The school of this slug, with its time zone.
pub(super) async fn find(connection: &mut PgConnection, slug: &str) -> anyhow::Result<(Uuid, String)> {
    match sqlx::query_as("SELECT tenant_id, time_zone FROM tenant WHERE slug = $1").bind(slug).fetch_optional(connection).await? {
        Some(found) => Ok(found),
        None => bail!("there is no school {slug}: `lectern tenant list` shows those that there are"),
    }
}

async fn renew(connection: &mut PgConnection, wanted: &TenantRenew) -> anyhow::Result<String> {
    let (tenant, zone) = find(connection, &wanted.slug).await?;
    let zone = TimeZone::get(&zone).with_context(|| format!("the school's time zone {zone} is not known"))?;
    let end = match wanted.until.as_str() {
        "never" => None,
        text => Some(arguments::instant("--until", text, &zone)?),
    };
    let max_users = wanted.max_users.as_deref().map(|text| arguments::cap("--max-users", text)).transpose()?;
    let max_instructors = wanted.max_instructors.as_deref().map(|text| arguments::cap("--max-instructors", text)).transpose()?;
    let mut tx = begin(connection, "system:tenant-renew", tenant).await?;
    let mut changes = serde_json::Map::from_iter([("subscriptionEnd".to_owned(), json!(end.map(|end| end.to_string())))]);
    changes.extend(max_users.map(|cap| ("maxUsers".to_owned(), json!(cap))));
    changes.extend(max_instructors.map(|cap| ("maxInstructors".to_owned(), json!(cap))));
    change(&mut tx, tenant, changes).await.map_err(arguments::explain)?;
    tx.commit().await?;
    Ok(match end {
        Some(end) => format!("The subscription of {} ends at {}.", wanted.slug, arguments::shown(end, &zone)),
        None => format!("The subscription of {} has no end.", wanted.slug),
    })
}

/// Changes a school as the platform does; its log and the platform's keep it.
async fn change(tx: &mut PgConnection, tenant: Uuid, changes: serde_json::Map<String, serde_json::Value>) -> sqlx::Result<()> {
    sqlx::query("SELECT app.change_tenant($1, $2::jsonb)")
        .bind(tenant)
        .bind(serde_json::Value::Object(changes).to_string())
        .execute(tx)
        .await?;
    Ok(())
}

async fn suspend(connection: &mut PgConnection, wanted: &TenantSuspend) -> anyhow::Result<String> {
    let (tenant, _) = find(connection, &wanted.slug).await?;
    let operation = if wanted.lift { "system:tenant-reinstate" } else { "system:tenant-suspend" };
    let mut tx = begin(connection, operation, tenant).await?;
    let suspended: bool = sqlx::query_scalar("SELECT suspended_at IS NOT NULL FROM tenant WHERE tenant_id = $1 FOR UPDATE")
        .bind(tenant)
        .fetch_one(&mut *tx)
        .await?;
    let changed = suspended == wanted.lift;
    if changed {
        let reason = if wanted.lift { json!(null) } else { json!("by the operator") };
        change(&mut tx, tenant, serde_json::Map::from_iter([("suspendReason".to_owned(), reason)])).await.map_err(arguments::explain)?;
    }
    tx.commit().await?;
    let slug = &wanted.slug;
    Ok(match (wanted.lift, changed) {
        (false, false) => format!("{slug} is suspended already."),
        (false, _) => format!("{slug} is suspended: its people are answered SUBSCRIPTION_EXPIRED, its data is kept."),
        (true, false) => format!("{slug} is not suspended."),
        (true, _) => format!("{slug} is no longer suspended."),
    })
}

async fn quota(connection: &mut PgConnection, wanted: &TenantQuota) -> anyhow::Result<String> {
    let (tenant, _) = find(connection, &wanted.slug).await?;
    let bytes = wanted.bytes.as_deref().map(arguments::bytes).transpose()?;
    let tokens = wanted.assistant_tokens.as_deref().map(arguments::tokens).transpose()?;
    let mut tx = begin(connection, "system:tenant-quota", tenant).await?;
    let (mut said, slug) = (Vec::new(), &wanted.slug);
    if let Some(bytes) = bytes {
        sqlx::query("UPDATE tenant SET storage_quota = $2 WHERE tenant_id = $1").bind(tenant).bind(bytes).execute(&mut *tx).await?;
        let used: i64 = sqlx::query_scalar("SELECT used FROM app.storage_usage()").fetch_one(&mut *tx).await?;
        said.push(match bytes {
            None => format!("The files of {slug} may take as much as there is room for; they take {used} bytes."),
            Some(bytes) if used > bytes => {
                format!("The files of {slug} may take {bytes} bytes, and take {used}: no more can be uploaded until they take less.")
            }
            Some(bytes) => format!("The files of {slug} may take {bytes} bytes; they take {used}."),
        });
    }
    if let Some(tokens) = tokens {
        sqlx::query("UPDATE tenant SET assistant_token_quota = $2 WHERE tenant_id = $1")
            .bind(tenant)
            .bind(tokens)
            .execute(&mut *tx)
            .await?;
        said.push(match tokens {
            None => format!("The assistants of {slug} may use as many tokens a month as the school allows itself."),
            Some(tokens) => format!("The assistants of {slug} may use {tokens} tokens a month, or fewer where the school says so."),
        });
    }
    tx.commit().await?;
    Ok(said.join("\n"))
}
