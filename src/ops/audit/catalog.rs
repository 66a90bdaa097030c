//! What the catalog must say: every tenant table behind its wall, every key begun by the tenant, every function that runs
//! with another's rights fixed and closed, and the service's role without any right that would defeat all this.

use sqlx::PgConnection;

use super::isolation::OF_NO_SCHOOL;
use crate::ops::report::Check;

/// The wall's expression, as PostgreSQL prints it, without blanks.
const WALL: &str = "(tenant_id=(SELECT(current_setting('app.tenant_id'::text,true))::uuidAScurrent_setting))";

/// The wall of the list of schools does not stand before the service's own functions: they resolve a slug before any
/// tenant is known, and read caps beside it.
const DEFINER_READS_ALL: [&str; 1] = ["tenant"];

/// Keys that don't begin with `tenant_id`, each for a reason.
const KEY_EXCEPTIONS: [&str; 1] = [
    "tenant_slug_key", // a school's short name is unique in the whole deployment, and public
];

/// Tables without rows of tenants.
const TENANTLESS: [&str; 15] = [
    "application_transition",  // which steps an application may take: the same for everybody, and nobody's secret
    "_sqlx_migrations",        // which migrations were applied; the service holds no grant on it
    "lectern_applied",         // which files were applied; nobody but its owner holds a right on it
    "booking_transition",      // which steps a booking may take: the same for everybody, and nobody's secret
    "job_transition",          // the same of jobs
    "admission_transition",    // the same of sign-ups and invitations
    "quiz_attempt_transition", // the same of attempts
    "waitlist_transition",     // the same of who waits
    "message_transition",      // the same of answers
    "document_transition",     // the same of documents
    "generation_transition",   // the same of what models draft
    "program_transition",      // the same of programs
    "currency",                // the currencies of ISO 4217
    "payment_transition",      // the same of payments
    "order_transition",        // the same of orders
];

/// Tables whose changes the audit log does not keep. By hand: a table that is added is audited, or fails until somebody says why not.
const UNAUDITED: [&str; 68] = [
    "application_event",          // a log itself
    "application_event_secret",   // likewise
    "check_in",                   // a log itself
    "busy_block",                 // follows from what calendars elsewhere say
    "access_version",             // a number that says no more than that something changed, which is audited itself
    "account_request",            // of nobody yet: what it leads to is a link or a code
    "api_key_secret",             // secrets: the key is audited
    "attempt_question",           // answers and their marks; the attempt is audited, and what changes a mark
    "audit_entry",                // the log itself
    "booking_reminder",           // says who was told already
    "booking_assignment",         // says why somebody was chosen; that they were is audited with the booking
    "client_event",               // records themselves
    "course_points",              // follows from the ledger of points
    "credential",                 // secrets: a change of password shows in the person's token version
    "deadline_reminder",          // says who was told already
    "enrollment_grade",           // follows from grades, which are audited themselves
    "failed_sign_in",             // counters of rate limits
    "import_issue",               // records themselves: what was wrong in an import
    "known_network",              // what tells strangers to a network from others; a sign-in shows in the session
    "lesson_grade",               // follows from work, which is audited itself
    "mail",                       // records themselves: who was written to, and what became of it
    "mailed_token",               // secrets: what it permits is audited when it is used
    "notification",               // records themselves; what people choose of them is audited
    "password_change_credential", // secrets: the request is audited
    "program_currency",           // follows from what the program says of its currencies, which is audited
    "program_form_field",         // versions that stay for ever and never change; which one holds is audited with the program
    "program_form_key",           // likewise
    "program_group_places",       // counters of places
    "program_places",             // counters of places
    "provider_sign_in",           // secrets: their use shows in the session
    "points_entry",               // a log itself
    "path_step",                  // follows from what people complete: that they are enrolled by it is audited
    "recovery_code",              // secrets: their use shows in the session
    "refresh_token",              // secrets: their use shows in the session
    "reward_standing",            // follows from the ledger of points, and days of activity
    "roster_link",                // says which object of another system is which; what an import changes is audited itself
    "score_change",               // a log itself; the attempt is audited
    "slot_hold",                  // of some minutes: what becomes of it is a booking
    "slot_hold_resource",         // likewise
    "second_factor",              // secrets: that it is on shows in the person
    "sign_in_code",               // secrets: their use shows in the session
    "sign_up_credential",         // secrets: the request is audited
    "submission_event",           // records themselves: what has become of work
    "time_claim",                 // follows from bookings, which are audited themselves
    "passage",                    // follows from its document
    "message_citation",           // what answers were given: records themselves
    "generation_call",            // what models have answered so far: gone when their generation ends
    "generation_source",          // follows from a generation
    "provenance",                 // follows from a generation, and from changes that are audited themselves
    "upload",                     // a record itself; the file that it becomes is audited
    "used_budget",                // counters of rate limits
    "webhook_event",              // records themselves
    "answer_run",                 // answers on their way: how they end is audited
    "assistant_usage",            // records themselves
    "message_delta",              // what of an answer is there before it is whole
    "token_counter",              // counters of tokens
    "token_reservation",          // likewise
    "agent_version",              // what an agent was told: the agent is audited
    "message",                    // by a trigger of its own (`app.audit_message`), which keeps lengths and ends
    "invoice_counter",            // counts invoices, which are audited themselves
    "ledger_entry",               // a log itself
    "ledger_posting",             // likewise
    "line_reversal",              // follows from refunds and exchanges, which are audited
    "credit_balance",             // counters: the ledger says how it came to that
    "order_key",                  // says which request made what; that is audited
    "program_code",               // follows from coupons and referrals, which are audited
    "ticket_key",                 // a secret that never changes
    "payment_event",              // records themselves: what providers have said
];

