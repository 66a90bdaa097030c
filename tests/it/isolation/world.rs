//! Two schools with rows of every kind. Every text of the first is a canary: it may never be seen from the second.

use std::collections::BTreeMap;

use lectern_kernel::{ids, resolve::registry::KindInfo};
use uuid::Uuid;

use crate::app::{School, TestApp};

/// Stands in every text of the other school.
pub const CANARY: &str = "canary7431";

/// Ids by kind (`course` → `course_…`).
pub type Ids = BTreeMap<String, String>;

pub struct World {
    /// Rows of the attacker's own school.
    pub own: Ids,
    /// Real rows of the other school.
    pub foreign: Ids,
    /// No rows at all.
    pub never: Ids,
}

/// Rows that an attack may speak of without harm: a person who is not the only administrator, a role that may be changed, a booking that
/// is nobody's seat, an order that is paid. Of
/// any other kind it is the first.
const RATHER: [(&str, &str); 6] = [
    ("Conversation", "t.owner_id = (SELECT u.id FROM app_user u WHERE u.tenant_id = t.tenant_id AND u.name LIKE 'ADMIN%')"),
    ("User", "t.name LIKE 'LEARNER%'"),
    ("Role", "NOT t.is_system"),
    ("Booking", "t.group_session_id IS NULL"),
    ("Application", "t.status = 'ACCEPTED'"),
    ("Order", "t.status = 'PAID'"),
];

impl World {
    /// # Panics
    /// Where a school has no row of some kind of the app's registry.
    pub async fn build(app: &TestApp) -> World {
        let (world, missing) = World::found(app).await;
        assert!(missing.is_empty(), "{}", missing.join("\n"));
        world
    }

    /// The same, and what the schools lack: a sentence each.
    pub async fn found(app: &TestApp) -> (World, Vec<String>) {
        fill(app, &app.oak, CANARY).await;
        fill(app, &app.elm, "plain").await;
        let never = app.registry.kinds().map(|kind| (kind.prefix.to_owned(), ids::encode(kind.prefix, Uuid::now_v7()))).collect();
        let mut world = World { own: Ids::new(), foreign: Ids::new(), never };
        let mut missing = Vec::new();
        for kind in app.registry.kinds() {
            for (school, ids) in [(&app.elm, &mut world.own), (&app.oak, &mut world.foreign)] {
                match id_of(app, school, kind).await {
                    Ok(id) => drop(ids.insert(kind.prefix.to_owned(), id)),
                    Err(lacking) => missing.push(lacking),
                }
            }
        }
        (world, missing)
    }

    /// A digest of every row of a school.
    pub async fn fingerprint(&self, app: &TestApp, school: &School) -> BTreeMap<String, String> {
        let mut digests = BTreeMap::new();
        for table in tables(app).await {
            let sql = format!(
                "SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), 'empty') FROM {table} t WHERE tenant_id = '{}'",
                school.tenant
            );
            digests.insert(table, app.text(&sql).await.unwrap());
        }
        digests
    }

    /// How many rows of every table a school has, but for the log of refusals and the sign-ins.
    pub async fn counts(&self, app: &TestApp, school: &School) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for table in tables(app).await {
            if !["session", "refresh_token"].contains(&table.as_str()) {
                let rows = if table == "audit_entry" { " AND outcome = 'CHANGED'" } else { "" };
                counts.insert(table.clone(), app.count(&format!("{table} WHERE tenant_id = '{}'{rows}", school.tenant)).await);
            }
        }
        counts
    }
}

/// Whether a table is of the deployment, and of no school.
pub fn of_no_school(table: &str) -> bool {
    table.starts_with("platform_") || table == "tenant_erasure"
}

/// Every table of tenants, whatever is added later.
pub async fn tables(app: &TestApp) -> Vec<String> {
    let sql = "SELECT string_agg(c.relname, ',' ORDER BY c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' \
               WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace";
    app.text(sql).await.unwrap().split(',').map(str::to_owned).collect()
}

/// Where the rows of a kind are: the table, and the column of their ids. What no domain declares a table of, the audit log
/// records.
async fn rows_of(app: &TestApp, kind: &KindInfo) -> Option<(String, String)> {
    if let Some(table) = app.registry.catalog().object(kind.ty).and_then(|info| info.def.table.as_ref()) {
        return Some((table.name.to_owned(), table.key.to_owned()));
    }
    let recorded = format!(
        "SELECT t.tgrelid::regclass || ' ' || given[2] FROM pg_trigger t, string_to_array(encode(t.tgargs, 'escape'), '\\000') AS given
         WHERE t.tgfoid = 'app.audit'::regproc AND NOT t.tgisinternal AND given[1] = '{}' ORDER BY given[2] <> 'id', 1 LIMIT 1",
        kind.ty
    );
    let (table, key) = app.text(&recorded).await?.split_once(' ').map(|(table, key)| (table.to_owned(), key.to_owned()))?;
    Some((table, key))
}

