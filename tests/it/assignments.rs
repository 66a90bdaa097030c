//! Assignments: what is asked, what is handed in, and how it is graded.

mod deadlines;
mod grading;
mod handing_in;
mod held;
mod notices;
mod races;
mod rows;
mod rubrics;

use serde_json::{Value, json};

pub use self::races::DRIFTED;

use crate::{
    app::{Client, TestApp, Who},
    classroom::{nothing, refused, uuid},
    lessons::{classroom, lesson_of},
};

pub const UPDATE: &str =
    "mutation($i: UpdateAssignmentInput!) { updateAssignment(input: $i) { id points dueAt closesAt releasedAt holdGrades } }";
pub const RUBRIC: &str = "mutation($i: SetRubricInput!) { setRubric(input: $i) { points rubric { id title description points } } }";
pub const SUBMIT: &str = "mutation($i: SubmitAssignmentInput!) { submitAssignment(input: $i) { id number status } }";
pub const GRADE: &str = "mutation($i: GradeSubmissionInput!) { gradeSubmission(input: $i) { id status version points } }";
pub const RETURN: &str = "mutation($i: ReturnSubmissionInput!) { returnSubmission(input: $i) { id status version feedback points } }";
pub const RELEASE: &str = "mutation($id: ID!) { releaseGrades(assignmentId: $id) { releasedAt } }";
pub const GRANT: &str = "mutation($i: GrantExtensionInput!) { grantExtension(input: $i) { id dueAt closesAt extraAttempts extraMinutes reason user { id } grantedBy { id } } }";
pub const REVOKE: &str = "mutation($id: ID!) { revokeExtension(id: $id) }";
pub const WORK: &str = "query($id: ID!) { submission(id: $id) { number status allowedTransitions text isLate penaltyPercent points finalPoints percent isPassed feedback
    rubricScores { points comment criterion { title } } gradedAt gradedBy { id } releasedAt version history { kind points feedback by { id } } } }";

/// A course with an assignment that is published, and somebody who is enrolled in it.
pub struct Class {
    pub ada: Client,
    pub lea: Client,
    pub course: String,
    pub section: String,
    pub enrollment: String,
    pub lesson: String,
    pub assignment: String,
}

impl Class {
    pub async fn of(app: &TestApp) -> Self {
        let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
        let (course, section, enrollment) = classroom(app, &ada, &lea).await;
        let (lesson, assignment) = assignment(&ada, &section, "Essay").await;
        Class { ada, lea, course, section, enrollment, lesson, assignment }
    }

    /// Says what is asked.
    pub async fn ask(&self, mut change: Value) {
        change["id"] = json!(self.assignment);
        self.ada.ok(UPDATE, json!({ "i": change })).await;
    }

    /// Lea hands something in.
    pub async fn submit(&self, text: &str) -> String {
        submit(&self.lea, &self.assignment, text).await
    }

    /// Ada grades it.
    pub async fn grade(&self, submission: &str, version: i32, points: f64) {
        self.ada.ok(GRADE, json!({ "i": { "id": submission, "version": version, "points": points } })).await;
    }
}

/// A published lesson with an assignment: both ids.
pub async fn assignment(client: &Client, section: &str, title: &str) -> (String, String) {
    let lesson = lesson_of(client, section, json!({ "kind": "ASSIGNMENT", "title": title, "isPublished": true })).await;
    let found = client.ok("query($id: ID!) { lesson(id: $id) { assignment { id } } }", json!({ "id": lesson })).await;
    (lesson, found["lesson"]["assignment"]["id"].as_str().unwrap().to_owned())
}

/// Hands a text in.
pub async fn submit(client: &Client, assignment: &str, text: &str) -> String {
    let input = json!({ "i": { "assignmentId": assignment, "text": text } });
    client.ok(SUBMIT, input).await["submitAssignment"]["id"].as_str().unwrap().to_owned()
}

/// A submission as somebody sees it.
pub async fn work(client: &Client, submission: &str) -> Value {
    client.ok(WORK, json!({ "id": submission })).await["submission"].take()
}

