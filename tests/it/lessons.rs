//! Lessons: what a course is made of, for whom it is open, and how far people are in it.

mod content;
mod costs;
mod files;
mod locks;
mod order;
mod progress;
mod races;
mod rows;
mod unlocks;
mod work;

use serde_json::{Value, json};

pub use self::races::DRIFTED;

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, draft, enroll, nothing, refused, uuid},
};

pub const CREATE: &str = "mutation($i: CreateLessonInput!) { createLesson(input: $i) { id position } }";
pub const UPDATE: &str = "mutation($i: UpdateLessonInput!) { updateLesson(input: $i) { id title isPublished } }";
pub const MOVE: &str = "mutation($i: MoveLessonInput!) { moveLesson(input: $i) { id position section { id } } }";
pub const REORDER: &str = "mutation($i: ReorderLessonsInput!) { reorderLessons(input: $i) { lessons { id position } } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteLesson(id: $id) }";
pub const DRIP: &str = "mutation($i: SetSectionDripInput!) { setSectionDrip(input: $i) { dripKind dripDays dripAt dripAfter { id } } }";
pub const UNLOCK: &str = "mutation($i: SetUnlockOverrideInput!) { setUnlockOverride(input: $i) { id opensAt course { id } section { id } user { id } group { id } } }";
pub const TRACK: &str = "mutation($i: TrackLessonInput!) { trackLesson(input: $i) { status openedAt completedAt positionSeconds } }";
pub const COMPLETE: &str = "mutation($i: CompleteLessonInput!) { completeLesson(input: $i) { status completedAt lesson { id } enrollment { id status progress } } }";
pub const REOPEN: &str = "mutation($i: ReopenLessonInput!) { reopenLesson(input: $i) { status enrollment { status progress } } }";
pub const ATTEND: &str = "mutation($i: RecordAttendanceInput!) { recordAttendance(input: $i) { id } }";
pub const BOOK: &str =
    "mutation($i: RequestLessonBookingInput!) { requestLessonBooking(input: $i) { id status course { id } lesson { id } } }";
pub const STATE: &str = "query($id: ID!) { enrollment(id: $id) { status progress lessonsCompleted lessonsTotal } }";
pub const LOCK: &str = "query($id: ID!) { lesson(id: $id) { title isLocked lockReason unlocksAt body } }";

/// A section at the end of a course.
pub async fn section(client: &Client, course: &str, title: &str) -> String {
    let input = json!({ "i": { "courseId": course, "title": title } });
    let made = client.ok("mutation($i: CreateSectionInput!) { createSection(input: $i) { id } }", input).await;
    made["createSection"]["id"].as_str().unwrap().to_owned()
}

/// A lesson at the end of a section.
pub async fn lesson_of(client: &Client, section: &str, mut input: Value) -> String {
    input["sectionId"] = json!(section);
    client.ok(CREATE, json!({ "i": input })).await["createLesson"]["id"].as_str().unwrap().to_owned()
}

/// One to read, published.
pub async fn lesson(client: &Client, section: &str, title: &str) -> String {
    lesson_of(client, section, json!({ "kind": "TEXT", "title": title, "body": format!("About {title}"), "isPublished": true })).await
}

/// Says that somebody has completed a lesson.
pub async fn complete(client: &Client, lesson: &str) -> Value {
    client.ok(COMPLETE, json!({ "i": { "lessonId": lesson } })).await["completeLesson"].take()
}

/// How an enrollment stands: `IN_PROGRESS 50 1/2`.
pub async fn state(client: &Client, enrollment: &str) -> String {
    let found = client.ok(STATE, json!({ "id": enrollment })).await["enrollment"].take();
    let progress = found["progress"].as_f64().unwrap();
    format!(
        "{} {} {}/{}",
        found["status"].as_str().unwrap(),
        (progress * 100.0).round() / 100.0,
        found["lessonsCompleted"],
        found["lessonsTotal"]
    )
}

/// What keeps a lesson closed for somebody, or what it says: `NOT_ENROLLED`, `open: About Sets`.
pub async fn look(client: &Client, lesson: &str) -> String {
    let found = client.ok(LOCK, json!({ "id": lesson })).await["lesson"].take();
    if found.is_null() {
        return "absent".to_owned();
    }
    assert_eq!(found["isLocked"], json!(!found["lockReason"].is_null()), "{found}");
    match found["lockReason"].as_str() {
        Some(reason) => {
            assert_eq!(found["body"], json!(null), "{found}");
            reason.to_owned()
        }
        None => format!("open: {}", found["body"].as_str().unwrap_or_default()),
    }
}

