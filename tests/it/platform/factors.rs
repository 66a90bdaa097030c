//! The second factor of administrators of the platform.

use futures_util::future::join_all;
use jiff::SignedDuration;
use lectern_kernel::auth::FactorSecret;
use serde_json::{Value, json};

use super::{LOGIN, TENANTS, add, refused, sign_in};
use crate::app::{Client, PASSWORD, TestApp, refusal};

const BEGIN: &str = "mutation($i: BeginSecondFactorInput!) { beginSecondFactor(input: $i) { secret otpauthUri expiresAt } }";
const CONFIRM: &str = "mutation($i: ConfirmSecondFactorInput!) { confirmSecondFactor(input: $i) { codes } }";
const DISABLE: &str = "mutation($i: DisableSecondFactorInput!) { disableSecondFactor(input: $i) { hasSecondFactor } }";
const PIA: &str = "pia@platform.example";

/// The code of a step, counted from now.
fn code(secret: &FactorSecret, steps: i64) -> String {
    secret.code_at(lectern_kernel::clock::now() + SignedDuration::from_secs(30 * steps))
}

async fn begun(client: &Client) -> FactorSecret {
    let begun = client.ok(BEGIN, json!({ "i": { "password": PASSWORD } })).await["beginSecondFactor"].take();
    let uri = begun["otpauthUri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Lectern%20Platform:pia"), "{uri}");
    FactorSecret::of(&data_encoding::BASE32_NOPAD.decode(begun["secret"].as_str().unwrap().as_bytes()).unwrap()).unwrap()
}

fn with(second: Option<&str>) -> Value {
    json!({ "i": { "email": PIA, "password": PASSWORD, "secondFactor": second } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_without_a_second_factor_may_do_nothing_but_set_one_up() {
    let app = TestApp::start().await;
    add(&app, PIA, false).await;
    let pia = sign_in(&app, PIA).await;
    assert_eq!(pia.ok("{ viewer { hasSecondFactor } }", json!({})).await["viewer"]["hasSecondFactor"], json!(false));
    for query in [TENANTS, "{ admins { id } }"] {
        assert_eq!(refusal(&pia.ask(query, json!({})).await["errors"][0]), "FORBIDDEN SECOND_FACTOR_REQUIRED", "{query}");
    }
    let create = json!({ "i": { "slug": "ash", "name": "Ash" } });
    refused(&app, &pia, super::CREATE, create, "FORBIDDEN SECOND_FACTOR_REQUIRED").await;
    let change = json!({ "i": { "currentPassword": PASSWORD, "newPassword": "violet umbrella kingdom" } });
    let change_password = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken } }";
    refused(&app, &pia, change_password, change, "FORBIDDEN SECOND_FACTOR_REQUIRED").await;

    let confirm = |code: &str| json!({ "i": { "code": code } });
    refused(&app, &pia, CONFIRM, confirm("123456"), "CONFLICT SECOND_FACTOR_OFF").await;
    refused(&app, &pia, BEGIN, json!({ "i": { "password": "wrong" } }), "BAD_USER_INPUT @password").await;
    let secret = begun(&pia).await;
    let sealed = app.text("SELECT encode(secret, 'hex') FROM platform_factor").await.unwrap();
    assert!(!sealed.contains(&data_encoding::HEXLOWER.encode(secret.bytes())), "it is sealed");
    refused(&app, &pia, CONFIRM, confirm("12345"), "BAD_USER_INPUT @code").await;
    // Of twenty at once one turns it on.
    let first = code(&secret, 0);
    let answers = join_all((0..20).map(|_| pia.ask(CONFIRM, confirm(&first)))).await;
    let won: Vec<&Value> = answers.iter().filter(|answer| answer.get("errors").is_none()).collect();
    assert_eq!(won.len(), 1, "{answers:#?}");
    let codes: Vec<String> = serde_json::from_value(won[0]["data"]["confirmSecondFactor"]["codes"].clone()).unwrap();
    assert_eq!((codes.len(), app.count("platform_recovery_code").await), (10, 10));
    pia.ok(TENANTS, json!({})).await;
    refused(&app, &pia, BEGIN, json!({ "i": { "password": PASSWORD } }), "CONFLICT SECOND_FACTOR_ON").await;

    // From now on it is asked for.
    let desk = app.at_desk();
    refused(&app, &desk, LOGIN, with(None), "UNAUTHENTICATED SECOND_FACTOR_REQUIRED").await;
    refused(&app, &desk, LOGIN, with(Some("000000")), "UNAUTHENTICATED CODE_INVALID").await;
    refused(&app, &desk, LOGIN, with(Some(&first)), "UNAUTHENTICATED CODE_INVALID").await;
    let next = code(&secret, 1);
    let answers = join_all((0..20).map(|_| desk.ask(LOGIN, with(Some(&next))))).await;
    assert_eq!(answers.iter().filter(|answer| answer.get("errors").is_none()).count(), 1, "a step is good once: {answers:#?}");
    app.sql("DELETE FROM failed_sign_in").await;
    let answers = join_all((0..20).map(|_| desk.ask(LOGIN, with(Some(&codes[3]))))).await;
    assert_eq!(answers.iter().filter(|answer| answer.get("errors").is_none()).count(), 1, "so is a recovery code: {answers:#?}");
}

#[tokio::test]
async fn a_second_factor_is_turned_off_by_password_and_code() {
    let app = TestApp::start().await;
    add(&app, PIA, false).await;
    let pia = sign_in(&app, PIA).await;
    let secret = begun(&pia).await;
    let codes = pia.ok(CONFIRM, json!({ "i": { "code": code(&secret, 0) } })).await["confirmSecondFactor"]["codes"].take();
    let off = |password: &str, code: &str| json!({ "i": { "password": password, "code": code } });
    let recovery = codes[0].as_str().unwrap();
    refused(&app, &pia, DISABLE, off("wrong", recovery), "BAD_USER_INPUT @password").await;
    refused(&app, &pia, DISABLE, off(PASSWORD, "000000"), "BAD_USER_INPUT @code").await;
    assert_eq!(pia.ok(DISABLE, off(PASSWORD, recovery)).await["disableSecondFactor"]["hasSecondFactor"], json!(false));
    assert_eq!(refusal(&pia.ask(TENANTS, json!({})).await["errors"][0]), "FORBIDDEN SECOND_FACTOR_REQUIRED");
    sign_in(&app, PIA).await;
    // What is begun is over after ten minutes.
    let secret = begun(&pia).await;
    app.sql("UPDATE platform_factor SET created_at = now() - interval '11 minutes'").await;
    refused(&app, &pia, CONFIRM, json!({ "i": { "code": code(&secret, 0) } }), "CONFLICT SECOND_FACTOR_OFF").await;
}
