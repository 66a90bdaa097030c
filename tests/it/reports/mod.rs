//! Reports count what the caller sees, all at one moment; the dashboard shows what a person has before them.

mod agreement;
mod booked;
mod commerce;
mod dashboard;
mod days;
mod learning;
mod utilisation;

use serde_json::{Value, json};

use crate::app::{School, TestApp, Who};

/// People, courses, enrollments, groups and bookings of March 2026, made by hand. Bea and Cid are learners; Algebra is
/// the instructor's, the other courses are the admin's.
pub async fn march(app: &TestApp, school: &School) {
    let person = |who: Who| format!("(SELECT id FROM app_user WHERE tenant_id = '{}' AND email = '{}')", school.tenant, school.email(who));
    app.sql(&format!(
        "SET session_replication_role = replica; -- no triggers: rows as they are written here
         UPDATE app_user SET created_at = '2026-01-01T00:00:00Z' WHERE tenant_id = '{t}';
         INSERT INTO app_user (tenant_id, id, name, email, created_at, deleted_at) VALUES
             ('{t}', {bea}, 'Bea', 'bea@{slug}.example', '2026-03-10T00:00:00Z', NULL),
             ('{t}', {cid}, 'Cid', 'cid@{slug}.example', '2026-03-11T00:00:00Z', NULL),
             ('{t}', {dan}, 'Deleted user', NULL, '2026-03-11T00:00:00Z', '2026-03-12T00:00:00Z');
         INSERT INTO course (tenant_id, id, title, instructor_id, status, created_at, deleted_at) VALUES
             ('{t}', {algebra}, 'Algebra', {instructor}, 'PUBLISHED', '2026-01-05T00:00:00Z', NULL),
             ('{t}', {botany}, 'Botany', {admin}, 'ARCHIVED', '2026-02-05T00:00:00Z', NULL),
             ('{t}', {chemistry}, 'Chemistry', {admin}, 'DRAFT', '2026-03-05T00:00:00Z', NULL),
             ('{t}', {dance}, 'Dance', {admin}, 'PUBLISHED', '2026-03-05T00:00:00Z', '2026-03-20T00:00:00Z');
         INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, progress, completed_at, created_at) VALUES
             ('{t}', app.uuid_v7(), {algebra}, {learner}, 'COMPLETED', 100, '2026-03-20T00:00:00Z', '2026-02-01T00:00:00Z'),
             ('{t}', app.uuid_v7(), {algebra}, {bea}, 'IN_PROGRESS', 50, NULL, '2026-03-10T00:00:00Z'),
             ('{t}', app.uuid_v7(), {algebra}, {cid}, 'DROPPED', 25, NULL, '2026-03-31T23:59:59.999999Z'),
             ('{t}', app.uuid_v7(), {botany}, {learner}, 'NOT_STARTED', 0, NULL, '2026-03-01T00:00:00Z'),
             ('{t}', app.uuid_v7(), {botany}, {instructor}, 'IN_PROGRESS', 33.333, NULL, '2026-04-01T00:00:00Z'),
             ('{t}', app.uuid_v7(), {dance}, {bea}, 'FAILED', 10, NULL, '2026-03-06T00:00:00Z');
         INSERT INTO user_group (tenant_id, id, name, created_at, deleted_at) VALUES
             ('{t}', app.uuid_v7(), 'Owls', '2026-03-02T00:00:00Z', NULL), ('{t}', app.uuid_v7(), 'Elks', '2026-01-02T00:00:00Z', NULL),
             ('{t}', app.uuid_v7(), 'Gone', '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z');
         INSERT INTO booking (tenant_id, id, student_id, instructor_id, requested_instructor_id, starts_at, ends_at, status) VALUES
             ('{t}', app.uuid_v7(), {learner}, {instructor}, NULL, '2026-03-02T09:00:00Z', '2026-03-02T10:30:00Z', 'COMPLETED'),
             ('{t}', app.uuid_v7(), {bea}, {instructor}, NULL, '2026-03-02T11:00:00Z', '2026-03-02T12:00:00Z', 'ASSIGNED'),
             ('{t}', app.uuid_v7(), {bea}, {admin}, NULL, '2026-03-03T09:00:00Z', '2026-03-03T09:20:00Z', 'COMPLETED'),
             ('{t}', app.uuid_v7(), {bea}, NULL, {instructor}, '2026-03-04T09:00:00Z', '2026-03-04T10:00:00Z', 'REQUESTED'),
             ('{t}', app.uuid_v7(), {cid}, NULL, NULL, '2026-03-04T09:00:00Z', '2026-03-04T10:00:00Z', 'APPROVED'),
             ('{t}', app.uuid_v7(), {cid}, {instructor}, NULL, '2026-03-05T09:00:00Z', '2026-03-05T10:00:00Z', 'CANCELLED'),
             ('{t}', app.uuid_v7(), {cid}, NULL, NULL, '2026-04-01T00:00:00Z', '2026-04-01T01:00:00Z', 'REQUESTED');
         SET session_replication_role = origin",
        t = school.tenant,
        slug = school.slug,
        bea = "'00000000-0000-7000-8000-000000000001'",
        cid = "'00000000-0000-7000-8000-000000000002'",
        dan = "'00000000-0000-7000-8000-000000000003'",
        algebra = "'00000000-0000-7000-8000-000000000011'",
        botany = "'00000000-0000-7000-8000-000000000012'",
        chemistry = "'00000000-0000-7000-8000-000000000013'",
        dance = "'00000000-0000-7000-8000-000000000014'",
        admin = person(Who::Admin),
        instructor = person(Who::Instructor),
        learner = person(Who::Learner),
    ))
    .await;
}

