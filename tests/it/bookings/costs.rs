//! What reading costs: a constant number of statements, and indexes at a hundred schools' worth of rows.

use serde_json::{Value, json};

use super::*;

const PEOPLE: &str = "student { name } requestedInstructor { name } instructor { name } course { title } allowedTransitions";

#[tokio::test]
async fn statements_do_not_grow_with_bookings_days_or_instructors() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    people(&app, &app.oak, "INSTRUCTOR", 10).await;
    people(&app, &app.oak, "LEARNER", 30).await;
    let tenant = app.oak.tenant;
    let fill = |days: i32| {
        format!(
            "SET app.audit = 'off'; DELETE FROM booking; DELETE FROM availability; DELETE FROM course; \
             INSERT INTO course (tenant_id, id, title, status) SELECT '{tenant}', app.uuid_v7(), 'Course ' || n, 'PUBLISHED' FROM generate_series(1, {days}) n; \
             INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at) \
                 SELECT u.tenant_id, app.uuid_v7(), u.id, '{start}'::timestamptz + d * interval '1 day', '{start}'::timestamptz + (d * 24 + 8) * interval '1 hour' \
                 FROM app_user u, generate_series(0, {days} - 1) d WHERE u.tenant_id = '{tenant}' AND u.email LIKE 'instructor%@more.example'; \
             INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, course_id, status, starts_at, ends_at) \
                 SELECT s.tenant_id, app.uuid_v7(), s.id, i.id, i.id, c.id, 'ASSIGNED', \
                     '{start}'::timestamptz + s.n * interval '1 day', '{start}'::timestamptz + s.n * interval '1 day' + interval '1 hour' \
                 FROM (SELECT tenant_id, id, row_number() OVER () - 1 AS n FROM app_user WHERE tenant_id = '{tenant}' AND email LIKE 'learner%@more.example' LIMIT {days}) s \
                 JOIN (SELECT id, row_number() OVER () - 1 AS n FROM app_user WHERE tenant_id = '{tenant}' AND email LIKE 'instructor%@more.example') i ON i.n = s.n % 10 \
                 JOIN (SELECT id, row_number() OVER () - 1 AS n FROM course WHERE tenant_id = '{tenant}') c ON c.n = s.n",
            start = hour(8)
        )
    };
    let documents = [
        (format!("{{ bookings(first: 100) {{ totalCount nodes {{ id {PEOPLE} }} }} }}"), json!({})),
        ("{ bookings(first: 100) { edges { cursor node { id startsAt } } } }".to_owned(), json!({})),
        ("{ availabilities(first: 100) { totalCount nodes { instructor { name } } } }".to_owned(), json!({})),
        (
            format!(
                "query($f: DateTime!, $t: DateTime!) {{ calendar(from: $f, to: $t) {{ days {{ bookings {{ id {PEOPLE} }} free {{ instructor {{ name }} }} }} }} }}"
            ),
            json!({ "f": hour(0), "t": hour(24) }),
        ),
    ];
    let mut counts: Vec<Vec<u32>> = Vec::new();
    for days in [3, 30] {
        app.sql(&fill(days)).await;
        let seen = admin.ok(&documents[0].0, json!({})).await["bookings"].take();
        assert_eq!(seen["totalCount"], days);
        for person in ["student", "requestedInstructor", "instructor", "course"] {
            assert!(seen["nodes"].as_array().unwrap().iter().all(|node| node[person].is_object()), "{person}");
        }
        let mut row = Vec::new();
        for (document, variables) in &documents {
            let mut variables = variables.clone();
            if variables.get("t").is_some() {
                variables["t"] = json!(hour(24 * i64::from(days)));
            }
            row.push(app.statements(&admin, document, variables).await);
        }
        counts.push(row);
    }
    assert_eq!(counts[0], counts[1]);
    // The actor; then the list with all four joined, its total, the steps. The calendar: bookings, availability,
    // busy spans, steps.
    assert_eq!(counts[0], [4, 2, 3, 5]);
    let bare = "query($f: DateTime!, $t: DateTime!) { calendar(from: $f, to: $t, timeZone: \"UTC\") { days { date } } }";
    assert_eq!(app.statements(&admin, bare, json!({ "f": hour(0), "t": hour(24) })).await, 1);
}

