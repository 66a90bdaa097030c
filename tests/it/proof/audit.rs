//! `lectern audit`.

use std::collections::BTreeSet;

use lectern::{
    ops::{
        audit::{Audit, privileges_page},
        report::Check,
    },
    schema::access::{Access, fields},
};
use lectern_kernel::db::operator;

use super::{ROLES, row_counts, settings};
use crate::{app::TestApp, isolation::world::of_no_school, page};

async fn open(app: &TestApp) -> Audit {
    Audit::open(
        &settings(),
        &app.database.url("lectern_app"),
        &app.database.url("lectern_platform"),
        Some(&app.database.url("lectern_desk")),
    )
    .await
    .unwrap()
}

/// The groups of the checks that failed.
fn failed(checks: &[Check]) -> Vec<&'static str> {
    checks.iter().filter(|check| !check.passed).map(|check| check.group).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untouched_database_passes_and_keeps_no_trace() {
    let app = TestApp::start().await;
    let _roles = ROLES.read().await;
    let mut connection = operator::connect(&app.database.superuser_url(), "the test's URL").await.unwrap();
    let page = privileges_page(&mut connection).await.unwrap();
    page::hold("docs/privileges.md", &page, "cargo test --test it -- proof::");

    let before = row_counts(&app).await;
    let mut audit = open(&app).await;
    let report = audit.run().await.unwrap();
    audit.close().await.unwrap();
    assert_eq!(report.failed(), 0, "\n{}", report.table());
    assert!(report.checks.len() > 150, "only {} checks", report.checks.len());
    let isolated: Vec<&str> = report.checks.iter().filter(|check| check.group == "isolation").map(|check| check.subject.as_str()).collect();
    assert_eq!(isolated.join(","), crate::isolation::world::tables(&app).await.join(","));
    assert_eq!(row_counts(&app).await, before);

    // One that was killed half way leaves its schools to the next.
    let killed = open(&app).await;
    assert_eq!(app.count("tenant").await, before["tenant"] + 2);
    drop(killed);
    for _ in 0..100 {
        open(&app).await.close().await.unwrap();
        if row_counts(&app).await == before {
            return;
        }
        tokio::task::yield_now().await; // until the database has noticed that the first one's connection is gone
    }
    panic!("what a killed audit left was not removed");
}

/// A hole in one table: what makes it, what mends it, and which checks of that table must fail.
struct Hole {
    name: &'static str,
    make: &'static str,
    mend: &'static str,
    /// Always.
    breaks: &'static [&'static str],
    /// And the attack itself, but on tables where other defences hold: a missing grant, an actor's policy.
    attack_stopped_on: Option<&'static [&'static str]>,
    /// Of two that are alike: in which tables, every other one.
    turn: Option<usize>,
}

