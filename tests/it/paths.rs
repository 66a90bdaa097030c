//! Paths: what courses ask for, which courses of a path open to whom, and what follows.

mod enrolling;
mod prerequisites;
mod races;
mod rows;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, nothing, refused},
};

pub const CREATE: &str =
    "mutation($i: CreateLearningPathInput!) { createLearningPath(input: $i) { id title description status courses { position } } }";
pub const UPDATE: &str = "mutation($i: UpdateLearningPathInput!) { updateLearningPath(input: $i) { title description } }";
pub const SET: &str = "mutation($i: SetPathCoursesInput!) { setPathCourses(input: $i) { courses { position unlock minScore course { title } afterCourse { title } } } }";
pub const PUBLISH: &str = "mutation($id: ID!) { publishLearningPath(id: $id) { status } }";
pub const ARCHIVE: &str = "mutation($id: ID!) { archiveLearningPath(id: $id) { status } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteLearningPath(id: $id) }";
pub const TAKE: &str = "mutation($i: EnrollInPathInput!) { enrollInPath(input: $i) { id status progress path { title } user { id } } }";
pub const LEAVE: &str = "mutation($id: ID!) { leavePath(id: $id) { status } }";
pub const STATUS: &str = "mutation($id: ID!, $s: EnrollmentStatus!) { updateEnrollmentStatus(input: { id: $id, status: $s }) { status } }";

/// A published path of three courses, the second open after the first and the third after the second: its id, and theirs.
pub async fn path_of_three(app: &TestApp) -> (String, [String; 3]) {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let mut courses = Vec::new();
    for title in ["Algebra", "Geometry", "Topology"] {
        courses.push(course(&ada, json!({ "title": title })).await);
    }
    let courses: [String; 3] = courses.try_into().unwrap();
    let id = path(&admin, "Mathematics").await;
    set(
        &admin,
        &id,
        json!([
            { "courseId": courses[0], "unlock": "NONE" },
            { "courseId": courses[1], "unlock": "AFTER_COURSE", "afterCourseId": courses[0] },
            { "courseId": courses[2], "unlock": "AFTER_COURSE", "afterCourseId": courses[1] },
        ]),
    )
    .await;
    admin.ok(PUBLISH, json!({ "id": id })).await;
    (id, courses)
}

/// A draft of a path.
pub async fn path(client: &Client, title: &str) -> String {
    client.ok(CREATE, json!({ "i": { "title": title } })).await["createLearningPath"]["id"].as_str().unwrap().to_owned()
}

/// Sets its courses.
pub async fn set(client: &Client, path: &str, courses: Value) -> Value {
    client.ok(SET, json!({ "i": { "pathId": path, "courses": courses } })).await["setPathCourses"]["courses"].take()
}

/// Takes a path; answers the id of the part in it.
pub async fn take(client: &Client, path: &str) -> String {
    client.ok(TAKE, json!({ "i": { "pathId": path } })).await["enrollInPath"]["id"].as_str().unwrap().to_owned()
}

/// How the courses of a path stand for somebody: `open NOT_STARTED`, `locked`, `open COURSE_FULL`.
pub async fn stands(client: &Client, path: &str) -> Vec<String> {
    let query = "query($id: ID!) { learningPath(id: $id) { courses { isLocked obstacle viewerEnrollment { status } } } }";
    let found = client.ok(query, json!({ "id": path })).await["learningPath"]["courses"].take();
    let say = |course: &Value| {
        let lock = if course["isLocked"] == json!(true) { "locked" } else { "open" };
        let rest = [&course["obstacle"], &course["viewerEnrollment"]["status"]];
        rest.iter().filter_map(|part| part.as_str()).fold(lock.to_owned(), |said, part| format!("{said} {part}"))
    };
    found.as_array().unwrap().iter().map(say).collect()
}

/// How far somebody is in a path: `IN_PROGRESS 33`.
pub async fn progress(client: &Client, path: &str) -> String {
    let query = "query($id: ID!) { learningPath(id: $id) { viewerEnrollment { status progress completedAt } } }";
    let found = client.ok(query, json!({ "id": path })).await["learningPath"]["viewerEnrollment"].take();
    assert_eq!(found["completedAt"].is_null(), found["status"] != json!("COMPLETED"), "{found}");
    format!("{} {}", found["status"].as_str().unwrap(), found["progress"].as_f64().unwrap().floor())
}

