//! How people come in, and back in: what strangers ask for, mailed links and codes, sign-ups, invitations.

mod alike;
mod codes;
mod former_email;
mod invitations;
mod limits;
mod links;
mod notices;
mod plans;
mod resets;
mod settings;
mod sign_ups;

use std::time::Duration;

use lectern_kernel::{
    db::{Pool, PoolOptions},
    jobs::{JobOptions, Worker},
    sealing::Place,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{Client, School, TestApp, Who},
    classroom,
};

pub const RESET: &str = "mutation($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) }";
pub const SET_PASSWORD: &str = "mutation($i: ResetPasswordInput!) { resetPassword(input: $i) }";
pub const ASK_CODE: &str = "mutation($i: RequestSignInCodeInput!) { requestSignInCode(input: $i) }";
pub const GIVE_CODE: &str = "mutation($i: SignInWithCodeInput!) { signInWithCode(input: $i) { accessToken refreshToken viewer { user { id name } activeRole { key } } } }";
pub const SIGN_UP: &str = "mutation($i: RequestSignUpInput!) { requestSignUp(input: $i) }";
pub const CONFIRM: &str = "mutation($i: ConfirmSignUpInput!) { confirmSignUp(input: $i) { state tenant } }";
pub const ACCEPT: &str = "mutation($i: AcceptInvitationInput!) { acceptInvitation(input: $i) { accessToken refreshToken viewer { user { id name } activeRole { key } } } }";
pub const REVERT: &str = "mutation($i: RevertEmailChangeInput!) { revertEmailChange(input: $i) }";
pub const INVITE: &str =
    "mutation($i: InviteUsersInput!) { inviteUsers(input: $i) { id email name state roles { key } invitedBy { name } user { id } } }";
pub const RESEND: &str = "mutation($id: ID!) { resendInvitation(id: $id) { id state expiresAt invitedBy { name } } }";
pub const REVOKE: &str = "mutation($id: ID!) { revokeInvitation(id: $id) { id state } }";
pub const APPROVE: &str = "mutation($i: ApproveSignUpInput!) { approveSignUp(input: $i) { id state user { id name } decidedBy { name } } }";
pub const REJECT: &str = "mutation($i: RejectSignUpInput!) { rejectSignUp(input: $i) { id state note } }";
pub const PREVIEW: &str = "query($t: String!) { linkPreview(token: $t) { kind tenantName tenantSlug email name roleNames expiresAt } }";
pub const REQUESTS: &str = "{ signUpRequests { totalCount nodes { id email name message state role { key } } } }";

/// A password that nobody had before.
pub const NEW_PASSWORD: &str = "violet umbrella kingdom";

/// Finds out what strangers have asked for, and writes the letters that wait for a link; sends nothing.
pub async fn work(app: &TestApp) {
    let pool = Pool::new(&app.database.url("lectern_app"), &PoolOptions { size: 4, ..PoolOptions::default() }).unwrap();
    let services = app.engine.services();
    let outside = services.outside.clone().with(services.sealer.clone());
    let kinds = lectern::domains::registry().jobs().filter(|kind| kind.name.starts_with("account.")).collect();
    let options = JobOptions { poll: Duration::from_millis(20), drain: Duration::from_secs(5), ..JobOptions::default() };
    let worker = Worker::new(pool.ringing(app.engine.pool()), kinds, outside, options);
    let stop = CancellationToken::new();
    let task = tokio::spawn(worker.run(stop.clone()));
    while app.count("job WHERE kind LIKE 'account.%' AND (state = 'RUNNING' OR state = 'QUEUED' AND attempts = 0)").await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    task.await.unwrap();
    let failed = app
        .text("SELECT string_agg(kind || ': ' || last_error, '; ') FROM job WHERE kind LIKE 'account.%' AND last_error IS NOT NULL")
        .await;
    assert_eq!(failed, None);
}

/// The secrets of the latest mail of a template to an address.
pub async fn secrets(app: &TestApp, school: &School, template: &str, address: &str) -> Value {
    let sealed = app
        .text(&format!(
            "SELECT encode(secrets, 'hex') FROM mail WHERE tenant_id = '{}' AND template = '{template}' AND lower(address) = lower('{address}')
             ORDER BY created_at DESC, id DESC LIMIT 1",
            school.tenant
        ))
        .await
        .unwrap_or_else(|| panic!("no mail {template} to {address}"));
    let place = Place { tenant: school.tenant, table: "mail", column: "secrets" };
    let sealed = data_encoding::HEXLOWER.decode(sealed.as_bytes()).unwrap();
    serde_json::from_slice(&app.engine.services().sealer.open(place, &sealed).unwrap()).unwrap()
}

