//! Every step from every state to every state: what the table says, the API does, `allowedTransitions` shows and the
//! database enforces, for each default role.

use std::collections::BTreeSet;

use serde_json::json;
use tokio_postgres::NoTls;

use super::*;

const MANAGER: &[(&str, &str)] = &[
    ("REQUESTED", "APPROVED"),
    ("REQUESTED", "CANCELLED"),
    ("APPROVED", "ASSIGNED"),
    ("APPROVED", "CANCELLED"),
    ("ASSIGNED", "APPROVED"),
    ("ASSIGNED", "COMPLETED"),
    ("ASSIGNED", "CANCELLED"),
];
const STUDENT: &[(&str, &str)] =
    &[("REQUESTED", "CANCELLED"), ("APPROVED", "CANCELLED"), ("ASSIGNED", "APPROVED"), ("ASSIGNED", "CANCELLED")];
const INSTRUCTOR: &[(&str, &str)] = &[("ASSIGNED", "COMPLETED")];

/// Days ago, in minutes: see [`moment`].
const BEGUN: i64 = -10 * 1440;

#[tokio::test]
async fn every_step_is_allowed_or_refused_as_the_table_says() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    // What has begun can take every step.
    let mut span = BEGUN;
    available(&app, &app.oak, &ada, (span, span + 1440)).await;
    for from in STATES {
        for to in STATES {
            let (mutation, field): (&str, &str) = match to {
                "APPROVED" => (APPROVE, "approveBooking"),
                "ASSIGNED" => (ASSIGN, "assignBooking"),
                "COMPLETED" => (COMPLETE, "completeBooking"),
                "CANCELLED" => (CANCEL, "cancelBooking"),
                _ => continue, // no mutation leads back to REQUESTED
            };
            for (who, client, steps) in
                [(Who::Admin, &admin, MANAGER), (Who::Instructor, &ada, INSTRUCTOR), (Who::Learner, &learner, STUDENT)]
            {
                span += 10;
                let id = booking_in(&app, &app.oak, from, &learner, &ada, (span, span + 10)).await;
                let variables = match to {
                    "ASSIGNED" => json!({ "i": { "id": id, "instructorId": ada.user_id } }),
                    "CANCELLED" => json!({ "i": { "id": id } }),
                    _ => json!({ "id": id }),
                };
                let may_try = match (who, to) {
                    (Who::Admin, _) => true,
                    (Who::Instructor, to) => to == "COMPLETED",
                    (_, to) => to == "CANCELLED",
                };
                let what = format!("{from} to {to} as {who:?}");
                if steps.contains(&(from, to)) && may_try {
                    assert_eq!(client.ok(mutation, variables).await[field]["status"], to, "{what}");
                    continue;
                }
                let refusal = client.refused(mutation, variables).await;
                let status = app.text(&format!("SELECT status FROM booking WHERE id = '{}'", uuid(&id))).await;
                assert_eq!(status.as_deref(), Some(from), "{what}");
                if !may_try {
                    assert!(refusal.starts_with("FORBIDDEN [BOOKING_"), "{what}: {refusal}");
                } else if who == Who::Instructor && matches!(from, "REQUESTED" | "APPROVED" | "CANCELLED") {
                    // Wished for, but not assigned.
                    assert_eq!(refusal, "FORBIDDEN NOT_YOURS", "{what}");
                } else {
                    assert_eq!(refusal, "CONFLICT INVALID_TRANSITION", "{what}");
                }
            }
        }
    }
}

/// A transaction of the service's role in somebody's name, without the service.
async fn assume(database: &tokio_postgres::Client, school: &School, client: &Client, who: Who) {
    database
        .batch_execute(&format!(
            "BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.user_id = '{}'; SET LOCAL app.permissions = ',{},'",
            school.tenant,
            uuid_of(client),
            permissions(who)
        ))
        .await
        .unwrap();
}

/// What a statement does in somebody's name: how many rows it changes, or the rule or row security that refuses it.
async fn outcome(database: &tokio_postgres::Client, school: &School, (who, client): (Who, &Client), sql: &str) -> String {
    assume(database, school, client, who).await;
    let outcome = match database.execute(sql, &[]).await {
        Ok(rows) => rows.to_string(),
        Err(error) => {
            let error = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error:?}"));
            error.constraint().unwrap_or(error.code().code()).to_owned()
        }
    };
    database.batch_execute("ROLLBACK").await.unwrap();
    outcome
}

