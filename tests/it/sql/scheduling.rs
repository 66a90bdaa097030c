//! What finding and booking time costs where 200 instructors have a hundred thousand bookings: few statements, few waits, and no big table is read from end to end.

use lectern_kernel::ids;
use serde_json::{Value, json};
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::{
    app::{TestApp, Who},
    classroom::early_in,
};

/// Blocks of 8 KiB that a tick may touch where 400 requests wait: their part of one index, and what it takes to begin.
const MOST_BLOCKS_OF_A_TICK: i64 = 100;

const SLOTS: &str = "query($t: ID!, $f: DateTime!, $to: DateTime!) { slots(bookingTypeId: $t, from: $f, to: $to, timeZone: \"UTC\") { \
    days { date emptyBecause slots { startsAt instructorCount instructors(first: 3) { name } resources { name } } } } }";
const HOLD: &str = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id expiresAt instructor { name } } }";
const BOOK: &str = "mutation($i: BookSlotInput!) { bookSlot(input: $i) { id status instructor { name } } }";
const SERIES: &str =
    "mutation($i: BookSeriesInput!) { bookSeries(input: $i) { id bookings(first: 60) { totalCount nodes { startsAt } } } }";

/// Fills a school: instructors who are open from eight to four, every fourth of whom has taught every hour of the last 57 days while the others have called theirs off, and
/// two fifths of the hours of the next 14 days are booked; and 400 requests, three of which wait for longer than a day. Answers the type of all.
async fn fill(app: &TestApp) -> Value {
    let (tenant, kind) = (app.oak.tenant, Uuid::now_v7());
    app.sql(&format!(
        "SET session_replication_role = replica;
         CREATE TEMPORARY TABLE staff AS SELECT gen_random_uuid() AS id, n FROM generate_series(0, 199) AS n;
         CREATE TEMPORARY TABLE pupil AS SELECT gen_random_uuid() AS id, n FROM generate_series(0, 399) AS n;
         INSERT INTO app_user (tenant_id, id, name, email, is_instructor) SELECT '{tenant}', id, 'Instructor ' || n, 'staff' || n || '@oak.example', true FROM staff;
         INSERT INTO app_user (tenant_id, id, name, email) SELECT '{tenant}', id, 'Pupil ' || n, 'pupil' || n || '@oak.example' FROM pupil;
         INSERT INTO user_role (tenant_id, user_id, role_id) SELECT '{tenant}', p.id, r.id FROM staff p JOIN role r ON r.tenant_id = '{tenant}' AND r.key = 'INSTRUCTOR';
         INSERT INTO user_role (tenant_id, user_id, role_id) SELECT '{tenant}', p.id, r.id FROM pupil p JOIN role r ON r.tenant_id = '{tenant}' AND r.key = 'LEARNER';
         INSERT INTO availability_rule (tenant_id, id, instructor_id, weekdays, from_time, until_time, time_zone, valid_from)
             SELECT '{tenant}', gen_random_uuid(), id, '{{MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY,SATURDAY,SUNDAY}}', '08:00', '16:00', 'UTC', '2020-01-01' FROM staff;
         INSERT INTO booking_type (tenant_id, id, name, durations, slot_step_minutes, reminder_minutes) VALUES ('{tenant}', '{kind}', 'Flight', '{{60}}', 60, '{{1440}}');
         INSERT INTO booking_type_instructor (tenant_id, type_id, instructor_id, place) SELECT '{tenant}', '{kind}', id, n + 1 FROM staff;
         INSERT INTO booking (tenant_id, id, booking_type_id, student_id, instructor_id, starts_at, ends_at, status)
             SELECT '{tenant}', gen_random_uuid(), '{kind}', p.id, CASE WHEN d > 0 OR i.n % 4 = 0 THEN i.id END, s.at, s.at + interval '1 hour',
                 CASE WHEN d > 0 THEN 'ASSIGNED' WHEN i.n % 4 = 0 THEN 'COMPLETED' ELSE 'CANCELLED' END
             FROM staff i CROSS JOIN generate_series(-57, 14) AS d CROSS JOIN generate_series(0, 7) AS h
             CROSS JOIN LATERAL (SELECT date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(days => d, hours => 8 + h) AS at) AS s
             JOIN pupil p ON p.n = (i.n + h * 53 + (d + 57) * 17) % 400 -- for each hour another one
             WHERE d < 0 OR (d > 0 AND (i.n * 7 + d * 3 + h * 4) % 5 < 2);
         INSERT INTO time_claim (tenant_id, id, kind, party_id, booking_id, starts_at, ends_at)
             SELECT b.tenant_id, gen_random_uuid(), w.kind, w.party_id, b.id, b.starts_at, b.ends_at FROM booking b CROSS JOIN LATERAL app.claims_of(b.status, b.student_id, b.instructor_id) AS w WHERE b.booking_type_id = '{kind}';
         INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at, status, created_at)
             SELECT '{tenant}', gen_random_uuid(), id, now() + make_interval(days => 20 + n), now() + make_interval(days => 20 + n, hours => 1), 'REQUESTED', now() - make_interval(hours => CASE WHEN n < 3 THEN 30 ELSE 1 END)
             FROM pupil;
         RESET session_replication_role;
         ANALYZE"
    ))
    .await;
    assert!(app.count("booking").await >= 100_000 && app.count("time_claim").await >= 60_000);
    json!(ids::encode("bookingtype", kind))
}

