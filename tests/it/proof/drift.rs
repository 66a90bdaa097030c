//! `lectern drift`.

use std::future::pending;

use lectern::ops::drift::{Difference, drift};

use super::{ROLES, settings};
use crate::{app::TestApp, transactions::until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_changed_behind_the_migrations_is_found_and_nothing_else() {
    let app = TestApp::start().await;
    let _roles = ROLES.read().await;
    let url = app.database.superuser_url();
    let fresh = drift(&settings(), &url, pending()).await.unwrap();
    assert!(fresh.findings.is_empty(), "{}", fresh.table());
    assert!(fresh.compared > 400, "only {} things", fresh.compared);

    app.sql(
        "DROP POLICY tenant_wall ON course;
         ALTER POLICY course_read ON course USING (true);
         CREATE POLICY hole ON section TO lectern_app USING (true);
         ALTER TABLE booking NO FORCE ROW LEVEL SECURITY;
         CREATE OR REPLACE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE RETURN NULL::uuid;
         ALTER FUNCTION app.my_groups() SECURITY INVOKER;
         CREATE FUNCTION app.hole() RETURNS integer LANGUAGE sql RETURN 1;
         GRANT SELECT ON credential TO lectern_app;
         REVOKE SELECT ON group_course FROM lectern_app;
         GRANT EXECUTE ON FUNCTION app.check_course_seats(uuid, uuid) TO lectern_app;
         DROP INDEX course_title_idx;
         CREATE INDEX hole_idx ON course (tenant_id, capacity);
         ALTER TABLE course DISABLE TRIGGER course_audit;
         ALTER TABLE course DROP CONSTRAINT course_capacity_check;
         ALTER TABLE course ADD hole text;
         ALTER TABLE course ALTER title DROP NOT NULL;
         CREATE TABLE hole (id uuid);
         CREATE VIEW hole_view AS SELECT 1 AS one;
         DELETE FROM booking_transition WHERE from_status = 'ASSIGNED' AND to_status = 'COMPLETED' AND permission = 'BOOKING_MANAGE';
         DELETE FROM _sqlx_migrations WHERE version = 5",
    )
    .await;
    let found = drift(&settings(), &url, pending()).await.unwrap();
    let has = |difference: Difference, kind: &str, name: &str| {
        let is = |finding: &&lectern::ops::drift::Finding| finding.difference == difference && finding.kind == kind && finding.name == name;
        assert!(found.findings.iter().any(|finding| is(&finding)), "{difference:?} {kind} {name}\n{}", found.table());
    };
    has(Difference::Missing, "policy", "public.course.tenant_wall");
    has(Difference::Changed, "policy", "public.course.course_read");
    has(Difference::Extra, "policy", "public.section.hole");
    has(Difference::Changed, "row security", "public.booking");
    has(Difference::Changed, "function", "app.tenant_id()");
    has(Difference::Changed, "function", "app.my_groups()");
    has(Difference::Extra, "function", "app.hole()");
    has(Difference::Extra, "grant", "SELECT on credential for lectern_app");
    has(Difference::Missing, "grant", "SELECT on group_course for lectern_app");
    has(Difference::Extra, "grant", "EXECUTE on app.check_course_seats(tenant uuid, wanted uuid) for lectern_app");
    has(Difference::Missing, "index", "public.course_title_idx");
    has(Difference::Extra, "index", "public.hole_idx");
    has(Difference::Changed, "trigger", "public.course.course_audit");
    has(Difference::Missing, "constraint", "public.course.course_capacity_check");
    has(Difference::Extra, "column", "public.course.hole");
    has(Difference::Changed, "column", "public.course.title");
    has(Difference::Extra, "table", "public.hole");
    has(Difference::Extra, "view", "public.hole_view");
    has(Difference::Missing, "migration", "0005 create bookings");
    assert_eq!(found.findings.iter().filter(|finding| finding.kind == "row").count(), 1, "{}", found.table());
    // What was planted, its columns and the rights that PUBLIC gets by itself, and no more.
    let planted = found.findings.iter().filter(|finding| !finding.name.contains("hole")).count();
    assert_eq!(planted, 14, "{}", found.table());

    // (Another test may have one of its own just now.)
    let left = "pg_database WHERE datname LIKE 'lectern_drift_%' AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = pg_database.datname)";
    until("no scratch database is left behind", async || app.count(left).await == 0).await;
}
