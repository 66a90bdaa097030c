//! A group that enrolls: present and future members in present and future courses.

use serde_json::{Value, json};

use super::{REMOVE_COURSES, REMOVE_MEMBERS, UPDATE, courses, members};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{ADD_COURSES, ADD_MEMBERS, ARCHIVE, PUBLISH, UNENROLL, course, draft, enroll, group, learners, refused, uuid},
};

/// How many hold a seat.
async fn seats(client: &Client, course: &str) -> i64 {
    let data = client.ok("query($id: ID!) { course(id: $id) { enrollmentCount } }", json!({ "id": course })).await;
    data["course"]["enrollmentCount"].as_i64().unwrap()
}

/// How somebody stands in a course; nothing where they never were in it.
async fn standing(app: &TestApp, course: &str, person: &str) -> Option<String> {
    app.text(&format!("SELECT status FROM enrollment WHERE course_id = '{}' AND user_id = '{}'", uuid(course), uuid(person))).await
}

#[tokio::test]
async fn members_and_courses_meet_whoever_comes_first() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 4).await;
    let id = group(&admin, json!({ "name": "Class 7b", "autoEnroll": true })).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let botany = course(&admin, json!({ "title": "Botany" })).await;
    let over = course(&admin, json!({ "title": "Chemistry" })).await;
    admin.ok(ARCHIVE, json!({ "id": over })).await;

    admin.ok(ADD_MEMBERS, members(&id, &people[..2])).await;
    admin.ok(ADD_COURSES, courses(&id, &[&algebra, &over])).await;
    assert_eq!((seats(&admin, &algebra).await, seats(&admin, &over).await), (2, 0), "present members, and published courses only");
    admin.ok(ADD_MEMBERS, members(&id, &people[2..3])).await;
    assert_eq!(seats(&admin, &algebra).await, 3, "future members");
    admin.ok(ADD_COURSES, courses(&id, &[&botany])).await;
    assert_eq!(seats(&admin, &botany).await, 3, "future courses");
    // The log says by which mutation.
    assert_eq!(app.count("audit_entry where resource = 'Enrollment' and operation = 'addGroupMembers'").await, 1);
    assert_eq!(app.count("audit_entry where resource = 'Enrollment' and operation = 'addGroupCourses'").await, 5);

    // Leaving the group, or a course leaving it, unenrolls nobody.
    admin.ok(REMOVE_MEMBERS, members(&id, &people[..1])).await;
    admin.ok(REMOVE_COURSES, courses(&id, &[&algebra])).await;
    assert_eq!((seats(&admin, &algebra).await, seats(&admin, &botany).await), (3, 3));
    // A group that does not enroll does not.
    let other = group(&admin, json!({ "name": "Choir" })).await;
    admin.ok(ADD_COURSES, courses(&other, &[&algebra])).await;
    admin.ok(ADD_MEMBERS, members(&other, &people[3..])).await;
    assert_eq!(seats(&admin, &algebra).await, 3);
}

#[tokio::test]
async fn a_draft_follows_when_it_is_published() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let people = learners(&app, &app.oak, 4).await;
    let algebra = draft(&ada, json!({ "title": "Algebra", "capacity": 2 })).await;
    let (first, second, quiet) = (
        group(&admin, json!({ "name": "Class 7a", "autoEnroll": true })).await,
        group(&admin, json!({ "name": "Class 7b", "autoEnroll": true })).await,
        group(&admin, json!({ "name": "Choir" })).await,
    );
    for (id, people) in [(&first, &people[..2]), (&second, &people[1..3]), (&quiet, &people[3..])] {
        admin.ok(ADD_COURSES, courses(id, &[&algebra])).await;
        admin.ok(ADD_MEMBERS, members(id, people)).await;
    }
    assert_eq!(app.count("enrollment").await, 0);
    // Three people, two seats: it stays a draft.
    refused(&app, &ada, PUBLISH, json!({ "id": algebra }), "CONFLICT COURSE_FULL @id").await;
    ada.ok("mutation($id: ID!) { updateCourse(input: { id: $id, capacity: 3 }) { id } }", json!({ "id": algebra })).await;
    // An instructor who may not even change groups publishes, and everybody of both groups is in, once.
    ada.ok(PUBLISH, json!({ "id": algebra })).await;
    assert_eq!(seats(&ada, &algebra).await, 3);
    assert_eq!(standing(&app, &algebra, &people[3]).await, None);
}