#[tokio::test]
async fn the_database_itself_refuses_every_step_that_is_not_in_the_table() {
    let app = TestApp::start().await;
    let mut people = Vec::new();
    for who in Who::ALL {
        people.push((who, app.sign_in(&app.oak, who).await));
    }
    let [(_, admin), (_, ada), (_, learner), (_, viewer)] = &people[..] else { panic!() };
    let stranger = app.sign_in(&app.elm, Who::Admin).await;
    available(&app, &app.oak, ada, (BEGUN, BEGUN + 1440)).await;
    let (database, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);

    let look = "query($id: ID!) { booking(id: $id) { allowedTransitions } }";
    for (place, from) in STATES.into_iter().enumerate() {
        let start = BEGUN + 60 * i64::try_from(place).unwrap();
        let id = booking_in(&app, &app.oak, from, learner, ada, (start, start + 50)).await;
        for (client, who, steps) in
            [(admin, Who::Admin, MANAGER), (ada, Who::Instructor, INSTRUCTOR), (learner, Who::Learner, STUDENT), (viewer, Who::Viewer, &[])]
        {
            let mut moved = BTreeSet::new();
            for to in STATES {
                let instructor = match to {
                    "ASSIGNED" => format!(", instructor_id = '{}'", uuid_of(ada)),
                    "APPROVED" => ", instructor_id = NULL".to_owned(),
                    _ => String::new(),
                };
                let sql = format!("UPDATE booking SET status = '{to}'{instructor} WHERE id = '{}'", uuid(&id));
                let outcome = outcome(&database, &app.oak, (who, client), &sql).await;
                let what = format!("{from} to {to} as {who:?}: {outcome}");
                let is_step = MANAGER.contains(&(from, to));
                match outcome.as_str() {
                    "1" => drop(moved.insert(to)),
                    "0" => assert!(
                        matches!(who, Who::Viewer) || (who == Who::Instructor && !matches!(from, "ASSIGNED" | "COMPLETED")),
                        "{what}"
                    ),
                    "booking_transition" => assert!(!is_step, "{what}"),
                    "booking_party" => assert!(is_step, "{what}"),
                    _ => panic!("{what}"),
                }
            }
            let expected: BTreeSet<_> = steps.iter().filter(|step| step.0 == from).map(|step| step.1).collect();
            assert_eq!(moved, expected, "from {from} as {who:?}");
            let shown = client.ok(look, json!({ "id": id })).await["booking"]["allowedTransitions"].take();
            assert_eq!(shown, json!(STATES.into_iter().filter(|to| expected.contains(to)).collect::<Vec<_>>()), "from {from} as {who:?}");
        }
        let sql = format!("UPDATE booking SET status = 'CANCELLED' WHERE id = '{}'", uuid(&id));
        assert_eq!(outcome(&database, &app.elm, (Who::Admin, &stranger), &sql).await, "0", "the other school's admin");
    }
    assert_eq!(app.changes("system:sql").await, 0);
}

