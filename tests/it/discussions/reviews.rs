//! What people think of courses.

use serde_json::json;

use super::{DELETE_REVIEW, REVIEW, class, finish};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, nothing, refused, walk},
};

const RATED: &str = "query($id: ID!) { course(id: $id) { rating reviewCount viewerReview { rating text } reviews { nodes { rating authorName } } updatedAt } }";

#[tokio::test]
async fn whoever_has_completed_a_course_at_some_time_reviews_it_once() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let (algebra, enrolled) = class(&ada, &lea).await;
    let theirs = enroll(&ada, &algebra, &bob.user_id).await;
    let review = |rating: i32| json!({ "i": { "courseId": algebra, "rating": rating, "text": "Fine" } });
    refused(&app, &lea, REVIEW, review(5), "FORBIDDEN NOT_COMPLETED @courseId").await;
    let before = lea.ok(RATED, json!({ "id": algebra })).await["course"].take();
    assert_eq!(json!([before["rating"], before["reviewCount"], before["viewerReview"]]), json!([null, 0, null]));
    finish(&lea, &enrolled).await;
    finish(&bob, &theirs).await;
    // The completion is taken back, and was one.
    let back = "mutation($i: UpdateEnrollmentStatusInput!) { updateEnrollmentStatus(input: $i) { status } }";
    ada.ok(back, json!({ "i": { "id": enrolled, "status": "IN_PROGRESS" } })).await;
    for wrong in [0, 6, -1] {
        refused(&app, &lea, REVIEW, review(wrong), "BAD_USER_INPUT @rating").await;
    }
    refused(&app, &lea, REVIEW, json!({ "i": { "courseId": nothing("course"), "rating": 5 } }), "NOT_FOUND @courseId").await;
    refused(&app, &ada, REVIEW, review(5), "FORBIDDEN [ENROLLMENT_SELF]").await;
    let first = lea.ok(REVIEW, review(2)).await["reviewCourse"].take();
    let again = lea.ok(REVIEW, json!({ "i": { "courseId": algebra, "rating": 4 } })).await["reviewCourse"].take();
    assert_eq!((&again["id"], &again["text"]), (&first["id"], &json!(null)), "it replaces what was said");
    let other = bob.ok(REVIEW, review(5)).await["reviewCourse"]["id"].as_str().unwrap().to_owned();
    let now = lea.ok(RATED, json!({ "id": algebra })).await["course"].take();
    assert_eq!(json!([now["rating"], now["reviewCount"], now["viewerReview"]["rating"]]), json!([4.5, 2, 4]));
    assert_eq!(now["updatedAt"], before["updatedAt"], "the course itself has not changed");
    assert_eq!(
        now["reviews"]["nodes"],
        json!([{ "rating": 5, "authorName": "bob@oak.example" }, { "rating": 4, "authorName": "LEARNER of oak" }])
    );
    refused(&app, &lea, DELETE_REVIEW, json!({ "id": other }), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &lea, DELETE_REVIEW, json!({ "id": nothing("review") }), "NOT_FOUND @id").await;
    lea.ok(DELETE_REVIEW, json!({ "id": first["id"] })).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    assert_eq!(lea.ok(RATED, json!({ "id": algebra })).await["course"]["rating"], 5.0);
    admin.ok(DELETE_REVIEW, json!({ "id": other })).await;
    let none = lea.ok(RATED, json!({ "id": algebra })).await["course"].take();
    assert_eq!(json!([none["rating"], none["reviewCount"]]), json!([null, 0]));
}

#[tokio::test]
async fn courses_are_ordered_and_found_by_their_rating() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    for (title, rating) in [("Bad", Some(1)), ("Good", Some(5)), ("Fair", Some(3)), ("New", None)] {
        let id = course(&ada, json!({ "title": title })).await;
        let enrolled = enroll(&ada, &id, &lea.user_id).await;
        finish(&lea, &enrolled).await;
        if let Some(rating) = rating {
            lea.ok(REVIEW, json!({ "i": { "courseId": id, "rating": rating } })).await;
        }
    }
    for (direction, expected) in [("DESC", ["Good", "Fair", "Bad", "New"]), ("ASC", ["New", "Bad", "Fair", "Good"])] {
        let order = format!("orderBy: {{ field: RATING, direction: {direction} }}");
        assert_eq!(walk(&lea, "courses", &order, "/title").await, expected);
    }
    let query = "query($f: CourseFilter) { courses(filter: $f) { nodes { title } } }";
    let found = lea.ok(query, json!({ "f": { "minRating": 3 } })).await["courses"]["nodes"].take();
    assert_eq!(found, json!([{ "title": "Fair" }, { "title": "Good" }]));
    assert_eq!(lea.refused(query, json!({ "f": { "minRating": 5.5 } })).await, "BAD_USER_INPUT @filter.minRating");
}