#[tokio::test]
async fn a_full_course_refuses_the_whole_change() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 4).await;
    let small = course(&admin, json!({ "title": "Algebra", "capacity": 2 })).await;
    let large = course(&admin, json!({ "title": "Botany" })).await;
    let id = group(&admin, json!({ "name": "Class 7b", "autoEnroll": true })).await;
    admin.ok(ADD_COURSES, courses(&id, &[&small, &large])).await;
    refused(&app, &admin, ADD_MEMBERS, members(&id, &people[..3]), "CONFLICT COURSE_FULL @userIds").await;
    admin.ok(ADD_MEMBERS, members(&id, &people[..2])).await;
    refused(&app, &admin, ADD_MEMBERS, members(&id, &people[2..3]), "CONFLICT COURSE_FULL @userIds").await;
    assert_eq!((seats(&admin, &small).await, seats(&admin, &large).await), (2, 2));

    let other = group(&admin, json!({ "name": "Class 7a", "autoEnroll": true })).await;
    admin.ok(ADD_MEMBERS, members(&other, &people[2..])).await;
    refused(&app, &admin, ADD_COURSES, courses(&other, &[&large, &small]), "CONFLICT COURSE_FULL @courseIds").await;
    let quiet = group(&admin, json!({ "name": "Choir" })).await;
    admin.ok(ADD_MEMBERS, members(&quiet, &people[2..])).await;
    admin.ok(ADD_COURSES, courses(&quiet, &[&small])).await;
    let wake = |enrolls: Value| json!({ "i": { "id": quiet, "name": "Loud", "autoEnroll": enrolls } });
    refused(&app, &admin, UPDATE, wake(json!(true)), "CONFLICT COURSE_FULL @autoEnroll").await;
    // Who has a seat already needs no second one.
    admin.ok(REMOVE_MEMBERS, members(&quiet, &people[2..])).await;
    admin.ok(ADD_MEMBERS, members(&quiet, &people[..2])).await;
    admin.ok(UPDATE, wake(json!(true))).await;
    assert_eq!(seats(&admin, &small).await, 2);
}

#[tokio::test]
async fn turning_it_on_enrolls_who_is_there_and_turning_it_off_nobody_less() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 3).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let unready = draft(&admin, json!({ "title": "Botany" })).await;
    let id = group(&admin, json!({ "name": "Class 7b" })).await;
    admin.ok(ADD_COURSES, courses(&id, &[&algebra, &unready])).await;
    admin.ok(ADD_MEMBERS, members(&id, &people[..2])).await;
    assert_eq!(seats(&admin, &algebra).await, 0);
    let set = |enrolls: bool| json!({ "i": { "id": id, "autoEnroll": enrolls } });
    admin.ok(UPDATE, json!({ "i": { "id": id, "name": "Class 7c" } })).await;
    assert_eq!(seats(&admin, &algebra).await, 0);
    assert_eq!(admin.ok(UPDATE, set(true)).await["updateGroup"]["autoEnroll"], json!(true));
    assert_eq!(seats(&admin, &algebra).await, 2);
    admin.ok(UPDATE, set(false)).await;
    admin.ok(ADD_MEMBERS, members(&id, &people[2..])).await;
    assert_eq!(seats(&admin, &algebra).await, 2);
    // What was published while nobody enrolled is caught up with.
    admin.ok(PUBLISH, json!({ "id": unready })).await;
    assert_eq!(seats(&admin, &unready).await, 0);
    admin.ok(UPDATE, set(true)).await;
    assert_eq!((seats(&admin, &algebra).await, seats(&admin, &unready).await), (3, 3));
}

