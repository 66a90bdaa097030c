//! A database's schema as a list of things with definitions, written so that the same schema always reads the same.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::ops::privileges;

/// What a thing is, and its name.
pub(super) type Thing = (String, String);

/// Everything that migrations and policies decide.
pub(super) type Catalog = BTreeMap<Thing, String>;

/// Reads the whole of it.
pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<Catalog> {
    // Names are written with their schemas then.
    sqlx::raw_sql("SET search_path = pg_catalog").execute(&mut *connection).await?;
    let rows: Vec<(String, String, String)> = sqlx::query_as(THINGS).fetch_all(&mut *connection).await?;
    let mut catalog: Catalog = rows.into_iter().map(|(kind, name, definition)| ((kind, name), definition)).collect();
    for line in privileges::list(connection).await? {
        let (subject, right) = line.split_once(" | ").unwrap_or((&line, ""));
        let (role, right) = right.split_once(" | ").unwrap_or((right, ""));
        let (verb, columns) = right.split_once(" | ").unwrap_or((right, ""));
        let whole = if columns.is_empty() { "whole" } else { columns };
        // A right to columns and one to the whole table are two.
        let name = format!("{verb} on {subject} for {role}{}", if columns.is_empty() { "" } else { ", columns" });
        catalog.insert(("grant".to_owned(), name), whole.to_owned());
    }
    for table in [
        "public._sqlx_migrations",
        "public.lectern_applied",
        "public.booking_transition",
        "public.admission_transition",
        "public.quiz_attempt_transition",
        "public.waitlist_transition",
        "public.message_transition",
        "public.document_transition",
        "public.generation_transition",
        "public.program_transition",
        "public.application_transition",
        "public.order_transition",
        "public.payment_transition",
        "public.currency",
    ] {
        catalog.extend(rows_of(connection, table).await?);
    }
    Ok(catalog)
}

/// The rows of a table that belongs to no school and decides behaviour, where this role may read it.
async fn rows_of(connection: &mut PgConnection, table: &str) -> sqlx::Result<Catalog> {
    let sql = match table {
        "public._sqlx_migrations" => {
            "SELECT 'migration', lpad(version::text, 4, '0') || ' ' || description, encode(checksum, 'hex') || CASE WHEN success THEN '' ELSE ' (failed)' END FROM public._sqlx_migrations"
        }
        "public.lectern_applied" => {
            "SELECT 'applied file', file, digest || CASE WHEN finished THEN '' ELSE ' (unfinished)' END FROM public.lectern_applied"
        }
        "public.admission_transition" => {
            "SELECT 'row', 'admission_transition ' || what || ' ' || from_state || ' > ' || to_state, '' FROM public.admission_transition"
        }
        "public.quiz_attempt_transition" => {
            "SELECT 'row', 'quiz_attempt_transition ' || from_status || ' > ' || to_status, '' FROM public.quiz_attempt_transition"
        }
        "public.waitlist_transition" => {
            "SELECT 'row', 'waitlist_transition ' || from_status || ' > ' || to_status, '' FROM public.waitlist_transition"
        }
        "public.message_transition" => {
            "SELECT 'row', 'message_transition ' || from_state || ' > ' || to_state, '' FROM public.message_transition"
        }
        "public.document_transition" => {
            "SELECT 'row', 'document_transition ' || from_state || ' > ' || to_state, '' FROM public.document_transition"
        }
        "public.generation_transition" => {
            "SELECT 'row', 'generation_transition ' || from_state || ' > ' || to_state, '' FROM public.generation_transition"
        }
        "public.program_transition" => {
            "SELECT 'row', 'program_transition ' || from_status || ' > ' || to_status, '' FROM public.program_transition"
        }
        "public.application_transition" => {
            "SELECT 'row', 'application_transition ' || from_status || ' > ' || to_status, '' FROM public.application_transition"
        }
        "public.order_transition" => {
            "SELECT 'row', 'order_transition ' || from_status || ' > ' || to_status, '' FROM public.order_transition"
        }
        "public.payment_transition" => {
            "SELECT 'row', 'payment_transition ' || from_status || ' > ' || to_status, '' FROM public.payment_transition"
        }
        "public.currency" => "SELECT 'row', 'currency ' || code, exponent::text FROM public.currency",
        _ => {
            "SELECT 'row', 'booking_transition ' || from_status || ' > ' || to_status || ' by ' || permission, party FROM public.booking_transition"
        }
    };
    let readable: Option<bool> =
        sqlx::query_scalar("SELECT has_table_privilege(to_regclass($1), 'SELECT')").bind(table).fetch_one(&mut *connection).await?;
    if readable != Some(true) {
        return Ok(Catalog::new());
    }
    let rows: Vec<(String, String, String)> = sqlx::query_as(sql).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(kind, name, definition)| ((kind, name), definition)).collect())
}