/// Every table of tenants.
pub(super) async fn tenant_tables(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped \
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
    )
    .fetch_all(connection)
    .await
}

/// Whether a table stands behind its wall.
pub(super) async fn wall(connection: &mut PgConnection, table: &str) -> sqlx::Result<Check> {
    let mut faults = Vec::new();
    let (enabled, forced): (bool, bool) = sqlx::query_as(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_catalog.pg_class WHERE relname = $1 AND relnamespace = 'public'::regnamespace",
    )
    .bind(table)
    .fetch_one(&mut *connection)
    .await?;
    if !enabled {
        faults.push("row security is not enabled".to_owned());
    }
    if !forced {
        faults.push("row security is not forced: the owner sees every row".to_owned());
    }
    let policies: Vec<Policy> = sqlx::query_as(
        "SELECT p.polname::text AS name, p.polpermissive AS permissive, p.polcmd::text AS verb, \
                coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') AS reads, coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '') AS writes, \
                ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles) ORDER BY 1) AS roles \
         FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid WHERE c.relname = $1 AND c.relnamespace = 'public'::regnamespace",
    )
    .bind(table)
    .fetch_all(&mut *connection)
    .await?;
    match policies.iter().find(|policy| policy.name == "tenant_wall") {
        None => faults.push("there is no policy tenant_wall".to_owned()),
        Some(policy) => {
            if policy.permissive {
                faults.push("tenant_wall is permissive: other policies widen it".to_owned());
            }
            if policy.verb != "*" {
                faults.push("tenant_wall is not for all verbs".to_owned());
            }
            if !is_wall(&policy.reads) {
                faults.push(format!("tenant_wall lets through {}", policy.reads));
            }
            if !policy.writes.is_empty() && !is_wall(&policy.writes) {
                faults.push(format!("tenant_wall lets in {}", policy.writes));
            }
            if !policy.roles.iter().any(|role| role == "lectern_app") {
                faults.push("tenant_wall does not stand before lectern_app".to_owned());
            }
            if !policy.roles.iter().any(|role| role == "lectern_desk") {
                faults.push("tenant_wall does not stand before lectern_desk".to_owned());
            }
            let walls_definer = policy.roles.iter().any(|role| role == "lectern_definer") || DEFINER_READS_ALL.contains(&table);
            if !walls_definer && !["a", "w", "d"].iter().all(|verb| policies.iter().any(|policy| policy.walls_definer(verb))) {
                faults.push("lectern_definer may write past the wall".to_owned());
            }
        }
    }
    Ok(Check::faultless("wall", table, &faults, "row security enabled and forced, one RESTRICTIVE tenant_wall with the exact expression"))
}

#[derive(sqlx::FromRow)]
struct Policy {
    name: String,
    permissive: bool,
    verb: String,
    reads: String,
    writes: String,
    roles: Vec<String>,
}