/// The token of the latest mail of a template to an address.
pub async fn token(app: &TestApp, school: &School, template: &str, address: &str) -> String {
    secrets(app, school, template, address).await["token"].as_str().unwrap().to_owned()
}

/// The code of the latest mail to an address.
pub async fn code(app: &TestApp, school: &School, address: &str) -> String {
    secrets(app, school, "sign_in_code", address).await["code"].as_str().unwrap().to_owned()
}

/// How many mails of a template there are.
pub async fn mails(app: &TestApp, template: &str) -> i64 {
    app.count(&format!("mail WHERE template = '{template}'")).await
}

pub fn to(tenant: &str, email: &str) -> Value {
    json!({ "i": { "tenant": tenant, "email": email } })
}

/// Changes the settings of oak.
pub async fn set(app: &TestApp, input: Value) {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok("mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { signUp } }", json!({ "i": input })).await;
}

/// People with their passwords and sign-ins, besides what [`classroom::everything`] digests.
async fn people(app: &TestApp) -> String {
    let tables = ["app_user", "credential", "user_role", "session", "refresh_token"]
        .map(|table| format!("SELECT '{table}' || (to_jsonb(r) - 'updated_at')::text AS line FROM {table} r"))
        .join(" UNION ALL ");
    app.text(&format!("SELECT md5(string_agg(line, '|' ORDER BY line)) FROM ({tables}) AS lines")).await.unwrap()
}

/// Asks for something that must be refused with this line, and must change nothing: no person either.
pub async fn refused(app: &TestApp, client: &Client, query: &str, variables: Value, line: &str) {
    let before = people(app).await;
    classroom::refused(app, client, query, variables.clone(), line).await;
    assert_eq!(people(app).await, before, "{query} {variables} was refused and changed somebody");
}

/// A link that resets the password of somebody of oak.
pub async fn reset_token(app: &TestApp, email: &str) -> String {
    app.stranger().ok(RESET, to("oak", email)).await;
    work(app).await;
    token(app, &app.oak, "password_reset", email).await
}

/// An applicant of oak, before they confirm: the token of their link.
pub async fn sign_up_token(app: &TestApp, email: &str, role: &str) -> String {
    let input = json!({ "tenant": "oak", "email": email, "name": "New Comer", "roleKey": role, "message": "Hello." });
    app.stranger().ok(SIGN_UP, json!({ "i": input })).await;
    work(app).await;
    token(app, &app.oak, "confirm_sign_up", email).await
}

pub fn confirm(token: &str) -> Value {
    json!({ "i": { "token": token, "password": NEW_PASSWORD } })
}

/// An applicant of oak who waits for a decision: their request's id.
pub async fn applicant(app: &TestApp, email: &str, role: &str) -> String {
    let token = sign_up_token(app, email, role).await;
    let receipt = app.stranger().ok(CONFIRM, confirm(&token)).await;
    assert_eq!(receipt["confirmSignUp"], json!({ "state": "PENDING", "tenant": "oak" }));
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let list = format!("{{ signUpRequests(filter: {{ email: \"{email}\", states: [PENDING] }}) {{ nodes {{ id }} }} }}");
    admin.ok(&list, json!({})).await["signUpRequests"]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

/// Invites somebody to oak: the invitation's id, and the token of its link.
pub async fn invited(app: &TestApp, by: &Client, email: &str, name: Option<&str>, roles: &[&str]) -> (String, String) {
    let input = json!({ "i": { "invitations": [{ "email": email, "name": name, "roleKeys": roles }] } });
    let id = by.ok(INVITE, input).await["inviteUsers"][0]["id"].as_str().unwrap().to_owned();
    work(app).await;
    (id, token(app, &app.oak, "invitation", email).await)
}

pub fn accept(token: &str, name: Option<&str>) -> Value {
    json!({ "i": { "token": token, "name": name, "password": NEW_PASSWORD } })
}

/// Lets oak take applicants as learners and instructors.
pub async fn take_applicants(app: &TestApp, policy: &str) {
    set(app, json!({ "signUp": policy, "signUpRoleKeys": ["LEARNER", "INSTRUCTOR"] })).await;
}