/// When an assignment is due, as SQL says it: `now() - interval '1 hour'`. Rows are moved, not clocks.
pub async fn due(app: &TestApp, assignment: &str, when: &str) {
    app.sql(&format!("UPDATE assignment SET due_at = {when} WHERE id = '{}'", uuid(assignment))).await;
}

#[tokio::test]
async fn an_assignment_comes_with_its_lesson_and_its_defaults() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let read = "query($id: ID!) { assignment(id: $id) { id accepts points passMark dueAt closesAt latePolicy penaltyPercentPerDay maxPenaltyPercent maxAttempts maxFiles
        holdGrades releasedAt rubric { id } viewerDueAt viewerAttemptsLeft viewerSubmissions { id } lesson { id } } }";
    let shown = class.lea.ok(read, json!({ "id": class.assignment })).await["assignment"].take();
    let expected = json!({ "id": class.assignment, "accepts": ["TEXT", "FILE"], "points": 100.0, "passMark": null, "dueAt": null, "closesAt": null,
        "latePolicy": "ACCEPT", "penaltyPercentPerDay": shown["penaltyPercentPerDay"], "maxPenaltyPercent": shown["maxPenaltyPercent"], "maxAttempts": 1, "maxFiles": 10,
        "holdGrades": false, "releasedAt": null, "rubric": [], "viewerDueAt": null, "viewerAttemptsLeft": 1, "viewerSubmissions": [], "lesson": { "id": class.lesson } });
    assert_eq!(shown, expected);
    let text = crate::lessons::lesson(&class.ada, &class.section, "Text").await;
    let none = class.lea.ok("query($id: ID!) { lesson(id: $id) { assignment { id } } }", json!({ "id": text })).await;
    assert_eq!(none["lesson"]["assignment"], json!(null));
}

#[tokio::test]
async fn an_assignment_is_hidden_while_its_lesson_is_locked() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let read = "query($l: ID!, $a: ID!) { lesson(id: $l) { isLocked assignment { id } } assignment(id: $a) { id } node(id: $a) { id } }";
    let both = json!({ "l": class.lesson, "a": class.assignment });
    let stranger = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let other = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    for client in [&stranger, &other] {
        assert_eq!(
            client.ok(read, both.clone()).await,
            json!({ "lesson": { "isLocked": true, "assignment": null }, "assignment": null, "node": null })
        );
    }
    // Whoever reads all grades reads what they are of; the lesson stays locked for them.
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let shown = viewer.ok(read, both.clone()).await;
    assert_eq!(json!([shown["lesson"], shown["assignment"]["id"]]), json!([{ "isLocked": true, "assignment": null }, class.assignment]));
    let submit = |text: &str| json!({ "i": { "assignmentId": class.assignment, "text": text } });
    refused(&app, &stranger, SUBMIT, submit("x"), "FORBIDDEN NOT_ENROLLED @assignmentId").await;
    refused(&app, &stranger, SUBMIT, json!({ "i": { "assignmentId": nothing("assignment"), "text": "x" } }), "NOT_FOUND @assignmentId")
        .await;
    let drip = json!({ "i": { "sectionId": class.section, "kind": "ON_DATE", "at": "2099-01-01T00:00:00Z" } });
    class.ada.ok(crate::lessons::DRIP, drip).await;
    assert_eq!(
        class.lea.ok(read, both.clone()).await,
        json!({ "lesson": { "isLocked": true, "assignment": null }, "assignment": null, "node": null })
    );
    refused(&app, &class.lea, SUBMIT, submit("x"), "CONFLICT LESSON_LOCKED @assignmentId").await;
    class.ada.ok(crate::lessons::UPDATE, json!({ "i": { "id": class.lesson, "isPublished": false } })).await;
    refused(&app, &class.lea, SUBMIT, submit("x"), "NOT_FOUND @assignmentId").await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(elm.ok(read, both).await, json!({ "lesson": null, "assignment": null, "node": null }));
}

