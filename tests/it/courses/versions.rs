//! Courses as wholes: copied, versioned, deleted, restored and removed for good.

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who, refusal},
    classroom::{ADD_COURSES, DELETE_COURSE, UNENROLL, course, draft, enroll, group, nothing, refused, uuid},
    files::{show, text},
    lessons::{DRIP, UNLOCK, complete, lesson, lesson_of, section},
    transactions::asked_meanwhile,
};

const DUPLICATE: &str = "mutation($i: DuplicateCourseInput!) { duplicateCourse(input: $i) { id title status version previousVersion { id } instructor { id } } }";
const RESTORE: &str = "mutation($id: ID!) { restoreCourse(id: $id) { id status deletedAt } }";
const PURGE: &str = "mutation($id: ID!) { purgeCourse(id: $id) }";
const WHOLE: &str = "query($id: ID!) { course(id: $id) { title subtitle code isPrivate accessDays accessUntil needsEnrollmentKey enrollmentCount unlockOverrides { id }
    materials { title url file { id } lesson { title } }
    sections { title dripKind dripDays dripAt dripAfter { title } lessons { title kind body url startsAt isPublished isRequired isPreview minSeconds weight file { id } } } } }";

/// Whether a course that was deleted is listed to somebody.
async fn deleted(client: &Client) -> Value {
    let found =
        client.ok("{ deletedCourses { totalCount nodes { title deletedAt instructor { name } } } }", json!({})).await["deletedCourses"]
            .take();
    assert_eq!(found["totalCount"], json!(found["nodes"].as_array().unwrap().len()));
    json!(found["nodes"].as_array().unwrap().iter().map(|course| course["title"].clone()).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_copy_has_what_the_course_says_and_nobody_in_it() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let cleo = app.person(&app.oak, "cleo@oak.example", &["INSTRUCTOR"]).await;
    let algebra = course(&ada, json!({ "title": "Algebra", "enrollmentKey": "sesame", "tags": ["maths"] })).await;
    let settings = json!({ "id": algebra, "subtitle": "Numbers", "code": "MATH-101", "isPrivate": true, "accessDays": 30, "accessUntil": "2099-01-01T00:00:00Z" });
    ada.ok("mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { id } }", json!({ "i": settings })).await;
    let (sets, maps) = (section(&ada, &algebra, "Sets").await, section(&ada, &algebra, "Maps").await);
    let file = text(&ada, "sheet.txt").await;
    let first = lesson(&ada, &sets, "Sets").await;
    lesson_of(&ada, &sets, json!({ "kind": "FILE", "title": "Sheet", "fileId": file, "weight": 2, "isRequired": false })).await;
    let meeting = json!({ "kind": "LIVE", "title": "Meeting", "startsAt": "2099-03-02T09:00:00Z", "endsAt": "2099-03-02T10:00:00Z", "isPublished": true });
    lesson_of(&ada, &maps, meeting).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": maps, "kind": "AFTER_SECTION", "afterSectionId": sets } })).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": sets, "kind": "ON_DATE", "at": "2020-01-01T00:00:00Z" } })).await;
    let add = "mutation($i: AddCourseMaterialInput!) { addCourseMaterial(input: $i) { id } }";
    ada.ok(add, json!({ "i": { "courseId": algebra, "lessonId": first, "title": "Page", "url": "https://example.org/" } })).await;
    enroll(&ada, &algebra, &lea.user_id).await;
    complete(&lea, &first).await;
    ada.ok(UNLOCK, json!({ "i": { "courseId": algebra, "userId": lea.user_id } })).await;

    let copy =
        ada.ok(DUPLICATE, json!({ "i": { "id": algebra, "shiftDays": 7, "title": "Algebra again" } })).await["duplicateCourse"].take();
    assert_eq!(
        copy,
        json!({ "id": copy["id"], "title": "Algebra again", "status": "DRAFT", "version": 1, "previousVersion": null, "instructor": { "id": ada.user_id } })
    );
    let (original, copied) =
        (ada.ok(WHOLE, json!({ "id": algebra })).await["course"].take(), ada.ok(WHOLE, json!({ "id": copy["id"] })).await["course"].take());
    let mut expected = original.clone();
    (expected["title"], expected["code"], expected["needsEnrollmentKey"]) = (json!("Algebra again"), json!(null), json!(false));
    (expected["enrollmentCount"], expected["unlockOverrides"]) = (json!(0), json!([]));
    expected["accessUntil"] = json!("2099-01-08T00:00:00Z");
    expected["sections"][0]["dripAt"] = json!("2020-01-08T00:00:00Z");
    expected["sections"][1]["lessons"][0]["startsAt"] = json!("2099-03-09T09:00:00Z");
    assert_eq!(copied, expected);
    // The original is as it was, and both hold the file.
    assert_eq!(ada.ok(WHOLE, json!({ "id": algebra })).await["course"], original);
    refused(&app, &ada, "mutation($id: ID!) { deleteFile(id: $id) }", json!({ "id": file }), "CONFLICT IN_USE @id").await;

    let of = |id: &str, more: Value| {
        let mut input = json!({ "id": id });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let public = course(&ada, json!({ "title": "Public" })).await;
    refused(&app, &cleo, DUPLICATE, of(&public, json!({})), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &cleo, DUPLICATE, of(&algebra, json!({})), "NOT_FOUND @id").await;
    refused(&app, &lea, DUPLICATE, of(&algebra, json!({})), "FORBIDDEN [COURSE_CREATE]").await;
    refused(&app, &ada, DUPLICATE, of(&algebra, json!({ "title": " " })), "BAD_USER_INPUT @title").await;
    refused(&app, &ada, DUPLICATE, of(&algebra, json!({ "shiftDays": 3651 })), "BAD_USER_INPUT @shiftDays").await;
    refused(&app, &ada, DUPLICATE, of(&nothing("course"), json!({})), "NOT_FOUND @id").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_numbered_through_their_series() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Admin).await);
    let first = draft(&ada, json!({ "title": "Algebra" })).await;
    let next = async |of: &str| {
        let made = ada.ok(DUPLICATE, json!({ "i": { "id": of, "asNewVersion": true } })).await["duplicateCourse"].take();
        assert_eq!(made["previousVersion"]["id"], json!(of));
        (made["id"].as_str().unwrap().to_owned(), made["version"].as_i64().unwrap())
    };
    let (second, two) = next(&first).await;
    let (third, three) = next(&second).await;
    assert_eq!((two, three), (2, 3));
    // Out of an old one again, after the newest was deleted: no number comes twice.
    admin.ok(DELETE_COURSE, json!({ "id": third })).await;
    let (fourth, four) = next(&first).await;
    assert_eq!(four, 4);
    let of = |id: &str| ada.ask(DUPLICATE, json!({ "i": { "id": id, "asNewVersion": true } }));
    let made = futures_util::future::join_all([of(&first), of(&second), of(&fourth), of(&first)]).await;
    let mut versions: Vec<_> = made.iter().map(|answer| answer["data"]["duplicateCourse"]["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, [5, 6, 7, 8]);
}

#[tokio::test]
async fn a_deleted_course_comes_back_as_it_was() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Admin).await);
    let (lea, elm) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.elm, Who::Admin).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    lesson(&ada, &sets, "Sets").await;
    let (owls, file) = (group(&admin, json!({ "name": "Owls" })).await, text(&ada, "sheet.txt").await);
    admin.ok(ADD_COURSES, json!({ "i": { "groupId": owls, "courseIds": [algebra] } })).await;
    show(&ada, &file, "SHARED", json!({ "courseIds": [algebra] })).await;
    let enrolled = enroll(&ada, &algebra, &lea.user_id).await;
    lea.ok(UNENROLL, json!({ "id": enrolled })).await;
    let before = admin.ok(WHOLE, json!({ "id": algebra })).await;
    let links = "SELECT string_agg(concat_ws(' ', g.group_id, a.file_id), ',') FROM group_course g JOIN file_audience a USING (tenant_id, course_id)";
    let linked = app.text(links).await;
    assert!(linked.is_some());

    refused(&app, &admin, RESTORE, json!({ "id": algebra }), "CONFLICT NOT_DELETED @id").await;
    refused(&app, &admin, PURGE, json!({ "id": algebra }), "CONFLICT NOT_DELETED @id").await;
    assert_eq!(deleted(&admin).await, json!([]));
    admin.ok(DELETE_COURSE, json!({ "id": algebra })).await;
    assert_eq!(app.text(links).await, None);
    assert_eq!(deleted(&admin).await, json!(["Algebra"]));
    assert_eq!(deleted(&elm).await, json!([]));
    let lesson = "{ deletedCourses { nodes { sections { title } lessonCount } } }";
    assert_eq!(admin.ok(lesson, json!({})).await["deletedCourses"]["nodes"][0]["sections"], json!([]));
    for client in [&ada, &lea] {
        for verb in [RESTORE, PURGE] {
            refused(&app, client, verb, json!({ "id": algebra }), "FORBIDDEN [COURSE_PURGE]").await;
        }
        assert_eq!(client.refused("{ deletedCourses { totalCount } }", json!({})).await, "FORBIDDEN [COURSE_PURGE]");
    }
    for verb in [RESTORE, PURGE] {
        refused(&app, &elm, verb, json!({ "id": algebra }), "NOT_FOUND @id").await;
        refused(&app, &admin, verb, json!({ "id": nothing("course") }), "NOT_FOUND @id").await;
    }
    let restored = admin.ok(RESTORE, json!({ "id": algebra })).await["restoreCourse"].take();
    assert_eq!(restored, json!({ "id": algebra, "status": "PUBLISHED", "deletedAt": null }));
    assert_eq!(admin.ok(WHOLE, json!({ "id": algebra })).await, before);
    assert_eq!(app.text(links).await, linked);
    assert_eq!(deleted(&admin).await, json!([]));
    enroll(&lea, &algebra, &lea.user_id).await;
}

