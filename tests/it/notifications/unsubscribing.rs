//! Ending mail without a sign-in.

use futures_util::future::join;
use serde_json::json;

use super::person_of;
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, everything},
};

/// The address in the latest mail.
async fn address(app: &TestApp) -> String {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let url = admin.ok("{ outbox { nodes { unsubscribeUrl } } }", json!({})).await["outbox"]["nodes"][0]["unsubscribeUrl"].take();
    url.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn looking_changes_nothing_and_posting_turns_that_mail_off_for_good() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    enroll(&admin, &algebra, &lea.user_id).await;
    app.work().await;
    let url = address(&app).await;
    let browser = reqwest::Client::new();
    let before = everything(&app).await;
    let page = browser.get(&url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let headers = page.headers().clone();
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"), "{headers:?}");
    assert!(page.text().await.unwrap().contains("<form method=\"post\">"));
    assert_eq!(everything(&app).await, before, "whatever scans mails has followed the link");
    for _ in 0..2 {
        // As mail programs do it (RFC 8058).
        let answer = browser
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("List-Unsubscribe=One-Click")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
    let kept = app.text("SELECT string_agg(kind || ' ' || email, ', ') FROM notification_preference").await;
    assert_eq!(kept.as_deref(), Some("ENROLLED OFF"));
    assert_eq!(app.count("audit_entry WHERE operation = 'system:unsubscribe' AND resource = 'NotificationSettings'").await, 1);
    let geometry = course(&admin, json!({ "title": "Geometry" })).await;
    enroll(&admin, &geometry, &lea.user_id).await;
    app.work().await;
    assert_eq!(app.count("mail WHERE template = 'enrolled'").await, 1);
    assert_eq!(super::kinds(&lea).await.len(), 2, "they are told in the app all the same");
}

#[tokio::test]
async fn of_a_digest_every_kind_in_it_is_turned_off() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let choices = "mutation { updateNotificationSettings(input: { digestHour: 0, preferences: [{ kind: ENROLLED, email: DIGEST }] }) { digestHour } }";
    lea.ok(choices, json!({})).await;
    super::told(&app, &app.oak, Who::Learner).await;
    app.sql("UPDATE notification SET mail = 'WAITS', updated_at = now() - interval '1 day'").await;
    super::telling::in_school(&app, &app.oak, "SELECT app.enqueue('mail.digest', NULL)").await;
    app.work().await;
    let answer = reqwest::Client::new().post(address(&app).await).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let kept = app.text("SELECT string_agg(kind || ' ' || email, ', ' ORDER BY kind) FROM notification_preference").await;
    assert_eq!(
        kept.as_deref(),
        Some(
            "APPLICATION_SUBMITTED OFF, BOOKING_REQUESTED OFF, CONVERSATION_SHARED OFF, COURSE_COMPLETED OFF, COURSE_PUBLISHED OFF, ENROLLED OFF, ENROLLMENT_EXPIRED OFF, \
             PROJECT_MEMBER_ADDED OFF, QUIZ_REGRADED OFF, SIGN_UP_REQUESTED OFF, SUBMISSION_RECEIVED OFF, THREAD_ANSWERED OFF"
        )
    );
}

#[tokio::test]
async fn a_bad_token_is_no_address_and_who_is_gone_is_not_missed() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    enroll(&admin, &algebra, &lea.user_id).await;
    app.work().await;
    let url = address(&app).await;
    let browser = reqwest::Client::new();
    let before = everything(&app).await;
    let flipped = format!("{}{}", &url[..url.len() - 1], if url.ends_with('A') { 'B' } else { 'A' });
    // The last is no text at all.
    for wrong in [format!("{url}x"), format!("{}/mail/unsubscribe/x", app.url), flipped, format!("{}/mail/unsubscribe/%ff", app.url)] {
        assert_eq!(browser.get(&wrong).send().await.unwrap().status(), 404, "{wrong}");
        assert_eq!(browser.post(&wrong).send().await.unwrap().status(), 404, "{wrong}");
    }
    assert_eq!(everything(&app).await, before);
    assert!(!person_of(&app, "learner@oak.example").await.is_nil());
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": lea.user_id })).await;
    assert_eq!(browser.post(&url).send().await.unwrap().status(), 200);
    assert_eq!(app.count("notification_preference").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_deleted_while_they_end_a_mail_leaves_no_choice_behind() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let browser = reqwest::Client::new();
    for round in 0..6 {
        let bob = app.person(&app.oak, &format!("bob{round}@oak.example"), &["LEARNER"]).await;
        enroll(&admin, &algebra, &bob.user_id).await;
        app.work().await;
        let url = address(&app).await;
        let delete = admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": bob.user_id }));
        let (answer, _) = join(browser.post(&url).send(), delete).await;
        assert_eq!(answer.unwrap().status(), 200);
    }
    assert_eq!(app.count("notification_preference").await, 0);
}