impl Policy {
    /// Where functions of lectern_definer search past the wall, a wall of their own stands before each kind of writing.
    fn walls_definer(&self, verb: &str) -> bool {
        !self.permissive
            && self.verb == verb
            && self.roles.iter().any(|role| role == "lectern_definer")
            && is_wall(if verb == "a" { &self.writes } else { &self.reads })
    }
}

fn is_wall(expression: &str) -> bool {
    expression.split_whitespace().collect::<String>() == WALL
}

/// Whether every key of a table begins with the tenant, is valid, and its changes are audited.
pub(super) async fn keys(connection: &mut PgConnection, table: &str) -> sqlx::Result<Check> {
    let keys: Vec<(String, bool, bool, bool)> = sqlx::query_as(
        "SELECT k.name, k.first = 'tenant_id' AND coalesce(k.target, 'tenant_id') = 'tenant_id', k.valid, k.is_foreign FROM ( \
             SELECT con.conname::text AS name, a.attname::text AS first, f.attname::text AS target, con.convalidated AS valid, con.contype = 'f' AS is_foreign \
             FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1] \
             LEFT JOIN pg_catalog.pg_attribute f ON f.attrelid = con.confrelid AND f.attnum = con.confkey[1] \
             WHERE con.conrelid = $1::regclass AND con.contype IN ('p', 'u', 'x', 'f') \
             UNION ALL \
             SELECT i.indexrelid::regclass::text, coalesce(a.attname::text, 'an expression'), NULL, i.indisvalid, false \
             FROM pg_catalog.pg_index i LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
             WHERE i.indrelid = $1::regclass AND (i.indisunique OR i.indisexclusion) \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint con WHERE con.conindid = i.indexrelid AND con.conrelid = i.indrelid)) AS k ORDER BY 1",
    )
    .bind(format!("public.{table}"))
    .fetch_all(&mut *connection)
    .await?;
    let mut faults = Vec::new();
    for (name, begins, valid, _) in &keys {
        if !begins && !KEY_EXCEPTIONS.contains(&name.as_str()) {
            faults.push(format!("{name} does not begin with tenant_id"));
        }
        if !valid {
            faults.push(format!("{name} is not valid"));
        }
    }
    let foreign = keys.iter().filter(|(.., is_foreign)| *is_foreign).count();
    Ok(Check::faultless("keys", table, &faults, format!("{} begin with tenant_id, {foreign} of them foreign", keys.len())))
}

/// Whether the changes of a table's rows reach the audit log.
pub(super) async fn audited(connection: &mut PgConnection, table: &str) -> sqlx::Result<Check> {
    let enabled: Option<String> = sqlx::query_scalar(
        "SELECT t.tgenabled::text FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid AND p.proname = 'audit' AND p.pronamespace = 'app'::regnamespace \
         WHERE t.tgrelid = $1::regclass AND NOT t.tgisinternal",
    )
    .bind(format!("public.{table}"))
    .fetch_optional(connection)
    .await?;
    Ok(match enabled.as_deref() {
        _ if OF_NO_SCHOOL.contains(&table) => {
            Check::pass("audited", table, "of no school: the platform's own log keeps what happens to it")
        }
        _ if UNAUDITED.contains(&table) => Check::pass("audited", table, "not audited, on purpose"),
        Some("O" | "A") => Check::pass("audited", table, "every change writes an entry, by trigger"),
        Some(_) => Check::fail("audited", table, "its audit trigger is disabled"),
        None => Check::fail("audited", table, "it has no audit trigger"),
    })
}

/// What is the same for the whole database: roles, functions, views, and lints as of any database with row security.
pub(super) async fn whole(connection: &mut PgConnection) -> sqlx::Result<Vec<Check>> {
    let mut checks = Vec::new();
    for (group, subject, fine, sql) in FAULTS {
        let faults: Vec<String> = sqlx::query_scalar(*sql).bind(TENANTLESS.map(str::to_owned).to_vec()).fetch_all(&mut *connection).await?;
        checks.push(Check::faultless(group, *subject, &faults, *fine));
    }
    Ok(checks)
}

