//! How a course goes, and what is due.

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    assignments::{Class, due},
    classroom::{enroll, uuid},
    lessons::{TRACK, complete, lesson},
    quizzes::Exam,
};

const FUNNEL: &str =
    "query($id: ID!) { reports { completionFunnel(courseId: $id) { lesson { title } enrolled opened completed medianMinutes } } }";
const GRADES: &str = "query($id: ID!, $l: ID) { reports { gradeDistribution(courseId: $id, lessonId: $l) { from to count } } }";
const RISK: &str = "query($id: ID, $n: Int) { reports { learnersAtRisk(courseId: $id, first: $n) { enrollment { user { name } course { title } } reasons lastActiveAt overdue currentGrade } } }";

/// Somebody of the course, with the permission to see reports and nothing else.
async fn with_reports(app: &TestApp, email: &str) -> Client {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let role = json!({ "i": { "key": "CURIOUS", "name": "Curious", "permissions": ["COURSE_READ", "ENROLLMENT_SELF", "REPORT_READ"] } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    app.person(&app.oak, email, &["CURIOUS"]).await
}

#[tokio::test]
async fn a_funnel_says_where_people_stop() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    crate::lessons::lesson_of(&class.ada, &class.section, json!({ "kind": "TEXT", "title": "Draft" })).await;
    let (one, two) = (lesson(&class.ada, &class.section, "One").await, lesson(&class.ada, &class.section, "Two").await);
    let curious = with_reports(&app, "eve@oak.example").await;
    for person in [&curious.user_id, &app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await.user_id] {
        enroll(&class.ada, &class.course, person).await;
    }
    class.lea.ok(TRACK, json!({ "i": { "lessonId": one } })).await;
    complete(&class.lea, &one).await;
    app.sql("UPDATE lesson_progress SET opened_at = completed_at - interval '15 minutes' WHERE completed_at IS NOT NULL").await;
    curious.ok(TRACK, json!({ "i": { "lessonId": one } })).await;
    let found = class.ada.ok(FUNNEL, json!({ "id": class.course })).await["reports"]["completionFunnel"].take();
    let lines: Vec<Value> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|step| json!([step["lesson"]["title"], step["enrolled"], step["opened"], step["completed"], step["medianMinutes"]]))
        .collect();
    assert_eq!(lines, [json!(["Essay", 3, 0, 0, null]), json!(["One", 3, 2, 1, 15.0]), json!(["Two", 3, 0, 0, null])]);
    // Whoever reads all enrollments sees it as well; a learner with reports, or another instructor with them, does not.
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    assert_eq!(viewer.ok(FUNNEL, json!({ "id": class.course })).await["reports"]["completionFunnel"], found);
    let carl = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    for client in [&curious, &carl, &app.sign_in(&app.elm, Who::Admin).await] {
        let none = client.ok(FUNNEL, json!({ "id": class.course })).await["reports"]["completionFunnel"].take();
        assert_eq!(none, json!([]));
        assert_eq!(client.ok(GRADES, json!({ "id": class.course })).await["reports"]["gradeDistribution"], json!([]));
    }
    // Who has left counts no more.
    app.sql(&format!("UPDATE enrollment SET status = 'DROPPED' WHERE user_id = '{}'", uuid(&curious.user_id))).await;
    let left = class.ada.ok(FUNNEL, json!({ "id": class.course })).await["reports"]["completionFunnel"].take();
    assert_eq!(json!([left[1]["enrolled"], left[1]["opened"]]), json!([2, 1]));
    drop(two);
}

