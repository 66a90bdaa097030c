//! Until when enrollments give access.

use serde_json::{Value, json};
use tokio_postgres::{NoTls, error::SqlState};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, enroll, nothing, refused, uuid},
};

const COURSE: &str = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { accessDays accessUntil } }";
const EXTEND: &str = "mutation($i: ExtendEnrollmentInput!) { extendEnrollment(input: $i) { status expiresAt } }";
const READ: &str = "query($id: ID!) { enrollment(id: $id) { status expiresAt } }";
const SOON: &str = "2099-01-01T00:00:00Z";

/// How many days after enrolling it ends, or its date.
async fn ends(app: &TestApp, enrolled: &str) -> String {
    let sql = format!(
        "SELECT CASE WHEN expires_at IS NULL THEN 'never' WHEN expires_at - enrolled_at < interval '4000 days' THEN (extract(epoch FROM expires_at - enrolled_at) / 86400)::integer::text
             ELSE to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') END FROM enrollment WHERE id = '{}'",
        uuid(enrolled)
    );
    app.text(&sql).await.unwrap()
}

async fn status(client: &Client, enrolled: &str) -> Value {
    client.ok(READ, json!({ "id": enrolled })).await["enrollment"]["status"].take()
}

#[tokio::test]
async fn access_follows_the_course_until_somebody_fixes_it() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let set = async |more: Value| {
        let mut input = json!({ "id": algebra });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ada.ok(COURSE, json!({ "i": input })).await;
    };
    let early = enroll(&ada, &algebra, &lea.user_id).await;
    assert_eq!(ends(&app, &early).await, "never");
    set(json!({ "accessDays": 30 })).await;
    let late = enroll(&ada, &algebra, &bob.user_id).await;
    assert_eq!((ends(&app, &early).await.as_str(), ends(&app, &late).await.as_str()), ("30", "30"));
    set(json!({ "accessUntil": SOON })).await;
    assert_eq!(ends(&app, &late).await, "30", "the earlier of the two");
    set(json!({ "accessDays": null })).await;
    assert_eq!(ends(&app, &late).await, "2099-01-01");
    let extended = ada.ok(EXTEND, json!({ "i": { "id": early, "expiresAt": "2098-01-01T00:00:00Z", "reason": "Ill" } })).await;
    assert_eq!(extended["extendEnrollment"], json!({ "status": "NOT_STARTED", "expiresAt": "2098-01-01T00:00:00Z" }));
    set(json!({ "accessDays": 7 })).await;
    assert_eq!((ends(&app, &early).await.as_str(), ends(&app, &late).await.as_str()), ("2098-01-01", "7"));
    ada.ok(EXTEND, json!({ "i": { "id": early } })).await;
    assert_eq!(ends(&app, &early).await, "never");
    // What merely follows the course is not in the log; what somebody says is.
    assert_eq!((app.changes("updateCourse").await, app.changes("extendEnrollment").await), (4, 2));
    let filtered = "query($c: ID!) { enrollments(filter: { courseId: $c, expiresBefore: \"2098-01-01T00:00:00Z\" }) { nodes { id } } }";
    assert_eq!(ada.ok(filtered, json!({ "c": algebra })).await["enrollments"]["nodes"], json!([{ "id": late }]));
}

