use lectern::http::HttpOptions;
use serde_json::{Value, json};

use super::{APPROVE, BEGIN, LOGIN, NEW_PASSWORD, REQUEST, login, with_factor};
use crate::{
    admissions,
    app::{Client, PASSWORD, TestApp, Who},
};

/// What somebody was told: kinds, the latest last.
async fn kinds(app: &TestApp, client: &Client) -> Vec<String> {
    app.work().await;
    let list = "{ notifications(first: 100) { nodes { kind title body subject { __typename } } } }";
    let nodes = client.ok(list, json!({})).await["notifications"]["nodes"].take();
    let mut kinds: Vec<String> = nodes.as_array().unwrap().iter().map(|node| node["kind"].as_str().unwrap().to_owned()).collect();
    kinds.reverse();
    kinds
}

/// The mails of a template to somebody.
async fn mails(app: &TestApp, template: &str, address: &str) -> i64 {
    app.count(&format!("mail WHERE template = '{template}' AND address = '{address}'")).await
}

async fn from(app: &TestApp, client: &Client, agent: &str, variables: Value) -> Value {
    let _ = app;
    client.post(LOGIN, variables).header("user-agent", agent).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_sign_in_on_a_new_device_is_told_once() {
    let app = TestApp::start().await;
    let (stranger, email) = (app.stranger(), app.oak.email(Who::Learner));
    for agent in ["Browser/1.0", "Browser/1.1", "Browser/2.0"] {
        from(&app, &stranger, agent, login(&app.oak, &email, None)).await;
    }
    app.work().await;
    assert_eq!(mails(&app, "new_sign_in", &email).await, 0, "not at the very first, nor for another version");
    let several = futures_util::future::join_all((0..20).map(|_| from(&app, &stranger, "Other/1.0", login(&app.oak, &email, None)))).await;
    assert!(several.iter().all(|answer| answer.get("errors").is_none()));
    app.work().await;
    assert_eq!(mails(&app, "new_sign_in", &email).await, 1);
    let parameters = app.text("SELECT parameters::text FROM mail WHERE template = 'new_sign_in'").await.unwrap();
    assert!(parameters.contains("Other/1.0") && parameters.contains("127.0.0.1"), "{parameters}");
    let learner = app.stranger().with_session(&several[0]["data"]["login"]);
    assert_eq!(kinds(&app, &learner).await, ["NEW_SIGN_IN"]);
    assert_eq!(app.count("job WHERE kind = 'mail.send' AND state <> 'SUCCEEDED'").await, 0, "and its mail can be written");
    // Also to whoever began no other sign-in for 90 days; where one lasts is known.
    let began = "UPDATE session SET created_at = now() - interval '91 days'";
    app.sql(began).await;
    for agent in ["Third/1.0", "Other/1.0"] {
        from(&app, &stranger, agent, login(&app.oak, &email, None)).await;
        app.work().await;
        assert_eq!(mails(&app, "new_sign_in", &email).await, 2, "{agent}");
    }
    // What was not used for 90 days is new again.
    app.sql(&format!("{began}; UPDATE refresh_token SET created_at = now() - interval '91 days'")).await;
    from(&app, &stranger, "Other/1.0", login(&app.oak, &email, None)).await;
    app.work().await;
    assert_eq!(mails(&app, "new_sign_in", &email).await, 3);
}

#[tokio::test]
async fn who_comes_back_after_their_sign_ins_were_purged_is_told_of_a_new_device() {
    let app = TestApp::start().await;
    let (stranger, email) = (app.stranger(), app.oak.email(Who::Learner));
    from(&app, &stranger, "Browser/1.0", login(&app.oak, &email, None)).await;
    app.work().await;
    let person = format!(
        "SELECT concat_ws(' ', u.updated_at, (SELECT count(*) FROM audit_entry a WHERE a.resource = 'User')) FROM app_user u WHERE u.email = '{email}'"
    );
    let before = app.text(&person).await;
    app.sql(
        "UPDATE session SET created_at = now() - interval '200 days';
         UPDATE refresh_token SET created_at = now() - interval '200 days', expires_at = now() - interval '91 days'",
    )
    .await;
    let purge =
        format!("SELECT app.purge_sessions(10)::text FROM (SELECT set_config('app.tenant_id', '{}', false)) AS entered", app.oak.tenant);
    app.text(&purge).await;
    assert_eq!((app.count("session").await, app.text(&person).await), (0, before), "which changes nothing of them");
    from(&app, &stranger, "Other/1.0", login(&app.oak, &email, None)).await;
    app.work().await;
    assert_eq!(mails(&app, "new_sign_in", &email).await, 1);
}

#[tokio::test]
async fn another_network_of_ipv6_is_another_device() {
    let options = HttpOptions { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..HttpOptions::default() };
    let app = TestApp::start_with(&[], options).await;
    let (stranger, email) = (app.stranger(), app.oak.email(Who::Learner));
    for (address, told) in [
        ("2001:db8:1:1::1", 0),
        ("2001:db8:1:2::1", 0),
        ("2001:db8:2:1::1", 1),
        ("2001:db8:3:1::1", 2),
        ("2001:db8:2:9::9", 2),
        ("203.0.113.7", 3),
        ("203.0.113.8", 3),
    ] {
        let request = stranger.post(LOGIN, login(&app.oak, &email, None)).header("x-forwarded-for", address);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        app.work().await;
        assert_eq!(mails(&app, "new_sign_in", &email).await, told, "{address}");
    }
    assert_eq!(app.count("notification WHERE kind = 'NEW_SIGN_IN'").await, 3);
}

#[tokio::test]
async fn who_changes_what_somebody_signs_in_with_is_told_them() {
    let app = TestApp::start().await;
    let (learner, instructor) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    let email = app.oak.email(Who::Learner);
    let (_, recovery) = with_factor(&app, &learner).await;
    assert_eq!(kinds(&app, &learner).await, ["SECOND_FACTOR_CHANGED"]);
    // After a mailed code nobody is known to know the password.
    admissions::set(&app, json!({ "codeSignIn": "EVERYBODY" })).await;
    app.stranger().ok(admissions::ASK_CODE, admissions::to("oak", &email)).await;
    admissions::work(&app).await;
    let digits = admissions::code(&app, &app.oak, &email).await;
    let given = |factor: &str| json!({ "i": { "tenant": "oak", "email": email, "code": digits, "secondFactor": factor } });
    for _ in 0..3 {
        assert_eq!(app.stranger().refused(admissions::GIVE_CODE, given("000000")).await, "UNAUTHENTICATED CODE_INVALID");
    }
    app.stranger().ok(admissions::GIVE_CODE, given(&recovery[0])).await;
    for _ in 0..2 {
        app.stranger().refused(LOGIN, login(&app.oak, &email, Some("000000"))).await;
    }
    assert_eq!(kinds(&app, &learner).await, ["SECOND_FACTOR_CHANGED"]);
    for _ in 0..2 {
        app.stranger().refused(LOGIN, login(&app.oak, &email, Some("000000"))).await;
    }
    assert_eq!(kinds(&app, &learner).await, ["SECOND_FACTOR_CHANGED", "SECOND_FACTOR_MISSED"], "the third within an hour, and not each");
    app.sql("UPDATE second_factor SET missed_at = ARRAY[now() - interval '61 minutes', now() - interval '62 minutes']").await;
    app.stranger().refused(LOGIN, login(&app.oak, &email, Some("000000"))).await;
    app.work().await;
    assert_eq!(mails(&app, "second_factor_missed", &email).await, 1);

    let id = learner.ok(REQUEST, json!({ "i": { "newPassword": NEW_PASSWORD } })).await["requestPasswordChange"]["id"].take();
    assert!(kinds(&app, &instructor).await.contains(&"PASSWORD_CHANGE_REQUESTED".to_owned()));
    assert!(kinds(&app, &app.sign_in(&app.oak, Who::Admin).await).await.contains(&"PASSWORD_CHANGE_REQUESTED".to_owned()));
    assert!(kinds(&app, &app.sign_in(&app.oak, Who::Viewer).await).await.is_empty());
    instructor.ok(APPROVE, json!({ "id": id })).await;
    app.work().await;
    assert_eq!((mails(&app, "password_change_decided", &email).await, mails(&app, "password_changed", &email).await), (1, 1));
    assert_eq!(app.count("notification WHERE kind = 'PASSWORD_CHANGED'").await, 1);
}

#[tokio::test]
async fn the_mail_about_a_password_counts_the_keys_that_go_on() {
    let app = TestApp::start().await;
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let key = json!({ "i": { "name": "Wall", "permissions": ["COURSE_READ"] } });
    instructor.ok("mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret } }", key).await;
    let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken } }";
    instructor.ok(change, json!({ "i": { "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD } })).await;
    assert_eq!(app.text("SELECT parameters ->> 'keys' FROM mail WHERE template = 'password_changed'").await.as_deref(), Some("1"));
    app.work().await;
    assert_eq!(app.count("mail WHERE template = 'password_changed'").await, 1, "one mail, with the notification");
}

#[tokio::test]
async fn nobody_is_told_of_what_is_begun() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    learner.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await;
    assert!(kinds(&app, &learner).await.is_empty());
}