/// Queries that answer a line for each fault. `$1`: the tables without tenants.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    (
        "role",
        "lectern_app",
        "no superuser, no BYPASSRLS, makes nothing, owns nothing, is a member of nothing",
        "WITH app AS (SELECT *, $1::text[] FROM pg_catalog.pg_roles WHERE rolname = 'lectern_app') \
         SELECT 'there is no such role' WHERE NOT EXISTS (SELECT FROM app) \
         UNION ALL SELECT 'it is a superuser' FROM app WHERE rolsuper \
         UNION ALL SELECT 'it bypasses row security' FROM app WHERE rolbypassrls \
         UNION ALL SELECT 'it may create roles or databases, or replicate' FROM app WHERE rolcreaterole OR rolcreatedb OR rolreplication \
         UNION ALL SELECT 'it is a member of ' || g.rolname FROM app JOIN pg_catalog.pg_auth_members m ON m.member = app.oid JOIN pg_catalog.pg_roles g ON g.oid = m.roleid \
         UNION ALL SELECT 'it owns ' || c.oid::regclass::text FROM app JOIN pg_catalog.pg_class c ON c.relowner = app.oid \
         UNION ALL SELECT 'it owns ' || p.oid::regprocedure::text FROM app JOIN pg_catalog.pg_proc p ON p.proowner = app.oid \
         UNION ALL SELECT 'it owns the schema ' || n.nspname FROM app JOIN pg_catalog.pg_namespace n ON n.nspowner = app.oid AND n.nspname !~ '^pg_(toast_)?temp' \
         UNION ALL SELECT 'it owns the database' FROM app JOIN pg_catalog.pg_database d ON d.datdba = app.oid AND d.datname = current_database() \
         UNION ALL SELECT 'it may create in the schema ' || n.nspname FROM app JOIN pg_catalog.pg_namespace n ON pg_catalog.has_schema_privilege(app.oid, n.oid, 'CREATE')",
    ),
    (
        "role",
        "lectern_definer",
        "nobody signs in as it, no BYPASSRLS; only lectern_owner is a member of it",
        "WITH definer AS (SELECT *, $1::text[] FROM pg_catalog.pg_roles WHERE rolname = 'lectern_definer') \
         SELECT 'there is no such role' WHERE NOT EXISTS (SELECT FROM definer) \
         UNION ALL SELECT 'it may sign in' FROM definer WHERE rolcanlogin \
         UNION ALL SELECT 'it is a superuser or bypasses row security' FROM definer WHERE rolsuper OR rolbypassrls \
         UNION ALL SELECT 'it is a member of ' || g.rolname FROM definer JOIN pg_catalog.pg_auth_members m ON m.member = definer.oid JOIN pg_catalog.pg_roles g ON g.oid = m.roleid \
         UNION ALL SELECT b.rolname || ' is a member of it' FROM definer JOIN pg_catalog.pg_auth_members m ON m.roleid = definer.oid JOIN pg_catalog.pg_roles b ON b.oid = m.member \
                   WHERE b.rolname <> 'lectern_owner' AND NOT b.rolsuper \
         UNION ALL SELECT 'it owns the table ' || c.oid::regclass::text FROM definer JOIN pg_catalog.pg_class c ON c.relowner = definer.oid",
    ),
    (
        "role",
        "lectern_platform",
        "no superuser, no BYPASSRLS, owns nothing, is a member of nothing",
        "WITH platform AS (SELECT *, $1::text[] FROM pg_catalog.pg_roles WHERE rolname IN ('lectern_platform', 'lectern_owner')) \
         SELECT rolname || ' is a superuser or bypasses row security' FROM platform WHERE rolsuper OR rolbypassrls \
         UNION ALL SELECT 'it is a member of ' || g.rolname FROM platform p JOIN pg_catalog.pg_auth_members m ON m.member = p.oid JOIN pg_catalog.pg_roles g ON g.oid = m.roleid \
                   WHERE p.rolname = 'lectern_platform' \
         UNION ALL SELECT 'it owns ' || c.oid::regclass::text FROM platform p JOIN pg_catalog.pg_class c ON c.relowner = p.oid WHERE p.rolname = 'lectern_platform'",
    ),
    (
        "role",
        "lectern_desk",
        "no superuser, no BYPASSRLS, makes nothing, owns nothing, is a member of nothing and has no members",
        "WITH desk AS (SELECT *, $1::text[] FROM pg_catalog.pg_roles WHERE rolname = 'lectern_desk') \
         SELECT 'there is no such role' WHERE NOT EXISTS (SELECT FROM desk) \
         UNION ALL SELECT 'it is a superuser or bypasses row security' FROM desk WHERE rolsuper OR rolbypassrls \
         UNION ALL SELECT 'it may create roles or databases, or replicate' FROM desk WHERE rolcreaterole OR rolcreatedb OR rolreplication \
         UNION ALL SELECT 'it is a member of ' || g.rolname FROM desk JOIN pg_catalog.pg_auth_members m ON m.member = desk.oid JOIN pg_catalog.pg_roles g ON g.oid = m.roleid \
         UNION ALL SELECT b.rolname || ' is a member of it' FROM desk JOIN pg_catalog.pg_auth_members m ON m.roleid = desk.oid JOIN pg_catalog.pg_roles b ON b.oid = m.member WHERE NOT b.rolsuper \
         UNION ALL SELECT 'it owns ' || c.oid::regclass::text FROM desk JOIN pg_catalog.pg_class c ON c.relowner = desk.oid \
         UNION ALL SELECT 'it owns ' || p.oid::regprocedure::text FROM desk JOIN pg_catalog.pg_proc p ON p.proowner = desk.oid \
         UNION ALL SELECT 'it may create in the schema ' || n.nspname FROM desk JOIN pg_catalog.pg_namespace n ON pg_catalog.has_schema_privilege(desk.oid, n.oid, 'CREATE') \
         UNION ALL SELECT 'it may read ' || a.attrelid::regclass::text || '.' || a.attname || ', which is secret' FROM desk JOIN pg_catalog.pg_attribute a ON a.attnum > 0 AND NOT a.attisdropped \
                   WHERE pg_catalog.col_description(a.attrelid, a.attnum) LIKE 'secret%' AND pg_catalog.has_column_privilege(desk.oid, a.attrelid, a.attnum, 'SELECT')",
    ),
    (
        "role",
        "lectern_upkeep",
        "nobody signs in as it, it inherits nothing, and only lectern_owner is a member of it",
        "WITH upkeep AS (SELECT *, $1::text[] FROM pg_catalog.pg_roles WHERE rolname = 'lectern_upkeep') \
         SELECT 'it may sign in' FROM upkeep WHERE rolcanlogin \
         UNION ALL SELECT 'it is a superuser or bypasses row security' FROM upkeep WHERE rolsuper OR rolbypassrls \
         UNION ALL SELECT 'it inherits: whoever is a member of it sees every row' FROM upkeep WHERE pg_catalog.pg_has_role(oid, 'lectern_platform', 'USAGE') \
         UNION ALL SELECT b.rolname || ' is a member of it' FROM upkeep JOIN pg_catalog.pg_auth_members m ON m.roleid = upkeep.oid JOIN pg_catalog.pg_roles b ON b.oid = m.member \
                   WHERE b.rolname <> 'lectern_owner' AND NOT b.rolsuper",
    ),
    (
        "functions",
        "SECURITY DEFINER",
        "each has a fixed search_path, belongs to lectern_definer, and is closed to PUBLIC",
        "WITH definer AS (SELECT p.*, $1::text[] FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
             WHERE p.prosecdef AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')) \
         SELECT oid::regprocedure::text || ' has no fixed search_path' FROM definer \
             WHERE NOT EXISTS (SELECT FROM unnest(proconfig) s WHERE s = 'search_path=pg_catalog, public, pg_temp') \
         UNION ALL SELECT oid::regprocedure::text || ' belongs to ' || pg_catalog.pg_get_userbyid(proowner) FROM definer WHERE pg_catalog.pg_get_userbyid(proowner) <> 'lectern_definer' \
         UNION ALL SELECT oid::regprocedure::text || ' may be called by PUBLIC' FROM definer \
             WHERE EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(proacl, pg_catalog.acldefault('f', proowner))) acl WHERE acl.grantee = 0)",
    ),
    (
        "functions",
        "search past the wall",
        "each function that reads a table behind whose wall lectern_definer searches names the tenant, but app.job_figures, which answers numbers alone",
        "SELECT p.oid::regprocedure::text || ' reads ' || c.relname || ' and names no tenant' \
         FROM pg_catalog.pg_proc p CROSS JOIN pg_catalog.pg_class c \
         WHERE p.prosecdef AND p.pronamespace = 'app'::regnamespace AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> ALL ($1::text[] || 'tenant'::text) \
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy w WHERE w.polrelid = c.oid AND w.polname = 'tenant_wall' AND 'lectern_definer'::regrole = ANY (w.polroles)) \
           AND p.prosrc ~ ('\\m(FROM|JOIN|UPDATE|INTO) +(public\\.)?' || c.relname || '\\M') AND p.prosrc !~ '\\mtenant_id\\M' AND p.proname <> 'job_figures'",
    ),
    (
        "time",
        "one person in one place",
        "every booking and session that holds somebody's time has claimed it, and nothing else is claimed",
        "WITH held AS (SELECT b.tenant_id, b.id, w.kind, w.party_id, w.starts_at, w.ends_at \
                       FROM public.booking b CROSS JOIN LATERAL app.claims_of_booking(b) AS w WHERE $1::text[] IS NOT NULL \
                       UNION ALL SELECT s.tenant_id, s.id, w.kind, w.party_id, w.starts_at, w.ends_at \
                       FROM public.group_session s CROSS JOIN LATERAL app.claims_of_session(s) AS w), \
              claimed AS (SELECT tenant_id, coalesce(booking_id, session_id), kind, party_id, starts_at, ends_at FROM public.time_claim WHERE hold_id IS NULL) \
         SELECT count(*) || ' claims are missing' FROM (SELECT * FROM held EXCEPT SELECT * FROM claimed) AS missing HAVING count(*) > 0 \
         UNION ALL SELECT count(*) || ' claims are nobody''s' FROM (SELECT * FROM claimed EXCEPT SELECT * FROM held) AS stray HAVING count(*) > 0 \
         UNION ALL SELECT rule || ' is missing' FROM unnest('{claim_person_overlap,claim_resource_overlap}'::text[]) AS rule \
                   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = rule AND contype = 'x' AND convalidated)",
    ),
    (
        "views",
        "security_invoker",
        "no view runs with its owner's rights, and none is materialised",
        "SELECT c.oid::regclass::text || CASE c.relkind WHEN 'm' THEN ' is materialised: row security does not reach it' ELSE ' runs with the rights of its owner' END \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE $1::text[] IS NOT NULL AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
           AND (c.relkind = 'm' OR (c.relkind = 'v' AND NOT coalesce(c.reloptions, '{}') && '{security_invoker=true,security_invoker=on,security_invoker=1}')) \
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')",
    ),
    (
        "lint",
        "row security everywhere",
        "no table but the two without tenants stands open",
        "SELECT c.oid::regclass::text || ' has no row security' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT c.relrowsecurity \
           AND NOT (n.nspname = 'public' AND c.relname = ANY ($1::text[])) \
         UNION ALL SELECT 'lectern_app may write to ' || t FROM unnest($1::text[]) t \
         WHERE to_regclass('public.' || t) IS NOT NULL AND pg_catalog.has_table_privilege('lectern_app', 'public.' || t, 'INSERT, UPDATE, DELETE, TRUNCATE')",
    ),
    (
        "lint",
        "policies name roles",
        "no policy speaks to PUBLIC",
        "SELECT p.polname || ' on ' || p.polrelid::regclass::text || ' speaks to every role' FROM pg_catalog.pg_policy p \
         WHERE 0 = ANY (p.polroles) AND $1::text[] IS NOT NULL",
    ),
    (
        "lint",
        "foreign keys are indexed",
        "none makes a deletion read a whole table",
        "SELECT con.conname || ' on ' || con.conrelid::regclass::text || ' has no index' FROM pg_catalog.pg_constraint con \
         WHERE con.contype = 'f' AND con.connamespace = 'public'::regnamespace AND $1::text[] IS NOT NULL \
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = con.conrelid AND i.indisvalid \
               AND (i.indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey)",
    ),
    (
        "lint",
        "no index twice",
        "no two indexes are the same",
        "SELECT string_agg(i.indexrelid::regclass::text, ' = ' ORDER BY i.indexrelid::regclass::text) FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
         WHERE $1::text[] IS NOT NULL \
         GROUP BY i.indrelid, x.relam, i.indkey::text, i.indclass::text, i.indoption::text, coalesce(pg_catalog.pg_get_expr(i.indexprs, i.indrelid), ''), \
                  coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '') HAVING count(*) > 1",
    ),
];