const THINGS: &str = r"
WITH ours AS (
    SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
), extension_member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relation AS (
    SELECT c.*, c.oid::regclass::text AS name FROM pg_class c JOIN ours n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM extension_member e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
), tab AS (
    SELECT * FROM relation WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
)
SELECT 'schema', nspname::text, CASE WHEN nspname = 'public' THEN '' ELSE 'owner ' || pg_get_userbyid(nspowner) END FROM ours
UNION ALL
SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'table' END, name,
       'owner ' || pg_get_userbyid(relowner) || CASE WHEN relpersistence = 'p' THEN '' ELSE ' not logged' END
       || coalesce(' with ' || array_to_string(reloptions, ', '), '') || CASE WHEN relkind IN ('v', 'm') THEN ' as ' || pg_get_viewdef(oid) ELSE '' END
FROM relation WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
UNION ALL
SELECT 'row security', name, CASE WHEN relrowsecurity THEN 'enabled' ELSE 'disabled' END || CASE WHEN relforcerowsecurity THEN ', forced' ELSE ', not forced' END
FROM tab WHERE relkind IN ('r', 'p')
UNION ALL
SELECT 'column', t.name || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
       || CASE a.attgenerated WHEN '' THEN coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') ELSE ' generated ' || pg_get_expr(d.adbin, d.adrelid) END
       || CASE a.attidentity WHEN '' THEN '' ELSE ' identity ' || a.attidentity::text END
FROM tab t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT 'constraint', t.name || '.' || c.conname, pg_get_constraintdef(c.oid, true) || CASE WHEN c.convalidated THEN '' ELSE ' (not validated)' END
FROM tab t JOIN pg_constraint c ON c.conrelid = t.oid WHERE c.contype IN ('p', 'u', 'f', 'c', 'x')
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END
FROM tab t JOIN pg_index i ON i.indrelid = t.oid WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'policy', t.name || '.' || p.polname,
       CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END || ' for ' || p.polcmd::text || ' to '
       || coalesce((SELECT string_agg(coalesce(r.rolname, 'PUBLIC'), ', ' ORDER BY r.rolname) FROM unnest(p.polroles) u(oid) LEFT JOIN pg_roles r ON r.oid = u.oid), '')
       || coalesce(' using ' || pg_get_expr(p.polqual, p.polrelid), '') || coalesce(' with check ' || pg_get_expr(p.polwithcheck, p.polrelid), '')
FROM tab t JOIN pg_policy p ON p.polrelid = t.oid
UNION ALL
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, p.oid::regprocedure::text, 'owner ' || pg_get_userbyid(p.proowner) || ' ' || pg_get_functiondef(p.oid)
FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p', 'w') AND NOT EXISTS (SELECT FROM extension_member e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
UNION ALL
SELECT 'trigger', t.name || '.' || g.tgname, pg_get_triggerdef(g.oid)
       || CASE g.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN ' (disabled)' WHEN 'R' THEN ' (on replicas only)' ELSE ' (always)' END
FROM tab t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'type', y.oid::regtype::text, CASE y.typtype WHEN 'e' THEN 'enum ' || coalesce((SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = y.oid), '')
       ELSE 'domain ' || format_type(y.typbasetype, y.typtypmod) END
FROM pg_type y JOIN ours n ON n.oid = y.typnamespace
WHERE y.typtype IN ('e', 'd') AND NOT EXISTS (SELECT FROM extension_member e WHERE e.classid = 'pg_type'::regclass AND e.objid = y.oid)
UNION ALL
SELECT 'extension', extname::text, '' FROM pg_extension
UNION ALL
SELECT 'role', rolname::text,
       CASE WHEN rolcanlogin THEN 'login' ELSE 'no login' END || CASE WHEN rolinherit THEN '' ELSE ', inherits nothing' END || CASE WHEN rolsuper THEN ', superuser' ELSE '' END || CASE WHEN rolbypassrls THEN ', bypasses row security' ELSE '' END
       || CASE WHEN rolcreaterole THEN ', creates roles' ELSE '' END || CASE WHEN rolcreatedb THEN ', creates databases' ELSE '' END || CASE WHEN rolreplication THEN ', replicates' ELSE '' END
       || coalesce(', member of ' || (SELECT string_agg(g.rolname, ', ' ORDER BY g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid), '')
FROM pg_roles r WHERE rolname IN ('lectern_owner', 'lectern_definer', 'lectern_app', 'lectern_platform', 'lectern_upkeep', 'lectern_desk')
UNION ALL
SELECT 'event trigger', evtname::text, evtevent::text FROM pg_event_trigger
UNION ALL
SELECT 'rule', t.name || '.' || w.rulename, pg_get_ruledef(w.oid) FROM tab t JOIN pg_rewrite w ON w.ev_class = t.oid WHERE w.rulename <> '_RETURN'";
