//! What scripts make, as the catalog shows it.

use sqlx::PgConnection;

/// What a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Schema,
    Function,
    Trigger,
    Policy,
    /// Who may do what with a table, and whether row security is on.
    Rights,
}

/// One thing.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) kind: Kind,
    /// `function app.can(text)`, `policy course_read on course`.
    pub(super) name: String,
    /// All that a script decides about it.
    pub(super) definition: String,
    /// Whether the current transaction has written it. (What a savepoint wrote does not count.)
    pub(super) is_made: bool,
    /// What removes it where no script makes it; none where nothing needs removing.
    pub(super) remove: Option<String>,
}

/// Everything of that kind in the database which is lectern_owner's to decide.
pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<Vec<Thing>> {
    read_those(connection, None).await
}

/// What the current transaction has written, and the things with these names. To write out the definitions of all takes a
/// tenth of a second and more.
pub(super) async fn read_made(connection: &mut PgConnection, and: &[String]) -> sqlx::Result<Vec<Thing>> {
    read_those(connection, Some(and)).await
}

async fn read_those(connection: &mut PgConnection, made_and: Option<&[String]>) -> sqlx::Result<Vec<Thing>> {
    let rows: Vec<(String, String, String, bool, Option<String>)> = sqlx::query_as(THINGS).bind(made_and).fetch_all(connection).await?;
    let thing = |(kind, name, definition, is_made, remove): (String, _, _, _, _)| {
        let kind = match kind.as_str() {
            "schema" => Kind::Schema,
            "function" => Kind::Function,
            "trigger" => Kind::Trigger,
            "policy" => Kind::Policy,
            _ => Kind::Rights,
        };
        Thing { kind, name, definition, is_made, remove }
    };
    Ok(rows.into_iter().map(thing).collect())
}

/// Triggers and policies are removed before functions. Whatever else leans on a function is not removed here. Where $1 is given, only what this
/// transaction has written and what it names.
const THINGS: &str = r"
WITH me AS (
    SELECT oid, pg_current_xact_id()::xid AS now FROM pg_roles WHERE rolname = current_user
), extension_member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relation AS (
    SELECT c.oid, c.oid::regclass::text AS name, c.relacl, c.relowner, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.xmin = me.now AS made
    FROM pg_class c JOIN me ON c.relowner = me.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT EXISTS (SELECT FROM extension_member e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
)
SELECT 'policy', format('policy %I on %s', p.polname, r.name),
       concat_ws(' ', p.polpermissive, p.polcmd, (SELECT string_agg(u::regrole::text, ',' ORDER BY u::regrole::text) FROM unnest(p.polroles) u),
                 'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)),
       p.xmin = me.now, format('DROP POLICY %I ON %s', p.polname, r.name)
FROM me, pg_policy p JOIN relation r ON r.oid = p.polrelid
WHERE $1::text[] IS NULL OR p.xmin = me.now OR format('policy %I on %s', p.polname, r.name) IN (SELECT unnest($1))
UNION ALL
SELECT 'trigger', format('trigger %I on %s', t.tgname, r.name), pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text,
       t.xmin = me.now, format('DROP TRIGGER %I ON %s', t.tgname, r.name)
FROM me, pg_trigger t JOIN relation r ON r.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = 'app'::regnamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0
  AND ($1::text[] IS NULL OR t.xmin = me.now OR format('trigger %I on %s', t.tgname, r.name) IN (SELECT unnest($1)))
UNION ALL
SELECT 'function', 'function ' || p.oid::regprocedure,
       concat_ws(' ', p.proowner::regrole, pg_get_functiondef(p.oid),
                 (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a)),
       p.xmin = me.now, format('DROP ROUTINE %s', p.oid::regprocedure)
FROM me, pg_proc p
WHERE p.pronamespace = 'app'::regnamespace AND p.prokind IN ('f', 'p', 'w')
  AND NOT EXISTS (SELECT FROM extension_member e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
  AND ($1::text[] IS NULL OR p.xmin = me.now OR 'function ' || p.oid::regprocedure IN (SELECT unnest($1)))
UNION ALL
SELECT 'rights', 'rights on ' || r.name, concat_ws(' ', r.relrowsecurity, r.relforcerowsecurity, g.rights), r.made,
       CASE WHEN g.rights IS NOT NULL THEN format('REVOKE ALL ON %s FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk', r.name) END
FROM relation r
CROSS JOIN LATERAL (
    SELECT string_agg(concat_ws(' ', a.attname, acl.grantee::regrole, acl.privilege_type, acl.is_grantable), ', '
                      ORDER BY a.attname, acl.grantee::regrole::text, acl.privilege_type) AS rights
    FROM (SELECT NULL::name AS attname, r.relacl AS acl UNION ALL
          SELECT c.attname, c.attacl FROM pg_attribute c WHERE c.attrelid = r.oid AND NOT c.attisdropped AND c.attacl IS NOT NULL) AS a
    CROSS JOIN LATERAL aclexplode(a.acl) AS acl
    WHERE acl.grantee <> r.relowner
) AS g
WHERE $1::text[] IS NULL OR r.made OR 'rights on ' || r.name IN (SELECT unnest($1))
UNION ALL
SELECT 'schema', 'rights on schema ' || n.nspname, coalesce((SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(n.nspacl) a), ''),
       n.xmin = me.now, NULL
FROM me, pg_namespace n WHERE n.nspname IN ('app', 'public')";
