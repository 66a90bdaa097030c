//! Who may touch what in the database: its access control lists as lines of text, without the owners' own rights and
//! without what extensions bring.

use std::collections::BTreeSet;

use sqlx::PgConnection;

/// One line each for what a role may do: `course | lectern_app | SELECT | id, title`. The last part is empty where it is
/// the whole table, or no table at all.
pub(super) async fn list(connection: &mut PgConnection) -> sqlx::Result<BTreeSet<String>> {
    let lines: Vec<String> = sqlx::query_scalar(LINES).fetch_all(connection).await?;
    Ok(lines.into_iter().collect())
}

/// The subject of a line.
pub(super) fn subject(line: &str) -> &str {
    line.split(" | ").next().unwrap_or(line)
}

const LINES: &str = "
WITH ours AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
), granted AS (
    SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS subject, c.relowner AS owner, acl.*, NULL::name AS attname
        FROM pg_catalog.pg_class c JOIN ours n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) acl
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.relowner, acl.*, a.attname
        FROM pg_catalog.pg_class c JOIN ours n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) acl
    UNION ALL
    SELECT n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', p.proowner, acl.*, NULL
        FROM pg_catalog.pg_proc p JOIN ours n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) acl
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)
SELECT g.subject || ' | ' || coalesce(r.rolname, 'PUBLIC') || ' | ' || g.privilege_type || CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
       || ' | ' || coalesce(string_agg(g.attname, ', ' ORDER BY g.attname), '')
FROM granted g LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
WHERE g.grantee <> g.owner
GROUP BY g.subject, r.rolname, g.privilege_type, g.is_grantable, g.attname IS NULL
ORDER BY 1";
