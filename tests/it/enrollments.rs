//! Enrollments: who may take a seat, who may give one, and how far everybody has come.

mod expiry;
mod lists;
mod plans;
mod progress;
mod races;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{ARCHIVE, DELETE_COURSE, ENROLL, UNENROLL, course, draft, enroll, learners, nothing, refused, uuid},
};

const STATUS: &str = "mutation($i: UpdateEnrollmentStatusInput!) { updateEnrollmentStatus(input: $i) { status progress completedAt } }";

fn into(course: &str) -> Value {
    json!({ "i": { "courseId": course } })
}

fn of(user: &str, course: &str) -> Value {
    json!({ "i": { "courseId": course, "userId": user } })
}

/// A role of one's own, and somebody who holds it.
async fn person_who(app: &TestApp, key: &str, permissions: &[&str]) -> Client {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "i": { "key": key, "name": key, "permissions": permissions } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", input).await;
    app.person(&app.oak, &format!("{}@oak.example", key.to_lowercase()), &[key]).await
}

#[tokio::test]
async fn a_learner_enrolls_once_in_what_is_published() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    let enrolled = learner.ok(ENROLL, into(&id)).await["enroll"].take();
    assert_eq!(
        enrolled,
        json!({ "id": enrolled["id"], "status": "NOT_STARTED", "progress": 0.0, "enrolledAt": enrolled["enrolledAt"], "completedAt": null,
                "course": { "id": id }, "user": { "id": learner.user_id } })
    );
    refused(&app, &learner, ENROLL, into(&id), "CONFLICT ALREADY_ENROLLED @courseId").await;
    refused(&app, &learner, ENROLL, of(&learner.user_id, &id), "CONFLICT ALREADY_ENROLLED @courseId").await;
    assert_eq!(app.count("enrollment").await, 1);
    assert_eq!(app.changes("enroll").await, 1);
    let own =
        learner.ok("query($id: ID!) { course(id: $id) { enrollmentCount viewerEnrollment { id status } } }", json!({ "id": id })).await;
    assert_eq!(own["course"], json!({ "enrollmentCount": 1, "viewerEnrollment": { "id": enrolled["id"], "status": "NOT_STARTED" } }));

    // A draft is not there for a learner, and not open for anybody.
    let unready = draft(&admin, json!({ "title": "Geometry" })).await;
    refused(&app, &learner, ENROLL, into(&unready), "NOT_FOUND @courseId").await;
    refused(&app, &admin, ENROLL, of(&learner.user_id, &unready), "CONFLICT COURSE_NOT_PUBLISHED @courseId").await;
    let over = course(&admin, json!({ "title": "History" })).await;
    admin.ok(ARCHIVE, json!({ "id": over })).await;
    refused(&app, &learner, ENROLL, into(&over), "CONFLICT COURSE_NOT_PUBLISHED @courseId").await;
    admin.ok(DELETE_COURSE, json!({ "id": over })).await;
    refused(&app, &learner, ENROLL, into(&over), "NOT_FOUND @courseId").await;
    refused(&app, &admin, ENROLL, of(&learner.user_id, &over), "NOT_FOUND @courseId").await;
}

#[tokio::test]
async fn wrong_inputs_are_named() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    for (input, line) in [
        (json!({ "courseId": "algebra" }), "BAD_USER_INPUT @courseId"),
        (json!({ "courseId": admin.user_id }), "BAD_USER_INPUT @courseId"),
        (json!({ "courseId": id, "userId": id }), "BAD_USER_INPUT @userId"),
        (json!({ "courseId": id, "enrollmentKey": "k".repeat(201) }), "BAD_USER_INPUT @enrollmentKey"),
        (json!({ "courseId": id, "enrollmentKey": "k\u{0}" }), "BAD_USER_INPUT @enrollmentKey"),
        (json!({ "courseId": nothing("course") }), "NOT_FOUND @courseId"),
        (json!({ "courseId": id, "userId": nothing("user") }), "NOT_FOUND @userId"),
    ] {
        refused(&app, &admin, ENROLL, json!({ "i": input }), line).await;
    }
    for mutation in [
        UNENROLL,
        "mutation($id: ID!) { recordProgress(input: { id: $id, progress: 1 }) { id } }",
        "mutation($id: ID!) { updateEnrollmentStatus(input: { id: $id, status: FAILED }) { id } }",
    ] {
        refused(&app, &admin, mutation, json!({ "id": id }), "BAD_USER_INPUT @id").await;
        refused(&app, &admin, mutation, json!({ "id": nothing("enrollment") }), "NOT_FOUND @id").await;
    }
}

