//! Until when enrollments give access.

use serde_json::{Value, json};

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
    for (moment, expected) in [("now() + interval '1 minute'", "open: About Sets"), ("now()", "ENROLLMENT_ENDED"), ("now() - interval '1 second'", "ENROLLMENT_ENDED")] {
        app.sql(&format!("UPDATE enrollment SET expires_at = {moment}")).await;
        assert_eq!(crate::lessons::look(&lea, &id).await, expected, "{moment}");
    }
    assert_eq!(crate::lessons::look(&bob, &id).await, "open: About Sets", "who has completed the course keeps access");
    assert_eq!(status(&lea, &enrolled).await, "IN_PROGRESS");
    app.sql("UPDATE job SET run_at = now() WHERE kind = 'enrollment.expire'").await;
    app.work().await;
    assert_eq!((status(&lea, &enrolled).await, status(&bob, &done).await), (json!("EXPIRED"), json!("COMPLETED")));
    assert_eq!(app.count("audit_entry WHERE operation = 'system:enrollment.expire' AND resource = 'Enrollment'").await, 1);
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
