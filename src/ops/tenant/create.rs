//! Founding a school, with its system roles and its first administrator.

use anyhow::bail;
use jiff::Timestamp;
use lectern_kernel::{auth::Passwords, resolve::text, text::email_key};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{arguments, begin, password};
use crate::config::TenantCreate;

/// What was typed, checked.
struct School<'a> {
    slug: &'a str,
    name: String,
    time_zone: String,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    admin_name: String,
    admin_email: String,
}

impl<'a> School<'a> {
    fn read(typed: &'a TenantCreate) -> anyhow::Result<School<'a>> {
        let zone = arguments::time_zone("--time-zone", &typed.time_zone)?;
        let instant = |flag, text: &Option<String>| text.as_deref().map(|text| arguments::instant(flag, text, &zone)).transpose();
        Ok(School {
            slug: arguments::slug(&typed.slug)?,
            name: text::name("--name", &typed.name).map_err(arguments::refused)?,
            time_zone: zone.iana_name().unwrap_or(&typed.time_zone).to_owned(),
            start: instant("--subscription-start", &typed.subscription_start)?,
            end: instant("--subscription-end", &typed.subscription_end)?,
            admin_name: text::name("--admin-name", &typed.admin_name).map_err(arguments::refused)?,
            admin_email: text::email("--admin-email", &typed.admin_email).map_err(arguments::refused)?,
        })
    }
}

/// Founds the school; answers what the operator may want to know. The password is asked for last.
///
/// # Errors
/// What stands in the way, in one sentence; nothing is kept then.
pub(super) async fn create(connection: &mut PgConnection, typed: &TenantCreate, tenant: Uuid) -> anyhow::Result<String> {
    let school = School::read(typed)?;
    check(connection, &school).await?;
    let password =
        password::read("Password of the first administrator: ", &[&school.admin_email, &school.admin_name, school.slug, &school.name])?;
    let passwords = Passwords::new().map_err(|error| anyhow::anyhow!("passwords can't be hashed: {}", error.message()))?;
    let hash = passwords.hash(password).await.map_err(arguments::refused)?;

    let admin = Uuid::now_v7();
    let mut tx = begin(connection, "system:tenant-create", tenant).await?;
    sqlx::query("SELECT app.create_tenant($1, $2, $3, $4, 'en', $5, $6::timestamptz, $7::timestamptz, $8, $9)")
        .bind(tenant)
        .bind(school.slug)
        .bind(&school.name)
        .bind(&school.time_zone)
        .bind(!typed.unlisted)
        .bind(school.start.map(|start| start.to_string()))
        .bind(school.end.map(|end| end.to_string()))
        .bind(typed.max_users)
        .bind(typed.max_instructors)
        .execute(&mut *tx)
        .await
        .map_err(arguments::explain)?;
    sqlx::query("SELECT app.give_tenant_admin($1, $2, $3, $4, $5, $6)")
        .bind(tenant)
        .bind(admin)
        .bind(&school.admin_email)
        .bind(email_key(&school.admin_email))
        .bind(&school.admin_name)
        .bind(hash)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(format!("{} is founded: sign in to the school {} as {}.", school.name, school.slug, school.admin_email))
}

/// What only the database can check, before anybody types a password.
async fn check(connection: &mut PgConnection, school: &School<'_>) -> anyhow::Result<()> {
    let taken: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM tenant WHERE slug = $1)").bind(school.slug).fetch_one(&mut *connection).await?;
    if taken {
        bail!("the slug {} is taken by another school", school.slug);
    }
    // Reports cut days in the database: both must know the zone.
    if sqlx::query("SELECT now() AT TIME ZONE $1").bind(&school.time_zone).execute(&mut *connection).await.is_err() {
        bail!("the database's server does not know the time zone {}", school.time_zone);
    }
    let ends_first: Option<bool> = sqlx::query_scalar("SELECT $2::timestamptz <= coalesce($1::timestamptz, now())")
        .bind(school.start.map(|start| start.to_string()))
        .bind(school.end.map(|end| end.to_string()))
        .fetch_one(connection)
        .await?;
    if ends_first == Some(true) {
        bail!("the subscription must end after it starts");
    }
    Ok(())
}
