//! Rows of schools: data migrations, and the system roles.

use lectern::ops::sources;
use lectern_kernel::db::migrate::{Options, Source, migrate};
use serde_json::json;

use super::{apply, edited, refused};
use crate::{
    app::{TestApp, Who},
    faults::Cluster,
};

/// Two at a time.
const SHOUT: &str = "UPDATE course SET title = upper(title) WHERE (tenant_id, id) IN (
    SELECT tenant_id, id FROM course WHERE title <> upper(title) ORDER BY tenant_id, title LIMIT 2)";
const FILE: &str = "sql/data/0001_shout_titles.sql";

fn with_data(sql: &str) -> Source {
    let mut source = sources::embedded().unwrap().clone();
    source.data.push((FILE.to_owned(), sql.to_owned()));
    source
}

/// Five courses in one school and two in the other.
async fn courses(app: &TestApp) {
    for (school, count) in [(&app.oak, 5), (&app.elm, 2)] {
        app.sql(&format!(
            "INSERT INTO course (tenant_id, id, title) SELECT '{}', gen_random_uuid(), 'course ' || n FROM generate_series(1, {count}) AS n",
            school.tenant
        ))
        .await;
    }
}

async fn shouted(app: &TestApp) -> i64 {
    app.count("course WHERE title LIKE 'COURSE _'").await
}

#[tokio::test]
async fn a_data_migration_changes_rows_of_every_school_once_and_says_how_many() {
    let app = TestApp::start().await;
    courses(&app).await;
    let report = apply(&app, &with_data(SHOUT)).await.unwrap();
    assert_eq!(report.rows.iter().find(|(file, _)| file == FILE).unwrap().1, 7);
    assert_eq!(shouted(&app).await, 7);
    assert_eq!(app.count("(SELECT DISTINCT xmin::text FROM course) AS batch").await, 4, "each batch is a transaction");
    let audited = "audit_entry WHERE operation = 'system:migrate' AND resource = 'Course' AND correlation_id <> 'none'";
    assert_eq!(app.count(audited).await, 7);
    assert_eq!(app.count(&format!("lectern_applied WHERE file = '{FILE}' AND finished AND changed = 7")).await, 1);

    courses(&app).await;
    let report = apply(&app, &with_data(SHOUT)).await.unwrap();
    assert!(report.rows.is_empty(), "{:?}", report.rows);
    assert_eq!(shouted(&app).await, 7, "what has run does not run again");
    assert_eq!(
        refused(&app, &with_data(&SHOUT.replace('2', "3"))).await,
        format!("{FILE} was edited after it had run: a data migration is never edited, write another")
    );
}

#[tokio::test]
async fn a_data_migration_that_was_interrupted_goes_on_where_it_was() {
    let app = TestApp::start().await;
    courses(&app).await;
    app.sql(
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of order'; END $$;
         CREATE TRIGGER stop BEFORE UPDATE ON course FOR EACH ROW WHEN (OLD.title = 'course 5') EXECUTE FUNCTION stop()",
    )
    .await;
    let source = with_data(SHOUT);
    let before = super::fingerprint(&app).await;
    let said = refused(&app, &source).await;
    assert!(said.starts_with("it had changed 4 rows, which is kept: the next migrate goes on from there: "), "{said}");
    assert!(said.contains(FILE) && said.contains("out of order"), "{said}");
    assert_eq!(shouted(&app).await, 4);
    assert_eq!(app.count(&format!("lectern_applied WHERE file = '{FILE}' AND NOT finished AND changed = 4")).await, 1);
    assert_eq!(super::fingerprint(&app).await, before, "no service of the new binary starts on this");

    app.sql("DROP TRIGGER stop ON course; DROP FUNCTION stop()").await;
    let report = apply(&app, &source).await.unwrap();
    assert_eq!(report.rows.iter().find(|(file, _)| file == FILE).unwrap().1, 7, "all of them, in both runs");
    assert_eq!(shouted(&app).await, 7);
    assert_eq!(super::fingerprint(&app).await, source.fingerprint());
}