/// The enrollment of somebody in a course.
pub async fn enrollment(client: &Client, course: &str) -> String {
    let query = "query($id: ID!) { course(id: $id) { viewerEnrollment { id } } }";
    client.ok(query, json!({ "id": course })).await["course"]["viewerEnrollment"]["id"].as_str().unwrap().to_owned()
}

/// Completes a course without lessons.
pub async fn finish(client: &Client, course: &str) {
    let id = enrollment(client, course).await;
    client.ok("mutation($id: ID!) { recordProgress(input: { id: $id, progress: 100 }) { status } }", json!({ "id": id })).await;
}

#[tokio::test]
async fn a_path_is_made_changed_published_archived_and_deleted() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let made =
        admin.ok(CREATE, json!({ "i": { "title": " Mathematics ", "description": "All of it" } })).await["createLearningPath"].take();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(made, json!({ "id": id, "title": "Mathematics", "description": "All of it", "status": "DRAFT", "courses": [] }));
    admin.ok(UPDATE, json!({ "i": { "id": id } })).await;
    assert_eq!(app.changes("updateLearningPath").await, 0);
    let changed = admin.ok(UPDATE, json!({ "i": { "id": id, "description": null } })).await["updateLearningPath"].take();
    assert_eq!(changed, json!({ "title": "Mathematics", "description": null }));
    // A draft is seen by those who make paths.
    let read = "query($id: ID!) { learningPath(id: $id) { title } node(id: $id) { __typename } learningPaths { totalCount } }";
    for (client, sees) in [(&admin, true), (&ada, false), (&lea, false)] {
        let found = client.ok(read, json!({ "id": id })).await;
        assert_eq!((found["learningPath"].is_null(), found["node"].is_null()), (!sees, !sees), "{found}");
        assert_eq!(found["learningPaths"]["totalCount"], json!(i32::from(sees)));
    }
    refused(&app, &admin, PUBLISH, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    set(&admin, &id, json!([{ "courseId": algebra, "unlock": "NONE" }])).await;
    assert_eq!(admin.ok(PUBLISH, json!({ "id": id })).await["publishLearningPath"]["status"], "PUBLISHED");
    refused(&app, &admin, PUBLISH, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
    assert_eq!(lea.ok(read, json!({ "id": id })).await["learningPath"]["title"], "Mathematics");
    let part = take(&lea, &id).await;
    refused(&app, &admin, DELETE, json!({ "id": id }), "CONFLICT IN_USE @id").await;
    assert_eq!(admin.ok(ARCHIVE, json!({ "id": id })).await["archiveLearningPath"]["status"], "ARCHIVED");
    refused(&app, &admin, ARCHIVE, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&app, &ada_as_learner(&app).await, TAKE, json!({ "i": { "pathId": id } }), "CONFLICT COURSE_NOT_PUBLISHED @pathId").await;
    assert_eq!(lea.ok(LEAVE, json!({ "id": part })).await["leavePath"]["status"], "DROPPED");
    assert_eq!(admin.ok(DELETE, json!({ "id": id })).await["deleteLearningPath"], json!(id));
    refused(&app, &admin, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
    assert!(admin.ok(read, json!({ "id": id })).await["learningPath"].is_null());
    let part_read = "query($id: ID!) { node(id: $id) { ... on PathEnrollment { status path { id } } } }";
    assert_eq!(lea.ok(part_read, json!({ "id": part })).await["node"], json!({ "status": "DROPPED", "path": null }));
}

/// Somebody else who learns.
async fn ada_as_learner(app: &TestApp) -> Client {
    app.person(&app.oak, "carl@oak.example", &["LEARNER"]).await
}

#[tokio::test]
async fn the_courses_of_a_path_are_set_as_a_whole_with_exactly_what_each_unlock_takes() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let foreign = app.sign_in(&app.elm, Who::Instructor).await;
    let (a, b) = (course(&ada, json!({ "title": "A" })).await, course(&ada, json!({ "title": "B" })).await);
    let theirs = course(&foreign, json!({ "title": "Theirs" })).await;
    let id = path(&admin, "Mathematics").await;
    let shown = set(
        &admin,
        &id,
        json!([
            { "courseId": b, "unlock": "AFTER_SCORE", "afterCourseId": a, "minScore": 62.5 }, { "courseId": a, "unlock": "NONE" }
        ]),
    )
    .await;
    assert_eq!(
        shown,
        json!([{ "position": 1, "unlock": "AFTER_SCORE", "minScore": 62.5, "course": { "title": "B" }, "afterCourse": { "title": "A" } },
               { "position": 2, "unlock": "NONE", "minScore": null, "course": { "title": "A" }, "afterCourse": null }])
    );
    let none = |course: &str| json!({ "courseId": course, "unlock": "NONE" });
    let after = |course: &str, other: &str| json!({ "courseId": course, "unlock": "AFTER_COURSE", "afterCourseId": other });
    let mut many = Vec::new();
    many.resize(26, none(&a));
    for (courses, line) in [
        (json!([]), "BAD_USER_INPUT @courses"),
        (json!(many), "BAD_USER_INPUT @courses"),
        (json!([none(&a), none(&a)]), "BAD_USER_INPUT @courses.1.courseId"),
        (json!([none(&a), none(&nothing("course"))]), "NOT_FOUND @courses.1.courseId"),
        (json!([none(&a), none(&theirs)]), "NOT_FOUND @courses.1.courseId"),
        (json!([{ "courseId": a, "unlock": "AFTER_COURSE" }]), "BAD_USER_INPUT @courses.0.afterCourseId"),
        (json!([{ "courseId": a, "unlock": "NONE", "minScore": 50 }]), "BAD_USER_INPUT @courses.0.minScore"),
        (json!([none(&a), { "courseId": b, "unlock": "AFTER_SCORE", "afterCourseId": a }]), "BAD_USER_INPUT @courses.1.minScore"),
        (
            json!([none(&a), { "courseId": b, "unlock": "AFTER_SCORE", "afterCourseId": a, "minScore": 100.5 }]),
            "BAD_USER_INPUT @courses.1.minScore",
        ),
        (json!([after(&a, &b)]), "BAD_USER_INPUT @courses.0.afterCourseId"),
        (json!([after(&a, &a)]), "CONFLICT PATH_CYCLE @courses"),
        (json!([after(&a, &b), after(&b, &a)]), "CONFLICT PATH_CYCLE @courses"),
    ] {
        refused(&app, &admin, SET, json!({ "i": { "pathId": id, "courses": courses } }), line).await;
    }
    refused(&app, &admin, SET, json!({ "i": { "pathId": nothing("path"), "courses": [none(&a)] } }), "NOT_FOUND @pathId").await;
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        refused(&app, &client, SET, json!({ "i": { "pathId": id, "courses": [none(&a)] } }), "FORBIDDEN [PATH_MANAGE]").await;
        refused(&app, &client, CREATE, json!({ "i": { "title": "Mine" } }), "FORBIDDEN [PATH_MANAGE]").await;
        refused(&app, &client, DELETE, json!({ "id": id }), "FORBIDDEN [PATH_MANAGE]").await;
    }
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    refused(&app, &elm, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
    refused(&app, &elm, UPDATE, json!({ "i": { "id": id, "title": "Ours" } }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn paths_are_listed_by_title_and_found() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    for title in ["zoology", "Ärzte", "Botany"] {
        path(&admin, title).await;
    }
    let id = path(&admin, "Mathematics").await;
    set(&admin, &id, json!([{ "courseId": algebra, "unlock": "NONE" }])).await;
    let list = async |arguments: &str| {
        let found = admin.ok(&format!("{{ learningPaths{arguments} {{ nodes {{ title }} }} }}"), json!({})).await;
        let titles = found["learningPaths"]["nodes"].as_array().unwrap().iter().map(|node| node["title"].as_str().unwrap().to_owned());
        titles.collect::<Vec<String>>().join(" ")
    };
    assert_eq!(list("").await, "Ärzte Botany Mathematics zoology");
    assert_eq!(list("(first: 2)").await, "Ärzte Botany");
    assert_eq!(list("(filter: { search: \"bot\" })").await, "Botany");
    assert_eq!(list("(filter: { statuses: [PUBLISHED] })").await, "");
    assert_eq!(list(&format!("(filter: {{ courseId: \"{algebra}\" }})")).await, "Mathematics");
    // However many there are, their courses cost one statement.
    let query = "query($n: Int!) { learningPaths(first: $n) { nodes { courses { isLocked course { title } viewerEnrollment { status } } viewerEnrollment { status } } } }";
    let one = app.statements(&admin, query, json!({ "n": 3 })).await;
    set(&admin, &path(&admin, "Another").await, json!([{ "courseId": algebra, "unlock": "NONE" }])).await;
    assert!(app.statements(&admin, query, json!({ "n": 5 })).await <= one + 3);
}
