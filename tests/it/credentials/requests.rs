use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{APPROVE, LOGIN, NEW_PASSWORD, REJECT, REQUEST, WITHDRAW, login, refused};
use crate::{
    admissions::{self, set},
    app::{Client, PASSWORD, TestApp, Who, refusal},
    classroom::insist,
};

const LIST: &str =
    "query($f: PasswordChangeRequestFilter) { passwordChangeRequests(filter: $f) { totalCount nodes { id state user { id } } } }";

async fn asked(client: &Client) -> Value {
    client.ok(REQUEST, json!({ "i": { "newPassword": NEW_PASSWORD } })).await["requestPasswordChange"]["id"].take()
}

async fn sees(client: &Client) -> i64 {
    client.ok(LIST, json!({})).await["passwordChangeRequests"]["totalCount"].as_i64().unwrap()
}

fn signs_in(email: &str, password: &str) -> Value {
    json!({ "i": { "tenant": "oak", "email": email, "password": password } })
}

#[tokio::test]
async fn another_password_is_good_once_somebody_above_has_approved_it() {
    let app = TestApp::start().await;
    let (learner, instructor) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    refused(&app, &learner, REQUEST, json!({ "i": { "newPassword": "password" } }), "BAD_USER_INPUT @newPassword").await;
    let request =
        learner.ok(REQUEST, json!({ "i": { "newPassword": NEW_PASSWORD, "note": "Forgot it." } })).await["requestPasswordChange"].take();
    assert_eq!(
        (&request["state"], &request["note"], &request["user"]["id"]),
        (&json!("PENDING"), &json!("Forgot it."), &json!(learner.user_id))
    );
    refused(&app, &learner, REQUEST, json!({ "i": { "newPassword": NEW_PASSWORD } }), "CONFLICT REQUEST_PENDING").await;
    let viewer = learner.ok("{ viewer { passwordChangeRequest { id state } } }", json!({})).await;
    assert_eq!(viewer["viewer"]["passwordChangeRequest"]["id"], request["id"]);
    let email = &app.oak.email(Who::Learner);
    refused(&app, &app.stranger(), LOGIN, signs_in(email, NEW_PASSWORD), "UNAUTHENTICATED").await;

    let approved = instructor.ok(APPROVE, json!({ "id": request["id"] })).await["approvePasswordChange"].take();
    assert_eq!((&approved["state"], &approved["decidedBy"]["id"]), (&json!("APPROVED"), &json!(instructor.user_id)));
    assert_eq!(learner.ok("{ viewer { user { id } } }", json!({})).await["viewer"], Value::Null, "every sign-in ends");
    assert_eq!(app.count("session WHERE revoked_reason = 'PASSWORD_CHANGED'").await, 1);
    assert_eq!(app.count("password_change_credential").await, 0);
    app.stranger().ok(LOGIN, signs_in(email, NEW_PASSWORD)).await;
    refused(&app, &app.stranger(), LOGIN, signs_in(email, PASSWORD), "UNAUTHENTICATED").await;
    refused(&app, &instructor, APPROVE, json!({ "id": request["id"] }), "CONFLICT ALREADY_DECIDED @id").await;
}

#[tokio::test]
async fn those_above_reach_exactly_those_below() {
    let app = TestApp::start().await;
    let (admin, instructor, learner, viewer) = (
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    );
    let both = app.person(&app.oak, "both@oak.example", &["LEARNER", "VIEWER"]).await;
    let (of_learner, of_viewer, of_both, of_admin) = (asked(&learner).await, asked(&viewer).await, asked(&both).await, asked(&admin).await);
    let of_instructor = asked(&instructor).await;
    assert_eq!((sees(&admin).await, sees(&instructor).await, sees(&learner).await), (5, 2, 1));
    let stranger = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(sees(&stranger).await, 0);
    for (id, who, line) in [
        (&of_viewer, &instructor, "NOT_FOUND @id"),
        (&of_both, &instructor, "NOT_FOUND @id"),
        (&of_admin, &instructor, "NOT_FOUND @id"),
        (&of_instructor, &instructor, "FORBIDDEN NOT_YOURS @id"),
        (&of_admin, &admin, "FORBIDDEN NOT_YOURS @id"),
        (&of_learner, &viewer, "FORBIDDEN [PASSWORD_APPROVE]"),
        (&of_learner, &stranger, "NOT_FOUND @id"),
    ] {
        refused(&app, who, APPROVE, json!({ "id": id }), line).await;
        refused(&app, who, REJECT, json!({ "i": { "id": id } }), line).await;
    }
    refused(&app, &viewer, WITHDRAW, json!({ "id": of_learner }), "NOT_FOUND @id").await;
    let rejected = instructor.ok(REJECT, json!({ "i": { "id": of_learner, "note": "Come by." } })).await["rejectPasswordChange"].take();
    assert_eq!((&rejected["state"], &rejected["decisionNote"]), (&json!("REJECTED"), &json!("Come by.")));
    assert_eq!(admin.ok(APPROVE, json!({ "id": of_instructor })).await["approvePasswordChange"]["state"], "APPROVED");
    let states = json!({ "f": { "states": ["PENDING"], "userId": viewer.user_id } });
    assert_eq!(admin.ok(LIST, states).await["passwordChangeRequests"]["nodes"][0]["id"], of_viewer);
    let taken_back = viewer.ok(WITHDRAW, json!({ "id": of_viewer })).await;
    assert_eq!(taken_back["withdrawPasswordChange"]["state"], "WITHDRAWN");
    refused(&app, &viewer, WITHDRAW, json!({ "id": of_viewer }), "CONFLICT ALREADY_DECIDED @id").await;
}

