//! Certificates: given by completing, by hand, verified and drawn.

mod public;
mod races;
mod settings;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, enroll, nothing, refused, uuid},
    quizzes::{Exam, REGRADE, all_right},
};

pub const SETTINGS: &str =
    "mutation($i: UpdateCertificateSettingsInput!) { updateCertificateSettings(input: $i) { isEnabled title text signatory validMonths } }";
pub const ISSUE: &str =
    "mutation($i: IssueCertificateInput!) { issueCertificate(input: $i) { id status title course { id } path { id } user { id } } }";
pub const REVOKE: &str = "mutation($i: RevokeCertificateInput!) { revokeCertificate(input: $i) { status revokedAt revokeReason } }";
pub const STATUS: &str =
    "mutation($id: ID!, $s: EnrollmentStatus!) { updateEnrollmentStatus(input: { id: $id, status: $s }) { certificate { id } } }";

#[tokio::test]
async fn a_grade_on_a_certificate_shows_to_its_owner_and_to_who_may_see_grades() {
    let app = TestApp::start().await;
    let (_, enrollment) = certifying(&app, json!({})).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    admin.ok(STATUS, json!({ "id": enrollment, "s": "COMPLETED" })).await;
    app.sql("UPDATE certificate SET grade = 50").await;
    app.sql(&format!(
        "INSERT INTO role (tenant_id, id, key, name, permissions) VALUES ('{}', gen_random_uuid(), 'CLERK', 'Clerk', '{{COURSE_READ,ENROLLMENT_READ_ALL,REPORT_READ}}')",
        app.oak.tenant
    ))
    .await;
    let clerk = app.person(&app.oak, "clerk@oak.example", &["CLERK"]).await;
    for (client, grade) in [(&lea, json!(50.0)), (&admin, json!(50.0)), (&clerk, json!(null))] {
        let list = client.ok("{ certificates { nodes { grade } } }", json!({})).await["certificates"]["nodes"].take();
        assert_eq!(list, json!([{ "grade": grade }]));
    }
}

/// A course that certifies, and an enrollment of the learner in it.
pub async fn certifying(app: &TestApp, more: Value) -> (String, String) {
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let gliding = course(&ada, json!({ "title": "Gliding" })).await;
    let mut input = json!({ "courseId": gliding, "isEnabled": true });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ada.ok(SETTINGS, json!({ "i": input })).await;
    let enrolled = enroll(&ada, &gliding, &lea.user_id).await;
    (gliding, enrolled)
}

/// Completes an enrollment; answers the certificate's id.
pub async fn complete(client: &Client, enrollment: &str) -> Option<String> {
    let done = client.ok(STATUS, json!({ "id": enrollment, "s": "COMPLETED" })).await["updateEnrollmentStatus"].take();
    done["certificate"]["id"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn whoever_completes_a_course_that_certifies_is_given_a_certificate_with_what_is_so_then() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let more = json!({ "title": "Glider pilot", "text": "Forty hours.", "signatory": "Ada", "validMonths": 24 });
    let (gliding, enrolled) = certifying(&app, more).await;
    app.sql(&format!(
        "INSERT INTO enrollment_grade (tenant_id, enrollment_id, user_id, course_id, current_grade, final_grade)
         SELECT e.tenant_id, e.id, e.user_id, e.course_id, 91.25, 91.25 FROM enrollment e WHERE e.id = '{}'",
        uuid(&enrolled)
    ))
    .await;
    lea.ok("mutation($id: ID!) { recordProgress(input: { id: $id, progress: 100 }) { status } }", json!({ "id": enrolled })).await;
    // What is said afterwards changes nothing.
    ada.ok(SETTINGS, json!({ "i": { "courseId": gliding, "title": "Something else", "validMonths": null } })).await;
    app.sql("UPDATE app_user SET name = 'Married' WHERE email = 'learner@oak.example'").await;
    let query =
        "{ certificates { totalCount nodes { id code learnerName title grade status issuedAt expiresAt revokedAt revokeReason pdfUrl svgUrl
        user { id } course { title } path { id } } } }";
    let list = lea.ok(query, json!({})).await["certificates"].take();
    let one = &list["nodes"][0];
    let code = one["code"].as_str().unwrap();
    assert_eq!((list["totalCount"].as_u64(), code.len()), (Some(1), 16));
    assert_ne!(one["learnerName"], "Married");
    assert_eq!(
        (&one["title"], &one["grade"], &one["status"], &one["course"], &one["path"], &one["user"]["id"]),
        (&json!("Glider pilot"), &json!(91.25), &json!("VALID"), &json!({ "title": "Gliding" }), &json!(null), &json!(lea.user_id))
    );
    assert_eq!((&one["revokedAt"], &one["revokeReason"]), (&json!(null), &json!(null)));
    assert_eq!(one["pdfUrl"], format!("/certificates/oak/{code}.pdf"));
    assert_eq!(one["svgUrl"], format!("/certificates/oak/{code}.svg"));
    let months = "SELECT (expires_at AT TIME ZONE 'Europe/Berlin' = issued_at AT TIME ZONE 'Europe/Berlin' + interval '24 months')::text FROM certificate";
    assert_eq!(app.text(months).await.as_deref(), Some("true"), "by the calendar of the school");
    let beside = "query($id: ID!) { enrollment(id: $id) { certificate { id } } node(id: $c) { ... on Certificate { title } } }"
        .replace("$id: ID!", "$id: ID!, $c: ID!");
    let found = lea.ok(&beside, json!({ "id": enrolled, "c": one["id"] })).await;
    assert_eq!((&found["enrollment"]["certificate"]["id"], &found["node"]["title"]), (&one["id"], &json!("Glider pilot")));
    app.work().await;
    assert_eq!(app.count("notification WHERE kind = 'CERTIFICATE_ISSUED'").await, 1);
    // The log knows of it, and of no name.
    let logged = app.text("SELECT string_agg(after::text, '') FROM audit_entry WHERE resource = 'Certificate'").await.unwrap();
    assert!(logged.contains("has_learner_name") && !logged.contains("\"learner_name\""), "{logged}");
}