#[tokio::test]
async fn grades_fall_into_ten_ranges() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let work = class.submit("So").await;
    class.grade(&work, 1, 100.0).await;
    for (name, points) in [("bob", 0.0), ("carl", 90.0), ("dora", 59.99), ("emil", 60.0)] {
        let person = app.person(&app.oak, &format!("{name}@oak.example"), &["LEARNER"]).await;
        enroll(&class.ada, &class.course, &person.user_id).await;
        let work = crate::assignments::submit(&person, &class.assignment, "So").await;
        class.grade(&work, 1, points).await;
    }
    let without = app.person(&app.oak, "fred@oak.example", &["LEARNER"]).await;
    enroll(&class.ada, &class.course, &without.user_id).await;
    for lesson in [json!(null), json!(class.lesson)] {
        let found = class.ada.ok(GRADES, json!({ "id": class.course, "l": lesson })).await["reports"]["gradeDistribution"].take();
        let counts: Vec<i64> = found.as_array().unwrap().iter().map(|bucket| bucket["count"].as_i64().unwrap()).collect();
        assert_eq!(counts, [1, 0, 0, 0, 0, 1, 1, 0, 0, 2]);
        assert_eq!(json!([found[9]["from"], found[9]["to"]]), json!([90, 100]));
    }
}