#[tokio::test]
async fn who_dropped_out_comes_back_by_name_only() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 2).await;
    let person = &people[0];
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let id = group(&admin, json!({ "name": "Class 7b", "autoEnroll": true })).await;
    admin.ok(ADD_COURSES, courses(&id, &[&algebra])).await;
    let enrollment = enroll(&admin, &algebra, person).await;
    let progress = "mutation($id: ID!) { recordProgress(input: { id: $id, progress: 30 }) { id } }";
    admin.ok(progress, json!({ "id": enrollment })).await;
    let set = |status: &str| json!({ "i": { "id": enrollment, "status": status } });
    let status = "mutation($i: UpdateEnrollmentStatusInput!) { updateEnrollmentStatus(input: $i) { id } }";

    admin.ok(UNENROLL, json!({ "id": enrollment })).await;
    admin.ok(ADD_MEMBERS, members(&id, &people[..1])).await;
    assert_eq!(standing(&app, &algebra, person).await.as_deref(), Some("IN_PROGRESS"), "added by name");
    admin.ok(UNENROLL, json!({ "id": enrollment })).await;
    admin.ok(ADD_MEMBERS, members(&id, &people[1..])).await;
    admin.ok(UPDATE, json!({ "i": { "id": id, "autoEnroll": true } })).await;
    assert_eq!(standing(&app, &algebra, person).await.as_deref(), Some("DROPPED"), "nobody meant them");
    admin.ok(REMOVE_COURSES, courses(&id, &[&algebra])).await;
    admin.ok(ADD_COURSES, courses(&id, &[&algebra])).await;
    assert_eq!(standing(&app, &algebra, person).await.as_deref(), Some("IN_PROGRESS"), "the course was given to all");
    // What ended otherwise stays as it is.
    for ended in ["FAILED", "EXPIRED", "COMPLETED"] {
        admin.ok(status, set(ended)).await;
        admin.ok(REMOVE_MEMBERS, members(&id, &people[..1])).await;
        admin.ok(ADD_MEMBERS, members(&id, &people[..1])).await;
        assert_eq!(standing(&app, &algebra, person).await.as_deref(), Some(ended));
    }
}

#[tokio::test]
async fn whoever_may_change_groups_needs_no_more_for_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input =
        json!({ "i": { "key": "KEEPER", "name": "Keeper", "permissions": ["USER_READ", "COURSE_READ", "GROUP_READ", "GROUP_UPDATE"] } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", input).await;
    let keeper = app.person(&app.oak, "keeper@oak.example", &["KEEPER"]).await;
    let people = learners(&app, &app.oak, 2).await;
    let algebra = course(&admin, json!({ "title": "Algebra", "enrollmentKey": "sesame" })).await;
    let hidden = draft(&admin, json!({ "title": "Botany" })).await;
    let id = group(&admin, json!({ "name": "Class 7b", "autoEnroll": true })).await;
    admin.ok(ADD_COURSES, courses(&id, &[&hidden])).await;
    keeper.ok(ADD_MEMBERS, members(&id, &people[..1])).await;
    keeper.ok(ADD_COURSES, courses(&id, &[&algebra])).await;
    keeper.ok(ADD_MEMBERS, members(&id, &people[1..])).await;
    assert_eq!(seats(&admin, &algebra).await, 2);
    assert_eq!(keeper.ok("{ enrollments { totalCount } }", json!({})).await["enrollments"]["totalCount"], 0, "which shows them nothing");
    // A draft that they don't see is not theirs to give or take.
    let other = draft(&admin, json!({ "title": "Chemistry" })).await;
    refused(&app, &keeper, ADD_COURSES, courses(&id, &[&other]), "NOT_FOUND @courseIds.0").await;
    refused(&app, &keeper, ADD_COURSES, courses(&id, &[&hidden]), "NOT_FOUND @courseIds.0").await;
    refused(&app, &keeper, REMOVE_COURSES, courses(&id, &[&hidden]), "NOT_FOUND @courseIds.0").await;
    // A plan for enrolling is no way to publish, and no publication a way around the seats.
    admin.ok(PUBLISH, json!({ "id": hidden })).await;
    assert_eq!(seats(&admin, &hidden).await, 2);
}