#[tokio::test]
async fn the_key_is_asked_of_learners_but_not_of_those_who_manage_the_course() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let people = learners(&app, &app.oak, 1).await;
    let id = course(&ada, json!({ "title": "Algebra", "enrollmentKey": "sesame" })).await;
    let with = |key: Value| json!({ "i": { "courseId": id, "enrollmentKey": key } });
    for wrong in [json!(null), json!(""), json!("Sesame"), json!("sesam")] {
        refused(&app, &learner, ENROLL, with(wrong), "FORBIDDEN BAD_ENROLLMENT_KEY @enrollmentKey").await;
    }
    let enrolled = learner.ok(ENROLL, with(json!(" sesame "))).await["enroll"]["id"].take();
    ada.ok(ENROLL, of(&people[0], &id)).await;
    // Who left needs it again; who is in learns that first.
    refused(&app, &learner, ENROLL, with(json!("wrong")), "CONFLICT ALREADY_ENROLLED @courseId").await;
    learner.ok(UNENROLL, json!({ "id": enrolled })).await;
    refused(&app, &learner, ENROLL, with(json!("wrong")), "FORBIDDEN BAD_ENROLLMENT_KEY @enrollmentKey").await;
    learner.ok(ENROLL, with(json!("sesame"))).await;
    assert_eq!(app.count("audit_entry where before::text || after::text ~ 'sesame'").await, 0);
    // A course without a key takes any.
    let open = course(&ada, json!({ "title": "Geometry" })).await;
    learner.ok(ENROLL, json!({ "i": { "courseId": open, "enrollmentKey": "whatever" } })).await;
}

#[tokio::test]
async fn seats_are_given_by_those_who_manage_the_course() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let people = learners(&app, &app.oak, 2).await;
    let of_ada = course(&ada, json!({ "title": "Algebra" })).await;
    let of_admin = course(&admin, json!({ "title": "Geometry" })).await;

    refused(&app, &learner, ENROLL, of(&people[0], &of_ada), "FORBIDDEN [ENROLLMENT_MANAGE] @userId").await;
    refused(&app, &learner, ENROLL, of(&nothing("user"), &of_ada), "FORBIDDEN [ENROLLMENT_MANAGE] @userId").await;
    refused(&app, &viewer, ENROLL, into(&of_ada), "FORBIDDEN [ENROLLMENT_SELF ENROLLMENT_MANAGE]").await;
    refused(&app, &ada, ENROLL, of(&people[0], &of_admin), "FORBIDDEN NOT_YOURS @courseId").await;
    refused(&app, &ada, ENROLL, of(&nothing("user"), &of_admin), "FORBIDDEN NOT_YOURS @courseId").await;
    refused(&app, &ada, ENROLL, into(&of_admin), "FORBIDDEN [ENROLLMENT_SELF]").await;
    assert_eq!(app.count("enrollment").await, 0);

    enroll(&ada, &of_ada, &people[0]).await;
    enroll(&ada, &of_ada, &ada.user_id).await;
    enroll(&admin, &of_ada, &people[1]).await;
    enroll(&admin, &of_admin, &viewer.user_id).await;
    refused(&app, &ada, ENROLL, of(&people[1], &of_ada), "CONFLICT ALREADY_ENROLLED @courseId").await;
    // Somebody who was deleted takes no seat.
    let gone = app.person(&app.oak, "gone@oak.example", &["LEARNER"]).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": gone.user_id })).await;
    refused(&app, &admin, ENROLL, of(&gone.user_id, &of_ada), "NOT_FOUND @userId").await;
}

