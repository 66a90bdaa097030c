//! The roles that a migrate needs: lectern_owner, who makes everything, and lectern_platform, who may change rows.

use anyhow::{Context as _, bail};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{super::operator, Source};

/// Creates the roles where they are missing and this role may, and switches to the owner's role.
pub(super) async fn ensure(connection: &mut PgConnection, source: &Source) -> anyhow::Result<()> {
    let (missing, unlinked, may_create): (bool, bool, bool) = sqlx::query_as(
        "WITH ours AS (SELECT * FROM pg_roles WHERE rolname IN ('lectern_owner', 'lectern_definer', 'lectern_app', 'lectern_platform', 'lectern_desk')), \
              linked AS (SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN ours o ON o.oid = m.member WHERE o.rolname = 'lectern_owner') \
         SELECT (SELECT count(*) FROM ours) < 5 OR NOT EXISTS (SELECT FROM linked WHERE rolname = 'lectern_definer'), \
                NOT EXISTS (SELECT FROM linked WHERE rolname = 'lectern_upkeep'), \
                (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)",
    )
    .fetch_one(&mut *connection)
    .await?;
    if missing && !may_create {
        bail!("the database roles are missing and this role may not create them: run sql/roles.sql once as a superuser");
    }
    if missing || (unlinked && may_create) {
        let made = sqlx::raw_sql(AssertSqlSafe(source.roles.clone())).execute(&mut *connection).await;
        // Without the link to lectern_platform, LECTERN_PLATFORM_URL is another way to that role.
        if missing {
            made.context("the database roles can't be created")?;
        }
    }
    // A superuser's database (the embedded one, a test's) becomes the owner's; anywhere else it is already.
    let foreign: bool = sqlx::query_scalar(
        "SELECT r.rolsuper AND d.datdba <> (SELECT oid FROM pg_roles WHERE rolname = 'lectern_owner') \
         FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user",
    )
    .fetch_one(&mut *connection)
    .await?;
    if foreign {
        let database: String = sqlx::query_scalar("SELECT quote_ident(current_database())").fetch_one(&mut *connection).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("ALTER DATABASE {database} OWNER TO lectern_owner"))).execute(&mut *connection).await?;
    }
    if sqlx::raw_sql("SET ROLE lectern_owner").execute(&mut *connection).await.is_err() {
        bail!("the role of LECTERN_OWNER_URL is neither lectern_owner nor a member of it");
    }
    Ok(())
}

/// A second connection, as lectern_platform: from the owner's role by SET ROLE, or by a URL of its own.
pub(super) async fn platform(owner: &mut PgConnection, url: &str, platform_url: Option<&str>) -> anyhow::Result<PgConnection> {
    let mut connection = operator::connect(url, "LECTERN_OWNER_URL").await?;
    if sqlx::raw_sql("SET ROLE lectern_platform").execute(&mut connection).await.is_err() {
        let Some(platform_url) = platform_url else {
            bail!(
                "lectern_owner may not become lectern_platform, which changes rows of schools: run sql/roles.sql again as a superuser, or set LECTERN_PLATFORM_URL"
            );
        };
        connection = operator::connect(platform_url, "LECTERN_PLATFORM_URL").await?;
        let place = "SELECT concat_ws(' ', current_database(), pg_postmaster_start_time())";
        let (this, that): (String, String) =
            (sqlx::query_scalar(place).fetch_one(owner).await?, sqlx::query_scalar(place).fetch_one(&mut connection).await?);
        let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut connection).await?;
        if this != that || role != "lectern_platform" {
            bail!("LECTERN_PLATFORM_URL must name the database of LECTERN_OWNER_URL, as lectern_platform");
        }
    }
    // The audit triggers write under this operation.
    sqlx::raw_sql(
        "SELECT set_config('app.operation', 'system:migrate', false), set_config('app.correlation_id', gen_random_uuid()::text, false)",
    )
    .execute(&mut connection)
    .await?;
    Ok(connection)
}
