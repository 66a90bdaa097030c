//! Whoever is deleted at the very moment at which they are told of something, or choose how.

use futures_util::future::join;
use serde_json::json;

use crate::{
    app::{TestApp, Who, refusal},
    classroom::course,
};

const DELETE: &str = "mutation($id: ID!) { deleteUser(id: $id) }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_is_deleted_meanwhile_is_told_or_written_to() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let (stop, working) = app.keep_working();
    for round in 0..10 {
        let bob = app.person(&app.oak, &format!("bob{round}@oak.example"), &["LEARNER"]).await;
        let enroll = json!({ "i": { "courseId": algebra, "userId": bob.user_id } });
        let (answer, _) = join(
            admin.ask("mutation($i: EnrollInput!) { enroll(input: $i) { id } }", enroll),
            admin.ok(DELETE, json!({ "id": bob.user_id })),
        )
        .await;
        if let Some(error) = answer["errors"].get(0) {
            assert_eq!(refusal(error), "NOT_FOUND @userId");
        }
    }
    stop.cancel();
    working.await.unwrap();
    app.work().await;
    let gone = "JOIN app_user u ON u.tenant_id = n.tenant_id AND u.deleted_at IS NOT NULL AND u.id = n";
    assert_eq!(app.count(&format!("notification n {gone}.recipient_id")).await, 0);
    assert_eq!(
        app.count(&format!("mail n {gone}.user_id WHERE n.address <> '' OR n.address_key IS NOT NULL OR n.state = 'QUEUED'")).await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_is_deleted_meanwhile_keeps_what_they_chose() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let choose = "mutation { updateNotificationSettings(input: { locale: \"fr\", digestHour: 3, preferences: [{ kind: ENROLLED, email: OFF }] }) { locale } }";
    for round in 0..10 {
        let bob = app.person(&app.oak, &format!("bob{round}@oak.example"), &["LEARNER"]).await;
        let (answer, _) = join(bob.ask(choose, json!({})), admin.ok(DELETE, json!({ "id": bob.user_id }))).await;
        if let Some(error) = answer["errors"].get(0) {
            assert_eq!(refusal(error), "UNAUTHENTICATED");
        }
    }
    assert_eq!(app.count("notification_settings").await, 0);
    assert_eq!(app.count("notification_preference").await, 0);
}