#[tokio::test]
async fn a_lesson_is_made_with_its_defaults_and_shown_whole_to_its_staff() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let id =
        lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": " What a set is ", "body": "# Sets\r\n\n*Many* <b>things</b>\n" })).await;
    let query = "query($id: ID!) { lesson(id: $id) { id kind title position durationMinutes isPublished isRequired isPreview minSeconds weight isLocked lockReason
        unlocksAt body bodyHtml url mediaSeconds file { id } startsAt endsAt materials { id } viewerBooking { id } viewerProgress { status }
        course { title } section { title course { id } } } }";
    assert_eq!(
        ada.ok(query, json!({ "id": id })).await["lesson"],
        json!({ "id": id, "kind": "TEXT", "title": "What a set is", "position": 1, "durationMinutes": null, "isPublished": false, "isRequired": true,
                "isPreview": false, "minSeconds": null, "weight": 1.0, "isLocked": false, "lockReason": null, "unlocksAt": null,
                "body": "# Sets\n\n*Many* <b>things</b>", "bodyHtml": "<h1>Sets</h1>\n<p><em>Many</em> things</p>\n", "url": null, "mediaSeconds": null, "file": null,
                "startsAt": null, "endsAt": null, "materials": [], "viewerBooking": null, "viewerProgress": null, "course": { "title": "Algebra" },
                "section": { "title": "Sets", "course": { "id": algebra } } })
    );
    let node = "query($id: ID!) { node(id: $id) { ... on Lesson { title } } }";
    assert_eq!(ada.ok(node, json!({ "id": id })).await["node"]["title"], "What a set is");
    let counts = "query($id: ID!) { course(id: $id) { lessonCount durationMinutes sections { lessons { title } } } }";
    let of = ada.ok(counts, json!({ "id": algebra })).await["course"].take();
    assert_eq!(of, json!({ "lessonCount": 0, "durationMinutes": 0, "sections": [{ "lessons": [{ "title": "What a set is" }] }] }));
    ada.ok(UPDATE, json!({ "i": { "id": id, "isPublished": true, "durationMinutes": 25 } })).await;
    let of = ada.ok(counts, json!({ "id": algebra })).await["course"].take();
    assert_eq!((&of["lessonCount"], &of["durationMinutes"]), (&json!(1), &json!(25)));
}

#[tokio::test]
async fn what_is_left_out_of_a_change_stays_and_null_clears() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let film = json!({ "kind": "VIDEO", "title": "Film", "url": "https://films.example/1", "mediaSeconds": 90, "body": "See", "durationMinutes": 5, "minSeconds": 60, "weight": 2.5 });
    let id = lesson_of(&ada, &sets, film).await;
    let read = "query($id: ID!) { lesson(id: $id) { title url mediaSeconds body durationMinutes minSeconds weight isRequired updatedAt } }";
    let before = ada.ok(read, json!({ "id": id })).await["lesson"].take();
    ada.ok(UPDATE, json!({ "i": { "id": id } })).await;
    assert_eq!(ada.ok(read, json!({ "id": id })).await["lesson"], before);
    assert_eq!(app.changes("updateLesson").await, 0);
    ada.ok(UPDATE, json!({ "i": { "id": id, "title": "The film", "isRequired": false, "body": "See it" } })).await;
    let after = ada.ok(read, json!({ "id": id })).await["lesson"].take();
    let moment = |lesson: &Value| lesson["updatedAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(moment(&after) > moment(&before));
    let mut expected = before.clone();
    (expected["title"], expected["isRequired"], expected["body"], expected["updatedAt"]) =
        (json!("The film"), json!(false), json!("See it"), after["updatedAt"].clone());
    assert_eq!(after, expected);
    ada.ok(UPDATE, json!({ "i": { "id": id, "mediaSeconds": null, "body": null, "durationMinutes": null, "minSeconds": null } })).await;
    let cleared = ada.ok(read, json!({ "id": id })).await["lesson"].take();
    assert_eq!(
        json!([cleared["mediaSeconds"], cleared["body"], cleared["durationMinutes"], cleared["minSeconds"]]),
        json!([null, null, null, null])
    );
    // What only its content changes in is a change of the lesson.
    let entries = "audit_entry WHERE operation = 'updateLesson' AND resource = 'Lesson'";
    assert_eq!(app.count(entries).await, 4);
}

