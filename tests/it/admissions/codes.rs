//! Signing in by mailed codes.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ASK_CODE, GIVE_CODE, code, mails, refused, set, to, work};
use crate::{
    app::{TestApp, Who},
    classroom::insist,
};

const INVALID: &str = "UNAUTHENTICATED CODE_INVALID";

fn given(email: &str, code: &str) -> Value {
    json!({ "i": { "tenant": "oak", "email": email, "code": code } })
}

/// Another code than this.
fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

async fn asked(app: &TestApp, email: &str) -> String {
    app.stranger().ok(ASK_CODE, to("oak", email)).await;
    work(app).await;
    code(app, &app.oak, email).await
}

#[tokio::test]
async fn whoever_is_new_becomes_a_participant_when_the_code_is_right_and_not_before() {
    let app = TestApp::start().await;
    set(&app, json!({ "codeSignIn": "PARTICIPANTS" })).await;
    let stranger = app.stranger();
    stranger.ok(ASK_CODE, json!({ "i": { "tenant": "OAK ", "email": "Pia.Lang@x.example", "name": "Pia Lang" } })).await;
    work(&app).await;
    let digits = code(&app, &app.oak, "pia.lang@x.example").await;
    assert_eq!(app.count("app_user WHERE email ILIKE 'pia%'").await, 0);
    refused_code(&app, "pia.lang@x.example", &other(&digits)).await;
    let session = stranger.ok(GIVE_CODE, given("PIA.lang@x.example", &digits)).await["signInWithCode"].take();
    assert_eq!((&session["viewer"]["user"]["name"], &session["viewer"]["activeRole"]["key"]), (&json!("Pia Lang"), &json!("PARTICIPANT")));
    let pia = stranger.with_session(&session);
    assert_eq!(
        pia.ok("{ viewer { permissions } }", json!({})).await["viewer"]["permissions"],
        json!(["COURSE_READ", "APPLICATION_SUBMIT", "FILE_UPLOAD"])
    );
    refused_code(&app, "pia.lang@x.example", &digits).await;
    // Again, as who they are now; without a name they are called by what stands before the @.
    let again = asked(&app, "pia.lang@x.example").await;
    let session = stranger.ok(GIVE_CODE, given("pia.lang@x.example", &again)).await["signInWithCode"].take();
    assert_eq!(session["viewer"]["user"]["id"], pia.user_id);
    let nameless = asked(&app, "sam.w@x.example").await;
    let session = stranger.ok(GIVE_CODE, given("sam.w@x.example", &nameless)).await["signInWithCode"].take();
    assert_eq!(session["viewer"]["user"]["name"], "sam.w");
}

/// A wrong code changes nothing but what is counted.
async fn refused_code(app: &TestApp, email: &str, code: &str) {
    let before = super::people(app).await;
    assert_eq!(app.stranger().refused(GIVE_CODE, given(email, code)).await, INVALID);
    assert_eq!(super::people(app).await, before);
}

#[tokio::test]
async fn the_settings_say_who_is_mailed_a_code_and_whose_is_good() {
    let app = TestApp::start().await;
    app.person(&app.oak, "part@oak.example", &["PARTICIPANT"]).await;
    app.person(&app.oak, "both@oak.example", &["PARTICIPANT", "LEARNER"]).await;
    app.person(&app.oak, "more@oak.example", &["PARTICIPANT", "VIEWER"]).await;
    let everybody = ["part@oak.example", "both@oak.example", "more@oak.example", "learner@oak.example", "new@oak.example"];
    for (policy, expected) in [("OFF", vec![]), ("PARTICIPANTS", vec![0, 1, 4]), ("EVERYBODY", vec![0, 1, 2, 3, 4])] {
        set(&app, json!({ "codeSignIn": policy })).await;
        app.sql("DELETE FROM mail").await;
        for email in everybody {
            app.stranger().ok(ASK_CODE, to("oak", email)).await;
        }
        work(&app).await;
        for (place, email) in everybody.iter().enumerate() {
            let sent = app.count(&format!("mail WHERE template = 'sign_in_code' AND address = '{email}'")).await == 1;
            assert_eq!(sent, expected.contains(&place), "{policy} {email}");
        }
    }
    let digits = code(&app, &app.oak, "learner@oak.example").await;
    set(&app, json!({ "codeSignIn": "OFF" })).await;
    refused_code(&app, "learner@oak.example", &digits).await;
    set(&app, json!({ "codeSignIn": "EVERYBODY" })).await;
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'learner@oak.example'").await;
    refused_code(&app, "learner@oak.example", &digits).await;
    app.sql("UPDATE app_user SET status = 'ACTIVE' WHERE email = 'learner@oak.example'; UPDATE sign_in_code SET expires_at = now()").await;
    refused_code(&app, "learner@oak.example", &digits).await;
}