#[tokio::test]
async fn what_is_over_is_closed_at_once_and_marked_soon_after() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, enrolled) = crate::lessons::classroom(&app, &ada, &lea).await;
    let id = crate::lessons::lesson(&ada, &sets, "Sets").await;
    crate::lessons::lesson(&ada, &sets, "Maps").await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let done = enroll(&ada, &algebra, &bob.user_id).await;
    ada.ok("mutation($id: ID!) { updateEnrollmentStatus(input: { id: $id, status: COMPLETED }) { id } }", json!({ "id": done })).await;
    crate::lessons::complete(&lea, &id).await;
    ada.ok(COURSE, json!({ "i": { "id": algebra, "accessUntil": SOON } })).await;
    let bucket = "job WHERE kind = 'enrollment.expire' AND run_at > '2099-01-01T00:00:00Z' AND run_at <= '2099-01-01T00:00:15Z'";
    assert_eq!(app.count(bucket).await, 1, "one job for all that end then");
    for (moment, expected) in [
        ("now() + interval '1 minute'", "open: About Sets"),
        ("now()", "ENROLLMENT_ENDED"),
        ("now() - interval '1 second'", "ENROLLMENT_ENDED"),
    ] {
        app.sql(&format!("UPDATE enrollment SET expires_at = {moment}")).await;
        assert_eq!(crate::lessons::look(&lea, &id).await, expected, "{moment}");
    }
    assert_eq!(crate::lessons::look(&bob, &id).await, "open: About Sets", "who has completed the course keeps access");
    assert_eq!(status(&lea, &enrolled).await, "IN_PROGRESS");
    app.sql("UPDATE job SET run_at = now() WHERE kind = 'enrollment.expire'").await;
    app.work().await;
    assert_eq!((status(&lea, &enrolled).await, status(&bob, &done).await), (json!("EXPIRED"), json!("COMPLETED")));
    let entry = "audit_entry WHERE operation = 'system:enrollment.expire' AND resource = 'Enrollment' AND actor_id IS NULL";
    assert_eq!(app.count(entry).await, 1, "nobody's doing, whoever has set the end");
    // By its progress it is revived.
    let extend = |expires: Value| json!({ "i": { "id": enrolled, "expiresAt": expires } });
    assert_eq!(ada.ok(EXTEND, extend(json!("2020-01-01T00:00:00Z"))).await["extendEnrollment"]["status"], "EXPIRED");
    assert_eq!(ada.ok(EXTEND, extend(json!(SOON))).await["extendEnrollment"]["status"], "IN_PROGRESS");
    assert_eq!(crate::lessons::look(&lea, &id).await, "open: About Sets");
    assert_eq!(crate::lessons::state(&lea, &enrolled).await, "IN_PROGRESS 50 1/2");
}

#[tokio::test]
async fn who_expired_needs_a_seat_to_come_back_and_a_manager() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let algebra = course(&ada, json!({ "title": "Algebra", "capacity": 1 })).await;
    let enrolled = enroll(&ada, &algebra, &lea.user_id).await;
    let set = "mutation($id: ID!, $s: EnrollmentStatus!) { updateEnrollmentStatus(input: { id: $id, status: $s }) { id } }";
    ada.ok(set, json!({ "id": enrolled, "s": "EXPIRED" })).await;
    let other = enroll(&ada, &algebra, &bob.user_id).await;
    let extend = |id: &str| json!({ "i": { "id": id, "expiresAt": SOON } });
    refused(&app, &ada, EXTEND, extend(&enrolled), "CONFLICT COURSE_FULL @id").await;
    ada.ok(set, json!({ "id": other, "s": "DROPPED" })).await;
    assert_eq!(ada.ok(EXTEND, extend(&enrolled)).await["extendEnrollment"]["status"], "NOT_STARTED");
    // What ended otherwise does not come back by more time.
    assert_eq!(ada.ok(EXTEND, extend(&other)).await["extendEnrollment"]["status"], "DROPPED");
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    refused(&app, &lea, EXTEND, extend(&enrolled), "FORBIDDEN [ENROLLMENT_MANAGE]").await;
    refused(&app, &stranger, EXTEND, extend(&enrolled), "NOT_FOUND @id").await;
    refused(&app, &ada, EXTEND, extend(&nothing("enrollment")), "NOT_FOUND @id").await;
    let long = json!({ "i": { "id": enrolled, "reason": "a".repeat(10_001) } });
    refused(&app, &ada, EXTEND, long, "BAD_USER_INPUT @reason").await;
}

