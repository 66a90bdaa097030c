//! Two schools with rows of every kind. Every text of the first is a canary: it may never be seen from the second.

use std::collections::BTreeMap;

use lectern_kernel::ids;
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

const KINDS: [&str; 11] =
    ["tenant", "user", "role", "session", "course", "section", "enrollment", "group", "availability", "booking", "audit"];

impl World {
    pub async fn build(app: &TestApp) -> World {
        fill(app, &app.oak, CANARY).await;
        fill(app, &app.elm, "plain").await;
        World {
            own: ids_of(app, &app.elm).await,
            foreign: ids_of(app, &app.oak).await,
            never: KINDS.iter().map(|kind| ((*kind).to_owned(), ids::encode(kind, Uuid::now_v7()))).collect(),
        }
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

/// Every table of tenants, whatever is added later.
pub async fn tables(app: &TestApp) -> Vec<String> {
    let sql = "SELECT string_agg(c.relname, ',' ORDER BY c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' \
               WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace";
    app.text(sql).await.unwrap().split(',').map(str::to_owned).collect()
}

/// The first row of each kind.
async fn ids_of(app: &TestApp, school: &School) -> Ids {
    let tenant = school.tenant;
    let tables = [
        ("user", "app_user", "AND name LIKE 'LEARNER%'"),
        ("role", "role", "AND NOT is_system"),
        ("session", "session", ""),
        ("course", "course", ""),
        ("section", "section", ""),
        ("enrollment", "enrollment", ""),
        ("group", "user_group", ""),
        ("availability", "availability", ""),
        ("booking", "booking", ""),
        ("audit", "audit_entry", ""),
    ];
    let mut found = Ids::from([("tenant".to_owned(), ids::encode("tenant", tenant))]);
    for (kind, table, which) in tables {
        let sql = format!("SELECT id::text FROM {table} WHERE tenant_id = '{tenant}' {which} ORDER BY id LIMIT 1");
        let id = app.text(&sql).await.unwrap_or_else(|| panic!("no {kind} in {}", school.slug));
        found.insert(kind.to_owned(), ids::encode(kind, id.parse().unwrap()));
    }
    found
}

/// One row of every kind, every text of them `word`: what `lectern audit` fills its schools with, and an entry of the log.
async fn fill(app: &TestApp, school: &School, word: &str) {
    let tenant = school.tenant;
    let rows = include_str!("../../../sql/seed/probe.sql");
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
         INSERT INTO enrollment (tenant_id, id, course_id, user_id) VALUES ('{tenant}', '{last}', '{last}', '{last}');
         INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at) VALUES ('{tenant}', '{last}', '{last}', '2099-03-03T14:00Z', '2099-03-03T15:00Z');
         RESET app.audit; SET app.tenant_id = '00000000-0000-0000-0000-000000000000'",
        slug = school.slug,
        last = if school.tenant == app.oak.tenant { "ffffffff-ffff-7fff-bfff-ffffffffff0a" } else { "ffffffff-ffff-7fff-bfff-ffffffffff0b" },
        draft = if school.tenant == app.oak.tenant { "ffffffff-ffff-7fff-bfff-ffffffffff1a" } else { "ffffffff-ffff-7fff-bfff-ffffffffff1b" },
    ))
    .await;
}