#[tokio::test]
async fn the_latest_counts_and_five_tries_of_it_are_looked_at() {
    let app = TestApp::start().await;
    set(&app, json!({ "codeSignIn": "EVERYBODY" })).await;
    let first = asked(&app, "learner@oak.example").await;
    let second = asked(&app, "learner@oak.example").await;
    if first != second {
        refused_code(&app, "learner@oak.example", &first).await;
    }
    for _ in 0..5 {
        refused_code(&app, "learner@oak.example", &other(&second)).await;
    }
    refused_code(&app, "learner@oak.example", &second).await;
    assert_eq!(app.text("SELECT max(tries)::text FROM sign_in_code").await.as_deref(), Some("5"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_tries_at_once_five_are_looked_at() {
    let app =
        TestApp::start_with(&["--rate-codes-per-account=0", "--rate-codes-per-address=0"], lectern::http::HttpOptions::default()).await;
    set(&app, json!({ "codeSignIn": "EVERYBODY" })).await;
    let digits = asked(&app, "learner@oak.example").await;
    let wrong = other(&digits);
    let strangers: Vec<_> = (0..50).map(|_| app.stranger()).collect();
    let answers = join_all(strangers.iter().map(|stranger| insist(stranger, GIVE_CODE, given("learner@oak.example", &wrong)))).await;
    assert!(answers.iter().all(|answer| answer["errors"][0]["extensions"]["reason"] == "CODE_INVALID"), "{answers:?}");
    assert_eq!(app.text("SELECT max(tries)::text FROM sign_in_code").await.as_deref(), Some("5"));
    refused_code(&app, "learner@oak.example", &digits).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_give_the_right_code_at_once_one_is_signed_in() {
    let app =
        TestApp::start_with(&["--rate-codes-per-account=0", "--rate-codes-per-address=0"], lectern::http::HttpOptions::default()).await;
    set(&app, json!({ "codeSignIn": "PARTICIPANTS" })).await;
    let digits = asked(&app, "new@x.example").await;
    let strangers: Vec<_> = (0..50).map(|_| app.stranger()).collect();
    let answers = join_all(strangers.iter().map(|stranger| insist(stranger, GIVE_CODE, given("new@x.example", &digits)))).await;
    let won = answers.iter().filter(|answer| answer["data"]["signInWithCode"].is_object()).count();
    let lost = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "CODE_INVALID").count();
    assert_eq!((won, lost), (1, 49), "{answers:?}");
    assert_eq!(app.count("app_user WHERE email = 'new@x.example'").await, 1);
}

#[tokio::test]
async fn a_lapse_and_a_full_school_keep_strangers_out_and_nobody_else() {
    let app = TestApp::start().await;
    set(&app, json!({ "codeSignIn": "EVERYBODY" })).await;
    let digits = asked(&app, "new@x.example").await;
    app.sql("UPDATE tenant SET max_users = 4 WHERE slug = 'oak'").await;
    let before = super::people(&app).await;
    assert_eq!(app.stranger().refused(GIVE_CODE, given("new@x.example", &digits)).await, "LIMIT_REACHED");
    assert_eq!(super::people(&app).await, before);
    app.sql("UPDATE tenant SET max_users = NULL, suspended_at = now() WHERE slug = 'oak'").await;
    refused_code(&app, "new@x.example", &digits).await;
    let admins = asked(&app, "admin@oak.example").await;
    app.stranger().ok(GIVE_CODE, given("admin@oak.example", &admins)).await;
    assert_eq!(mails(&app, "sign_in_code").await, 2);
    app.stranger().ok(ASK_CODE, to("oak", "later@x.example")).await;
    work(&app).await;
    assert_eq!(mails(&app, "sign_in_code").await, 2, "nobody new comes in after a lapse");
}

#[tokio::test]
async fn the_form_is_checked_before_anything_is_asked() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    refused(&app, &stranger, ASK_CODE, to("oak", "no address"), "BAD_USER_INPUT @email").await;
    let nameless = json!({ "i": { "tenant": "oak", "email": "a@x.example", "name": " " } });
    refused(&app, &stranger, ASK_CODE, nameless, "BAD_USER_INPUT @name").await;
    refused(&app, &stranger, super::RESET, to("oak", ""), "BAD_USER_INPUT @email").await;
    let two = "mutation { a: requestPasswordReset(input: { tenant: \"oak\", email: \"a@x.example\" }) \
               b: requestPasswordReset(input: { tenant: \"oak\", email: \"b@x.example\" }) }";
    assert_eq!(stranger.ask(two, json!({})).await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "each stands alone");
    let signed_in = app.sign_in(&app.oak, Who::Learner).await;
    signed_in.ok(super::RESET, to("elm", "learner@elm.example")).await;
    work(&app).await;
    assert_eq!(mails(&app, "password_reset").await, 1, "who is signed in elsewhere is a stranger here");
}