#[tokio::test]
async fn wrong_lessons_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let id = lesson(&ada, &sets, "What a set is").await;
    let long = "a".repeat(100_001);
    let wrong = [
        (json!({ "title": " " }), "title"),
        (json!({ "title": "a".repeat(201) }), "title"),
        (json!({ "body": long }), "body"),
        (json!({ "body": "a\u{0}b" }), "body"),
        (json!({ "url": "https://example.org" }), "url"),
        (json!({ "mediaSeconds": 5 }), "mediaSeconds"),
        (json!({ "mediaSeconds": 0 }), "mediaSeconds"),
        (json!({ "startsAt": "2099-01-01T00:00:00Z", "endsAt": "2099-01-01T01:00:00Z" }), "startsAt"),
        (json!({ "endsAt": "2099-01-01T01:00:00Z" }), "endsAt"),
        (json!({ "fileId": nothing("course") }), "fileId"),
        (json!({ "durationMinutes": 0 }), "durationMinutes"),
        (json!({ "durationMinutes": 1441 }), "durationMinutes"),
        (json!({ "minSeconds": -1 }), "minSeconds"),
        (json!({ "minSeconds": 86_401 }), "minSeconds"),
        (json!({ "weight": -0.5 }), "weight"),
        (json!({ "weight": 1000.5 }), "weight"),
    ];
    for (change, field) in wrong {
        let mut input = json!({ "sectionId": sets, "kind": "TEXT", "title": "Sets" });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refused(&app, &ada, CREATE, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
        let mut input = json!({ "id": id });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refused(&app, &ada, UPDATE, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    for field in ["title", "weight", "isRequired", "isPreview", "isPublished"] {
        refused(&app, &ada, UPDATE, json!({ "i": { "id": id, field: null } }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    let made = |section: &str| json!({ "i": { "sectionId": section, "kind": "TEXT", "title": "Sets" } });
    refused(&app, &ada, CREATE, made(&nothing("section")), "NOT_FOUND @sectionId").await;
    refused(&app, &ada, CREATE, made(&algebra), "BAD_USER_INPUT @sectionId").await;
    refused(&app, &ada, UPDATE, json!({ "i": { "id": nothing("lesson") } }), "NOT_FOUND @id").await;
    refused(&app, &ada, DELETE, json!({ "id": nothing("lesson") }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn a_section_with_lessons_or_that_is_waited_for_is_not_deleted() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let (sets, maps) = (section(&ada, &algebra, "Sets").await, section(&ada, &algebra, "Maps").await);
    let id = lesson(&ada, &sets, "What a set is").await;
    let delete = "mutation($id: ID!) { deleteSection(id: $id) }";
    refused(&app, &ada, delete, json!({ "id": sets }), "CONFLICT IN_USE @id").await;
    ada.ok(DELETE, json!({ "id": id })).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": maps, "kind": "AFTER_SECTION", "afterSectionId": sets } })).await;
    refused(&app, &ada, delete, json!({ "id": sets }), "CONFLICT IN_USE @id").await;
    ada.ok(DRIP, json!({ "i": { "sectionId": maps, "kind": "NONE" } })).await;
    ada.ok(delete, json!({ "id": sets })).await;
}

#[tokio::test]
async fn a_course_has_five_hundred_lessons_at_most() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let (sets, maps) = (section(&ada, &algebra, "Sets").await, section(&ada, &algebra, "Maps").await);
    app.sql(&format!(
        "INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position)
             SELECT '{}', gen_random_uuid(), '{}', '{}', 'TEXT', 'Lesson ' || n, n FROM generate_series(1, 499) AS n",
        app.oak.tenant,
        uuid(&algebra),
        uuid(&sets)
    ))
    .await;
    lesson(&ada, &maps, "The last").await;
    for section in [&sets, &maps] {
        let one_more = json!({ "i": { "sectionId": section, "kind": "TEXT", "title": "One more" } });
        refused(&app, &ada, CREATE, one_more, "BAD_USER_INPUT @sectionId").await;
    }
}

/// A published course of somebody's with one section, and somebody who is enrolled in it: course, section, enrollment.
pub async fn classroom(app: &TestApp, teacher: &Client, learner: &Client) -> (String, String, String) {
    let algebra = course(teacher, json!({ "title": "Algebra" })).await;
    let sets = section(teacher, &algebra, "Sets").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let enrolled = enroll(&admin, &algebra, &learner.user_id).await;
    (algebra, sets, enrolled)
}
