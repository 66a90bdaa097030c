//! Which files are applied.

use std::collections::BTreeSet;

use lectern::ops::{drift::drift, sources};
use lectern_kernel::db::migrate::{Options, Report};

use super::{apply, apply_with, edited, fingerprint, with_functions};
use crate::{app::TestApp, proof::settings};

#[tokio::test]
async fn only_the_files_that_changed_are_applied() {
    let app = TestApp::start().await;
    let source = sources::embedded().unwrap();
    let total = source.migrations.len();
    assert_eq!(apply(&app, source).await.unwrap(), Report { total, ..Report::default() }, "there is nothing to do");

    let commented = edited(&[("sql/functions/bookings.sql", "-- Bookings:", "-- All about bookings:")]);
    assert_eq!(apply(&app, &commented).await.unwrap().scripts, ["sql/functions/bookings.sql"]);
    assert_eq!(fingerprint(&app).await, commented.fingerprint());
    assert_eq!(apply(&app, source).await.unwrap().scripts, ["sql/functions/bookings.sql"]);
    assert_eq!(fingerprint(&app).await, source.fingerprint());

    // What every policy file calls while it is applied.
    let mut walls = edited(&[("sql/walls.sql", "-- The wall", "-- This wall")]);
    let changed = walls.scripts.iter().find(|script| script.file == "sql/walls.sql").unwrap().sql.clone();
    for script in walls.scripts.iter_mut().filter(|script| !script.calls.is_empty()) {
        script.calls.clone_from(&changed);
    }
    let applied = apply(&app, &walls).await.unwrap().scripts;
    assert_eq!(applied[0], "sql/walls.sql");
    assert!(applied.len() > 6 && applied[1..].iter().all(|file| file.starts_with("policies/")), "{applied:?}");

    let always = Options { always: true, ..Options::default() };
    let all = apply_with(&app, source, always).await.unwrap().scripts;
    assert_eq!(all, source.scripts.iter().map(|script| script.file.clone()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_changed_by_hand_is_put_right() {
    let app = TestApp::start().await;
    let source = sources::embedded().unwrap();
    // Each file at most once in a round, so that each change is found by itself.
    let rounds: [&[(&str, &str)]; 3] = [
        &[
            ("REVOKE EXECUTE ON FUNCTION app.can(text) FROM lectern_app", "sql/functions.sql"),
            ("GRANT EXECUTE ON FUNCTION app.check_course_seats(uuid, uuid) TO lectern_app", "sql/functions/courses.sql"),
            ("ALTER FUNCTION app.my_groups() SECURITY INVOKER", "sql/functions/groups.sql"),
            ("DROP TRIGGER role_access ON role", "sql/access.sql"),
            ("ALTER POLICY course_read ON course USING (true)", "policies/courses.sql"),
            ("DROP POLICY tenant_wall ON booking", "policies/bookings.sql"),
            ("ALTER TABLE enrollment NO FORCE ROW LEVEL SECURITY", "policies/enrollments.sql"),
            ("GRANT SELECT ON credential TO lectern_app", "policies/identity.sql"),
            ("REVOKE USAGE ON SCHEMA app FROM lectern_app", "sql/grants.sql"),
        ],
        &[
            ("CREATE OR REPLACE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE RETURN NULL::uuid", "sql/functions.sql"),
            ("ALTER TABLE course DISABLE TRIGGER course_audit", "sql/functions/courses.sql"),
            ("GRANT SELECT (enrollment_key) ON course TO lectern_app", "policies/courses.sql"),
        ],
        &[
            ("CREATE POLICY hole ON section TO lectern_app USING (true)", ""),
            ("CREATE TRIGGER hole AFTER INSERT ON course FOR EACH ROW EXECUTE FUNCTION app.touch()", ""),
            ("CREATE FUNCTION app.hole() RETURNS integer LANGUAGE sql RETURN 1", ""),
        ],
    ];
    for round in rounds {
        for (by_hand, _) in round {
            app.sql(by_hand).await;
        }
        let report = apply(&app, source).await.unwrap();
        let expected: BTreeSet<&str> = round.iter().map(|(_, file)| *file).filter(|file| !file.is_empty()).collect();
        assert_eq!(report.scripts.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
        assert_eq!(report.dropped.len(), round.iter().filter(|(_, file)| file.is_empty()).count(), "{:?}", report.dropped);
    }
    app.sql("ALTER POLICY course_read ON course USING (true)").await;
    apply_with(&app, source, Options { always: true, ..Options::default() }).await.unwrap();
    let drift = drift(&settings(), &app.database.superuser_url(), std::future::pending()).await.unwrap();
    assert!(drift.findings.is_empty(), "{}", drift.table());
}

/// As if the binary had been one that dropped schema app and made all of it anew, and kept no record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_without_a_record_is_taken_over_and_nothing_is_cascaded() {
    let app = TestApp::start().await;
    let source = sources::embedded().unwrap();
    app.sql(
        "DROP TABLE lectern_applied;
         CREATE FUNCTION app.of_old() RETURNS integer LANGUAGE sql RETURN 1;
         CREATE FUNCTION app.outranks(person uuid, really boolean) RETURNS boolean LANGUAGE sql RETURN really;
         GRANT EXECUTE ON FUNCTION app.teaches(uuid, uuid) TO lectern_app;
         CREATE TRIGGER of_old BEFORE UPDATE ON section FOR EACH ROW EXECUTE FUNCTION app.touch();
         CREATE POLICY of_old ON section TO lectern_app USING (true);
         ALTER TABLE section ADD made_in uuid DEFAULT app.tenant_id()",
    )
    .await;
    let report = apply(&app, source).await.unwrap();
    assert_eq!(report.scripts.len(), source.scripts.len());
    assert_eq!(report.dropped, ["trigger of_old on section", "function app.of_old()", "function app.outranks(uuid,boolean)"]);
    let kept = app.text("SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'section'::regclass AND pg_get_expr(adbin, adrelid) LIKE '%app.%'").await;
    assert_eq!(kept.as_deref(), Some("app.tenant_id()"));
    app.sql("ALTER TABLE section DROP made_in").await;
    let drift = drift(&settings(), &app.database.superuser_url(), std::future::pending()).await.unwrap();
    assert!(drift.findings.is_empty(), "{}", drift.table());
}

#[tokio::test]
async fn what_left_the_files_is_dropped() {
    let app = TestApp::start().await;
    let extra = with_functions(
        "CREATE OR REPLACE FUNCTION app.newcomer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE OR REPLACE TRIGGER course_newcomer BEFORE INSERT ON course FOR EACH ROW EXECUTE FUNCTION app.newcomer();
         CREATE OR REPLACE FUNCTION app.is_new() RETURNS boolean LANGUAGE sql STABLE RETURN app.can('COURSE_READ');",
    );
    assert_eq!(apply(&app, &extra).await.unwrap().scripts, ["sql/functions/extra.sql"]);
    let report = apply(&app, sources::embedded().unwrap()).await.unwrap();
    assert_eq!(report.dropped, ["trigger course_newcomer on course", "function app.is_new()", "function app.newcomer()"]);

    // A table that left its policy file is nobody's from then on.
    let mut without = edited(&[]);
    without.scripts.retain(|script| script.file != "policies/groups.sql");
    let dropped = apply(&app, &without).await.unwrap().dropped;
    assert!(
        dropped.contains(&"rights on group_member".to_owned()) && dropped.contains(&"policy tenant_wall on user_group".to_owned()),
        "{dropped:?}"
    );
    let open =
        "information_schema.table_privileges WHERE table_name = 'user_group' AND grantee LIKE 'lectern%' AND grantee <> 'lectern_owner'";
    assert_eq!(app.count(open).await, 0);
    assert_eq!(app.count("pg_class WHERE relname = 'user_group' AND relrowsecurity AND relforcerowsecurity").await, 1);
    assert_eq!(apply(&app, sources::embedded().unwrap()).await.unwrap().scripts, ["policies/groups.sql"]);
}