#[tokio::test]
async fn a_purged_course_is_gone_with_all_that_is_in_it() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Admin).await);
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let kept = course(&ada, json!({ "title": "Geometry" })).await;
    let (sets, maps) = (section(&ada, &algebra, "Sets").await, section(&ada, &algebra, "Maps").await);
    let file = text(&ada, "sheet.txt").await;
    let first = lesson(&ada, &sets, "Sets").await;
    let flight = lesson_of(&ada, &maps, json!({ "kind": "LIVE", "title": "Flight", "isPublished": true })).await;
    ada.ok(DRIP, json!({ "i": { "sectionId": maps, "kind": "AFTER_SECTION", "afterSectionId": sets } })).await;
    let add = "mutation($i: AddCourseMaterialInput!) { addCourseMaterial(input: $i) { id } }";
    ada.ok(add, json!({ "i": { "courseId": algebra, "title": "Sheet", "fileId": file } })).await;
    ada.ok(UNLOCK, json!({ "i": { "courseId": algebra, "sectionId": maps, "userId": lea.user_id } })).await;
    let instructors = "mutation($i: AddCourseInstructorsInput!) { addCourseInstructors(input: $i) { id } }";
    ada.ok(instructors, json!({ "i": { "courseId": algebra, "userIds": [admin.user_id] } })).await;
    let version = ada.ok(DUPLICATE, json!({ "i": { "id": algebra, "asNewVersion": true } })).await["duplicateCourse"]["id"].take();
    let enrolled = enroll(&ada, &algebra, &lea.user_id).await;
    enroll(&ada, &kept, &lea.user_id).await;
    complete(&lea, &first).await;
    let book = "mutation($id: ID!) { requestLessonBooking(input: { lessonId: $id, startsAt: \"2099-03-02T09:00:00Z\", endsAt: \"2099-03-02T10:00:00Z\" }) { id } }";
    let booking = lea.ok(book, json!({ "id": flight })).await["requestLessonBooking"]["id"].take();
    lea.ok(UNENROLL, json!({ "id": enrolled })).await;
    admin.ok(DELETE_COURSE, json!({ "id": algebra })).await;
    let entries = app.count("audit_entry").await;
    assert_eq!(admin.ok(PURGE, json!({ "id": algebra })).await["purgeCourse"], json!(algebra));

    for table in [
        "course",
        "section",
        "lesson",
        "course_material",
        "unlock_override",
        "lesson_progress",
        "course_instructor",
        "enrollment",
        "lesson_content",
    ] {
        let column = if table == "course" { "id" } else { "course_id" };
        assert_eq!(app.count(&format!("{table} WHERE {column} = '{}'", uuid(&algebra))).await, 0, "{table}");
    }
    assert_eq!(app.count("enrollment").await, 1);
    let of = "query($b: ID!, $v: ID!) { booking(id: $b) { status course { id } lesson { id } } course(id: $v) { version previousVersion { id } sections { title } } }";
    assert_eq!(
        admin.ok(of, json!({ "b": booking, "v": version })).await,
        json!({ "booking": { "status": "REQUESTED", "course": null, "lesson": null },
                "course": { "version": 2, "previousVersion": null, "sections": [{ "title": "Sets" }, { "title": "Maps" }] } })
    );
    assert!(app.count("audit_entry").await > entries, "the log stays, and says what went");
    assert_eq!(app.changes("createCourse").await, 2);
    refused(&app, &admin, PURGE, json!({ "id": algebra }), "NOT_FOUND @id").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_course_that_is_deleted_while_it_is_copied_is_not_found_and_nothing_of_it_is_copied() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    lesson(&ada, &section(&ada, &algebra, "Sets").await, "What they are").await;
    let deleting = format!("UPDATE course SET deleted_at = now() WHERE id = '{}'", uuid(&algebra));
    let answered = asked_meanwhile(&app, ada.ask(DUPLICATE, json!({ "i": { "id": algebra } })), &deleting, "").await;
    assert_eq!(refusal(&answered["errors"][0]), "NOT_FOUND @id");
    assert_eq!((app.count("course").await, app.count("section").await, app.count("lesson").await), (1, 1, 1));
}
