//! What a person has before them.

use serde_json::{Value, json};

use super::march;
use crate::app::{TestApp, Who};

const DASHBOARD: &str = "query($n: Int) { dashboard { viewer { user { name } activeRole { key } }
    enrollments(first: $n) { totalCount pageInfo { hasNextPage endCursor } nodes { status user { name } course { title } } }
    upcomingBookings(first: $n) { totalCount nodes { notes status student { name } instructor { name } } } pendingBookings } }";

/// Bookings around now, in the school of oak, between its learner and its instructor, unless they are Bea's alone.
async fn bookings(app: &TestApp) {
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO booking (tenant_id, id, student_id, instructor_id, starts_at, ends_at, status, notes)
             SELECT l.tenant_id, app.uuid_v7(), CASE WHEN b.own THEN l.id ELSE '00000000-0000-7000-8000-000000000001' END,
                    CASE WHEN b.status = 'ASSIGNED' THEN i.id END, now() + b.start, now() + b.start + interval '2 hours', b.status, b.notes
             FROM app_user l JOIN app_user i ON i.tenant_id = l.tenant_id AND i.email LIKE 'instructor@%', (VALUES
                 (true, interval '3 days', 'ASSIGNED', 'in three days'), (true, interval '-1 hour', 'ASSIGNED', 'going on'),
                 (true, interval '-3 hours', 'ASSIGNED', 'over'), (true, interval '2 days', 'CANCELLED', 'cancelled'),
                 (true, interval '1 day', 'REQUESTED', 'tomorrow'), (false, interval '2 days', 'ASSIGNED', 'with Bea'),
                 (false, interval '4 days', 'REQUESTED', 'somebody else')) AS b(own, start, status, notes)
             WHERE l.tenant_id = '{}' AND l.email LIKE 'learner@%';
         SET session_replication_role = origin",
        app.oak.tenant
    ))
    .await;
}

fn list(of: &Value, name: &str) -> Vec<String> {
    of["nodes"].as_array().unwrap().iter().map(|node| node[name].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn everybody_has_a_dashboard_of_their_own() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    march(&app, &app.elm).await;
    bookings(&app).await;
    let dashboard = async |who: Who| app.sign_in(&app.oak, who).await.ok(DASHBOARD, json!({})).await["dashboard"].take();

    let learner = dashboard(Who::Learner).await;
    assert_eq!(learner["viewer"], json!({ "user": { "name": "LEARNER of oak" }, "activeRole": { "key": "LEARNER" } }));
    assert_eq!(learner["enrollments"]["totalCount"], 2);
    assert!(learner["enrollments"]["nodes"].as_array().unwrap().iter().all(|node| node["user"]["name"] == "LEARNER of oak"));
    assert_eq!(list(&learner["upcomingBookings"], "notes"), ["going on", "tomorrow", "in three days"]);
    assert_eq!(learner["upcomingBookings"]["totalCount"], 3);
    assert_eq!(
        learner["upcomingBookings"]["nodes"][0],
        json!({ "notes": "going on", "status": "ASSIGNED", "student": { "name": "LEARNER of oak" }, "instructor": { "name": "INSTRUCTOR of oak" } })
    );
    assert_eq!(learner["pendingBookings"], 1);

    // The instructor is part of what is assigned; sees also that somebody wishes for them, in March.
    let instructor = dashboard(Who::Instructor).await;
    assert_eq!(list(&instructor["upcomingBookings"], "notes"), ["going on", "with Bea", "in three days"]);
    assert_eq!((&instructor["enrollments"]["totalCount"], &instructor["pendingBookings"]), (&json!(1), &json!(1)));
    assert_eq!(instructor["enrollments"]["nodes"][0]["course"]["title"], "Botany");

    // Who sees all bookings has none of their own before them, and all that wait.
    for who in [Who::Admin, Who::Viewer] {
        let all = dashboard(who).await;
        assert_eq!((&all["enrollments"]["totalCount"], &all["upcomingBookings"]["totalCount"]), (&json!(0), &json!(0)));
        assert_eq!(all["pendingBookings"], 4);
    }
    let elm = app.sign_in(&app.elm, Who::Learner).await.ok(DASHBOARD, json!({})).await["dashboard"].take();
    assert_eq!((&elm["upcomingBookings"]["totalCount"], &elm["pendingBookings"]), (&json!(0), &json!(0)));
    assert_eq!(app.stranger().refused(DASHBOARD, json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_dashboard_goes_on_page_by_page_in_a_constant_number_of_statements() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    bookings(&app).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let first = learner.ok(DASHBOARD, json!({ "n": 1 })).await["dashboard"].take();
    assert_eq!(first["enrollments"]["pageInfo"]["hasNextPage"], true);
    let query = "query($after: String) { dashboard { enrollments(first: 1, after: $after) { nodes { course { title } } pageInfo { hasNextPage } } } }";
    let second =
        learner.ok(query, json!({ "after": first["enrollments"]["pageInfo"]["endCursor"] })).await["dashboard"]["enrollments"].take();
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    assert_ne!(second["nodes"][0]["course"], first["enrollments"]["nodes"][0]["course"]);

    assert_eq!(
        app.statements(&learner, DASHBOARD, json!({ "n": 1 })).await,
        app.statements(&learner, DASHBOARD, json!({ "n": 100 })).await
    );
    for (field, bad) in [("enrollments", 0), ("enrollments", 101), ("upcomingBookings", 0), ("upcomingBookings", 101)] {
        let query = format!("{{ dashboard {{ {field}(first: {bad}) {{ totalCount }} }} }}");
        assert_eq!(learner.refused(&query, json!({})).await, "BAD_USER_INPUT @first");
    }
}
