//! Brings a database to the schema of this binary: roles, migrations, then functions and policies, which are always
//! applied whole. Runs on the owner's connection (sqlx), never on the service's.

use std::sync::OnceLock;

use anyhow::{Context as _, bail};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use super::operator;

/// What `migrate` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Migrations applied now.
    pub applied: usize,
    /// Migrations in all.
    pub total: usize,
    /// Whether functions and policies were applied anew.
    pub refreshed: bool,
}

/// The SQL of a binary, in the order in which it is applied.
pub struct Source {
    /// Makes the roles, where they are missing.
    pub roles: String,
    /// `(version, description, sql)`, forward only.
    pub migrations: Vec<(i64, String, String)>,
    /// `(file, sql)`: functions, policies, grants.
    pub repeatable: Vec<(String, String)>,
    fingerprint: OnceLock<String>,
}

impl Source {
    /// Out of the roles, the migrations, and what is applied whole.
    pub fn new(roles: String, migrations: Vec<(i64, String, String)>, repeatable: Vec<(String, String)>) -> Self {
        Source { roles, migrations, repeatable, fingerprint: OnceLock::new() }
    }

    /// `migrations:digest`, by which the service knows whether a database stands where this binary expects it.
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| {
            let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
            for (_, _, sql) in &self.migrations {
                digest.update(sql.as_bytes());
            }
            for (file, sql) in &self.repeatable {
                digest.update(file.as_bytes());
                digest.update(sql.as_bytes());
            }
            format!("{}:{}", self.migrations.len(), &data_encoding::HEXLOWER.encode(digest.finish().as_ref())[..16])
        })
    }
}

/// Where a database's schema stands, seen from this binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Missing,
    /// It was made by an older binary, or by another one of the same age.
    Behind,
    /// It is this binary's.
    Current,
    /// It has migrations that this binary does not know.
    Newer,
}

/// Where a database with this fingerprint stands, seen from a binary with this source.
pub fn standing(source: &Source, fingerprint: Option<&str>) -> Standing {
    let migrations = |fingerprint: &str| fingerprint.split(':').next().and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
    let expected = source.fingerprint();
    match fingerprint {
        None => Standing::Missing,
        Some(fingerprint) if fingerprint == expected => Standing::Current,
        Some(fingerprint) if migrations(fingerprint) > migrations(expected) => Standing::Newer,
        Some(_) => Standing::Behind,
    }
}

/// Migrates the database behind `url`, whose role owns it or may become `lectern_owner`. With `always`, functions and
/// policies are applied even where the database says that it has them already.
///
/// # Errors
/// What stands in the way, in one sentence for the operator.
pub async fn migrate(url: &str, source: &Source, always: bool) -> anyhow::Result<Report> {
    let mut connection = operator::connect(url, "LECTERN_OWNER_URL").await?;
    ensure_roles(&mut connection, source).await?;
    check_database(&mut connection, source).await?;

    let before = applied(&mut connection).await?;
    let migrations = source.migrations.iter().map(|(version, description, sql)| {
        Migration::new(*version, description.clone().into(), MigrationType::Simple, AssertSqlSafe(sql.clone()).into_sql_str(), false)
    });
    let migrator = Migrator { migrations: migrations.collect(), ..Migrator::DEFAULT };
    migrator.run(&mut connection).await.context("a migration failed; nothing of it was kept")?;
    let applied_now = applied(&mut connection).await?.saturating_sub(before);

    let refreshed =
        always || applied_now > 0 || standing(source, schema_fingerprint(&mut connection).await?.as_deref()) != Standing::Current;
    if refreshed {
        refresh(&mut connection, source).await?;
    }
    connection.close().await?;
    Ok(Report { applied: applied_now, total: source.migrations.len(), refreshed })
}

/// Functions, policies and grants, in one transaction: other sessions see the old ones or the new ones. They go on working
/// meanwhile, so that the locks this takes on every table may have to be tried for more than once.
async fn refresh(connection: &mut PgConnection, source: &Source) -> anyhow::Result<()> {
    for _ in 1..REFRESH_TRIES {
        match refresh_once(connection, source).await {
            Err(error) if error.chain().any(is_lock_lost) => {}
            done => return done,
        }
    }
    refresh_once(connection, source).await.context("other sessions stand in the way")
}