#[tokio::test]
async fn a_new_permission_reaches_the_system_roles_of_schools_that_are_there() {
    const GROUPS: &str = "{ groups(first: 1) { totalCount } }";
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let own = json!({ "i": { "key": "OWN", "name": "Own", "permissions": ["COURSE_READ"] } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", own).await;
    learner.ok("{ courses(first: 1) { totalCount } }", json!({})).await;
    assert_eq!(
        app.text("SELECT array_to_string(permissions, ' ') FROM app.system_roles() WHERE key = 'LEARNER'").await.unwrap(),
        "COURSE_READ ENROLLMENT_SELF BOOKING_REQUEST APPLICATION_SUBMIT FILE_UPLOAD AGENT_EXECUTE"
    );

    let learners = "('LEARNER', 'Learner', ARRAY[";
    let more = format!("{learners}'GROUP_CREATE', 'GROUP_READ', 'BRAND_NEW', ");
    let source = edited(&[
        ("permissions", learners, &more),
        ("permissions", "RETURN ARRAY[", "RETURN ARRAY['BRAND_NEW', "),
        ("permissions", "    VALUES\n", "    VALUES\n        ('GUEST', 'Guest', ARRAY['COURSE_READ']::text[]),\n"),
    ]);
    let report = apply(&app, &source).await.unwrap();
    assert_eq!(report.rows[0], ("sql/upkeep/01_system_roles.sql".to_owned(), 4), "two roles of two schools");
    assert_eq!(app.count("role WHERE key = 'LEARNER' AND permissions @> '{BRAND_NEW,GROUP_CREATE}' AND is_system").await, 2);
    assert_eq!(app.count("role WHERE key = 'GUEST' AND is_system AND permissions = '{COURSE_READ}'").await, 2);
    assert_eq!(app.count("role WHERE 'BRAND_NEW' = ANY (permissions)").await, 2, "roles of a school's own are its own business");
    assert_eq!(app.count("audit_entry WHERE operation = 'system:migrate' AND resource = 'Role' AND outcome = 'CHANGED'").await, 4);

    // It holds for the next request of somebody whose actor was cached.
    learner.ok("mutation { createGroup(input: { name: \"Ours\" }) { id } }", json!({})).await;
    assert_eq!(admin.ok(GROUPS, json!({})).await["groups"]["totalCount"], 1);
    assert!(apply(&app, &source).await.unwrap().rows.is_empty(), "once");

    // And what a role no longer grants is gone.
    let report = apply(&app, sources::embedded().unwrap()).await.unwrap();
    assert_eq!(report.rows[0], ("sql/upkeep/01_system_roles.sql".to_owned(), 2));
    assert_eq!(learner.refused("mutation { createGroup(input: { name: \"Mine\" }) { id } }", json!({})).await, "FORBIDDEN [GROUP_CREATE]");
}

#[test]
fn what_changes_rows_is_numbered_and_changes_a_bounded_number_at_a_time() {
    let source = sources::embedded().unwrap();
    for (file, sql) in source.data.iter().chain(&source.upkeep) {
        let name = file.rsplit('/').next().unwrap();
        assert!(name.split_once('_').is_some_and(|(number, _)| number.chars().all(|digit| digit.is_ascii_digit())), "{file}");
        assert!(sql.contains(" LIMIT "), "{file} changes everything at once");
    }
}

/// The owner of the tables sees no row of them, and changes rows only as somebody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_become_lectern_platform_says_how_else_rows_are_changed() {
    let cluster = Cluster::start().await;
    let source = sources::embedded().unwrap();
    let owner = cluster.url("lectern_owner");
    let superuser = cluster.superuser("lectern").await;
    superuser.batch_execute("REVOKE lectern_upkeep FROM lectern_owner").await.unwrap();
    let without = migrate(&owner, source, Options::default()).await.unwrap_err();
    assert_eq!(
        format!("{without:#}"),
        "lectern_owner may not become lectern_platform, which changes rows of schools: run sql/roles.sql again as a superuser, or set LECTERN_PLATFORM_URL"
    );
    let with = |url: String| {
        let (owner, source) = (owner.clone(), &source);
        async move { migrate(&owner, source, Options { platform_url: Some(&url), ..Options::default() }).await }
    };
    with(cluster.url("lectern_platform")).await.unwrap();
    let wrong = with(cluster.url("lectern_app")).await.unwrap_err();
    assert_eq!(format!("{wrong:#}"), "LECTERN_PLATFORM_URL must name the database of LECTERN_OWNER_URL, as lectern_platform");

    // A superuser makes the link where it is missing.
    drop(superuser);
    migrate(&cluster.url("postgres"), source, Options::default()).await.unwrap();
    migrate(&owner, source, Options::default()).await.unwrap();
    let superuser = cluster.superuser("lectern").await;
    let seen: i64 = superuser.query_one("SELECT count(*) FROM role", &[]).await.unwrap().get(0);
    assert_eq!(seen, 10, "five of each demo school");
    superuser.batch_execute("SET ROLE lectern_owner").await.unwrap();
    let seen: i64 = superuser.query_one("SELECT count(*) FROM role", &[]).await.unwrap().get(0);
    assert_eq!(seen, 0, "the owner inherits nothing of lectern_platform");
}

#[tokio::test]
async fn a_role_of_a_schools_own_that_has_the_key_of_participants_is_called_otherwise_and_keeps_its_people() {
    let app = TestApp::start().await;
    let tenant = app.oak.tenant;
    app.sql(&format!(
        "UPDATE role SET is_system = false, permissions = '{{USER_READ}}' WHERE tenant_id = '{tenant}' AND key = 'PARTICIPANT';
         INSERT INTO user_role (tenant_id, user_id, role_id) SELECT r.tenant_id, u.id, r.id FROM role r JOIN app_user u ON u.tenant_id = r.tenant_id
             WHERE r.tenant_id = '{tenant}' AND r.key = 'PARTICIPANT' AND u.email = 'viewer@oak.example';
         DELETE FROM lectern_applied WHERE file LIKE 'sql/data/0070%'"
    ))
    .await;
    apply(&app, sources::embedded().unwrap()).await.unwrap();
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let roles = admin.ok("{ roles { key isSystem permissions } }", json!({})).await["roles"].take();
    let of = |key: &str| roles.as_array().unwrap().iter().find(|role| role["key"] == key).unwrap().clone();
    assert_eq!(
        of("PARTICIPANT"),
        json!({ "key": "PARTICIPANT", "isSystem": true, "permissions": ["COURSE_READ", "APPLICATION_SUBMIT", "FILE_UPLOAD"] })
    );
    assert_eq!(of("PARTICIPANT_OWN"), json!({ "key": "PARTICIPANT_OWN", "isSystem": false, "permissions": ["USER_READ"] }));
    let held = "user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id WHERE r.key = 'PARTICIPANT_OWN'";
    assert_eq!(app.count(held).await, 1);
}
