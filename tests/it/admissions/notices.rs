//! Who is told that somebody has signed up, and how an applicant hears that they are in.

use serde_json::{Value, json};

use super::{APPROVE, CONFIRM, NEW_PASSWORD, REJECT, applicant, confirm, mails, set, sign_up_token, take_applicants};
use crate::app::{Client, TestApp, Who};

const TOLD: &str = "{ notifications { nodes { kind title body subjectId subject { __typename } actor { name } } } }";

async fn told(client: &Client) -> Vec<Value> {
    client.ok(TOLD, json!({})).await["notifications"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_sign_up_is_told_to_those_who_may_decide_it_and_to_twenty_of_them_at_most() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let learner = applicant(&app, "neo@x.example", "LEARNER").await;
    app.work().await;
    for who in [&admin, &ada] {
        let note = &told(who).await[0];
        assert_eq!((&note["kind"], &note["subjectId"]), (&json!("SIGN_UP_REQUESTED"), &json!(learner)));
        assert_eq!((&note["subject"]["__typename"], &note["actor"]), (&json!("SignUpRequest"), &Value::Null));
        assert_eq!(note["title"], "Sign-up waits for a decision");
    }
    let teacher = applicant(&app, "ida@x.example", "INSTRUCTOR").await;
    app.work().await;
    assert_eq!(told(&admin).await[0]["subjectId"], teacher);
    assert_eq!(told(&ada).await.len(), 1, "an instructor decides about no instructors");
    for other in
        [app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.elm, Who::Admin).await]
    {
        assert!(told(&other).await.is_empty());
    }
    assert_eq!(app.count("mail WHERE template = 'sign_up_requested'").await, 0, "it waits for the digest");
    // Who has no second factor yet, where one is due, may not.
    set(&app, json!({ "secondFactorRoleKeys": ["INSTRUCTOR"] })).await;
    let another = applicant(&app, "una@x.example", "LEARNER").await;
    app.work().await;
    assert_eq!(app.count(&format!("notification WHERE subject = '{another}'")).await, 1);
    assert_eq!(told(&admin).await[0]["subjectId"], another);
    // Thirty more who may.
    app.sql(&format!(
        "WITH made AS (INSERT INTO app_user (tenant_id, id, name, email, email_key)
             SELECT '{tenant}', gen_random_uuid(), 'A' || n, 'a' || n || '@x.example', 'a' || n || '@x.example' FROM generate_series(1, 30) AS n RETURNING tenant_id, id)
         INSERT INTO user_role (tenant_id, user_id, role_id)
             SELECT m.tenant_id, m.id, r.id FROM made m JOIN role r ON r.tenant_id = m.tenant_id AND r.key = 'ADMIN'",
        tenant = app.oak.tenant
    ))
    .await;
    let crowd = applicant(&app, "eva@x.example", "LEARNER").await;
    app.work().await;
    assert_eq!(app.count(&format!("notification WHERE subject = '{crowd}'")).await, 20);
}

#[tokio::test]
async fn who_is_let_in_is_told_and_mailed_and_who_is_not_is_mailed_alone() {
    let app = TestApp::start().await;
    take_applicants(&app, "APPROVAL").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (neo, ida) = (applicant(&app, "neo@x.example", "LEARNER").await, applicant(&app, "ida@x.example", "LEARNER").await);
    admin.ok(APPROVE, json!({ "i": { "id": neo } })).await;
    admin.ok(REJECT, json!({ "i": { "id": ida, "note": "No." } })).await;
    app.work().await;
    let person = app.sign_in_as(&app.oak, "neo@x.example", NEW_PASSWORD).await;
    let note = &told(&person).await[0];
    assert_eq!(
        (&note["kind"], &note["subjectId"], &note["title"]),
        (&json!("SIGN_UP_DECIDED"), &json!(person.user_id), &json!("Sign-up approved"))
    );
    assert_eq!(app.count("notification WHERE kind = 'SIGN_UP_DECIDED'").await, 1);
    let sent = "mail WHERE state = 'SENT' AND template = 'sign_up_decided' AND address_key = 'neo@x.example'";
    assert_eq!((app.count(sent).await, mails(&app, "sign_up_decided").await, mails(&app, "sign_up_rejected").await), (1, 1, 1));
    let off = json!({ "i": { "preferences": [{ "kind": "SIGN_UP_DECIDED", "email": "OFF" }] } });
    let settings = "mutation($i: UpdateNotificationSettingsInput!) { updateNotificationSettings(input: $i) { digestHour } }";
    let refused = person.refused(settings, off).await;
    assert_eq!(refused, "BAD_USER_INPUT ESSENTIAL_KIND @preferences.0.email", "about one's own account");
}

#[tokio::test]
async fn where_the_school_is_open_nobody_is_asked_for_a_decision() {
    let app = TestApp::start().await;
    take_applicants(&app, "OPEN").await;
    let token = sign_up_token(&app, "neo@x.example", "LEARNER").await;
    assert_eq!(app.stranger().ok(CONFIRM, confirm(&token)).await["confirmSignUp"]["state"], "APPROVED");
    app.work().await;
    assert_eq!(app.count("notification WHERE kind LIKE 'SIGN_UP%'").await, 0);
    assert!(told(&app.sign_in_as(&app.oak, "neo@x.example", NEW_PASSWORD).await).await.is_empty());
}
