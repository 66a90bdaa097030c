//! Many at once: the database decides, and exactly one of those who want the same time gets it.

use lectern::http::HttpOptions;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::*;

/// Sends the same kind of request for each of the variables at once; how often each answer came.
async fn all_at_once(client: &Client, query: &'static str, variables: Vec<Value>) -> Vec<Value> {
    let mut requests = JoinSet::new();
    for variables in variables {
        let client = client.clone();
        requests.spawn(async move { client.ask(query, variables).await });
    }
    requests.join_all().await
}

fn winners(answers: &[Value]) -> usize {
    answers.iter().filter(|answer| answer.get("errors").is_none()).count()
}

/// The others all lost to the winner: a conflict, with the winner's time.
fn check_losers(answers: &[Value], busy: &[Value]) {
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], &extensions["reason"]), (&json!("CONFLICT"), &json!("BOOKING_CONFLICT")), "{answer}");
        assert!(busy.contains(&extensions["busy"]), "{answer} is not among {busy:?}");
    }
}

/// A service with a connection for each of so many: none waits for one until it is told to come back later.
async fn start_for(count: u16) -> TestApp {
    TestApp::start_with(&[&format!("--pool-size={count}")], HttpOptions::default()).await
}

/// Bookings of `count` learners in a state, each from `start` a little later than the one before; their ids and spans.
async fn crowd(app: &TestApp, status: &str, count: usize, of_one: Option<&Client>) -> Vec<(Value, Value)> {
    people(app, &app.oak, "LEARNER", count).await;
    let student = of_one.map_or("u.id".to_owned(), |client| format!("'{}'", uuid_of(client)));
    app.sql(&format!(
        "INSERT INTO booking (tenant_id, id, student_id, status, starts_at, ends_at) \
         SELECT u.tenant_id, app.uuid_v7(), {student}, '{status}', \
             timestamptz '{start}' + (row_number() OVER (ORDER BY u.id) - 1) * interval '1 minute', \
             timestamptz '{start}' + (row_number() OVER (ORDER BY u.id) + 59) * interval '1 minute' \
         FROM app_user u WHERE u.tenant_id = '{tenant}' AND u.email LIKE '%@more.example'",
        start = minute(600),
        tenant = app.oak.tenant
    ))
    .await;
    let rows = app
        .text("SELECT json_agg(json_build_array(id, extract(epoch FROM starts_at)::bigint, extract(epoch FROM ends_at)::bigint) ORDER BY starts_at)::text FROM booking")
        .await
        .unwrap();
    let rows: Vec<(Uuid, i64, i64)> = serde_json::from_str(&rows).unwrap();
    let at = |seconds: i64| Timestamp::from_second(seconds).unwrap().to_string();
    rows.into_iter().map(|(id, from, to)| (json!(ids::encode("booking", id)), json!({ "startsAt": at(from), "endsAt": at(to) }))).collect()
}

#[tokio::test]
async fn of_fifty_simultaneous_assignments_of_overlapping_slots_exactly_one_wins() {
    let app = start_for(50).await;
    let [admin, ada] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await];
    available(&app, &app.oak, &ada, (0, 1440)).await;
    let bookings = crowd(&app, "APPROVED", 50, None).await;
    assert_eq!(bookings.len(), 50);

    let variables = bookings.iter().map(|(id, _)| json!({ "i": { "id": id, "instructorId": ada.user_id } })).collect();
    let answers = all_at_once(&admin, ASSIGN, variables).await;
    assert_eq!(winners(&answers), 1);
    let busy = answers.iter().find_map(|answer| answer["data"]["assignBooking"]["id"].as_str()).unwrap();
    let busy = bookings.iter().find(|(id, _)| id == busy).map(|(_, span)| span.clone()).unwrap();
    check_losers(&answers, &[busy]);
    assert_eq!(app.count("booking WHERE status = 'ASSIGNED'").await, 1);
    assert_eq!(app.count("booking WHERE status = 'APPROVED' AND instructor_id IS NULL").await, 49);
    assert_eq!(app.changes("assignBooking").await, 1);
    assert_eq!(app.count("audit_entry WHERE operation = 'assignBooking' AND reason = 'BOOKING_CONFLICT'").await, 49);
}

#[tokio::test]
async fn of_simultaneous_approvals_of_one_learners_overlapping_bookings_one_wins() {
    let app = start_for(20).await;
    let [admin, learner] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await];
    let bookings = crowd(&app, "REQUESTED", 20, Some(&learner)).await;
    let answers = all_at_once(&admin, APPROVE, bookings.iter().map(|(id, _)| json!({ "id": id })).collect()).await;
    assert_eq!(winners(&answers), 1);
    let spans: Vec<Value> = bookings.into_iter().map(|(_, span)| span).collect();
    check_losers(&answers, &spans);
    assert_eq!((app.count("booking WHERE status = 'APPROVED'").await, app.changes("approveBooking").await), (1, 1));
}

#[tokio::test]
async fn one_booking_is_moved_by_one_of_many_and_different_people_do_not_wait_in_vain() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    available(&app, &app.oak, &ada, (0, 1440)).await;
    available(&app, &app.oak, &admin, (0, 1440)).await;
    let one = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (60, 120)).await;
    let assign = |id: &Value, to: &Client| json!({ "i": { "id": id, "instructorId": to.user_id } });
    let answers = all_at_once(&admin, ASSIGN, (0..10).map(|_| assign(&one, &ada)).collect()).await;
    assert_eq!(winners(&answers), 1);
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        assert_eq!(answer["errors"][0]["extensions"]["reason"], "INVALID_TRANSITION", "{answer}");
    }

    // Two instructors, bookings that cross: the same learners, the same hours, in opposite orders. Everybody who fits gets in.
    let mut bookings = Vec::new();
    for slot in 0..6 {
        bookings.push((
            booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (200 + slot * 60, 260 + slot * 60)).await,
            if slot % 2 == 0 { &ada } else { &admin },
        ));
    }
    let mut variables: Vec<Value> = bookings.iter().map(|(id, to)| assign(id, to)).collect();
    variables.reverse();
    let answers = all_at_once(&admin, ASSIGN, variables).await;
    assert_eq!(winners(&answers), 6, "{answers:#?}");
}

#[tokio::test]
async fn an_instructor_who_is_deleted_meanwhile_ends_up_with_no_booking() {
    let app = TestApp::start().await;
    let [admin, ada] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await];
    available(&app, &app.oak, &ada, (0, 1440)).await;
    let mut bookings = crowd(&app, "APPROVED", 8, None).await;
    app.sql("UPDATE booking SET starts_at = starts_at + (extract(minute FROM starts_at) * interval '1 hour'), ends_at = ends_at + (extract(minute FROM starts_at) * interval '1 hour')").await;
    let last = bookings.pop().unwrap();
    let variables = bookings.iter().map(|(id, _)| json!({ "i": { "id": id, "instructorId": ada.user_id } })).collect();
    let delete = format!(
        "UPDATE app_user SET deleted_at = now(), name = 'Deleted user', email = NULL, is_instructor = false WHERE id = '{}'",
        uuid_of(&ada)
    );
    let (answers, ()) = tokio::join!(all_at_once(&admin, ASSIGN, variables), app.sql(&delete));
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        assert_eq!(answer["errors"][0]["extensions"]["field"], "instructorId", "{answer}");
    }
    assert_eq!(app.count("booking WHERE instructor_id IS NOT NULL").await, 0, "{answers:?}");
    assert_eq!(admin.refused(ASSIGN, json!({ "i": { "id": last.0, "instructorId": ada.user_id } })).await, "NOT_FOUND @instructorId");
}
