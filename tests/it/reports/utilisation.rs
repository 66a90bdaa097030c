//! How much of their time instructors are booked.

use serde_json::{Value, json};

use super::march;
use crate::app::{Client, TestApp, Who};

const QUERY: &str = "query($from: DateTime, $to: DateTime, $n: Int) {
    reports(from: $from, to: $to) { instructorUtilisation(first: $n) { instructor { name } availableHours bookedHours } } }";

async fn utilisation(client: &Client, from: &str, to: &str) -> Value {
    let list = client.ok(QUERY, json!({ "from": from, "to": to })).await["reports"]["instructorUtilisation"].take();
    list.as_array().unwrap().iter().map(|item| json!([item["instructor"]["name"], item["availableHours"], item["bookedHours"]])).collect()
}

#[tokio::test]
async fn hours_are_clipped_to_the_range_and_counted_once() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    march(&app, &app.elm).await;
    for school in [&app.oak, &app.elm] {
        app.sql(&format!(
            "SET session_replication_role = replica;
             INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at)
                 SELECT u.tenant_id, app.uuid_v7(), u.id, s.a::timestamptz, s.z::timestamptz FROM app_user u, (VALUES
                     ('2026-03-01T20:00:00Z', '2026-03-02T02:00:00Z'), -- two hours of it on the second of March
                     ('2026-03-02T08:00:00Z', '2026-03-02T12:00:00Z'), ('2026-03-02T11:00:00Z', '2026-03-02T13:30:00Z'), -- one hour offered twice
                     ('2026-03-02T23:00:00Z', '2026-03-20T00:00:00Z')) AS s(a, z)
                 WHERE u.tenant_id = '{}' AND u.email LIKE 'instructor@%';
             SET session_replication_role = origin",
            school.tenant
        ))
        .await;
    }
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    // 2 + 5.5 + 1 hours; the booking of half past ten is longer than an hour. The admin is an instructor as well.
    assert_eq!(
        utilisation(&admin, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z").await,
        json!([["INSTRUCTOR of oak", 8.5, 2.5], ["ADMIN of oak", 0.0, 0.0]])
    );
    // A booking counts where it begins, and then as a whole; twenty minutes are a third of an hour.
    assert_eq!(
        utilisation(&admin, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z").await,
        json!([["INSTRUCTOR of oak", 14.5, 2.5], ["ADMIN of oak", 0.0, 0.0]])
    );
    assert_eq!(
        utilisation(&admin, "2026-03-02T09:15:00Z", "2026-03-03T09:01:00Z").await,
        json!([["INSTRUCTOR of oak", 14.27, 1.0], ["ADMIN of oak", 0.0, 0.33]])
    );
    assert_eq!(
        utilisation(&admin, "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z").await,
        json!([["ADMIN of oak", 0.0, 0.0], ["INSTRUCTOR of oak", 0.0, 0.0]])
    );
    // A span of 18 days reaches into a range that begins long after it did.
    assert_eq!(utilisation(&admin, "2026-03-19T23:00:00Z", "2026-03-25T00:00:00Z").await[0], json!(["INSTRUCTOR of oak", 1.0, 0.0]));

    // Whoever sees only the own bookings is told only of themselves.
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    assert_eq!(utilisation(&instructor, "2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z").await, json!([["INSTRUCTOR of oak", 32.5, 2.5]]));
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let all = utilisation(&viewer, "2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z").await;
    assert_eq!(all, json!([["INSTRUCTOR of oak", 32.5, 2.5], ["ADMIN of oak", 0.0, 0.33]]));

    // Somebody who is no instructor any more, but was booked.
    app.sql(&format!("UPDATE app_user SET is_instructor = false WHERE tenant_id = '{}'", app.oak.tenant)).await;
    assert_eq!(utilisation(&viewer, "2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z").await, all);
    assert_eq!(utilisation(&viewer, "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z").await, json!([]));
}

#[tokio::test]
async fn unless_told_otherwise_it_is_the_last_thirty_days_of_the_school() {
    let app = TestApp::start().await;
    app.sql("UPDATE tenant SET time_zone = 'UTC'").await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at)
             SELECT u.tenant_id, app.uuid_v7(), u.id, s.a, s.z FROM app_user u, (VALUES
                 (date_trunc('day', now(), 'UTC') - interval '29 days 1 hour', date_trunc('day', now(), 'UTC') - interval '29 days' + interval '1 hour'),
                 (date_trunc('day', now(), 'UTC') + interval '23 hours', date_trunc('day', now(), 'UTC') + interval '26 hours')) AS s(a, z)
             WHERE u.tenant_id = '{}' AND u.email LIKE 'instructor@%';
         SET session_replication_role = origin",
        app.oak.tenant
    ))
    .await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let list = admin.ok(QUERY, json!({ "n": 1 })).await["reports"]["instructorUtilisation"].take();
    assert_eq!(list, json!([{ "instructor": { "name": "INSTRUCTOR of oak" }, "availableHours": 2.0, "bookedHours": 0.0 }]));
}