#[tokio::test]
async fn a_certificate_that_a_quiz_earns_prints_the_grade_with_it_handed_in_or_graded_anew() {
    let (exam, asked) = Exam::published().await;
    exam.ada.ok(SETTINGS, json!({ "i": { "courseId": exam.course, "isEnabled": true } })).await;
    exam.set(json!({ "passMark": 100 })).await;
    let bob = exam.learner("bob").await;
    let mut nearly = all_right(&asked);
    nearly[2]["number"] = json!(7);
    exam.sit(&bob, nearly).await;
    exam.sit(&exam.lea, all_right(&asked)).await;
    let grades = async |client: &Client| client.ok("{ certificates { nodes { grade } } }", json!({})).await["certificates"]["nodes"].take();
    assert_eq!((grades(&exam.lea).await, grades(&bob).await), (json!([{ "grade": 100.0 }]), json!([])));
    exam.ada.ok(REGRADE, json!({ "i": { "questionId": asked[2].id, "number": 7, "reason": "The key was wrong" } })).await;
    assert_eq!(grades(&bob).await, json!([{ "grade": 100.0 }]));
}

#[tokio::test]
async fn completing_again_gives_another_only_where_the_first_holds_no_longer() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (_, enrolled) = certifying(&app, json!({ "validMonths": 1 })).await;
    let again = async || {
        ada.ok(STATUS, json!({ "id": enrolled, "s": "IN_PROGRESS" })).await;
        complete(&ada, &enrolled).await.unwrap()
    };
    let first = complete(&ada, &enrolled).await.unwrap();
    assert_eq!(again().await, first);
    app.sql("UPDATE certificate SET issued_at = issued_at - interval '3 months', expires_at = now()").await;
    let second = again().await;
    assert_ne!(second, first);
    admin.ok(REVOKE, json!({ "i": { "id": second, "reason": "A mistake" } })).await;
    let third = again().await;
    assert_ne!(third, second);
    let states = admin.ok("{ certificates { nodes { id status } } }", json!({})).await["certificates"]["nodes"].take();
    assert_eq!(
        states,
        json!([{ "id": third, "status": "VALID" }, { "id": second, "status": "REVOKED" }, { "id": first, "status": "EXPIRED" }])
    );
    assert_eq!(app.count("certificate WHERE superseded_at IS NOT NULL").await, 1);
}

