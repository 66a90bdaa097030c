//! Brings a database to the schema of a binary: roles, migrations, then whatever changed of functions and policies, then the
//! rows of schools. Runs on the owner's connection (sqlx), never on the service's. See docs/adr/0008.

mod ledger;
mod patience;
mod roles;
mod rows;
mod scripts;
mod source;
mod strays;
mod things;

use anyhow::{Context as _, bail};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use self::patience::patiently;
pub use self::source::{Done, Part, Script, Source, Standing, Step};
use super::operator;

/// How to migrate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Whether functions and policies are applied even where nothing changed, neither in the files nor in the database.
    pub always: bool,
    /// The database's URL as lectern_platform, for rows, where the owner's role may not become that one.
    pub platform_url: Option<&'a str>,
}

/// What `migrate` did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Migrations applied now.
    pub applied: usize,
    /// Migrations in all.
    pub total: usize,
    /// The files of functions and policies that were applied now.
    pub scripts: Vec<String>,
    /// What no file makes any more, and is gone.
    pub dropped: Vec<String>,
    /// How many rows each file has changed that changed some, those of an interrupted run before this one among them.
    pub rows: Vec<(String, u64)>,
    /// What the operator should know, a line each.
    pub notes: Vec<String>,
}

/// The advisory lock that lets one migrate run at a time.
const LOCK: i64 = 7_337_212_304_513_841;

/// Migrates the database behind `url`, whose role owns it or may become `lectern_owner`.
pub async fn migrate(url: &str, source: &Source, options: Options<'_>) -> anyhow::Result<Report> {
    let mut owner = operator::connect(url, "LECTERN_OWNER_URL").await?;
    roles::ensure(&mut owner, source).await?;
    let mut platform = roles::platform(&mut owner, url, options.platform_url).await?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut owner).await?;
    let fingerprint = source.fingerprint();
    let before = check_database(&mut owner, &fingerprint).await?;
    // Unqualified names, in files and in the catalog's answers, mean the same in every database.
    let settings = format!("SET search_path = public; {}", patience::LOCK_TIMEOUT);
    for connection in [&mut owner, &mut platform] {
        sqlx::raw_sql(AssertSqlSafe(settings.clone())).execute(connection).await?;
    }

    let mut report = Report { total: source.migrations.len(), ..Report::default() };
    report.applied = apply_migrations(&mut owner, source).await?;
    sqlx::raw_sql("CREATE SCHEMA IF NOT EXISTS app").execute(&mut owner).await?;
    let mut ledger = ledger::read(&mut owner).await?;
    report.scripts = scripts::apply(&mut owner, &source.scripts, &mut ledger, options.always).await?;
    report.dropped = strays::drop(&mut owner, source, &mut ledger).await?;
    let is_new = before != Standing::Current || !report.scripts.is_empty();
    report.rows = rows::change(&mut owner, &mut platform, source, &mut ledger, is_new).await?;
    for step in &source.steps {
        let done = patiently(async || (step.run)(&mut platform).await).await.with_context(|| format!("{} can't be done", step.name))?;
        if done.rows > 0 {
            report.rows.push((step.name.to_owned(), done.rows));
        }
        report.notes.extend(done.notes);
    }
    scripts::apply(&mut owner, &[fingerprint_script(&fingerprint)], &mut ledger, options.always).await?;
    owner.close().await?;
    platform.close().await?;
    Ok(report)
}

/// The script by which a database says which schema it has. It is applied last.
const FINGERPRINT: &str = "fingerprint";

fn fingerprint_script(fingerprint: &str) -> Script {
    let sql = format!(
        "CREATE OR REPLACE FUNCTION app.schema_fingerprint() RETURNS text LANGUAGE sql IMMUTABLE RETURN '{fingerprint}'; \
         GRANT EXECUTE ON FUNCTION app.schema_fingerprint() TO lectern_app, lectern_platform, lectern_desk"
    );
    Script::new(Part::Functions, FINGERPRINT, sql)
}

/// An SQL expression: why a database can't hold text as it is sorted and searched; null where it can.
pub(super) const UNFIT_FOR_TEXT: &str = "CASE \
     WHEN current_setting('server_encoding') <> 'UTF8' THEN \
         'UTF8 must be the encoding of the database, not ' || current_setting('server_encoding') || ': make it anew' \
     WHEN NOT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu' AND collnamespace = 'pg_catalog'::regnamespace) THEN \
         'ICU is missing in this PostgreSQL, and names are sorted by it: use a server that was built with ICU (there is no collation und-x-icu)' END";

/// Refuses a database in which the migrations would fail halfway; answers where the others stand.
async fn check_database(connection: &mut PgConnection, fingerprint: &str) -> anyhow::Result<Standing> {
    let (version, database, may_create, unfit): (i32, String, bool, Option<String>) = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT current_setting('server_version_num')::int, quote_ident(current_database()), \
                has_database_privilege(current_database(), 'CREATE') AND has_schema_privilege('public', 'CREATE'), {UNFIT_FOR_TEXT}"
    )))
    .fetch_one(&mut *connection)
    .await?;
    if version < 150_000 {
        bail!("PostgreSQL {} is too old: 15 or newer is needed", version / 10_000);
    }
    if let Some(unfit) = unfit {
        bail!("{unfit}");
    }
    if !may_create {
        bail!("lectern_owner may not create tables here: run `ALTER DATABASE {database} OWNER TO lectern_owner` once as a superuser");
    }
    let standing = Standing::of(schema_fingerprint(connection).await?.as_deref(), fingerprint);
    if standing == Standing::Newer {
        bail!("the database's schema is newer than this binary: use the binary that migrated it, or a newer one");
    }
    Ok(standing)
}

/// Answers how many there were to apply.
async fn apply_migrations(connection: &mut PgConnection, source: &Source) -> anyhow::Result<usize> {
    let before = applied(connection).await?;
    let migrations = source.migrations.iter().map(|(version, description, sql)| {
        Migration::new(*version, description.clone().into(), MigrationType::Simple, AssertSqlSafe(sql.clone()).into_sql_str(), false)
    });
    let migrator = Migrator { migrations: migrations.collect(), ..Migrator::DEFAULT };
    patiently(async || Ok(migrator.run(&mut *connection).await?)).await.context("a migration failed; nothing of it was kept")?;
    Ok(applied(connection).await?.saturating_sub(before))
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

/// Where a database with this fingerprint stands, seen from a binary with this source.
pub fn standing(source: &Source, fingerprint: Option<&str>) -> Standing {
    Standing::of(fingerprint, &source.fingerprint())
}

/// The fingerprint of a database; none where it has no schema.
pub async fn schema_fingerprint(connection: &mut PgConnection) -> anyhow::Result<Option<String>> {
    let function: Option<String> =
        sqlx::query_scalar("SELECT to_regproc('app.schema_fingerprint')::text").fetch_one(&mut *connection).await?;
    if function.is_none() {
        return Ok(None);
    }
    Ok(Some(sqlx::query_scalar("SELECT app.schema_fingerprint()").fetch_one(&mut *connection).await?))
}