#[tokio::test]
async fn wrong_changes_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    for (change, field) in [
        (json!({ "accepts": [] }), "accepts"),
        (json!({ "points": 0 }), "points"),
        (json!({ "points": 10_001 }), "points"),
        (json!({ "passMark": 100.5 }), "passMark"),
        (json!({ "penaltyPercentPerDay": -1 }), "penaltyPercentPerDay"),
        (json!({ "maxPenaltyPercent": 101 }), "maxPenaltyPercent"),
        (json!({ "maxAttempts": 0 }), "maxAttempts"),
        (json!({ "maxAttempts": 101 }), "maxAttempts"),
        (json!({ "maxFiles": 0 }), "maxFiles"),
        (json!({ "dueAt": "2099-01-02T00:00:00Z", "closesAt": "2099-01-01T00:00:00Z" }), "closesAt"),
    ] {
        let mut input = change;
        input["id"] = json!(class.assignment);
        refused(&app, &class.ada, UPDATE, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let change = json!({ "i": { "id": class.assignment, "points": 5 } });
    refused(&app, &stranger, UPDATE, change.clone(), "NOT_FOUND @id").await;
    refused(&app, &class.lea, UPDATE, change.clone(), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]").await;
    refused(&app, &app.sign_in(&app.elm, Who::Admin).await, UPDATE, change, "NOT_FOUND @id").await;
    class.ask(json!({ "points": 40, "maxAttempts": null })).await;
    let submission = class.submit("x").await;
    class.grade(&submission, 1, 30.0).await;
    let points = json!({ "i": { "id": class.assignment, "points": 50 } });
    refused(&app, &class.ada, UPDATE, points, "CONFLICT IN_USE @points").await;
}

#[tokio::test]
async fn a_copy_of_a_course_has_its_assignments_and_nobodys_work() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "dueAt": "2099-05-01T00:00:00Z", "latePolicy": "PENALTY", "penaltyPercentPerDay": 5, "maxAttempts": 3, "holdGrades": true })).await;
    let rubric = json!({ "i": { "assignmentId": class.assignment, "criteria": [{ "title": "Style", "points": 10 }, { "title": "Facts", "points": 20 }] } });
    class.ada.ok(RUBRIC, rubric).await;
    class.submit("x").await;
    let copied = "mutation($i: DuplicateCourseInput!) { duplicateCourse(input: $i) { sections { lessons { title assignment { points dueAt latePolicy penaltyPercentPerDay
        maxAttempts holdGrades releasedAt rubric { title points } submissions { totalCount } } } } } }";
    let copy = class.ada.ok(copied, json!({ "i": { "id": class.course, "shiftDays": 7 } })).await["duplicateCourse"].take();
    let lesson = json!({ "title": "Essay", "assignment": { "points": 30.0, "dueAt": "2099-05-08T00:00:00Z", "latePolicy": "PENALTY", "penaltyPercentPerDay": 5.0,
        "maxAttempts": 3, "holdGrades": true, "releasedAt": null, "rubric": [{ "title": "Style", "points": 10.0 }, { "title": "Facts", "points": 20.0 }],
        "submissions": { "totalCount": 0 } } });
    assert_eq!(copy["sections"][0]["lessons"][0], lesson);
}

#[tokio::test]
async fn a_lesson_with_work_is_not_deleted_and_a_purged_course_takes_its_work_along() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let submission = class.submit("x").await;
    class.grade(&submission, 1, 30.0).await;
    refused(&app, &class.ada, crate::lessons::DELETE, json!({ "id": class.lesson }), "CONFLICT IN_USE @id").await;
    let (_, spare) = assignment(&class.ada, &class.section, "Spare").await;
    let of = "query($id: ID!) { assignment(id: $id) { lesson { id } } }";
    let lesson = class.ada.ok(of, json!({ "id": spare })).await["assignment"]["lesson"]["id"].take();
    class.ada.ok(crate::lessons::DELETE, json!({ "id": lesson })).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    class.lea.ok("mutation($id: ID!) { unenroll(id: $id) { id } }", json!({ "id": class.enrollment })).await;
    admin.ok(crate::classroom::DELETE_COURSE, json!({ "id": class.course })).await;
    admin.ok("mutation($id: ID!) { purgeCourse(id: $id) }", json!({ "id": class.course })).await;
    for table in ["assignment", "submission", "submission_grade", "submission_event", "lesson_grade", "enrollment_grade"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
}