/// An hour of a day from today on, in UTC.
async fn at(app: &TestApp, days: i32, hour: i32) -> String {
    let sql = format!(
        "SELECT to_char(date_trunc('day', now() AT TIME ZONE 'UTC') + make_interval(days => {days}, hours => {hour}), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    );
    app.text(&sql).await.unwrap()
}

/// How often tables were read from end to end, once every connection of the service, and the test's own, has told its numbers.
async fn whole_reads(app: &TestApp) -> i64 {
    app.sql("SELECT pg_stat_force_next_flush()").await;
    app.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'lectern_app'")
        .await;
    app.count("generate_series(1, (SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname IN ('booking', 'time_claim'))::integer)")
        .await
}

#[tokio::test]
async fn slots_holds_bookings_and_series_cost_few_statements_whatever_the_school_has_booked() {
    let app = TestApp::start().await;
    early_in(&app, 86_400).await;
    let kind = fill(&app).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    app.statements(&learner, "{ viewer { permissions } }", json!({})).await; // cached from here on
    let before = whole_reads(&app).await;
    let (first, last) = (at(&app, 1, 0).await, at(&app, 15, 0).await);
    let fortnight = json!({ "t": kind, "f": first, "to": last });
    let found = learner.ok(SLOTS, fortnight.clone()).await["slots"]["days"].take();
    let days = found.as_array().unwrap();
    assert!(days.len() == 14 && days.iter().all(|day| day["slots"].as_array().unwrap().len() == 8), "{found}");
    assert!(days.iter().all(|day| day["slots"][0]["instructorCount"] == 120), "three fifths of them are free: {found}");
    let slot = async |days: i32, hour: i32| json!({ "i": { "bookingTypeId": kind, "startsAt": at(&app, days, hour).await } });
    let mut series = slot(20, 9).await;
    series["i"]["recurrence"] = json!("FREQ=WEEKLY;COUNT=52");
    series["i"]["timeZone"] = json!("UTC");
    for (name, document, variables, most) in [
        ("slots", SLOTS, fortnight, 6),
        ("a hold", HOLD, slot(3, 9).await, 12),
        ("a booking", BOOK, slot(4, 9).await, 12),
        ("a series", SERIES, series, 20),
    ] {
        let statements = app.statements(&learner, document, variables).await;
        assert!(statements <= most, "{name}: {statements} statements, at most {most}");
    }
    // What is held is booked.
    let mut redeemed = slot(5, 9).await;
    redeemed["i"]["holdId"] = learner.ok(HOLD, redeemed.clone()).await["holdSlot"]["id"].take();
    let statements = app.statements(&learner, BOOK, redeemed).await;
    assert!(statements <= 12, "of a hold: {statements} statements");
    assert_eq!(whole_reads(&app).await, before, "a big table is read from end to end");
    assert_eq!(app.count("booking WHERE series_id IS NOT NULL").await, 52);

    // The tick that looks for requests that have waited too long reads those, and not the others.
    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let school = format!(
        "SELECT set_config('app.tenant_id', '{}', false), set_config('app.user_id', '', false), set_config('app.operation', 'system:booking.escalate', false)",
        app.oak.tenant
    );
    client.batch_execute(&school).await.unwrap();
    let marked: i32 = client.query_one("SELECT app.escalate_bookings(1000)", &[]).await.unwrap().get(0);
    assert_eq!(marked, 3);
    let plan: Value = client
        .query_one("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT app.escalate_bookings(1000)", &[])
        .await
        .unwrap()
        .get(0);
    let plan = &plan[0]["Plan"];
    let blocks = plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap();
    assert!(blocks <= MOST_BLOCKS_OF_A_TICK, "{blocks} blocks, though nothing has waited for so long");
}