#[tokio::test]
async fn a_request_is_over_after_a_week_and_with_another_password() {
    let app = TestApp::start().await;
    let (learner, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let first = asked(&learner).await;
    app.sql("UPDATE password_change_request SET expires_at = now() - interval '1 second'").await;
    refused(&app, &admin, APPROVE, json!({ "id": first }), "CONFLICT ALREADY_DECIDED @id").await;
    let state = |id: &Value| format!("{{ node(id: {id}) {{ ... on PasswordChangeRequest {{ state }} }} }}");
    assert_eq!(admin.ok(&state(&first), json!({})).await["node"]["state"], "EXPIRED");
    let expired = json!({ "f": { "states": ["EXPIRED"] } });
    assert_eq!(admin.ok(LIST, expired).await["passwordChangeRequests"]["totalCount"], 1);
    // One that is over keeps nobody from another; the own change withdraws that.
    let second = asked(&learner).await;
    let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken refreshToken viewer { user { id } } } }";
    let changed = learner.ok(change, json!({ "i": { "currentPassword": PASSWORD, "newPassword": "granite teapot orbit" } })).await;
    let learner = app.stranger().with_session(&changed["changePassword"]);
    assert_eq!(learner.ok(&state(&second), json!({})).await["node"]["state"], "WITHDRAWN");
    // So does a reset.
    let third = asked(&learner).await;
    let token = admissions::reset_token(&app, &app.oak.email(Who::Learner)).await;
    let reset = json!({ "i": { "token": token, "newPassword": "pepper window bicycle" } });
    app.stranger().ok(admissions::SET_PASSWORD, reset).await;
    assert_eq!(admin.ok(&state(&third), json!({})).await["node"]["state"], "WITHDRAWN");
    refused(&app, &admin, APPROVE, json!({ "id": third }), "CONFLICT ALREADY_DECIDED @id").await;
    assert_eq!(app.count("password_change_credential").await, 0);
}

#[tokio::test]
async fn where_the_school_wants_approval_nobody_changes_their_password_alone_but_administrators() {
    let app = TestApp::start().await;
    let (learner, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    set(&app, json!({ "passwordChangeNeedsApproval": true })).await;
    let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken } }";
    let input = json!({ "i": { "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD } });
    refused(&app, &learner, change, input.clone(), "FORBIDDEN APPROVAL_NEEDED").await;
    admin.ok(change, input).await;
    // A mailed reset proves the mailbox.
    let token = admissions::reset_token(&app, &app.oak.email(Who::Learner)).await;
    app.stranger().ok(admissions::SET_PASSWORD, json!({ "i": { "token": token, "newPassword": NEW_PASSWORD } })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_decisions_at_once_one_wins_and_of_twenty_requests_one_is_made() {
    let app = TestApp::start().await;
    let (learner, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let asking = join_all((0..20).map(|_| learner.ask(REQUEST, json!({ "i": { "newPassword": NEW_PASSWORD } })))).await;
    let made: Vec<&Value> = asking.iter().filter(|answer| answer.get("errors").is_none()).collect();
    assert_eq!(made.len(), 1, "{asking:#?}");
    for answer in asking.iter().filter(|answer| answer.get("errors").is_some()) {
        // Only so many passwords are hashed at once.
        assert!(["CONFLICT REQUEST_PENDING", "UNAVAILABLE"].contains(&&*refusal(&answer["errors"][0])), "{answer}");
    }
    let id = &made[0]["data"]["requestPasswordChange"]["id"];
    let deciding = join_all((0..20).map(|n| {
        let admin = &admin;
        async move {
            if n % 2 == 0 {
                insist(admin, APPROVE, json!({ "id": id })).await
            } else {
                insist(admin, REJECT, json!({ "i": { "id": id } })).await
            }
        }
    }))
    .await;
    assert_eq!(deciding.iter().filter(|answer| answer.get("errors").is_none()).count(), 1, "{deciding:#?}");
    for answer in deciding.iter().filter(|answer| answer.get("errors").is_some()) {
        assert_eq!(refusal(&answer["errors"][0]), "CONFLICT ALREADY_DECIDED @id");
    }
    assert!(app.changes("approvePasswordChange").await + app.changes("rejectPasswordChange").await > 0);
}

#[tokio::test]
async fn whoever_is_deleted_takes_all_of_it_along() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let gone = app.person(&app.oak, "gone@oak.example", &["INSTRUCTOR"]).await;
    super::with_factor(&app, &gone).await;
    asked(&gone).await;
    let key = json!({ "i": { "name": "Wall", "permissions": ["COURSE_READ"] } });
    gone.ok("mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret } }", key).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": gone.user_id })).await;
    assert_eq!(app.count("second_factor").await + app.count("recovery_code").await + app.count("password_change_credential").await, 0);
    assert_eq!(app.count("api_key WHERE revoked_at IS NOT NULL").await, 1);
    assert_eq!(app.count("password_change_request WHERE state = 'WITHDRAWN'").await, 1);
    let of_theirs = "session s JOIN app_user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id WHERE u.deleted_at IS NOT NULL";
    assert_eq!(app.count(&format!("{of_theirs} AND s.address IS NULL AND s.user_agent IS NULL AND s.revoked_reason = 'DELETED'")).await, 1);
    let log = format!("audit_entry a WHERE a.resource = 'Session' AND a.resource_id IN (SELECT s.id FROM {of_theirs})");
    assert!(app.count(&log).await >= 2);
    assert_eq!(app.count(&format!("{log} AND concat(a.before, a.after) ~ '127.0.0.1'")).await, 0, "nor does the log say from where");
    refused(&app, &app.stranger(), LOGIN, login(&app.oak, "gone@oak.example", None), "UNAUTHENTICATED").await;
}