#[tokio::test]
async fn the_database_itself_keeps_time_instructors_and_requests_honest() {
    let app = TestApp::start().await;
    let [admin, ada, learner, viewer] = [
        (Who::Admin, app.sign_in(&app.oak, Who::Admin).await),
        (Who::Instructor, app.sign_in(&app.oak, Who::Instructor).await),
        (Who::Learner, app.sign_in(&app.oak, Who::Learner).await),
        (Who::Viewer, app.sign_in(&app.oak, Who::Viewer).await),
    ];
    let (database, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let outcome = async |(who, client): &(Who, Client), sql: &str| outcome(&database, &app.oak, (*who, client), sql).await;
    available(&app, &app.oak, &ada.1, (0, 1000)).await;
    let put = async |status, span| uuid(&booking_in(&app, &app.oak, status, &learner.1, &ada.1, span).await);
    let requested = put("REQUESTED", (0, 50)).await;
    let approved = put("APPROVED", (100, 150)).await;
    let outside = put("APPROVED", (980, 1010)).await;
    let assigned = put("ASSIGNED", (200, 250)).await;
    let completed = put("COMPLETED", (300, 350)).await;
    let (ada_id, learner_id) = (uuid_of(&ada.1), uuid_of(&learner.1));

    // Nobody is assigned without a step, unless an instructor, nor outside their availability.
    for person in [&admin, &learner] {
        assert_eq!(
            outcome(person, &format!("UPDATE booking SET instructor_id = '{ada_id}' WHERE id = '{requested}'")).await,
            "booking_transition"
        );
        assert_eq!(
            outcome(person, &format!("UPDATE booking SET instructor_id = NULL WHERE id = '{assigned}'")).await,
            "booking_transition"
        );
    }
    let assign = |booking: Uuid, to: Uuid| format!("UPDATE booking SET status = 'ASSIGNED', instructor_id = '{to}' WHERE id = '{booking}'");
    assert_eq!(outcome(&admin, &assign(approved, learner_id)).await, "booking_instructor");
    assert_eq!(outcome(&admin, &assign(approved, uuid_of(&app.sign_in(&app.elm, Who::Instructor).await))).await, "booking_instructor");
    assert_eq!(outcome(&admin, &assign(outside, ada_id)).await, "booking_availability");
    assert_eq!(outcome(&learner, &assign(approved, ada_id)).await, "booking_party");
    assert_eq!(outcome(&admin, &assign(approved, ada_id)).await, "1");
    let hijack = format!("UPDATE booking SET status = 'COMPLETED', instructor_id = '{}' WHERE id = '{assigned}'", uuid_of(&admin.1));
    assert_eq!(outcome(&admin, &hijack).await, "booking_transition");
    let complete = format!("UPDATE booking SET status = 'COMPLETED' WHERE id = '{assigned}'");
    for person in [&admin, &ada] {
        assert_eq!(outcome(person, &complete).await, "booking_not_started");
    }

    // Time is moved by the learner and by managers, and never of what is over.
    let later = |booking: Uuid| {
        format!("UPDATE booking SET starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day' WHERE id = '{booking}'")
    };
    assert_eq!(outcome(&ada, &later(assigned)).await, "booking_party");
    assert_eq!(outcome(&viewer, &later(assigned)).await, "0");
    for person in [&admin, &learner] {
        assert_eq!(outcome(person, &later(completed)).await, "booking_transition");
        assert_eq!(outcome(person, &later(requested)).await, "1");
        assert_eq!(outcome(person, &format!("{} AND (SELECT false)", later(assigned))).await, "0");
    }
    // Too short, too long, in the way of another.
    let to = |start: i64, end: i64| {
        format!("UPDATE booking SET starts_at = '{}', ends_at = '{}' WHERE id = '{approved}'", minute(start), minute(end))
    };
    assert_eq!(outcome(&learner, &to(500, 504)).await, "booking_span_check");
    assert_eq!(outcome(&learner, &to(500, 500 + 1441)).await, "booking_span_check");
    assert_eq!(outcome(&learner, &to(245, 255)).await, "booking_student_overlap");

    // A request is made in the own name, and as a request.
    let insert = |columns: &str, values: &str| {
        format!(
            "INSERT INTO booking (tenant_id, id, starts_at, ends_at, student_id{columns}) SELECT '{}', app.uuid_v7(), '{}', '{}', {values}",
            app.oak.tenant,
            hour(30),
            hour(31)
        )
    };
    assert_eq!(outcome(&learner, &insert("", &format!("'{learner_id}'"))).await, "1");
    assert_eq!(outcome(&learner, &insert("", &format!("'{ada_id}'"))).await, "42501");
    assert_eq!(outcome(&admin, &insert("", &format!("'{learner_id}'"))).await, "42501");
    assert_eq!(outcome(&learner, &insert(", status", &format!("'{learner_id}', 'APPROVED'"))).await, "42501");
    assert_eq!(outcome(&viewer, &insert("", &format!("'{}'", uuid_of(&viewer.1)))).await, "42501");
    // Nothing of a booking can be removed, nor its student or school changed.
    for change in ["student_id = student_id", "tenant_id = tenant_id", "created_at = now()", "escalated_at = now()", "notes = 'x'"] {
        assert_eq!(outcome(&admin, &format!("UPDATE booking SET {change}")).await, "42501", "{change}");
    }
    assert_eq!(outcome(&admin, "DELETE FROM booking").await, "42501");
}
