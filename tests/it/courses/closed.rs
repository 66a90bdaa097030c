//! Courses that are private, or closed to learners who would enroll themselves.

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{ENROLL, UNENROLL, course, enroll, nothing, refused},
};

const UPDATE: &str = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { subtitle code isPrivate selfEnroll isSequential accessDays accessUntil version
    needsEnrollmentKey introVideoUrl introVideoSeconds } }";
const SEEN: &str = "query($id: ID!) { course(id: $id) { title sections { title } } courses { nodes { title } } }";

async fn sees(client: &Client, course: &str) -> bool {
    let seen = client.ok(SEEN, json!({ "id": course })).await;
    assert_eq!(seen["course"].is_null(), seen["courses"]["nodes"].as_array().unwrap().is_empty(), "{seen}");
    !seen["course"].is_null()
}

#[tokio::test]
async fn what_a_course_says_of_itself_has_its_defaults_and_is_changed() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = course(&ada, json!({ "title": "Algebra", "enrollmentKey": "sesame" })).await;
    let usual = json!({ "subtitle": null, "code": null, "isPrivate": false, "selfEnroll": true, "isSequential": false, "accessDays": null, "accessUntil": null,
                        "version": 1, "needsEnrollmentKey": true, "introVideoUrl": null, "introVideoSeconds": null });
    assert_eq!(ada.ok(UPDATE, json!({ "i": { "id": algebra } })).await["updateCourse"], usual);
    let given = json!({ "subtitle": "Numbers and more", "code": "MATH-101", "isPrivate": true, "selfEnroll": false, "isSequential": true, "accessDays": 30,
                        "accessUntil": "2099-01-01T00:00:00Z", "introVideoUrl": "https://films.example/1", "introVideoSeconds": 90 });
    let mut input = given.clone();
    input["id"] = json!(algebra);
    input["enrollmentKey"] = json!(null);
    let mut changed = ada.ok(UPDATE, json!({ "i": input })).await["updateCourse"].take();
    let mut expected = given;
    (expected["version"], expected["needsEnrollmentKey"]) = (json!(1), json!(false));
    assert_eq!(changed.take(), expected);
    for (change, field) in [
        (json!({ "subtitle": " " }), "subtitle"),
        (json!({ "code": "math" }), "code"),
        (json!({ "code": "" }), "code"),
        (json!({ "code": "A".repeat(41) }), "code"),
        (json!({ "introVideoUrl": "http://films.example/1" }), "introVideoUrl"),
        (json!({ "introVideoSeconds": 0 }), "introVideoSeconds"),
        (json!({ "introVideoPosterId": nothing("course") }), "introVideoPosterId"),
        (json!({ "accessDays": 0 }), "accessDays"),
        (json!({ "accessDays": 3651 }), "accessDays"),
        (json!({ "isPrivate": null }), "isPrivate"),
        (json!({ "selfEnroll": null }), "selfEnroll"),
        (json!({ "isSequential": null }), "isSequential"),
    ] {
        let mut input = change;
        input["id"] = json!(algebra);
        refused(&app, &ada, UPDATE, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    let other = course(&ada, json!({ "title": "Geometry" })).await;
    refused(&app, &ada, UPDATE, json!({ "i": { "id": other, "code": "MATH-101" } }), "CONFLICT CODE_TAKEN @code").await;
    // Another school has codes of its own.
    let elm = app.sign_in(&app.elm, Who::Instructor).await;
    let foreign = course(&elm, json!({ "title": "Algebra" })).await;
    elm.ok(UPDATE, json!({ "i": { "id": foreign, "code": "MATH-101" } })).await;
}

#[tokio::test]
async fn a_private_course_is_there_for_its_people_alone() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (admin, viewer) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Viewer).await);
    let (stranger, elm) = (app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await, app.sign_in(&app.elm, Who::Admin).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    ada.ok(UPDATE, json!({ "i": { "id": algebra, "isPrivate": true } })).await;
    for client in [&ada, &admin, &viewer] {
        assert!(sees(client, &algebra).await);
    }
    for client in [&lea, &stranger, &elm] {
        assert!(!sees(client, &algebra).await);
    }
    let into = |id: &str| json!({ "i": { "courseId": id } });
    refused(&app, &lea, ENROLL, into(&algebra), "NOT_FOUND @courseId").await;
    refused(&app, &stranger, "mutation($id: ID!) { archiveCourse(id: $id) { id } }", json!({ "id": algebra }), "NOT_FOUND @id").await;
    let found = "{ courses(filter: { search: \"alg\" }) { totalCount } }";
    assert_eq!(lea.ok(found, json!({})).await["courses"]["totalCount"], 0);
    let enrolled = enroll(&ada, &algebra, &lea.user_id).await;
    assert!(sees(&lea, &algebra).await);
    lea.ok(UNENROLL, json!({ "id": enrolled })).await;
    assert!(sees(&lea, &algebra).await, "who was in it still sees it");
    assert_eq!(lea.ok(found, json!({})).await["courses"]["totalCount"], 1);
    // A draft is a draft, private or not.
    let secret = crate::classroom::draft(&ada, json!({ "title": "Secret" })).await;
    ada.ok(UPDATE, json!({ "i": { "id": secret, "isPrivate": true } })).await;
    let one = "query($id: ID!) { course(id: $id) { title } }";
    assert_eq!(viewer.ok(one, json!({ "id": secret })).await["course"], json!(null));
}

