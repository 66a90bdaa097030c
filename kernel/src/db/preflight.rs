//! What must be true of a database before the service answers a single request from it.

use super::{
    DbError, Pool,
    migrate::{Source, Standing, UNFIT_FOR_TEXT, standing},
};

/// What is wrong, in sentences for the operator; the service does not start while any is left.
#[derive(Debug, Default)]
pub struct Findings {
    /// Reasons to refuse.
    pub errors: Vec<String>,
    /// Things to know.
    pub warnings: Vec<String>,
}

/// Fixed in these minor releases: optimizer statistics and other leaks through row security (CVE-2025-8713 and earlier).
const SAFE_MINORS: [(i32, i32); 3] = [(15, 14), (16, 10), (17, 6)];

/// Looks at the role, the tables and the server. `fingerprint`: of the schema that is expected. `embedded`: an old server is a
/// warning only.
pub async fn preflight(pool: &Pool, source: &Source, embedded: bool) -> Result<Findings, DbError> {
    preflight_as(pool, "lectern_app", source, embedded).await
}

/// The same for connections of another role behind the same walls.
///
/// # Errors
/// When the database can't be asked.
pub async fn preflight_as(pool: &Pool, expected: &str, source: &Source, embedded: bool) -> Result<Findings, DbError> {
    let client = pool.connection().await?;
    let mut findings = Findings::default();

    let version: i32 = client.query_one("SELECT current_setting('server_version_num')::int", &[]).await?.try_get(0)?;
    let (major, minor) = (version / 10_000, version % 10_000);
    if major < 15 {
        findings.errors.push(format!("PostgreSQL {major} is too old: 15 or newer is needed."));
    }
    if let Some((_, safe)) = SAFE_MINORS.iter().find(|(safe_major, safe)| *safe_major == major && minor < *safe) {
        let text = format!("PostgreSQL {major}.{minor} has known holes around row security: update to {major}.{safe} or newer.");
        if embedded { findings.warnings.push(text) } else { findings.errors.push(text) }
    }

    let sorting = client
        .query_one(
            &format!(
                "SELECT {UNFIT_FOR_TEXT}, EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu' AND collversion <> pg_collation_actual_version(oid))"
            ),
            &[],
        )
        .await?;
    if let Some(unfit) = sorting.try_get::<_, Option<String>>(0)? {
        findings.errors.push(format!("{unfit}."));
    }
    if sorting.try_get(1)? {
        findings.warnings.push(
            "ICU was another version when the indexes of names were made, and may sort otherwise now: run REINDEX DATABASE, \
             then ALTER COLLATION pg_catalog.\"und-x-icu\" REFRESH VERSION."
                .into(),
        );
    }

    let role = client
        .query_one(
            "SELECT r.rolname, r.rolsuper, r.rolbypassrls, EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid), \
                    EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o' \
                            AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))), \
                    session_user <> current_user \
             FROM pg_roles r WHERE r.rolname = current_user",
            &[],
        )
        .await?;
    let name: String = role.try_get(0)?;
    let mut problems = Vec::new();
    for (column, problem) in [
        (1, "is a superuser"),
        (2, "has BYPASSRLS"),
        (3, "is a member of another role"),
        (4, "owns things in the database"),
        (5, "is not the one that signed in"),
    ] {
        if role.try_get(column)? {
            problems.push(problem);
        }
    }
    if !problems.is_empty() {
        let problems = problems.join(" and ");
        findings.errors.push(format!("The role {name} {problems}, which defeats row security: connect as {expected}."));
    } else if name != expected {
        findings.errors.push(format!("The role {name} is not {expected}, to which the policies are written: connect as {expected}."));
    }
    if !findings.errors.is_empty() {
        return Ok(findings); // what another role can see says nothing
    }

    let known = client
        .query_opt("SELECT 1 FROM pg_proc WHERE proname = 'schema_fingerprint' AND pronamespace = to_regnamespace('app')", &[])
        .await?;
    let actual: Option<String> = match known {
        None => None,
        Some(_) => match client.query_one("SELECT app.schema_fingerprint()", &[]).await {
            Ok(row) => Some(row.try_get(0)?),
            Err(error) => return Err(error.into()),
        },
    };
    match standing(source, actual.as_deref()) {
        Standing::Missing => findings.errors.push("The database has no Lectern schema yet: run `lectern migrate`.".into()),
        Standing::Behind => findings.errors.push("The database's schema is behind this binary: run `lectern migrate`.".into()),
        Standing::Newer => findings.warnings.push("The database's schema is newer than this binary: update the binary soon.".into()),
        Standing::Current => {}
    }

    // The wall must be restrictive, stand in front of every command and of this role.
    let bare = client
        .query(
            "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped \
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND c.relforcerowsecurity \
               AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant_wall' AND NOT p.polpermissive AND p.polcmd = '*' \
                 AND (0::oid = ANY (p.polroles) OR to_regrole($1)::oid = ANY (p.polroles)) \
                 AND pg_get_expr(p.polqual, p.polrelid) LIKE '%tenant\\_id = %app.tenant\\_id%')) ORDER BY 1",
            &[&expected],
        )
        .await?;
    let tables = bare.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?.join(", ");
    if !tables.is_empty() {
        findings.errors.push(format!("Without its wall (ENABLE, FORCE, tenant_wall) stands {tables}: run `lectern migrate`."));
    }
    Ok(findings)
}