// By hand, here and below, because the database's own catalog is on trial: which defences hold on which tables. A table that is
// added is expected to be open to all of them, and named where it is not.
const WALL: &str = "tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid)";
/// Unreadable for the service whatever the policies say.
const SECRET: &[&str] = &[
    "generation_call",
    "answer_run",
    "application_file",
    "red_flag",
    "attendee_grant",
    "account_request",
    "api_key_secret",
    "course_points",
    "attempt_question",
    "booking_reminder",
    "credential",
    "deadline_reminder",
    "failed_sign_in",
    "known_network",
    "mailed_token",
    "password_change_credential",
    "program_form_key",
    "program_group_places",
    "program_places",
    "provider_account",
    "provider_sign_in",
    "recovery_code",
    "refresh_token",
    "second_factor",
    "sign_in_code",
    "sign_up_credential",
    "time_claim",
    "token_counter",
    "token_reservation",
    "used_budget",
    "order_key",
    "program_code",
    "ticket_key",
    "refund_ticket",
    "line_reversal",
    "invoice_counter",
];
/// Besides, nobody sees another person's sign-ins, whatever the wall.
const OWN_ROWS_ONLY: &[&str] = &[
    "generation",
    "generation_call",
    "generation_source",
    "knowledge_base_document", // seen with its base and its document
    "message_citation",        // seen with its message
    "passage",                 // seen with its document
    "provenance",              // seen with its course
    "answer_run",
    "message_delta",
    "application_event", // seen with its application, behind whose wall it stands as well
    "application_file",
    "application_review", // seen with its application
    "red_flag",
    "attendee_grant",
    "busy_block",
    "account_request",
    "api_key_secret",
    "booking_resource",   // seen with its booking, behind whose wall it stands as well
    "slot_hold_resource", // seen with its hold
    "booking_series",     // seen with its bookings
    "course_points",
    "attempt_question",
    "booking_reminder",
    "credential",
    "deadline_reminder",
    "export_run",
    "failed_sign_in",
    "known_network",
    "leaderboard_absence",
    "mailed_token",
    "notification",
    "notification_preference",
    "notification_settings",
    "password_change_credential",
    "password_change_request",
    "program_course",     // seen with its program, behind whose wall it stands as well
    "program_currency",   // likewise
    "program_form_field", // likewise
    "program_form_key",
    "program_group_places",
    "program_link_group", // seen with its program
    "program_places",
    "provider_account",
    "provider_sign_in",
    "path_course",
    "path_step",
    "recovery_code",
    "refresh_token",
    "report_schedule",
    "second_factor",
    "session",
    "sign_in_code",
    "sign_up_credential",
    "time_claim",
    "token_counter",
    "token_reservation",
    "upload",
    "used_budget",
    "user_avatar", // seen with its person, behind whose wall it stands as well
    "announcement",
    "assignment",
    "course_prerequisite",
    "course_review",
    "post",
    "question_key",
    "question_option",
    "quiz",
    "rubric_criterion",
    "rubric_score",
    "score_change",
    "submission_file",
    "thread",
    "agent_knowledge_base", // seen with its agent
    "agent_version",        // seen with its agent, by those who may change it
    "conversation",
    "message",
    "message_feedback",
    "order_line", // seen with its order
    "order_return",
    "referral_uses", // seen with its referral
    "order_key",
    "program_code",
    "ticket_key",
    "refund_ticket",
    "line_reversal",
    "invoice_counter",
];
/// The service inserts no rows, or an actor's policy lets in nothing but what is the actor's own.
const NOT_INSERTED: &[&str] = &[
    "document",
    "generation",
    "generation_call",
    "generation_source",
    "knowledge_base",
    "knowledge_base_document",
    "message_citation",
    "passage",
    "provenance",
    "answer_run",
    "assistant_provider",
    "assistant_usage",
    "message_delta",
    "application",
    "application_event",
    "application_event_secret",
    "application_file",
    "application_review",
    "application_secret",
    "attendee",
    "red_flag",
    "check_in",
    "product_stock",
    "coupon_uses",
    "referral",
    "referral_uses",
    "program_code",
    "sales_order",
    "order_line",
    "ticket",
    "order_return",
    "credit_balance",
    "order_key",
    "ticket_key",
    "attendee_grant",
    "busy_block",
    "busy_source",
    "access_version",
    "program_course", // of courses that one sees
    "program_currency",
    "program_form_field",
    "program_group",      // of groups that one sees
    "program_link_group", // likewise
    "program_form_key",
    "program_group_places",
    "program_places",
    "account_request",
    "announcement",
    "api_key",
    "api_key_secret",
    "assignment",
    "attempt_question",
    "audit_entry",
    "booking_reminder",
    "booking_assignment",
    "booking_resource",
    "slot_hold",
    "slot_hold_resource",
    "group_session",
    "group_session_resource",
    "booking_series",
    "badge_award",
    "course_points",
    "course_review",
    "certificate",
    "credential",
    "deadline_reminder",
    "enrollment_grade",
    "export_run",
    "extension",
    "failed_sign_in",
    "file",
    "file_audience",
    "import_issue",
    "import_run",
    "invitation",
    "job",
    "known_network",
    "leaderboard_absence",
    "lesson_grade",
    "lesson_progress",
    "level",
    "mail",
    "mailed_token",
    "notification",
    "notification_preference",
    "notification_settings",
    "password_change_credential",
    "password_change_request",
    "provider_account",
    "provider_sign_in",
    "points_entry",
    "points_rule",
    "post",
    "quiz",
    "quiz_attempt",
    "recovery_code",
    "refresh_token",
    "regrade",
    "report_schedule",
    "reward_standing",
    "role_manages",
    "rubric_criterion",
    "rubric_score",
    "score_change",
    "second_factor",
    "session",
    "sign_in_code",
    "sign_up_credential",
    "sign_up_request",
    "submission",
    "submission_event",
    "submission_file",
    "submission_grade",
    "tenant",
    "tenant_export",
    "tenant_settings",
    "thread",
    "time_claim",
    "token_counter",
    "token_reservation",
    "upload",
    "used_budget",
    "user_avatar",
    "view_as",
    "webhook_delivery",
    "webhook_event",
    "course_prerequisite",
    "path_course",
    "path_enrollment",
    "path_step",
    "question_key",
    "question_option",
    "agent",
    "agent_knowledge_base",
    "agent_version",
    "conversation",
    "message",
    "message_feedback",
    "project",
    "payment",
    "refund",
    "payment_event",
    "ledger_entry",
    "ledger_posting",
    "invoice",
    "refund_ticket",
    "line_reversal",
    "invoice_counter",
];

