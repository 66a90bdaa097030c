//! Keys are rotated, and nobody notices.

use lectern::ops::SEALED;
use lectern_kernel::{
    auth::SigningKey,
    sealing::{Place, Sealer},
};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::operator;
use crate::{
    app::{PASSWORD, TestApp},
    ops::done,
    serve::Served,
};

pub(super) const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken deviceToken } }";
const REFRESH: &str = "mutation($t: String!) { refreshSession(input: { refreshToken: $t }) { accessToken refreshToken } }";
const WHO: &str = "{ viewer { user { email } } }";

/// A service that signs by these keys.
pub(super) fn serve(app: &TestApp, keys: &str) -> Served {
    let mut command = operator(app, &["serve", "--listen", "127.0.0.1:0", "--log", "off", "--worker", "false", "--pool-size", "2"]);
    command.env("LECTERN_SIGNING_KEY", keys);
    Served::start(command)
}

/// What a service answers to the bearer of a token; to nobody, where that is empty.
pub(super) async fn ask(service: &Served, token: &str, query: &str, variables: Value) -> Value {
    let mut request =
        reqwest::Client::new().post(format!("{}/graphql", service.url)).json(&json!({ "query": query, "variables": variables }));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().json::<Value>().await.unwrap()["data"].take()
}

async fn kids(service: &Served) -> Vec<String> {
    let jwks: Value = reqwest::get(format!("{}/.well-known/jwks.json", service.url)).await.unwrap().json().await.unwrap();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_signing_key_is_rotated_and_nobody_is_signed_out() {
    let app = TestApp::start().await;
    let (old, new) = (SigningKey::generate().unwrap().to_text(), SigningKey::generate().unwrap().to_text());
    let me = json!({ "viewer": { "user": { "email": "admin@oak.example" } } });
    let nobody = json!({ "viewer": null });

    let before = serve(&app, &old);
    let input = json!({ "i": { "tenant": "oak", "email": "admin@oak.example", "password": PASSWORD } });
    let session = ask(&before, "", LOGIN, input).await["login"].take();
    let (token, refresh) = (session["accessToken"].as_str().unwrap(), session["refreshToken"].as_str().unwrap());
    let cursor =
        ask(&before, token, "{ users(first: 1) { pageInfo { endCursor } } }", json!({})).await["users"]["pageInfo"]["endCursor"].take();
    let first = kids(&before).await;
    before.stop(Signal::SIGTERM);

    // All replicas learn the new key before one of them signs by it.
    let learning = serve(&app, &format!("{old},{new}"));
    let both = kids(&learning).await;
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    assert_eq!(ask(&learning, token, WHO, json!({})).await, me);
    learning.stop(Signal::SIGTERM);

    let rotated = serve(&app, &format!("{new},{old}"));
    assert_eq!(kids(&rotated).await, [both[1].clone(), both[0].clone()]);
    assert_eq!(ask(&rotated, token, WHO, json!({})).await, me);
    let page = ask(&rotated, token, "query($c: String) { users(first: 1, after: $c) { nodes { id } } }", json!({ "c": cursor })).await;
    assert_eq!(page["users"]["nodes"].as_array().map(Vec::len), Some(1), "a page that was begun is gone on with: {page}");
    let renewed = ask(&rotated, "", REFRESH, json!({ "t": refresh })).await["refreshSession"].take();
    let renewed_token = renewed["accessToken"].as_str().unwrap();
    rotated.stop(Signal::SIGTERM);

    // The old key is gone: what it signed is worth nothing, and the sign-in goes on.
    let after = serve(&app, &new);
    assert_eq!(kids(&after).await, [both[1].clone()]);
    assert_eq!(ask(&after, token, WHO, json!({})).await, nobody);
    assert_eq!(ask(&after, renewed_token, WHO, json!({})).await, me);
    let again = ask(&after, "", REFRESH, json!({ "t": renewed["refreshToken"] })).await["refreshSession"].take();
    assert_eq!(ask(&after, again["accessToken"].as_str().unwrap(), WHO, json!({})).await, me);
    after.stop(Signal::SIGTERM);
}

/// A webhook endpoint, a second factor, and what sales and assistants seal, sealed so; and what they hold.
async fn seal(app: &TestApp, by: &Sealer) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let (tenant, endpoint) = (app.oak.tenant, Uuid::now_v7());
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let of = |table, column, text: &[u8]| by.seal(Place { tenant, table, column }, text);
    let secret = of("webhook_endpoint", "secret", b"whsec_one");
    let previous = of("webhook_endpoint", "secret", b"whsec_before");
    let factor = of("second_factor", "secret", b"twenty bytes of this");
    let tickets = of("ticket_key", "sealed", b"what codes of tickets are made of");
    let (stripe, models) = (of("payment_settings", "stripe_secret_key", b"sk_one"), of("assistant_provider", "key", b"sk-models"));
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO webhook_endpoint (tenant_id, id, url, secret, previous_secret, previous_secret_expires_at)
             VALUES ('{tenant}', '{endpoint}', 'https://a.example', '\\x{}', '\\x{}', now());
         INSERT INTO second_factor (tenant_id, user_id, secret, expires_at) SELECT tenant_id, id, '\\x{}', now() FROM app_user WHERE email = 'admin@oak.example';
         INSERT INTO ticket_key (tenant_id, sealed) VALUES ('{tenant}', '\\x{}');
         INSERT INTO payment_settings (tenant_id, stripe_secret_key) VALUES ('{tenant}', '\\x{}');
         INSERT INTO assistant_provider (tenant_id, key, key_set_at) VALUES ('{tenant}', '\\x{}', now());
         RESET session_replication_role",
        hex(&secret),
        hex(&previous),
        hex(&factor),
        hex(&tickets),
        hex(&stripe),
        hex(&models)
    ))
    .await;
    vec![
        ("webhook_endpoint", "secret", b"whsec_one".to_vec()),
        ("webhook_endpoint", "previous_secret", b"whsec_before".to_vec()),
        ("second_factor", "secret", b"twenty bytes of this".to_vec()),
        ("ticket_key", "sealed", b"what codes of tickets are made of".to_vec()),
        ("payment_settings", "stripe_secret_key", b"sk_one".to_vec()),
        ("assistant_provider", "key", b"sk-models".to_vec()),
    ]
}