/// How often functions and policies are tried to be applied.
const REFRESH_TRIES: usize = 5;

/// A deadlock, or a lock that did not come in time: both are another session's doing.
fn is_lock_lost(error: &(dyn std::error::Error + 'static)) -> bool {
    let code = error.downcast_ref::<sqlx::Error>().and_then(|error| error.as_database_error()?.code());
    matches!(code.as_deref(), Some("40P01" | "55P03"))
}

async fn refresh_once(connection: &mut PgConnection, source: &Source) -> anyhow::Result<()> {
    let mut tx = connection.begin().await?;
    sqlx::raw_sql(
        "SELECT pg_advisory_xact_lock(7337212304513841); SET LOCAL lock_timeout = '10s'; DROP SCHEMA IF EXISTS app CASCADE; CREATE SCHEMA app",
    )
    .execute(&mut *tx)
    .await?;
    for (file, sql) in &source.repeatable {
        sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut *tx).await.with_context(|| format!("{file} can't be applied"))?;
    }
    let fingerprint = source.fingerprint();
    sqlx::raw_sql(AssertSqlSafe(format!(
        "CREATE FUNCTION app.schema_fingerprint() RETURNS text LANGUAGE sql IMMUTABLE RETURN '{fingerprint}'; \
         REVOKE ALL ON FUNCTION app.schema_fingerprint() FROM PUBLIC; \
         GRANT EXECUTE ON FUNCTION app.schema_fingerprint() TO lectern_app, lectern_platform"
    )))
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Creates the roles where they are missing and this role may, and goes on as the owner.
async fn ensure_roles(connection: &mut PgConnection, source: &Source) -> anyhow::Result<()> {
    let (missing, may_create): (bool, bool) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM pg_roles WHERE rolname IN ('lectern_owner', 'lectern_definer', 'lectern_app', 'lectern_platform')) < 4 \
                OR NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles o ON o.oid = m.member \
                               WHERE g.rolname = 'lectern_definer' AND o.rolname = 'lectern_owner'), \
                (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)",
    )
    .fetch_one(&mut *connection)
    .await?;
    if missing {
        if !may_create {
            bail!("the database roles are missing and this role may not create them: run sql/roles.sql once as a superuser");
        }
        sqlx::raw_sql(AssertSqlSafe(source.roles.clone()))
            .execute(&mut *connection)
            .await
            .context("the database roles can't be created")?;
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

/// Refuses a database in which the migrations would fail halfway.
async fn check_database(connection: &mut PgConnection, source: &Source) -> anyhow::Result<()> {
    let (version, database, may_create): (i32, String, bool) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, quote_ident(current_database()), \
                has_database_privilege(current_database(), 'CREATE') AND has_schema_privilege('public', 'CREATE')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if version < 150_000 {
        bail!("PostgreSQL {} is too old: 15 or newer is needed", version / 10_000);
    }
    if !may_create {
        bail!("lectern_owner may not create tables here: run `ALTER DATABASE {database} OWNER TO lectern_owner` once as a superuser");
    }
    if standing(source, schema_fingerprint(connection).await?.as_deref()) == Standing::Newer {
        bail!("the database's schema is newer than this binary: use the binary that migrated it, or a newer one");
    }
    Ok(())
}

async fn applied(connection: &mut PgConnection) -> anyhow::Result<usize> {
    let table: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('public._sqlx_migrations')::text").fetch_one(&mut *connection).await?;
    if table.is_none() {
        return Ok(0);
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM public._sqlx_migrations WHERE success").fetch_one(&mut *connection).await?;
    Ok(usize::try_from(count)?)
}

/// The fingerprint of a database; none where it has no schema.
///
/// # Errors
/// When the database can't be asked.
pub async fn schema_fingerprint(connection: &mut PgConnection) -> anyhow::Result<Option<String>> {
    let function: Option<String> =
        sqlx::query_scalar("SELECT to_regproc('app.schema_fingerprint')::text").fetch_one(&mut *connection).await?;
    if function.is_none() {
        return Ok(None);
    }
    Ok(Some(sqlx::query_scalar("SELECT app.schema_fingerprint()").fetch_one(&mut *connection).await?))
}