const HOLES: &[Hole] = &[
    Hole {
        name: "the wall is dropped",
        make: "DROP POLICY tenant_wall ON {table}",
        mend: "CREATE POLICY tenant_wall ON {table} AS RESTRICTIVE TO {roles} USING ({wall})",
        breaks: &["wall"],
        attack_stopped_on: Some(OWN_ROWS_ONLY),
        turn: Some(0),
    },
    Hole {
        name: "the wall lets everything through",
        make: "ALTER POLICY tenant_wall ON {table} USING (true)",
        mend: "ALTER POLICY tenant_wall ON {table} USING ({wall})",
        breaks: &["wall"],
        attack_stopped_on: Some(OWN_ROWS_ONLY),
        turn: Some(1),
    },
    Hole {
        name: "the wall lets everything in",
        make: "ALTER POLICY tenant_wall ON {table} WITH CHECK (true)",
        mend: "DROP POLICY tenant_wall ON {table}; CREATE POLICY tenant_wall ON {table} AS RESTRICTIVE TO {roles} USING ({wall})",
        breaks: &["wall"],
        attack_stopped_on: Some(NOT_INSERTED),
        turn: None,
    },
    Hole {
        name: "row security is disabled",
        make: "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        mend: "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        breaks: &["wall"],
        attack_stopped_on: Some(SECRET),
        turn: Some(0),
    },
    Hole {
        name: "a permissive policy stands in the place of the wall",
        make: "DROP POLICY tenant_wall ON {table}; CREATE POLICY tenant_wall ON {table} TO lectern_app USING (true)",
        mend: "DROP POLICY tenant_wall ON {table}; CREATE POLICY tenant_wall ON {table} AS RESTRICTIVE TO {roles} USING ({wall})",
        breaks: &["wall"],
        attack_stopped_on: Some(SECRET),
        turn: Some(1),
    },
    Hole {
        name: "the owner is an exception",
        make: "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        mend: "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        breaks: &["wall"],
        attack_stopped_on: None,
        turn: None,
    },
    Hole {
        name: "a grant too many",
        make: "GRANT TRUNCATE ON {table} TO lectern_app",
        mend: "REVOKE TRUNCATE ON {table} FROM lectern_app",
        breaks: &["grants"],
        attack_stopped_on: None,
        turn: None,
    },
    Hole {
        name: "a grant to move rows",
        make: "GRANT UPDATE (tenant_id) ON {table} TO lectern_app",
        mend: "REVOKE UPDATE (tenant_id) ON {table} FROM lectern_app",
        breaks: &["grants"],
        attack_stopped_on: None,
        turn: None,
    },
    Hole {
        name: "a key without the tenant",
        make: "ALTER TABLE {table} ADD hole integer, ADD CONSTRAINT hole UNIQUE (hole)",
        mend: "ALTER TABLE {table} DROP hole",
        breaks: &["keys"],
        attack_stopped_on: None,
        turn: None,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_hole_in_each_table_fails_the_checks_of_that_table() {
    let app = TestApp::start().await;
    let mut audit = open(&app).await;
    let mut problems = Vec::new();
    for (nth, table) in audit.tables().to_vec().into_iter().enumerate() {
        let roles = format!(
            "SELECT string_agg(r.rolname, ', ') FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles) WHERE p.polname = 'tenant_wall' AND p.polrelid = '{table}'::regclass"
        );
        let roles = app.text(&roles).await.unwrap();
        let fill = |sql: &str| sql.replace("{table}", &table).replace("{roles}", &roles).replace("{wall}", WALL);
        for hole in HOLES {
            // What changes no row that anybody sees is found in the catalog, in each table alike: it is tried in each tenth. Of two holes
            // that the same defences stop, the tables take turns.
            let is_tried = match hole.turn {
                _ if hole.attack_stopped_on.is_none() => nth % 10 == 0,
                Some(turn) => nth % 2 == turn,
                None => true,
            };
            if !is_tried {
                continue;
            }
            app.sql(&fill(hole.make)).await;
            let found = failed(&audit.table(&table).await.unwrap());
            app.sql(&fill(hole.mend)).await;
            let mut expected = hole.breaks.to_vec();
            let is_attacked = !of_no_school(&table);
            if is_attacked && hole.attack_stopped_on.is_some_and(|tables| !tables.contains(&table.as_str())) {
                expected.push("isolation");
            }
            if found != expected {
                problems.push(format!("{table}, {}: {found:?} failed, {expected:?} should", hole.name));
            }
        }
        let mended = audit.table(&table).await.unwrap();
        assert!(failed(&mended).is_empty(), "{table} is not as it was: {mended:#?}");
    }
    audit.close().await.unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holes_beside_the_tables_are_found() {
    let app = TestApp::start().await;
    let roles = ROLES.write().await;
    let mut audit = open(&app).await;
    let mut holes = vec![
        (
            "ALTER FUNCTION app.my_groups() RESET search_path",
            "ALTER FUNCTION app.my_groups() SET search_path = pg_catalog, public, pg_temp",
            "SECURITY DEFINER",
        ),
        (
            "GRANT EXECUTE ON FUNCTION app.my_groups() TO PUBLIC",
            "REVOKE EXECUTE ON FUNCTION app.my_groups() FROM PUBLIC",
            "SECURITY DEFINER",
        ),
        (
            "ALTER FUNCTION app.my_groups() OWNER TO lectern_owner",
            "ALTER FUNCTION app.my_groups() OWNER TO lectern_definer",
            "SECURITY DEFINER",
        ),
        ("CREATE VIEW hole_view AS SELECT * FROM course", "DROP VIEW hole_view", "security_invoker"),
        ("CREATE MATERIALIZED VIEW hole_rows AS SELECT 1 AS one", "DROP MATERIALIZED VIEW hole_rows", "security_invoker"),
        ("CREATE TABLE hole (id uuid)", "DROP TABLE hole", "row security everywhere"),
        (
            "GRANT INSERT ON booking_transition TO lectern_app",
            "REVOKE INSERT ON booking_transition FROM lectern_app",
            "row security everywhere",
        ),
        ("CREATE POLICY hole ON course USING (false)", "DROP POLICY hole ON course", "policies name roles"),
        (
            "DROP INDEX course_instructor_idx",
            "CREATE INDEX course_instructor_idx ON course (tenant_id, instructor_id)",
            "foreign keys are indexed",
        ),
        ("CREATE INDEX hole_index ON booking (tenant_id, course_id)", "DROP INDEX hole_index", "no index twice"),
        (
            "CREATE TABLE hole_owned (); ALTER TABLE hole_owned ENABLE ROW LEVEL SECURITY; ALTER TABLE hole_owned OWNER TO lectern_app",
            "DROP TABLE hole_owned",
            "lectern_app",
        ),
        ("ALTER ROLE lectern_desk BYPASSRLS", "ALTER ROLE lectern_desk NOBYPASSRLS", "lectern_desk"),
        (
            "GRANT SELECT (password_hash) ON credential TO lectern_desk",
            "REVOKE SELECT (password_hash) ON credential FROM lectern_desk",
            "lectern_desk",
        ),
        ("GRANT CREATE ON SCHEMA public TO lectern_app", "REVOKE CREATE ON SCHEMA public FROM lectern_app", "lectern_app"),
        (
            "GRANT EXECUTE ON FUNCTION app.check_course_seats(uuid, uuid) TO lectern_app",
            "REVOKE EXECUTE ON FUNCTION app.check_course_seats(uuid, uuid) FROM lectern_app",
            "functions and the rest",
        ),
    ];
    // Looking at everything takes a second: of the holes of each subject one is made at a time.
    while !holes.is_empty() {
        let mut subjects = BTreeSet::new();
        let (round, left): (Vec<_>, Vec<_>) = holes.into_iter().partition(|(.., subject)| subjects.insert(*subject));
        holes = left;
        for (hole, ..) in &round {
            app.sql(hole).await;
        }
        let checks = audit.whole().await.unwrap();
        for (hole, mend, subject) in round {
            app.sql(mend).await;
            assert!(checks.iter().any(|check| !check.passed && check.subject == subject), "{hole}\n{checks:#?}");
        }
    }
    assert_eq!(failed(&audit.whole().await.unwrap()), [""; 0], "something is not as it was");
    drop(roles);

    // A function that names no tenant, behind a wall where lectern_definer searches.
    app.sql(
        "CREATE FUNCTION app.hole(wanted uuid) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
         $$ BEGIN RETURN (SELECT c.title FROM course c WHERE c.id = wanted); END $$;
         GRANT USAGE, CREATE ON SCHEMA app TO lectern_definer; ALTER FUNCTION app.hole(uuid) OWNER TO lectern_definer; REVOKE CREATE ON SCHEMA app FROM lectern_definer;
         REVOKE ALL ON FUNCTION app.hole(uuid) FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.hole(uuid) TO lectern_app",
    )
    .await;
    let attacked = audit.functions().await.unwrap();
    let leaking: Vec<&str> = attacked.iter().filter(|check| !check.passed).map(|check| check.subject.as_str()).collect();
    assert_eq!(leaking, ["app.hole"]);
    assert!(audit.whole().await.unwrap().iter().any(|check| !check.passed && check.subject == "search past the wall"));
    app.sql("DROP FUNCTION app.hole(uuid)").await;

    // Guards that are not as the schema claims.
    let mut claims = fields().clone();
    let access = |root: &str, field: &str| fields()[&(root.to_owned(), field.to_owned())];
    for (root, field, claimed) in [
        ("Query", "courses", access("Query", "auditLog")), // it lets in whom it should not
        ("Query", "auditLog", access("Query", "courses")), // it refuses whom it should not
        ("Mutation", "createGroup", Access::SignedIn),     // it refuses although nothing is needed
        ("Query", "viewer", Access::SignedIn),             // it answers signed-out people
        ("Subscription", "bookingChanged", access("Query", "auditLog")), // whoever is signed in may listen
    ] {
        claims.insert((root.to_owned(), field.to_owned()), claimed);
    }
    let asked = audit.permissions_as(&claims).await.unwrap();
    let mut wrong: Vec<&str> = asked.iter().filter(|check| !check.passed).map(|check| check.subject.as_str()).collect();
    wrong.sort_unstable();
    assert_eq!(
        wrong,
        ["Mutation.createGroup", "Query.auditLog", "Query.courses", "Query.viewer", "Subscription.bookingChanged", "signed out"]
    );
    audit.close().await.unwrap();

    // A table that is added without a row to attack.
    app.sql(
        "CREATE TABLE newcomer (tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id));
         ALTER TABLE newcomer OWNER TO lectern_owner; CALL app.raise_wall('newcomer')",
    )
    .await;
    let mut audit = open(&app).await;
    let checks = audit.table("newcomer").await.unwrap();
    assert_eq!(failed(&checks), ["grants", "audited", "isolation"], "{checks:#?}");
    assert!(checks[4].detail.contains("no row to attack: give it one in sql/seed/probe/NAME.sql"), "{checks:#?}");
    audit.close().await.unwrap();
}

/// Holes that only the platform's role would pass through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holes_before_the_desk_are_found() {
    let app = TestApp::start().await;
    let _roles = ROLES.read().await;
    let mut audit = open(&app).await;
    let wall = |roles: &str| {
        format!("DROP POLICY tenant_wall ON course; CREATE POLICY tenant_wall ON course AS RESTRICTIVE TO {roles} USING ({WALL})")
    };
    let policy = "CREATE POLICY desk_erase ON course FOR DELETE TO lectern_desk \
                  USING ((SELECT app.is_being_erased((SELECT current_setting('app.tenant_id', true)::uuid))))";
    for (hole, mend, subjects) in [
        (wall("lectern_app"), wall("lectern_app, lectern_desk"), vec!["course", "an erasure"]),
        (
            "DROP POLICY desk_erase ON course; CREATE POLICY desk_erase ON course FOR DELETE TO lectern_desk USING (true)".to_owned(),
            format!("DROP POLICY desk_erase ON course; {policy}"),
            vec!["course", "an erasure"],
        ),
        (
            "GRANT UPDATE (title) ON course TO lectern_desk; GRANT UPDATE (tenant_id) ON course TO lectern_desk".to_owned(),
            "REVOKE UPDATE (title, tenant_id) ON course FROM lectern_desk".to_owned(),
            vec!["course"],
        ),
        (
            "ALTER TABLE tenant DISABLE ROW LEVEL SECURITY".to_owned(),
            "ALTER TABLE tenant ENABLE ROW LEVEL SECURITY".to_owned(),
            vec!["tenant"],
        ),
    ] {
        app.sql(&hole).await;
        let checks = audit.desk().await.unwrap();
        app.sql(&mend).await;
        let found: Vec<&str> = checks.iter().filter(|check| !check.passed).map(|check| check.subject.as_str()).collect();
        assert!(subjects.iter().all(|subject| found.contains(subject)), "{hole}: {found:?}");
    }
    let mended = audit.desk().await.unwrap();
    assert_eq!(failed(&mended), [""; 0], "{mended:#?}");
    audit.close().await.unwrap();
}
