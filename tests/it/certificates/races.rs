//! Certificates, where several people issue them at once.

use futures_util::future::join_all;
use serde_json::json;

use super::{ISSUE, REVOKE, SETTINGS, certifying, complete};
use crate::{
    app::{TestApp, Who, refusal},
    classroom::{course, draft, enroll, uuid},
    paths::path,
    transactions::asked_meanwhile,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_six_who_issue_the_same_certificate_one_does() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    complete(&ada, &enroll(&ada, &algebra, &lea.user_id).await).await;
    let answers = join_all((0..6).map(|_| admin.ask(ISSUE, json!({ "i": { "userId": lea.user_id, "courseId": algebra } })))).await;
    let issued = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!((issued, app.count("certificate").await), (1, 1), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_revoked_once() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (_, enrolled) = certifying(&app, json!({})).await;
    let id = complete(&ada, &enrolled).await.unwrap();
    let answers = join_all((0..4).map(|n| admin.ask(REVOKE, json!({ "i": { "id": id, "reason": format!("Reason {n}") } })))).await;
    let revoked = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!((revoked, app.changes("revokeCertificate").await), (1, 1), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_to_certify_and_is_deleted_meanwhile_is_not_found() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (algebra, licence) = (draft(&ada, json!({ "title": "Algebra" })).await, path(&admin, "Licence").await);
    for (client, id, field, table, settings) in
        [(&ada, &algebra, "courseId", "course", "course_certificate"), (&admin, &licence, "pathId", "learning_path", "path_certificate")]
    {
        let asking = client.ask(SETTINGS, json!({ "i": { field: id, "isEnabled": true } }));
        let deleted = format!("UPDATE {table} SET deleted_at = now() WHERE id = '{}'", uuid(id));
        let answered = asked_meanwhile(&app, asking, &format!("LOCK TABLE {settings} IN SHARE ROW EXCLUSIVE MODE"), &deleted).await;
        assert_eq!(refusal(&answered["errors"][0]), format!("NOT_FOUND @{field}"));
        assert_eq!(app.count(settings).await, 0);
        assert_eq!(app.changes("updateCertificateSettings").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_deleted_meanwhile_is_given_no_certificate() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    for person in [&lea, &bob] {
        complete(&ada, &enroll(&ada, &algebra, &person.user_id).await).await;
    }
    let licence = path(&admin, "Licence").await;
    crate::paths::set(&admin, &licence, json!([{ "courseId": algebra, "unlock": "NONE" }])).await;
    admin.ok(crate::paths::PUBLISH, json!({ "id": licence })).await;
    crate::paths::take(&bob, &licence).await;
    for (person, field, id) in [(&lea, "courseId", &algebra), (&bob, "pathId", &licence)] {
        let asking = admin.ask(ISSUE, json!({ "i": { "userId": person.user_id, field: id } }));
        let deleted =
            format!("UPDATE app_user SET deleted_at = now(), name = 'Deleted user', email = NULL WHERE id = '{}'", uuid(&person.user_id));
        let answered = asked_meanwhile(&app, asking, &deleted, "SELECT").await;
        assert_eq!(refusal(&answered["errors"][0]), "NOT_FOUND @userId");
        assert_eq!((app.count("certificate").await, app.changes("issueCertificate").await), (0, 0));
    }
}