/// Fills a school with bookings of half a year, and another with none: 40 instructors, 400 learners, `count` bookings.
async fn half_a_year(app: &TestApp, count: i32) {
    people(app, &app.oak, "INSTRUCTOR", 40).await;
    people(app, &app.oak, "LEARNER", 400).await;
    let (tenant, start) = (app.oak.tenant, hour(0));
    app.sql(&format!(
        "SET app.audit = 'off'; \
         CREATE TEMP TABLE teacher AS SELECT id, row_number() OVER () - 1 AS n FROM app_user WHERE tenant_id = '{tenant}' AND email LIKE 'instructor%@more.example'; \
         CREATE TEMP TABLE pupil AS SELECT id, row_number() OVER () - 1 AS n FROM app_user WHERE tenant_id = '{tenant}' AND email LIKE 'learner%@more.example'; \
         INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, status, starts_at, ends_at) \
             SELECT '{tenant}', app.uuid_v7(), p.id, t.id, CASE WHEN g % 10 = 0 THEN t.id END, CASE WHEN g % 10 = 0 THEN 'COMPLETED' WHEN g % 500 = 1 THEN 'REQUESTED' ELSE 'CANCELLED' END, \
                 '{start}'::timestamptz + g * interval '180 days' / {count}, '{start}'::timestamptz + g * interval '180 days' / {count} + interval '10 minutes' \
             FROM generate_series(0, {count} - 1) g JOIN teacher t ON t.n = (g / 10) % 40 JOIN pupil p ON p.n = (g / 10) % 400; \
         INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at) \
             SELECT '{tenant}', app.uuid_v7(), t.id, '{start}'::timestamptz + d * interval '1 day', '{start}'::timestamptz + d * interval '1 day' + interval '8 hours' \
             FROM teacher t, generate_series(0, 179) d; \
         ANALYZE booking; ANALYZE availability; ANALYZE app_user"
    ))
    .await;
}

/// How many times tables were read from end to end, once every connection of the service, and the test's own, has told its numbers.
async fn sequential_scans(app: &TestApp) -> i64 {
    app.sql("SELECT pg_stat_force_next_flush()").await;
    app.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'lectern_app'")
        .await;
    app.count("generate_series(1, (SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname IN ('booking', 'availability'))::int)").await
}

#[tokio::test]
async fn no_list_reads_all_bookings_of_a_large_school() {
    let app = TestApp::start().await;
    half_a_year(&app, 30_000).await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let someone = async |role: &str| {
        let id = app.text(&format!("SELECT id::text FROM app_user WHERE email = '{role}7@more.example'")).await.unwrap();
        ids::encode("user", id.parse().unwrap())
    };
    let (teacher, pupil) = (someone("instructor").await, someone("learner").await);
    for client in [&learner, &ada] {
        available(&app, &app.oak, &ada, (0, 1440)).await;
        booking_in(&app, &app.oak, "APPROVED", client, &ada, (900, 960)).await;
    }
    let open = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (1000, 1060)).await;
    let before = sequential_scans(&app).await;

    let list = format!(
        "query($f: BookingFilter, $o: BookingOrder) {{ bookings(first: 100, filter: $f, orderBy: $o) {{ totalCount nodes {{ id {PEOPLE} }} }} }}"
    );
    let week = json!({ "from": hour(24 * 60), "to": hour(24 * 67) });
    for filter in [
        week.clone(),
        json!({ "instructorId": teacher }),
        json!({ "requestedInstructorId": teacher, "from": week["from"] }),
        json!({ "studentId": pupil }),
        json!({ "studentId": pupil, "from": week["from"], "to": week["to"] }),
        json!({ "statuses": ["REQUESTED"] }),
        json!({ "statuses": ["REQUESTED", "APPROVED"], "from": week["from"], "to": week["to"] }),
    ] {
        for client in [&admin, &ada, &learner] {
            client.ok(&list, json!({ "f": filter })).await;
        }
    }
    for client in [&ada, &learner] {
        let mine = client.ok(&list, json!({})).await;
        assert!(mine["bookings"]["totalCount"].as_i64().unwrap() > 0);
    }
    admin.ok("{ bookings(first: 100) { nodes { id } } }", json!({})).await;
    admin.ok("{ bookings(last: 100) { nodes { id } } }", json!({})).await;
    admin.ok("{ bookings(orderBy: { field: CREATED_AT, direction: DESC }) { nodes { id } } }", json!({})).await;
    let availabilities =
        "query($f: AvailabilityFilter) { availabilities(first: 100, filter: $f) { totalCount nodes { instructor { name } } } }";
    learner.ok(availabilities, json!({ "f": week })).await;
    learner.ok(availabilities, json!({ "f": { "instructorId": teacher, "from": week["from"] } })).await;
    let calendar = format!(
        "query($f: DateTime!, $t: DateTime!, $i: ID) {{ calendar(from: $f, to: $t, instructorId: $i) {{ days {{ bookings {{ id {PEOPLE} }} free {{ startsAt }} }} }} }}"
    );
    for client in [&admin, &ada, &learner] {
        for instructor in [Value::Null, json!(teacher)] {
            client.ok(&calendar, json!({ "f": week["from"], "t": week["to"], "i": instructor })).await;
        }
    }
    // A claim, and what stands in its way.
    let clash = json!({ "i": { "id": open, "startsAt": minute(950), "endsAt": minute(1000) } });
    assert_eq!(learner.refused(RESCHEDULE, clash).await, "CONFLICT BOOKING_CONFLICT @startsAt");
    admin.ok(ASSIGN, json!({ "i": { "id": open, "instructorId": ada.user_id } })).await;

    assert_eq!(sequential_scans(&app).await, before);
}