#[tokio::test]
async fn a_certificate_is_issued_and_revoked_by_hand() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let enrolled = enroll(&ada, &algebra, &lea.user_id).await;
    let issue = |more: Value| {
        let mut input = json!({ "userId": lea.user_id });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let of_course = issue(json!({ "courseId": algebra }));
    refused(&app, &admin, ISSUE, of_course.clone(), "FORBIDDEN NOT_COMPLETED @userId").await;
    assert_eq!(complete(&ada, &enrolled).await, None, "the course certifies nothing by itself");
    let issued = admin.ok(ISSUE, of_course.clone()).await["issueCertificate"].take();
    assert_eq!((&issued["title"], &issued["status"], &issued["course"]["id"]), (&json!("Algebra"), &json!("VALID"), &json!(algebra)));
    refused(&app, &admin, ISSUE, of_course.clone(), "CONFLICT ALREADY_ISSUED @userId").await;
    for (more, line) in [
        (json!({}), "BAD_USER_INPUT @courseId"),
        (json!({ "courseId": algebra, "pathId": nothing("path") }), "BAD_USER_INPUT @courseId"),
        (json!({ "courseId": nothing("course") }), "NOT_FOUND @courseId"),
        (json!({ "pathId": nothing("path") }), "NOT_FOUND @pathId"),
        (json!({ "courseId": algebra, "userId": nothing("user") }), "NOT_FOUND @userId"),
    ] {
        refused(&app, &admin, ISSUE, issue(more), line).await;
    }
    for client in [&ada, &lea] {
        refused(&app, client, ISSUE, of_course.clone(), "FORBIDDEN [CERTIFICATE_MANAGE]").await;
        refused(&app, client, REVOKE, json!({ "i": { "id": issued["id"], "reason": "No" } }), "FORBIDDEN [CERTIFICATE_MANAGE]").await;
    }
    let revoke = |reason: &str| json!({ "i": { "id": issued["id"], "reason": reason } });
    refused(&app, &admin, REVOKE, revoke(" "), "BAD_USER_INPUT @reason").await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    refused(&app, &elm, REVOKE, revoke("Theirs"), "NOT_FOUND @id").await;
    refused(&app, &elm, ISSUE, of_course.clone(), "NOT_FOUND @courseId").await;
    let revoked = admin.ok(REVOKE, revoke("A mistake")).await["revokeCertificate"].take();
    assert_eq!(
        (&revoked["status"], &revoked["revokeReason"], revoked["revokedAt"].is_string()),
        (&json!("REVOKED"), &json!("A mistake"), true)
    );
    refused(&app, &admin, REVOKE, revoke("Again"), "CONFLICT INVALID_TRANSITION @id").await;
    admin.ok(ISSUE, of_course).await;
}

#[tokio::test]
async fn certificates_are_seen_by_their_people_by_the_courses_staff_and_by_those_who_read_all() {
    let app = TestApp::start().await;
    let (admin, ada, lea, viewer) = (
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    );
    let (gliding, enrolled) = certifying(&app, json!({ "validMonths": 12 })).await;
    let id = complete(&ada, &enrolled).await.unwrap();
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    let query = "query($id: ID!) { certificate(id: $id) { id } certificates { totalCount } }";
    for (client, sees) in [(&admin, true), (&ada, true), (&lea, true), (&viewer, true), (&stranger, false), (&elm, false)] {
        let found = client.ok(query, json!({ "id": id })).await;
        assert_eq!((found["certificate"].is_object(), &found["certificates"]["totalCount"]), (sees, &json!(i32::from(sees))));
    }
    let filtered = async |filter: String| {
        admin.ok(&format!("{{ certificates(filter: {filter}) {{ totalCount }} }}"), json!({})).await["certificates"]["totalCount"].as_u64()
    };
    for (filter, count) in [
        (format!("{{ userId: \"{}\" }}", lea.user_id), 1),
        (format!("{{ userId: \"{}\" }}", ada.user_id), 0),
        (format!("{{ courseId: \"{gliding}\", statuses: [VALID] }}"), 1),
        ("{ statuses: [EXPIRED, REVOKED] }".to_owned(), 0),
        ("{ expiresBefore: \"2020-01-01T00:00:00Z\" }".to_owned(), 0),
        ("{ expiresBefore: \"2120-01-01T00:00:00Z\" }".to_owned(), 1),
        (format!("{{ pathId: \"{}\" }}", nothing("path")), 0),
    ] {
        assert_eq!(filtered(filter.clone()).await, Some(count), "{filter}");
    }
    // The course goes for good; the certificate stays.
    ada.ok(STATUS, json!({ "id": enrolled, "s": "DROPPED" })).await;
    app.sign_in(&app.oak, Who::Admin).await.ok(crate::classroom::DELETE_COURSE, json!({ "id": gliding })).await;
    admin.ok("mutation($id: ID!) { purgeCourse(id: $id) }", json!({ "id": gliding })).await;
    let left = lea.ok("query($id: ID!) { certificate(id: $id) { title status course { id } } }", json!({ "id": id })).await;
    assert_eq!(left["certificate"], json!({ "title": "Gliding", "status": "VALID", "course": null }));
}

#[tokio::test]
async fn a_deleted_persons_certificates_are_revoked_and_nameless() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, enrolled) = certifying(&app, json!({})).await;
    let id = complete(&ada, &enrolled).await.unwrap();
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": lea.user_id })).await;
    let left = admin.ok("query($id: ID!) { certificate(id: $id) { learnerName status } }", json!({ "id": id })).await;
    assert_eq!(left["certificate"], json!({ "learnerName": "Deleted user", "status": "REVOKED" }));
}