#[tokio::test]
async fn where_learners_do_not_enroll_themselves_managers_enroll_them() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&ada, json!({ "title": "Algebra", "enrollmentKey": "sesame" })).await;
    ada.ok(UPDATE, json!({ "i": { "id": algebra, "selfEnroll": false } })).await;
    for key in [json!(null), json!("sesame"), json!("wrong")] {
        refused(&app, &lea, ENROLL, json!({ "i": { "courseId": algebra, "enrollmentKey": key } }), "CONFLICT ENROLLMENT_CLOSED @courseId")
            .await;
    }
    let enrolled = enroll(&ada, &algebra, &lea.user_id).await;
    lea.ok(UNENROLL, json!({ "id": enrolled })).await;
    refused(&app, &lea, ENROLL, json!({ "i": { "courseId": algebra, "enrollmentKey": "sesame" } }), "CONFLICT ENROLLMENT_CLOSED @courseId")
        .await;
    enroll(&ada, &algebra, &lea.user_id).await;
    ada.ok("mutation($id: ID!) { archiveCourse(id: $id) { id } }", json!({ "id": algebra })).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    refused(&app, &bob, ENROLL, json!({ "i": { "courseId": algebra } }), "CONFLICT COURSE_NOT_PUBLISHED @courseId").await;
}

#[tokio::test]
async fn courses_are_found_by_whether_one_is_in_them_and_whether_there_is_room() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let full = course(&ada, json!({ "title": "Full", "capacity": 1 })).await;
    let left = course(&ada, json!({ "title": "Left" })).await;
    course(&ada, json!({ "title": "Wide", "capacity": 9 })).await;
    enroll(&ada, &full, &lea.user_id).await;
    let enrolled = enroll(&ada, &left, &lea.user_id).await;
    lea.ok(UNENROLL, json!({ "id": enrolled })).await;
    let titles = async |client: &Client, filter: Value| {
        let found = client.ok("query($f: CourseFilter) { courses(filter: $f) { nodes { title } } }", json!({ "f": filter })).await;
        let titles = found["courses"]["nodes"].as_array().unwrap().iter().map(|course| course["title"].as_str().unwrap().to_owned());
        titles.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(titles(&lea, json!({ "isEnrolled": true })).await, "Full");
    assert_eq!(titles(&lea, json!({ "isEnrolled": false })).await, "Left Wide");
    assert_eq!(titles(&bob, json!({ "isEnrolled": true })).await, "");
    assert_eq!(titles(&bob, json!({ "hasSeats": true })).await, "Left Wide");
    assert_eq!(titles(&bob, json!({ "hasSeats": false })).await, "Full");
    assert_eq!(titles(&lea, json!({ "hasSeats": false, "isEnrolled": true })).await, "Full");
}