const REPORTS: &str = "query($from: DateTime, $to: DateTime) { reports(from: $from, to: $to) {
    overview { users courses publishedCourses groups enrollments completedEnrollments bookings }
    enrollmentsByStatus { status count } courseProgress { course { title } enrollments averageProgress completionRate }
    bookingsByStatus { status count } } }";

/// `[["A", 1], …]` out of `[{ "status": "A", "count": 1 }, …]`.
pub fn pairs(list: &Value, name: &str) -> Value {
    list.as_array().unwrap().iter().map(|item| json!([item[name], item["count"]])).collect()
}

fn statuses(names: &[&str], counts: &[i32]) -> Value {
    names.iter().zip(counts).map(|(name, count)| json!([name, count])).collect()
}

const ENROLLMENTS: [&str; 6] = ["NOT_STARTED", "IN_PROGRESS", "COMPLETED", "FAILED", "EXPIRED", "DROPPED"];
const BOOKINGS: [&str; 5] = ["REQUESTED", "APPROVED", "ASSIGNED", "COMPLETED", "CANCELLED"];

#[tokio::test]
async fn each_role_counts_the_rows_that_it_sees_and_never_another_schools() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    march(&app, &app.elm).await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at) SELECT tenant_id, app.uuid_v7(), id, '2026-03-02T09:00:00Z', '2026-03-02T10:00:00Z'
             FROM app_user WHERE tenant_id = '{0}';
         INSERT INTO enrollment (tenant_id, id, course_id, user_id) SELECT tenant_id, app.uuid_v7(), '00000000-0000-7000-8000-000000000013', id
             FROM app_user WHERE tenant_id = '{0}';
         SET session_replication_role = origin",
        app.elm.tenant
    ))
    .await;
    let course = |title: Value, enrollments: i32, average: f64, rate: f64| {
        let course = if title.is_null() { Value::Null } else { json!({ "title": title }) };
        json!({ "course": course, "enrollments": enrollments, "averageProgress": average, "completionRate": rate })
    };

    // Who sees all of the school; the draft is the admin's.
    for (who, courses) in [(Who::Admin, 3), (Who::Viewer, 2)] {
        let reports = app.sign_in(&app.oak, who).await.ok(REPORTS, json!({})).await["reports"].take();
        assert_eq!(
            reports["overview"],
            json!({ "users": 6, "courses": courses, "publishedCourses": 1, "groups": 2, "enrollments": 6, "completedEnrollments": 1, "bookings": 7 })
        );
        assert_eq!(pairs(&reports["enrollmentsByStatus"], "status"), statuses(&ENROLLMENTS, &[1, 2, 1, 1, 0, 1]));
        assert_eq!(pairs(&reports["bookingsByStatus"], "status"), statuses(&BOOKINGS, &[2, 1, 1, 2, 1]));
        assert_eq!(
            reports["courseProgress"],
            json!([
                course(json!("Algebra"), 3, 58.33, 0.3333),
                course(json!("Botany"), 2, 16.67, 0.0),
                course(Value::Null, 1, 10.0, 0.0) // deleted, but its enrollments are counted above
            ])
        );
    }

    // An instructor: the enrollments in the own courses and the own one; the bookings that name or wish for them.
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let reports = instructor.ok(REPORTS, json!({})).await["reports"].take();
    assert_eq!(
        reports["overview"],
        json!({ "users": 6, "courses": 2, "publishedCourses": 1, "groups": 2, "enrollments": 4, "completedEnrollments": 1, "bookings": 4 })
    );
    assert_eq!(pairs(&reports["enrollmentsByStatus"], "status"), statuses(&ENROLLMENTS, &[0, 2, 1, 0, 0, 1]));
    assert_eq!(pairs(&reports["bookingsByStatus"], "status"), statuses(&BOOKINGS, &[1, 0, 1, 1, 1]));
    assert_eq!(reports["courseProgress"], json!([course(json!("Algebra"), 3, 58.33, 0.3333), course(json!("Botany"), 1, 33.33, 0.0)]));

    // A role with nothing but this permission counts what a person sees by themselves.
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok("mutation { createRole(input: { key: \"COUNTER\", name: \"Counter\", permissions: [REPORT_READ] }) { id } }", json!({})).await;
    let counter = app.person(&app.oak, "counter@oak.example", &["COUNTER"]).await;
    let reports = counter.ok(REPORTS, json!({})).await["reports"].take();
    assert_eq!(reports["overview"]["enrollments"], 0);
    assert_eq!(reports["overview"]["bookings"], 0);
    assert_eq!(reports["overview"]["groups"], 0);
    assert_eq!((&reports["courseProgress"], &reports["enrollmentsByStatus"][0]["count"]), (&json!([]), &json!(0)));

    assert_eq!(app.sign_in(&app.oak, Who::Learner).await.refused(REPORTS, json!({})).await, "FORBIDDEN [REPORT_READ]");
    assert_eq!(app.stranger().refused(REPORTS, json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_range_selects_by_creation_and_bookings_by_their_start() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let overview = async |from: Value, to: Value| {
        let reports = admin.ok(REPORTS, json!({ "from": from, "to": to })).await["reports"].take();
        let sum = |list: &Value| list.as_array().unwrap().iter().map(|item| item["count"].as_i64().unwrap()).sum::<i64>();
        assert_eq!(sum(&reports["enrollmentsByStatus"]), reports["overview"]["enrollments"], "{reports}");
        assert_eq!(sum(&reports["bookingsByStatus"]), reports["overview"]["bookings"], "{reports}");
        let courses = reports["courseProgress"].as_array().unwrap();
        assert_eq!(courses.iter().map(|course| course["enrollments"].as_i64().unwrap()).sum::<i64>(), reports["overview"]["enrollments"]);
        let overview = &reports["overview"];
        ["users", "courses", "publishedCourses", "groups", "enrollments", "completedEnrollments", "bookings"]
            .map(|name| overview[name].as_i64().unwrap())
    };
    let (march, april) = (json!("2026-03-01T00:00:00Z"), json!("2026-04-01T00:00:00Z"));
    assert_eq!(overview(march.clone(), april.clone()).await, [2, 1, 0, 1, 4, 0, 6]);
    assert_eq!(overview(Value::Null, march.clone()).await, [4, 2, 1, 1, 1, 1, 0]);
    assert_eq!(overview(april.clone(), Value::Null).await, [0, 0, 0, 0, 1, 0, 1]);
    // The offset is part of the moment: this is midnight of the first of March.
    assert_eq!(overview(json!("2026-03-01T01:00:00+01:00"), april.clone()).await, overview(march.clone(), april.clone()).await);

    for (from, to) in [(&april, &march), (&march, &march)] {
        assert_eq!(admin.refused(REPORTS, json!({ "from": from, "to": to })).await, "BAD_USER_INPUT @to");
    }
    assert_eq!(admin.refused(REPORTS, json!({ "from": "yesterday" })).await, "BAD_USER_INPUT @from");
}

#[tokio::test]
async fn the_fullest_courses_come_first_and_only_so_many() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO course (tenant_id, id, title, status) SELECT '{0}', app.uuid_v7(), 'Course ' || lpad(n::text, 2, '0'), 'PUBLISHED' FROM generate_series(1, 30) n;
         INSERT INTO enrollment (tenant_id, id, course_id, user_id) SELECT '{0}', app.uuid_v7(), c.id, '00000000-0000-7000-8000-000000000001'
             FROM course c WHERE c.tenant_id = '{0}' AND c.title LIKE 'Course %';
         SET session_replication_role = origin",
        app.oak.tenant
    ))
    .await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let titles = async |first: Value| {
        let query = "query($n: Int) { reports { courseProgress(first: $n) { course { title instructor { name } } } } }";
        let list = admin.ok(query, json!({ "n": first })).await["reports"]["courseProgress"].take();
        list.as_array().unwrap().iter().map(|item| item["course"]["title"].as_str().unwrap_or("?").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles(json!(4)).await, ["Algebra", "Botany", "Course 01", "Course 02"]);
    assert_eq!(titles(Value::Null).await.len(), 20);
    let all = titles(json!(100)).await;
    assert_eq!((all.len(), all[32].as_str()), (33, "?"), "the deleted one comes last among equals");
    for bad in [0, -1, 101] {
        for field in ["courseProgress", "instructorUtilisation", "bookingTypeStats", "resourceUtilisation"] {
            let query = format!("query($n: Int) {{ reports {{ {field}(first: $n) {{ __typename }} }} }}");
            assert_eq!(admin.refused(&query, json!({ "n": bad })).await, "BAD_USER_INPUT @first");
        }
    }
}

#[tokio::test]
async fn a_school_without_anything_has_reports_full_of_zeros() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let reports = admin.ok(REPORTS, json!({})).await["reports"].take();
    assert_eq!(
        reports["overview"],
        json!({ "users": 4, "courses": 0, "publishedCourses": 0, "groups": 0, "enrollments": 0, "completedEnrollments": 0, "bookings": 0 })
    );
    assert_eq!(pairs(&reports["enrollmentsByStatus"], "status"), statuses(&ENROLLMENTS, &[0; 6]));
    assert_eq!(pairs(&reports["bookingsByStatus"], "status"), statuses(&BOOKINGS, &[0; 5]));
    assert_eq!(reports["courseProgress"], json!([]));
}