#[tokio::test]
async fn a_role_that_manages_every_course_sees_what_it_manages() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let registrar = person_who(&app, "REGISTRAR", &["USER_READ", "COURSE_READ", "COURSE_UPDATE_ALL", "ENROLLMENT_MANAGE"]).await;
    let id = course(&admin, json!({ "title": "Algebra", "enrollmentKey": "sesame" })).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let enrolled = registrar.ok(ENROLL, of(&learner.user_id, &id)).await["enroll"].take();
    assert_eq!(enrolled["user"]["id"], json!(learner.user_id));
    let seen = registrar.ok("{ enrollments { totalCount nodes { user { name } course { title } } } }", json!({})).await;
    assert_eq!(
        seen["enrollments"],
        json!({ "totalCount": 1, "nodes": [{ "user": { "name": "LEARNER of oak" }, "course": { "title": "Algebra" } }] })
    );
    registrar.ok(UNENROLL, json!({ "id": enrolled["id"] })).await;
    registrar.ok(ENROLL, of(&learner.user_id, &id)).await;

    // Without COURSE_UPDATE_ALL the same role reaches nothing that is not its own.
    let clerk = person_who(&app, "CLERK", &["USER_READ", "COURSE_READ", "ENROLLMENT_MANAGE"]).await;
    refused(&app, &clerk, ENROLL, of(&clerk.user_id, &id), "FORBIDDEN [ENROLLMENT_SELF]").await;
    refused(&app, &clerk, UNENROLL, json!({ "id": enrolled["id"] }), "NOT_FOUND @id").await;
    assert_eq!(clerk.ok("{ enrollments { totalCount } }", json!({})).await["enrollments"]["totalCount"], 0);
}

#[tokio::test]
async fn seats_are_held_until_they_are_freed() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 3).await;
    let id = course(&admin, json!({ "title": "Algebra", "capacity": 2 })).await;
    let first = enroll(&admin, &id, &people[0]).await;
    let second = enroll(&admin, &id, &people[1]).await;
    let set = |enrollment: &str, status: &str| json!({ "i": { "id": enrollment, "status": status } });
    refused(&app, &admin, ENROLL, of(&people[2], &id), "CONFLICT COURSE_FULL @courseId").await;
    for held in ["COMPLETED", "IN_PROGRESS", "NOT_STARTED"] {
        admin.ok(STATUS, set(&first, held)).await;
        refused(&app, &admin, ENROLL, of(&people[2], &id), "CONFLICT COURSE_FULL @courseId").await;
    }
    let mut third = String::new();
    for freed in ["FAILED", "EXPIRED", "DROPPED"] {
        admin.ok(STATUS, set(&first, freed)).await;
        let count = admin.ok("query($id: ID!) { course(id: $id) { enrollmentCount } }", json!({ "id": id })).await;
        assert_eq!(count["course"]["enrollmentCount"], 1, "{freed}");
        third = admin.ok(ENROLL, of(&people[2], &id)).await["enroll"]["id"].as_str().unwrap().to_owned();
        // The seat is taken, by whatever way somebody would come back.
        for back in ["NOT_STARTED", "IN_PROGRESS", "COMPLETED"] {
            refused(&app, &admin, STATUS, set(&first, back), "CONFLICT COURSE_FULL @id").await;
        }
        admin.ok(UNENROLL, json!({ "id": third })).await;
        admin.ok(STATUS, set(&first, "NOT_STARTED")).await;
    }
    refused(&app, &admin, ENROLL, of(&people[2], &id), "CONFLICT COURSE_FULL @courseId").await;
    admin.ok(STATUS, set(&second, "FAILED")).await;
    assert_eq!(admin.ok(ENROLL, of(&people[2], &id)).await["enroll"]["id"], json!(third), "one enrollment for each person and course");
    // Leaving and taking the seat in one document.
    let swap = "mutation($leave: ID!, $back: UpdateEnrollmentStatusInput!) { unenroll(id: $leave) { status } updateEnrollmentStatus(input: $back) { status } }";
    admin.ok(swap, json!({ "leave": third, "back": { "id": second, "status": "NOT_STARTED" } })).await;
    // And a refusal takes back what came before it.
    refused(&app, &admin, swap, json!({ "leave": second, "back": { "id": nothing("enrollment"), "status": "FAILED" } }), "NOT_FOUND @id")
        .await;
}