#[tokio::test]
async fn learners_are_at_risk_for_every_reason_those_with_most_first() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let enrolled = enroll(&class.ada, &class.course, &bob.user_id).await;
    let risks = async |client: &Client, course: Value| {
        let found = client.ok(RISK, json!({ "id": course, "n": 10 })).await["reports"]["learnersAtRisk"].take();
        let line = |risk: &Value| {
            let reasons: Vec<&str> = risk["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap()).collect();
            format!("{} {} {}", risk["enrollment"]["user"]["name"].as_str().unwrap(), reasons.join(" "), risk["overdue"])
        };
        found.as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(risks(&class.ada, json!(class.course)).await, [""; 0]);
    // Due since an hour: both; an extension saves Bob.
    due(&app, &class.assignment, "now() - interval '1 hour'").await;
    let later = json!({ "i": { "lessonId": class.lesson, "userId": bob.user_id, "dueAt": "2999-01-01T00:00:00Z" } });
    class.ada.ok(crate::assignments::GRANT, later).await;
    assert_eq!(risks(&class.ada, json!(class.course)).await, ["LEARNER of oak OVERDUE 1"]);
    app.sql(&format!(
        "UPDATE enrollment SET last_active_at = now() - interval '15 days', expires_at = now() + interval '3 days' WHERE id = '{}'",
        uuid(&enrolled)
    ))
    .await;
    assert_eq!(risks(&class.ada, json!(null)).await, ["bob@oak.example INACTIVE EXPIRES_SOON 0", "LEARNER of oak OVERDUE 1"]);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let patient = json!({ "i": { "riskInactiveDays": 30 } });
    admin.ok("mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { riskInactiveDays } }", patient).await;
    assert_eq!(risks(&class.ada, json!(null)).await, ["LEARNER of oak OVERDUE 1", "bob@oak.example EXPIRES_SOON 0"]);
    // What is handed in is not overdue, and may fail; there is more to do.
    crate::lessons::lesson_of(&class.ada, &class.section, json!({ "kind": "TEXT", "title": "Reading", "isPublished": true })).await;
    let work = class.submit("So").await;
    class.grade(&work, 1, 20.0).await;
    let failing = class.ada.ok(RISK, json!({ "id": class.course })).await["reports"]["learnersAtRisk"].take();
    let lea = failing.as_array().unwrap().iter().find(|risk| risk["reasons"] == json!(["FAILING"])).unwrap();
    assert_eq!(json!([lea["overdue"], lea["currentGrade"]]), json!([0, 20.0]));
    // A colleague sees nobody, and who reads all enrollments sees everybody.
    let carl = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    assert_eq!(risks(&carl, json!(class.course)).await, [""; 0]);
    assert_eq!(risks(&app.sign_in(&app.oak, Who::Viewer).await, json!(null)).await.len(), 2);
}

#[tokio::test]
async fn the_dashboard_says_what_is_due_what_goes_on_and_what_waits() {
    let (exam, _) = Exam::published().await;
    let (app, lea, ada) = (&exam.app, &exam.lea, &exam.ada);
    let (essay, assignment) = crate::assignments::assignment(ada, &exam.section, "Essay").await;
    let query = "{ dashboard { deadlines { lesson { id title } enrollment { id } dueAt isOverdue } continueLearning { id course { title } } submissionsToGrade } }";
    let board = async |client: &Client| client.ok(query, json!({})).await["dashboard"].take();
    assert_eq!(board(lea).await, json!({ "deadlines": [], "continueLearning": [], "submissionsToGrade": 0 }));
    exam.set(json!({ "closesAt": "2999-01-01T00:00:00Z" })).await;
    due(app, &assignment, "now() - interval '1 hour'").await;
    let found = board(lea).await;
    let lines: Vec<Value> = found["deadlines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["lesson"]["id"], one["enrollment"]["id"], one["isOverdue"]]))
        .collect();
    assert_eq!(lines, [json!([essay, exam.enrollment, true]), json!([exam.lesson, exam.enrollment, false])]);
    assert_eq!(board(ada).await["deadlines"], json!([]), "nothing is due to who teaches");
    crate::assignments::submit(lea, &assignment, "So").await;
    let found = board(lea).await;
    assert_eq!(found["deadlines"].as_array().unwrap().len(), 1);
    assert_eq!(found["continueLearning"], json!([{ "id": exam.enrollment, "course": { "title": "Algebra" } }]));
    assert_eq!((board(ada).await["submissionsToGrade"].clone(), found["submissionsToGrade"].clone()), (json!(1), json!(0)));
    let carl = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    assert_eq!(board(&carl).await["submissionsToGrade"], 0);
    exam.sit(lea, json!([])).await;
    assert_eq!(board(lea).await["deadlines"], json!([]));
    for wrong in [0, 101] {
        let asked = format!("{{ dashboard {{ deadlines(first: {wrong}) {{ dueAt }} }} }}");
        assert_eq!(lea.refused(&asked, json!({})).await, "BAD_USER_INPUT @first");
    }
}

#[tokio::test]
async fn whoever_changes_all_courses_sees_people_in_each_of_them_as_its_staff_does() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let one = lesson(&class.ada, &class.section, "One").await;
    class.lea.ok(TRACK, json!({ "i": { "lessonId": one } })).await;
    due(&app, &class.assignment, "now() - interval '1 hour'").await;
    class.ada.ok(crate::certificates::SETTINGS, json!({ "i": { "courseId": class.course, "isEnabled": true } })).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let enrolled = enroll(&class.ada, &class.course, &bob.user_id).await;
    crate::certificates::complete(&class.ada, &enrolled).await.unwrap();
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let role = json!({ "i": { "key": "EDITOR", "name": "Editor", "permissions": ["COURSE_READ", "COURSE_UPDATE_ALL", "REPORT_READ"] } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    let editor = app.person(&app.oak, "eve@oak.example", &["EDITOR"]).await;
    let query =
        "query($c: ID!, $e: ID!) { enrollment(id: $e) { resumeLesson { title } lessonProgress { status } } certificates { nodes { id } }
        reports { completionFunnel(courseId: $c) { opened } learnersAtRisk(courseId: $c) { enrollment { id } reasons } } }";
    let asked = json!({ "c": class.course, "e": class.enrollment });
    let found = editor.ok(query, asked.clone()).await;
    assert_eq!(found, class.ada.ok(query, asked).await);
    assert_eq!(found["enrollment"], json!({ "resumeLesson": { "title": "One" }, "lessonProgress": [{ "status": "IN_PROGRESS" }] }));
    assert_eq!(found["reports"]["completionFunnel"], json!([{ "opened": 0 }, { "opened": 1 }]));
    assert_eq!(found["reports"]["learnersAtRisk"], json!([{ "enrollment": { "id": class.enrollment }, "reasons": ["OVERDUE"] }]));
    assert_eq!(editor.ok("{ enrollments { totalCount } }", json!({})).await["enrollments"]["totalCount"], 2);
    let certificates = async || editor.ok("{ certificates { totalCount } }", json!({})).await["certificates"]["totalCount"].take();
    assert_eq!(certificates().await, 1);
    // One that is of no course is not among them.
    app.sql("UPDATE certificate SET course_id = NULL").await;
    assert_eq!(certificates().await, 0);
}