#[tokio::test]
async fn people_are_told_a_week_and_a_day_before_their_access_ends_and_when_it_has() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    ada.ok(COURSE, json!({ "i": { "id": algebra, "accessDays": 30 } })).await;
    enroll(&ada, &algebra, &lea.user_id).await;
    app.work().await;
    let told = async || {
        let found = lea.ok("{ notifications { nodes { kind title } } }", json!({})).await["notifications"]["nodes"].take();
        let kinds = found.as_array().unwrap().iter().rev().map(|one| one["kind"].as_str().unwrap().to_owned());
        kinds.filter(|kind| kind != "ENROLLED").collect::<Vec<_>>().join(" ")
    };
    let remind = async || {
        app.sql(&format!(
            "BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '', true), app.remind_of_expiry(1000), app.expire_enrollments(1000); COMMIT",
            app.oak.tenant
        ))
        .await;
        app.work().await;
    };
    // Time passes: the row moves, and nothing else.
    let left = async |interval: &str| {
        app.sql(&format!("SET session_replication_role = replica; UPDATE enrollment SET expires_at = now() + interval '{interval}'; RESET session_replication_role")).await;
        app.sql("UPDATE notification SET hour = hour - interval '2 hours'").await;
    };
    remind().await;
    assert_eq!(told().await, "");
    left("6 days").await;
    remind().await;
    remind().await;
    assert_eq!(told().await, "ENROLLMENT_EXPIRES_SOON", "once");
    left("23 hours").await;
    remind().await;
    remind().await;
    assert_eq!(told().await, "ENROLLMENT_EXPIRES_SOON ENROLLMENT_EXPIRES_SOON");
    left("-1 minute").await;
    remind().await;
    assert_eq!(told().await, "ENROLLMENT_EXPIRES_SOON ENROLLMENT_EXPIRES_SOON ENROLLMENT_EXPIRED");
    // Whose access was given for less was told of it then.
    ada.ok(COURSE, json!({ "i": { "id": algebra, "accessDays": 3 } })).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    enroll(&ada, &algebra, &bob.user_id).await;
    remind().await;
    assert_eq!(app.count(&format!("notification WHERE recipient_id = '{}' AND kind <> 'ENROLLED'", uuid(&bob.user_id))).await, 0);
}

#[tokio::test]
async fn nobody_moves_the_end_of_their_own_access_by_hand() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let carl = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    enroll(&ada, &algebra, &lea.user_id).await;
    app.sql("UPDATE enrollment SET expires_at = now() + interval '1 hour'").await;
    let kept = "SELECT string_agg(to_jsonb(e)::text, ' ' ORDER BY e.id) FROM enrollment e";
    let before = app.text(kept).await;
    let moves = [
        "UPDATE enrollment SET expires_at = NULL",
        "UPDATE enrollment SET expires_at = now() + interval '10 years', is_expiry_fixed = true",
        "UPDATE enrollment SET is_expiry_fixed = true",
        "UPDATE enrollment SET expiry_reason = 'mine', status = 'IN_PROGRESS'",
    ];
    // Somebody who may manage enrollments, in courses of their own, learns here as others do.
    let learns = enroll(&ada, &algebra, &carl.user_id).await;
    app.sql(&format!("UPDATE enrollment SET expires_at = now() + interval '1 hour' WHERE id = '{}'", uuid(&learns))).await;
    let people = [(&lea, ",COURSE_READ,ENROLLMENT_SELF,", 1), (&carl, ",COURSE_READ,COURSE_UPDATE,ENROLLMENT_SELF,ENROLLMENT_MANAGE,", 1)];
    for (client, permissions, own) in people {
        let database = at_the_database(&app, client, permissions).await;
        for statement in moves {
            let error = database.batch_execute(statement).await.expect_err(statement);
            assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error}");
        }
        // What says nothing new of it is theirs to say.
        for statement in ["UPDATE enrollment SET expires_at = expires_at", "UPDATE enrollment SET status = 'IN_PROGRESS'"] {
            database.batch_execute("BEGIN").await.unwrap();
            assert_eq!(database.execute(statement, &[]).await.unwrap(), own, "{statement}");
            database.batch_execute("ROLLBACK").await.unwrap();
        }
    }
    let of_lea = format!("{kept} WHERE e.user_id = '{}'", uuid(&lea.user_id));
    assert_eq!(app.text(&of_lea).await, before);
    let manager = at_the_database(&app, &ada, ",COURSE_READ,COURSE_UPDATE,ENROLLMENT_MANAGE,").await;
    assert_eq!(manager.execute(moves[1], &[]).await.unwrap(), 2);
}

/// A person at the database itself, with these permissions.
async fn at_the_database(app: &TestApp, client: &Client, permissions: &str) -> tokio_postgres::Client {
    let (database, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let (tenant, user) = (app.oak.tenant, uuid(&client.user_id));
    let open = format!(
        "SET app.tenant_id = '{tenant}'; SET app.user_id = '{user}'; SET app.permissions = '{permissions}'; SET app.correlation_id = 'by-hand'; \
         SET app.operation = 'by-hand'"
    );
    database.batch_execute(&open).await.unwrap();
    database
}
