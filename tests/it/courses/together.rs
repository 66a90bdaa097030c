//! Courses that several people teach.

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, draft, enroll, nothing, refused, uuid},
};

const ADD: &str = "mutation($i: AddCourseInstructorsInput!) { addCourseInstructors(input: $i) { instructors { id } } }";
const REMOVE: &str = "mutation($i: RemoveCourseInstructorsInput!) { removeCourseInstructors(input: $i) { instructors { id } } }";
const UPDATE: &str = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { title instructor { id } } }";
const COURSE: &str = "query($id: ID!) { course(id: $id) { title instructors { name } enrollments { nodes { user { name } } } } }";

fn who(course: &str, people: &[&Client]) -> Value {
    json!({ "i": { "courseId": course, "userIds": people.iter().map(|person| &person.user_id).collect::<Vec<_>>() } })
}

#[tokio::test]
async fn co_instructors_do_what_the_owner_does_but_for_deleting_and_choosing_each_other() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (cleo, bert) =
        (app.person(&app.oak, "cleo@oak.example", &["INSTRUCTOR"]).await, app.person(&app.oak, "bert@oak.example", &["INSTRUCTOR"]).await);
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let read = async |client: &Client| client.ok(COURSE, json!({ "id": algebra })).await["course"].take();
    assert_eq!(read(&cleo).await, json!(null), "a draft is its staff's");
    ada.ok(ADD, who(&algebra, &[&cleo, &bert])).await;
    let names = json!([{ "name": "INSTRUCTOR of oak" }, { "name": "bert@oak.example" }, { "name": "cleo@oak.example" }]);
    assert_eq!(read(&cleo).await["instructors"], names, "the owner first, then by name");

    // She changes it, publishes it, sees and manages who is in it.
    cleo.ok(UPDATE, json!({ "i": { "id": algebra, "title": "Algebra II" } })).await;
    let section = "mutation($id: ID!) { createSection(input: { courseId: $id, title: \"Sets\" }) { id } }";
    cleo.ok(section, json!({ "id": algebra })).await;
    cleo.ok("mutation($id: ID!) { publishCourse(id: $id) { status } }", json!({ "id": algebra })).await;
    let enrolled = enroll(&cleo, &algebra, &lea.user_id).await;
    assert_eq!(read(&cleo).await["enrollments"]["nodes"], json!([{ "user": { "name": "LEARNER of oak" } }]));
    let record = "mutation($id: ID!) { recordProgress(input: { id: $id, progress: 70 }) { progress } }";
    cleo.ok(record, json!({ "id": enrolled })).await;
    let listed = "query($id: ID!) { enrollments { totalCount } courses(filter: { instructorId: $id }) { nodes { title } } }";
    let of_cleo = cleo.ok(listed, json!({ "id": cleo.user_id })).await;
    assert_eq!(of_cleo, json!({ "enrollments": { "totalCount": 1 }, "courses": { "nodes": [{ "title": "Algebra II" }] } }));
    // Learners see who teaches them.
    assert_eq!(lea.ok(COURSE, json!({ "id": algebra })).await["course"]["instructors"], names);

    // But neither owns it nor decides who teaches it, nor deletes it.
    let give = |person: &Client| json!({ "i": { "id": algebra, "instructorId": person.user_id } });
    refused(&app, &cleo, UPDATE, give(&cleo), "FORBIDDEN [COURSE_UPDATE_ALL] @instructorId").await;
    refused(&app, &cleo, ADD, who(&algebra, &[&admin]), "FORBIDDEN NOT_YOURS @courseId").await;
    refused(&app, &cleo, REMOVE, who(&algebra, &[&bert]), "FORBIDDEN NOT_YOURS @courseId").await;
    let role = json!({ "i": { "key": "CLEANER", "name": "Cleaner", "permissions": ["COURSE_READ", "COURSE_UPDATE", "COURSE_DELETE", "AVAILABILITY_MANAGE"] } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    let carl = app.person(&app.oak, "carl@oak.example", &["CLEANER"]).await;
    admin.ok(ADD, who(&algebra, &[&carl])).await;
    admin.ok("mutation($id: ID!) { unenroll(id: $id) { status } }", json!({ "id": enrolled })).await;
    let delete = "mutation($id: ID!) { deleteCourse(id: $id) }";
    refused(&app, &carl, delete, json!({ "id": algebra }), "FORBIDDEN NOT_YOURS @id").await;

    // Who becomes owner is no co-instructor any more; who was owner is nothing.
    admin.ok(UPDATE, give(&cleo)).await;
    assert_eq!(app.count(&format!("course_instructor WHERE user_id = '{}'", uuid(&cleo.user_id))).await, 0);
    refused(&app, &ada, UPDATE, json!({ "i": { "id": algebra, "title": "Mine" } }), "FORBIDDEN NOT_YOURS @id").await;
    let left = cleo.ok(REMOVE, who(&algebra, &[&bert, &carl])).await["removeCourseInstructors"].take();
    assert_eq!(left, json!({ "instructors": [{ "id": cleo.user_id }] }));
    refused(&app, &bert, UPDATE, json!({ "i": { "id": algebra, "title": "Mine" } }), "FORBIDDEN NOT_YOURS @id").await;
}

#[tokio::test]
async fn who_teaches_together_is_an_instructor_and_named_once() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (admin, elm) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Instructor).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    for (client, people, line) in [
        (&ada, who(&algebra, &[&lea]), "BAD_USER_INPUT @userIds.0"),
        (&ada, who(&algebra, &[&admin, &lea]), "BAD_USER_INPUT @userIds.1"),
        (&ada, who(&algebra, &[&elm]), "NOT_FOUND @userIds.0"),
        (&ada, who(&algebra, &[&ada]), "CONFLICT ALREADY_INSTRUCTOR @userIds.0"),
        (&ada, who(&algebra, &[]), "BAD_USER_INPUT @userIds"),
        (&ada, who(&nothing("course"), &[&admin]), "NOT_FOUND @courseId"),
        (&elm, who(&algebra, &[&elm]), "NOT_FOUND @courseId"),
        (&lea, who(&algebra, &[&admin]), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]"),
    ] {
        refused(&app, client, ADD, people, line).await;
    }
    ada.ok(ADD, who(&algebra, &[&admin])).await;
    refused(&app, &ada, ADD, who(&algebra, &[&admin]), "CONFLICT ALREADY_INSTRUCTOR @userIds.0").await;
    refused(&app, &ada, REMOVE, who(&algebra, &[&lea]), "NOT_FOUND @userIds.0").await;
    refused(&app, &ada, REMOVE, who(&algebra, &[&ada]), "NOT_FOUND @userIds.0").await;
    // With the person they are gone.
    let gone = app.person(&app.oak, "gone@oak.example", &["INSTRUCTOR"]).await;
    ada.ok(ADD, who(&algebra, &[&gone])).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": gone.user_id })).await;
    assert_eq!(app.count("course_instructor").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_twenty_teach_beside_the_owner_however_many_are_added_at_once() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let people = crate::classroom::learners(&app, &app.oak, 24).await;
    app.sql("BEGIN; SET LOCAL app.audit = 'off'; INSERT INTO user_role (tenant_id, user_id, role_id) SELECT u.tenant_id, u.id, r.id FROM app_user u JOIN role r ON r.tenant_id = u.tenant_id AND r.key = 'INSTRUCTOR' WHERE u.name LIKE 'Person %'; COMMIT")
        .await;
    let add = |people: &[String]| ada.ask(ADD, json!({ "i": { "courseId": algebra, "userIds": people } }));
    let answers = futures_util::future::join_all(people.chunks(3).map(add)).await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer["errors"].get(0).map(crate::app::refusal)).collect();
    assert_eq!(refused, ["BAD_USER_INPUT @userIds"; 2]);
    assert_eq!(app.count("course_instructor").await, 18);
}