#[tokio::test]
async fn enrolling_again_goes_on_where_one_left() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    let first = learner.ok(ENROLL, into(&id)).await["enroll"].take();
    let this = || json!({ "id": first["id"] });
    let leave = learner.ok(UNENROLL, this()).await;
    assert_eq!(leave["unenroll"], json!({ "id": first["id"], "status": "DROPPED", "progress": 0.0 }));
    let again = learner.ok(ENROLL, into(&id)).await["enroll"].take();
    assert_eq!(again, first, "as if nothing had been");

    let progress = "mutation($id: ID!) { recordProgress(input: { id: $id, progress: 40 }) { status } }";
    learner.ok(progress, this()).await;
    learner.ok(UNENROLL, this()).await;
    // Leaving twice is leaving.
    assert_eq!(learner.ok(UNENROLL, this()).await["unenroll"]["status"], "DROPPED");
    let again = learner.ok(ENROLL, into(&id)).await["enroll"].take();
    assert_eq!((&again["status"], &again["progress"], &again["enrolledAt"]), (&json!("IN_PROGRESS"), &json!(40.0), &first["enrolledAt"]));
    // But not where the course is over meanwhile.
    learner.ok(UNENROLL, this()).await;
    admin.ok(ARCHIVE, json!({ "id": id })).await;
    refused(&app, &learner, ENROLL, into(&id), "CONFLICT COURSE_NOT_PUBLISHED @courseId").await;

    // What ended otherwise stays ended.
    let other = course(&admin, json!({ "title": "Geometry" })).await;
    let enrolled = learner.ok(ENROLL, into(&other)).await["enroll"]["id"].take();
    for (status, line) in [
        ("COMPLETED", "CONFLICT ALREADY_ENROLLED @courseId"),
        ("FAILED", "CONFLICT ALREADY_ENROLLED @courseId"),
        ("EXPIRED", "CONFLICT ALREADY_ENROLLED @courseId"),
    ] {
        admin.ok(STATUS, json!({ "i": { "id": enrolled, "status": status } })).await;
        refused(&app, &learner, ENROLL, into(&other), line).await;
        refused(&app, &learner, UNENROLL, json!({ "id": enrolled }), "CONFLICT INVALID_TRANSITION @id").await;
        refused(&app, &admin, UNENROLL, json!({ "id": enrolled }), "CONFLICT INVALID_TRANSITION @id").await;
    }
}

#[tokio::test]
async fn a_deleted_person_and_a_deleted_course_take_no_seat_again() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let gone = app.person(&app.oak, "gone@oak.example", &["LEARNER"]).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    let of_gone = enroll(&admin, &id, &gone.user_id).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": gone.user_id })).await;
    let read = "query($id: ID!) { enrollment(id: $id) { status user { name } course { title } } }";
    assert_eq!(
        admin.ok(read, json!({ "id": of_gone })).await["enrollment"],
        json!({ "status": "DROPPED", "user": { "name": "Deleted user" }, "course": { "title": "Algebra" } })
    );
    let back = |id: &str| json!({ "i": { "id": id, "status": "IN_PROGRESS" } });
    refused(&app, &admin, STATUS, back(&of_gone), "CONFLICT INVALID_TRANSITION @id").await;

    let of_learner = enroll(&admin, &id, &learner.user_id).await;
    learner.ok(UNENROLL, json!({ "id": of_learner })).await;
    admin.ok(DELETE_COURSE, json!({ "id": id })).await;
    refused(&app, &admin, STATUS, back(&of_learner), "CONFLICT INVALID_TRANSITION @id").await;
    // Which the database holds for the operator as well.
    let direct = format!("UPDATE enrollment SET status = 'IN_PROGRESS' WHERE id = '{}'", uuid(&of_learner));
    assert_eq!(app.try_sql(&direct).await, Err(Some("enrollment_course_deleted".to_owned())));
}