/// The id of a row of a kind; or what to do where there is none.
async fn id_of(app: &TestApp, school: &School, kind: &KindInfo) -> Result<String, String> {
    let domain = app.registry.domain_of(kind.ty).map_or("NAME", |domain| domain.name);
    let Some((table, key)) = rows_of(app, kind).await else {
        return Err(format!("{}: no table is known of it; a domain that lists it as `recorded` attaches app.audit to one", kind.ty));
    };
    let first = RATHER.iter().find(|(ty, _)| *ty == kind.ty).map_or("true", |(_, which)| which);
    let sql = format!(
        "SELECT t.{key}::text FROM {table} t WHERE t.tenant_id = '{}' ORDER BY ({first}) IS TRUE DESC, t.{key} LIMIT 1",
        school.tenant
    );
    match app.text(&sql).await {
        Some(id) => Ok(ids::encode(kind.prefix, id.parse().unwrap())),
        None => Err(format!(
            "{}: nothing of it stands in {}, so it is not attacked: add a row of {table} to sql/seed/probe/{domain}.sql",
            kind.ty, school.slug
        )),
    }
}

/// One row of every kind, every text of them `word`: what `lectern audit` fills its schools with, and an entry of the log.
async fn fill(app: &TestApp, school: &School, word: &str) {
    let tenant = school.tenant;
    let rows = app.probes.iter().map(|(_, sql)| sql.as_str()).collect::<Vec<_>>().join("\n");
    app.sql(&format!(
        "SET app.audit = 'off'; SET app.tenant_id = '{tenant}'; SET probe.word = '{word}';
         UPDATE tenant SET name = name || ' {word}' WHERE tenant_id = '{tenant}';
         UPDATE app_user SET name = name || ' {word}' WHERE tenant_id = '{tenant}';
         {rows}
         INSERT INTO audit_entry (tenant_id, id, operation, outcome, resource, resource_id, after, correlation_id)
             SELECT tenant_id, gen_random_uuid(), 'createCourse', 'CHANGED', 'Course', id, jsonb_build_object('title', title), '{word}' FROM course WHERE tenant_id = '{tenant}';
         -- What concerns none of the four but the administrator: so that \"some rows\" differ from \"all rows\".
         INSERT INTO app_user (tenant_id, id, name, email) VALUES ('{tenant}', '{last}', 'OTHER {word}', 'other@{slug}.example');
         INSERT INTO course (tenant_id, id, title, instructor_id, status)
             SELECT tenant_id, '{last}', '{word}', id, 'PUBLISHED' FROM app_user WHERE tenant_id = '{tenant}' AND name LIKE 'ADMIN%';
         INSERT INTO course (tenant_id, id, title, instructor_id)
             SELECT tenant_id, '{draft}', '{word}', id FROM app_user WHERE tenant_id = '{tenant}' AND name LIKE 'ADMIN%';
         INSERT INTO course (tenant_id, id, title, instructor_id, deleted_at)
             SELECT tenant_id, '{gone}', '{word}', id, now() FROM app_user WHERE tenant_id = '{tenant}' AND name LIKE 'ADMIN%';
         INSERT INTO enrollment (tenant_id, id, course_id, user_id) VALUES ('{tenant}', '{last}', '{last}', '{last}');
         INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at) VALUES ('{tenant}', '{last}', '{last}', '2099-03-03T14:00Z', '2099-03-03T15:00Z');
         RESET app.audit; SET app.tenant_id = '00000000-0000-0000-0000-000000000000'",
        slug = school.slug,
        last = if school.tenant == app.oak.tenant { "ffffffff-ffff-7fff-bfff-ffffffffff0a" } else { "ffffffff-ffff-7fff-bfff-ffffffffff0b" },
        gone = if school.tenant == app.oak.tenant { "ffffffff-ffff-7fff-bfff-ffffffffff2a" } else { "ffffffff-ffff-7fff-bfff-ffffffffff2b" },
        draft = if school.tenant == app.oak.tenant { "ffffffff-ffff-7fff-bfff-ffffffffff1a" } else { "ffffffff-ffff-7fff-bfff-ffffffffff1b" },
    ))
    .await;
}
