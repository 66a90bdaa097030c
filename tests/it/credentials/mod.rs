//! What people prove themselves with beside a password: second factors, and requests for another password that somebody above decides.

mod factors;
mod people;
mod requests;
mod required;
mod told;

use jiff::SignedDuration;
use lectern_kernel::auth::FactorSecret;
use serde_json::{Value, json};

use crate::{
    app::{Client, PASSWORD, School, TestApp},
    classroom,
};

pub const BEGIN: &str = "mutation($i: BeginSecondFactorInput!) { beginSecondFactor(input: $i) { secret otpauthUri expiresAt } }";
pub const CONFIRM: &str = "mutation($i: ConfirmSecondFactorInput!) { confirmSecondFactor(input: $i) { codes } }";
pub const RENEW: &str = "mutation($i: RenewRecoveryCodesInput!) { renewRecoveryCodes(input: $i) { codes } }";
pub const DISABLE: &str = "mutation($i: DisableSecondFactorInput!) { disableSecondFactor(input: $i) { id hasSecondFactor } }";
pub const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }";
const STANDING: &str = "{ viewer { hasPassword hasSecondFactor secondFactorDue recoveryCodesLeft } }";
const RESET: &str = "mutation($ids: [ID!]!) { resetSecondFactors(ids: $ids) { id hasSecondFactor } }";
const SIGN_OUT: &str = "mutation($ids: [ID!]!) { signOutUsers(ids: $ids) { id } }";
pub const REQUEST: &str =
    "mutation($i: RequestPasswordChangeInput!) { requestPasswordChange(input: $i) { id state note user { id } decidedBy { id } } }";
const WITHDRAW: &str = "mutation($id: ID!) { withdrawPasswordChange(id: $id) { id state } }";
const APPROVE: &str = "mutation($id: ID!) { approvePasswordChange(id: $id) { id state decidedBy { id } } }";
const REJECT: &str = "mutation($i: RejectPasswordChangeInput!) { rejectPasswordChange(input: $i) { id state decisionNote } }";

/// A password that nobody had before.
const NEW_PASSWORD: &str = "violet umbrella kingdom";

/// The secret that `beginSecondFactor` has answered.
pub fn secret(begun: &Value) -> FactorSecret {
    let bytes = data_encoding::BASE32_NOPAD.decode(begun["secret"].as_str().unwrap().as_bytes()).unwrap();
    FactorSecret::of(&bytes).unwrap()
}

/// The code of so many steps from now.
pub fn code(secret: &FactorSecret, steps: i64) -> String {
    secret.code_at(lectern_kernel::clock::now() + SignedDuration::from_secs(30 * steps))
}

/// Lets every step be accepted anew, as time would.
pub async fn later(app: &TestApp) {
    app.sql("UPDATE second_factor SET last_step = 0").await;
}

/// Somebody with a second factor: their client, the secret, their recovery codes.
async fn with_factor(app: &TestApp, client: &Client) -> (FactorSecret, Vec<String>) {
    let begun = client.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await["beginSecondFactor"].take();
    let secret = secret(&begun);
    let codes = client.ok(CONFIRM, json!({ "i": { "code": code(&secret, 0) } })).await["confirmSecondFactor"]["codes"].take();
    later(app).await;
    (secret, serde_json::from_value(codes).unwrap())
}

fn login(school: &School, email: &str, factor: Option<&str>) -> Value {
    json!({ "i": { "tenant": school.slug, "email": email, "password": PASSWORD, "secondFactor": factor } })
}

/// People, their passwords and what they prove themselves with: what a refusal must leave as it is.
async fn people(app: &TestApp) -> String {
    let tables = ["app_user", "credential", "session", "refresh_token"]
        .map(|table| format!("SELECT '{table}' || (to_jsonb(r) - 'updated_at')::text AS line FROM {table} r"))
        .join(" UNION ALL ");
    app.text(&format!("SELECT md5(string_agg(line, '|' ORDER BY line)) FROM ({tables}) AS lines")).await.unwrap()
}

/// Asks for something that must be refused with this line, and must change nothing.
async fn refused(app: &TestApp, client: &Client, query: &str, variables: Value, line: &str) {
    let before = people(app).await;
    classroom::refused(app, client, query, variables.clone(), line).await;
    assert_eq!(people(app).await, before, "{query} {variables} was refused and changed somebody");
}