#[tokio::test]
async fn what_older_keys_have_sealed_is_sealed_anew_and_nothing_else_changes() {
    let app = TestApp::start().await;
    let (old, new) = (Sealer::generate().unwrap(), Sealer::generate().unwrap());
    let held = seal(&app, &Sealer::from_text(&old).unwrap()).await;
    let run = |keys: &str, arguments: &[&str]| {
        let arguments = [&["keys", "reseal"], arguments].concat();
        done(operator(&app, &arguments).env("LECTERN_SECRET_KEYS", keys).output().unwrap())
    };
    let both = format!("{new},{old}");
    let said = run(&both, &["--dry-run"]);
    assert!(said.contains("webhook_endpoint.secret                     1 by an older key\n"), "{said}");
    assert!(said.ends_with("Nothing was written: leave out --dry-run.\n"), "{said}");
    assert!(run(&both, &["--dry-run"]).contains("second_factor.secret                        1 by an older key\n"));

    let audited = app.count("audit_entry").await;
    let said = run(&both, &[]);
    assert!(
        said.ends_with("All that opens is sealed by the first key now: the others may go, once every service has the first.\n"),
        "{said}"
    );
    let sealer = Sealer::from_text(&new).unwrap();
    for (table, column, text) in held {
        let sealed = app.text(&format!("SELECT encode({column}, 'hex') FROM {table}")).await.unwrap();
        let bound = if column == "previous_secret" { "secret" } else { column };
        let place = Place { tenant: app.oak.tenant, table, column: bound };
        assert_eq!(*sealer.open(place, &data_encoding::HEXLOWER.decode(sealed.as_bytes()).unwrap()).unwrap(), text, "{table}.{column}");
    }
    assert_eq!(app.count("audit_entry").await, audited, "nothing has changed for the school");
    assert!(run(&new, &["--dry-run"]).ends_with("All that opens is sealed by the first key.\n"));

    // What no key opens stays as it is, and is said.
    app.sql("UPDATE second_factor SET secret = '\\x01020304050607080910'").await;
    let said = run(&both, &[]);
    assert!(said.contains("second_factor.secret                        0 by an older key, 1 that no key opens\n"), "{said}");
    assert_eq!(app.text("SELECT encode(secret, 'hex') FROM second_factor").await.unwrap(), "01020304050607080910");
}

#[tokio::test]
async fn every_sealed_column_is_known_to_it() {
    let app = TestApp::start().await;
    // What is secret and no hash (of whatever name) is sealed.
    let sql = "SELECT string_agg(c.relname || '.' || a.attname, ' ' ORDER BY c.relname, a.attname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'bytea'::regtype
          AND col_description(c.oid, a.attnum) LIKE 'secret%' AND a.attname !~ '_(hash|mac|digest)$'";
    let mut known: Vec<String> = SEALED.iter().map(|sealed| format!("{}.{}", sealed.table, sealed.column)).collect();
    known.sort_unstable();
    assert_eq!(app.text(sql).await.unwrap(), known.join(" "));
}
