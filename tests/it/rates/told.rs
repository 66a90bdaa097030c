//! What is refused because a budget is spent stands in the school's log: once while it is.

use futures_util::future::join_all;
use lectern::http::HttpOptions;
use serde_json::{Value, json};

use super::{
    LOGIN, credentials,
    sign_ins::{WRONG, pass},
    wait_of,
};
use crate::{
    app::{Client, TestApp, Who},
    classroom::course,
};

const RESET: &str = "mutation($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) }";
const ASK_CODE: &str = "mutation($i: RequestSignInCodeInput!) { requestSignInCode(input: $i) }";
const GIVE_CODE: &str = "mutation($i: SignInWithCodeInput!) { signInWithCode(input: $i) { accessToken } }";
const CHANGE: &str = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken } }";
const ENROLL: &str = "mutation($i: EnrollInput!) { enroll(input: $i) { id } }";

/// The entries of what was refused so, of an operation.
async fn entries(app: &TestApp, operation: &str) -> i64 {
    let told = "audit_entry WHERE outcome = 'REFUSED' AND code = 'RATE_LIMITED'";
    let all = app.count(&format!("{told} AND operation = '{operation}'")).await;
    let right = format!("{told} AND operation = '{operation}' AND tenant_id = '{}' AND reason IS NULL", app.oak.tenant);
    assert_eq!(app.count(&right).await, all, "each is oak's");
    all
}

/// Asks so often; answers how often that was refused for its frequency.
async fn limited(client: &Client, query: &str, variables: &Value, times: usize) -> usize {
    let mut refused = 0;
    for _ in 0..times {
        refused += usize::from(wait_of(client, query, variables.clone()).await.1 == "RATE_LIMITED");
    }
    refused
}

#[tokio::test]
async fn a_closed_account_is_told_once_while_it_is() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=2"], HttpOptions::default()).await;
    let stranger = app.stranger();
    for (told, email) in [(1, "learner@oak.example"), (2, "nobody@oak.example"), (2, " NOBODY@oak.example")] {
        let already = if email.starts_with(' ') { 2 } else { 0 };
        assert_eq!(limited(&stranger, LOGIN, &credentials("oak", email, WRONG), 5).await, 3 + already, "{email}");
        assert_eq!(entries(&app, "login").await, told, "{email}");
    }
    for school in ["nowhere", "o\u{0}ak"] {
        assert_eq!(limited(&stranger, LOGIN, &credentials(school, "learner@oak.example", WRONG), 5).await, 3, "{school}");
    }
    assert_eq!(entries(&app, "login").await, 2, "a school that there is not has no log");
    assert_eq!(app.count("failed_sign_in WHERE tenant_id <> '00000000-0000-0000-0000-000000000000' OR length(subject) <> 32").await, 0);
    pass(&app, 15).await;
    assert_eq!(limited(&stranger, LOGIN, &credentials("oak", "learner@oak.example", WRONG), 5).await, 3);
    assert_eq!(entries(&app, "login").await, 3, "and again when it is closed again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_from_one_address_is_told_once() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-address=4"], HttpOptions::default()).await;
    let stranger = app.stranger();
    for n in 0..4 {
        assert_eq!(limited(&stranger, LOGIN, &credentials("oak", &format!("a{n}@oak.example"), WRONG), 1).await, 0);
    }
    let flood: Vec<Value> = (0..20).map(|n| credentials("oak", &format!("b{n}@oak.example"), WRONG)).collect();
    let refused = join_all(flood.iter().map(|variables| limited(&stranger, LOGIN, variables, 1))).await;
    assert_eq!((refused.iter().sum::<usize>(), entries(&app, "login").await), (20, 1));
}

#[tokio::test]
async fn wrong_codes_and_mails_that_are_asked_for_too_often_are_told() {
    let app = TestApp::start_with(&["--rate-codes-per-account=2"], HttpOptions::default()).await;
    let stranger = app.stranger();
    let to = |email: &str| json!({ "i": { "tenant": "oak", "email": email } });
    let code = json!({ "i": { "tenant": "oak", "email": "learner@oak.example", "code": "000000" } });
    assert_eq!(limited(&stranger, GIVE_CODE, &code, 5).await, 3);
    assert_eq!(entries(&app, "signInWithCode").await, 1);
    for (told, email) in [(1, "learner@oak.example"), (2, "nobody@oak.example")] {
        assert_eq!(limited(&stranger, RESET, &to(email), 8).await, 3);
        assert_eq!(entries(&app, "requestPasswordReset").await, told);
    }
    assert_eq!(limited(&stranger, ASK_CODE, &to("learner@oak.example"), 8).await, 3);
    assert_eq!(entries(&app, "requestSignInCode").await, 1);
    let nowhere = json!({ "i": { "tenant": "nowhere", "email": "learner@oak.example" } });
    assert_eq!(limited(&stranger, RESET, &nowhere, 8).await, 3);
    assert_eq!(entries(&app, "requestPasswordReset").await, 2);
}

#[tokio::test]
async fn who_guesses_while_signed_in_is_named() {
    let app = TestApp::start_with(&["--rate-sign-ins-per-account=2", "--rate-enrollment-keys-per-person=2"], HttpOptions::default()).await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let change = json!({ "i": { "currentPassword": WRONG, "newPassword": "violet umbrella kingdom" } });
    assert_eq!(limited(&learner, CHANGE, &change, 5).await, 3);
    assert_eq!(entries(&app, "changePassword").await, 1);
    let piano = course(&admin, json!({ "title": "Piano", "enrollmentKey": "steinway" })).await;
    let guess = json!({ "i": { "courseId": piano, "enrollmentKey": "bechstein" } });
    assert_eq!(limited(&learner, ENROLL, &guess, 5).await, 3);
    assert_eq!(entries(&app, "enroll").await, 1);
    let names = "SELECT string_agg(u.email || ' ' || a.resource, ', ' ORDER BY a.at) FROM audit_entry a JOIN app_user u ON u.id = a.actor_id WHERE a.code = 'RATE_LIMITED'";
    assert_eq!(app.text(names).await.as_deref(), Some("learner@oak.example Session, learner@oak.example Enrollment"));
}
