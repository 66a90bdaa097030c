//! What courses and paths certify.

use serde_json::{Value, json};

use super::{SETTINGS, complete};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, nothing, refused},
    paths::{path, path_of_three},
};

#[tokio::test]
async fn settings_are_changed_field_by_field_by_the_courses_authors() {
    let app = TestApp::start().await;
    let (ada, lea, foreign) =
        (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.elm, Who::Admin).await);
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let read = "query($id: ID!) { course(id: $id) { certificateSettings { isEnabled title text signatory validMonths } } }";
    let usual = json!({ "isEnabled": false, "title": null, "text": null, "signatory": null, "validMonths": null });
    assert_eq!(lea.ok(read, json!({ "id": algebra })).await["course"]["certificateSettings"], usual);
    let with = |more: Value| {
        let mut input = json!({ "courseId": algebra });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let set = async |more: Value| ada.ok(SETTINGS, with(more)).await["updateCertificateSettings"].take();
    let all = json!({ "isEnabled": true, "title": "Algebraist", "text": "One\nTwo", "signatory": "Ada", "validMonths": 6 });
    assert_eq!(set(all.clone()).await, all);
    assert_eq!(set(json!({})).await, all);
    let cleared = json!({ "isEnabled": true, "title": null, "text": null, "signatory": "Ada", "validMonths": null });
    assert_eq!(set(json!({ "title": null, "text": " ", "validMonths": null })).await, cleared);
    assert_eq!(lea.ok(read, json!({ "id": algebra })).await["course"]["certificateSettings"], cleared);
    for (more, line) in [
        (json!({ "title": " " }), "BAD_USER_INPUT @title"),
        (json!({ "text": "a".repeat(1001) }), "BAD_USER_INPUT @text"),
        (json!({ "signatory": "a".repeat(201) }), "BAD_USER_INPUT @signatory"),
        (json!({ "validMonths": 0 }), "BAD_USER_INPUT @validMonths"),
        (json!({ "validMonths": 601 }), "BAD_USER_INPUT @validMonths"),
        (json!({ "pathId": nothing("path") }), "BAD_USER_INPUT @courseId"),
        (json!({ "courseId": nothing("course") }), "NOT_FOUND @courseId"),
        (json!({ "courseId": null }), "BAD_USER_INPUT @courseId"),
    ] {
        refused(&app, &ada, SETTINGS, with(more), line).await;
    }
    refused(&app, &lea, SETTINGS, with(json!({})), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL PATH_MANAGE]").await;
    refused(&app, &stranger, SETTINGS, with(json!({})), "FORBIDDEN NOT_YOURS @courseId").await;
    refused(&app, &foreign, SETTINGS, with(json!({})), "NOT_FOUND @courseId").await;
    // A copy certifies the same.
    let copy = ada.ok(
        "mutation($id: ID!) { duplicateCourse(input: { id: $id }) { certificateSettings { isEnabled title text signatory validMonths } } }",
        json!({ "id": algebra }),
    );
    assert_eq!(copy.await["duplicateCourse"]["certificateSettings"], cleared);
}

#[tokio::test]
async fn a_path_certifies_when_all_of_it_is_completed() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (id, courses) = path_of_three(&app).await;
    refused(&app, &ada, SETTINGS, json!({ "i": { "pathId": id, "isEnabled": true } }), "FORBIDDEN [PATH_MANAGE] @pathId").await;
    refused(&app, &admin, SETTINGS, json!({ "i": { "pathId": nothing("path") } }), "NOT_FOUND @pathId").await;
    admin.ok(SETTINGS, json!({ "i": { "pathId": id, "isEnabled": true, "validMonths": 12 } })).await;
    crate::paths::take(&lea, &id).await;
    for course in &courses {
        crate::paths::finish(&lea, course).await;
    }
    let read = "query($id: ID!) { learningPath(id: $id) { certificateSettings { validMonths } viewerEnrollment { status certificate { title grade path { id } course { id } } } } }";
    let found = lea.ok(read, json!({ "id": id })).await["learningPath"].take();
    assert_eq!(
        found,
        json!({ "certificateSettings": { "validMonths": 12 }, "viewerEnrollment": { "status": "COMPLETED",
                "certificate": { "title": "Mathematics", "grade": null, "path": { "id": id }, "course": null } } })
    );
    // By hand for whoever completed it before it certified.
    let other = path(&admin, "Alone").await;
    crate::paths::set(&admin, &other, json!([{ "courseId": courses[0], "unlock": "NONE" }])).await;
    admin.ok(crate::paths::PUBLISH, json!({ "id": other })).await;
    crate::paths::take(&lea, &other).await;
    assert_eq!(crate::paths::progress(&lea, &other).await, "COMPLETED 100");
    let issued = admin.ok(super::ISSUE, json!({ "i": { "userId": lea.user_id, "pathId": other } })).await["issueCertificate"].take();
    assert_eq!((&issued["title"], &issued["path"]["id"]), (&json!("Alone"), &json!(other)));
}

#[tokio::test]
async fn people_are_told_once_that_a_certificate_expires_within_30_days() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let gliding = course(&ada, json!({ "title": "Gliding" })).await;
    ada.ok(SETTINGS, json!({ "i": { "courseId": gliding, "isEnabled": true, "validMonths": 12 } })).await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    complete(&ada, &enroll(&ada, &gliding, &lea.user_id).await).await.unwrap();
    for (left, count) in [("30 days 1 hour", 0), ("29 days", 1), ("10 days", 1), ("-1 day", 1)] {
        app.sql(&format!("UPDATE certificate SET issued_at = now() - interval '1 year', expires_at = now() + interval '{left}'")).await;
        app.sql(&format!(
            "BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '', true), app.remind_of_certificates(1000); COMMIT",
            app.oak.tenant
        ))
        .await;
        app.work().await;
        assert_eq!(app.count("notification WHERE kind = 'CERTIFICATE_EXPIRES_SOON'").await, count, "{left}");
    }
}
