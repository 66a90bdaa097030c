//! Signing in and out: who a token stands for, and until when.

mod lapse;
mod refresh;
mod roles;
mod sign_ins;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use lectern_kernel::auth::{SigningKey, Tokens};
use serde_json::{Value, json};

use crate::app::{Client, PASSWORD, School, TestApp, Who, refusal};

const VIEWER: &str = "{ viewer { user { name } tenant { slug } activeRole { key } permissions } }";
const WHO: &str = "{ viewer { user { id } } }";
const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }";
const LOGOUT: &str = "mutation { logout }";
const CHANGE_PASSWORD: &str = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken refreshToken viewer { user { id } activeRole { key } } } }";

fn credentials(tenant: &str, email: &str, password: &str) -> Value {
    json!({ "i": { "tenant": tenant, "email": email, "password": password } })
}

/// A second sign-in of one of the four.
async fn another_device(app: &TestApp, school: &School, who: Who) -> Client {
    app.sign_in_as(school, &school.email(who), PASSWORD).await
}

/// Whether a client's access token still stands for somebody.
async fn is_alive(client: &Client) -> bool {
    !client.ok(WHO, json!({})).await["viewer"].is_null()
}

#[tokio::test]
async fn signing_in_names_the_person_the_school_and_the_role() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(
        learner.ok(VIEWER, json!({})).await,
        json!({ "viewer": { "user": { "name": "LEARNER of oak" }, "tenant": { "slug": "oak" }, "activeRole": { "key": "LEARNER" },
                            "permissions": ["COURSE_READ", "ENROLLMENT_SELF", "BOOKING_REQUEST", "APPLICATION_SUBMIT", "FILE_UPLOAD", "AGENT_EXECUTE"] } })
    );
    assert_eq!(app.stranger().ok(VIEWER, json!({})).await, json!({ "viewer": null }));

    // In any case, with blanks around; and over somebody else's token, in another school too.
    let spelled = credentials(" OAK ", " Admin@Oak.EXAMPLE ", PASSWORD);
    let session = learner.ok(LOGIN, spelled).await;
    let admin = app.stranger().with_session(&session["login"]);
    assert_eq!(admin.ok(VIEWER, json!({})).await["viewer"]["activeRole"]["key"], "ADMIN");
    let session = admin.ok(LOGIN, credentials("elm", "viewer@elm.example", PASSWORD)).await;
    let viewer = app.stranger().with_session(&session["login"]);
    assert_eq!(viewer.ok(VIEWER, json!({})).await["viewer"]["tenant"]["slug"], "elm");

    let signed_in = "audit_entry where operation = 'login' and outcome = 'CHANGED' and resource = 'Session' and resource_id is not null";
    assert_eq!(app.count(&format!("{signed_in} and actor_id = (select id from app_user where email = 'admin@oak.example')")).await, 1);
    assert_eq!(app.count(&format!("{signed_in} and before is null and after ->> 'user_id' = actor_id::text")).await, 3);
    assert_eq!(app.count("audit_entry where concat(before, after) ~ 'password|hash|argon'").await, 0);
}

#[tokio::test]
async fn every_refused_sign_in_is_answered_alike() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let create = "mutation($i: CreateUserInput!) { createUser(input: $i) { id } }";
    admin.ok(create, json!({ "i": { "email": "nopass@oak.example", "name": "No Password", "roleKeys": ["LEARNER"] } })).await;
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'viewer@oak.example'").await;
    app.sql("UPDATE app_user SET deleted_at = now() WHERE email = 'viewer@elm.example'").await;
    app.sql("DELETE FROM user_role WHERE user_id = (SELECT id FROM app_user WHERE email = 'learner@elm.example')").await;

    let mut bodies = Vec::new();
    for (tenant, email, password) in [
        ("oak", "learner@oak.example", "wrong horse battery"),
        ("oak", "learner@oak.example", ""),
        ("oak", "nobody@oak.example", PASSWORD),
        ("oak", "learner@elm.example", PASSWORD),
        ("nowhere", "learner@oak.example", PASSWORD),
        ("oak", "viewer@oak.example", PASSWORD),
        ("elm", "viewer@elm.example", PASSWORD),
        ("elm", "learner@elm.example", PASSWORD),
        ("oak", "nopass@oak.example", PASSWORD),
        ("oak", "nopass@oak.example", ""),
        ("oa\u{0}k", "learner@oak.example", PASSWORD),
        ("oak' OR true --", "%", &"x".repeat(5000)),
    ] {
        let request = app.stranger().post(LOGIN, credentials(tenant, email, password)).header("x-correlation-id", "the-same");
        bodies.push(request.send().await.unwrap().text().await.unwrap());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    let answer: Value = serde_json::from_str(&bodies[0]).unwrap();
    assert_eq!((refusal(&answer["errors"][0]), &answer["data"]), ("UNAUTHENTICATED".into(), &Value::Null));

    // Each refusal of a known school is in its audit log, with the person where there is one; what can't be stored isn't.
    let refused = "audit_entry where operation = 'login' and outcome = 'REFUSED' and code = 'UNAUTHENTICATED' and resource = 'Session'";
    let oak = format!("{refused} and tenant_id = '{}'", app.oak.tenant);
    assert_eq!(app.count(&oak).await, 7);
    assert_eq!(app.count(&format!("{oak} and actor_id = (select id from app_user where email = 'learner@oak.example')")).await, 2);
    assert_eq!(app.count(&format!("{oak} and actor_id is null")).await, 2);
    assert_eq!(app.count(&format!("{refused} and tenant_id = '{}'", app.elm.tenant)).await, 2);
    assert_eq!(app.count("session").await, 1, "only the admin of oak has signed in");
}

#[tokio::test]
async fn every_refused_sign_in_takes_the_time_of_verifying_a_password() {
    let app = TestApp::start().await;
    let passwords = &app.engine.services().passwords;
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'viewer@oak.example'").await;
    for (tenant, email, password) in [
        ("oak", "learner@oak.example", "wrong horse battery"),
        ("oak", "nobody@oak.example", PASSWORD),
        ("nowhere", "learner@oak.example", PASSWORD),
        ("oak", "viewer@oak.example", PASSWORD),
        ("oak", "viewer@oak.example", "wrong horse battery"),
    ] {
        let before = passwords.turns_taken();
        app.stranger().refused(LOGIN, credentials(tenant, email, password)).await;
        assert_eq!(passwords.turns_taken() - before, 1, "{tenant} {email}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_ours_or_not_valid_any_more_counts_as_signed_out() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let tokens = &app.engine.services().tokens;
    let good = admin.token.clone().unwrap();
    let claims = tokens.verify(&good).unwrap();
    let identity = claims.identity();
    let (now, hour) = (Timestamp::from_second(payload_of(&good)["iat"].as_i64().unwrap()).unwrap(), SignedDuration::from_hours(1));
    let parts: Vec<&str> = good.split('.').collect();
    let payload = payload_of(&good);
    let public = BASE64URL_NOPAD.decode(jwks(&app).await["keys"][0]["x"].as_str().unwrap().as_bytes()).unwrap();

    let foreign_key = Tokens::new(&SigningKey::generate().unwrap(), "lectern", hour, hour).unwrap();
    let none = |header: Value| format!("{}.{}.", BASE64URL_NOPAD.encode(header.to_string().as_bytes()), parts[1]);
    let mut kid = Header::new(Algorithm::HS256);
    kid.kid = jsonwebtoken::decode_header(&good).unwrap().kid;
    let other = |change: &dyn Fn(&mut lectern_kernel::db::Identity)| {
        let mut other = identity;
        change(&mut other);
        tokens.access(other, claims.token_version(), now).unwrap().text
    };
    let elm = app.elm.tenant;
    for (what, token) in [
        ("expired", tokens.access(identity, claims.token_version(), now - hour).unwrap().text),
        ("an earlier token version", tokens.access(identity, claims.token_version() - 1, now).unwrap().text),
        ("a later token version", tokens.access(identity, claims.token_version() + 1, now).unwrap().text),
        ("another key", foreign_key.access(identity, claims.token_version(), now).unwrap().text),
        ("another school", other(&|identity| identity.tenant = elm)),
        ("another person", other(&|identity| identity.user = uuid::Uuid::now_v7())),
        ("another sign-in", other(&|identity| identity.session = uuid::Uuid::now_v7())),
        ("no algorithm", none(json!({ "alg": "none", "typ": "JWT" }))),
        ("no algorithm, capital", none(json!({ "alg": "None", "typ": "JWT", "kid": kid.kid }))),
        ("the public key as a secret", jsonwebtoken::encode(&kid, &payload, &EncodingKey::from_secret(&public)).unwrap()),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("another's payload", format!("{}.{}.{}", parts[0], BASE64URL_NOPAD.encode(br#"{"sub":"admin"}"#), parts[2])),
        ("a refresh token", admin.refresh_token.clone().unwrap()),
        ("garbage", "garbage".into()),
        ("nothing", String::new()),
    ] {
        let client = Client { token: Some(token), ..app.stranger() };
        assert_eq!(client.ok(WHO, json!({})).await, json!({ "viewer": null }), "{what}");
        assert_eq!(client.refused("{ users { totalCount } }", json!({})).await, "UNAUTHENTICATED", "{what}");
        assert_eq!(client.refused("mutation { logoutEverywhere }", json!({})).await, "UNAUTHENTICATED", "{what}");
        assert_eq!(
            client.ok("{ publicTenants { nodes { slug } } }", json!({})).await["publicTenants"]["nodes"][0]["slug"],
            "elm",
            "{what}"
        );
    }
    // Somebody with a dead token signs in as anybody would.
    let expired = tokens.access(identity, claims.token_version(), now - hour).unwrap().text;
    Client { token: Some(expired), ..app.stranger() }.ok(LOGIN, credentials("oak", "learner@oak.example", PASSWORD)).await;
    assert!(is_alive(&admin).await);
}

/// What an access token says, unverified.
fn payload_of(token: &str) -> Value {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap()).unwrap()
}

async fn jwks(app: &TestApp) -> Value {
    app.stranger().http.get(format!("{}/.well-known/jwks.json", app.url)).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn anybody_can_verify_a_token_with_the_published_key() {
    let app = TestApp::start().await;
    let token = app.sign_in(&app.oak, Who::Viewer).await.token.unwrap();
    let jwks = jwks(&app).await;
    let key = &jwks["keys"][0];
    assert_eq!(
        (jwks["keys"].as_array().unwrap().len(), &key["kty"], &key["crv"], &key["alg"]),
        (1, &json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );

    // By the primitive itself.
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let public = BASE64URL_NOPAD.decode(key["x"].as_str().unwrap().as_bytes()).unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    UnparsedPublicKey::new(&ED25519, &public).verify(signed.as_bytes(), &signature).unwrap();

    // And by a library that reads the key set.
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(jwks).unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!(header.alg, Algorithm::EdDSA);
    let decoding = jsonwebtoken::DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["lectern"]);
    validation.set_issuer(&["lectern"]);
    let claims = jsonwebtoken::decode::<Value>(&token, &decoding, &validation).unwrap().claims;
    assert!(claims["sub"].as_str().unwrap().starts_with("user_") && claims["tenant"].as_str().unwrap().starts_with("tenant_"));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 15 * 60);
}

#[tokio::test]
async fn a_session_mutation_stands_alone_in_its_document() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let before = app.count("session").await;
    let login = |alias: &str| {
        format!(r#"{alias}: login(input: {{ tenant: "oak", email: "learner@oak.example", password: "{PASSWORD}" }}) {{ accessToken }}"#)
    };
    for document in [
        format!("mutation {{ {} {} }}", login("a"), login("b")),
        format!("mutation {{ {} ...More }} fragment More on Mutation {{ logoutEverywhere }}", login("a")),
        format!("mutation {{ logout ... on Mutation {{ {} }} }}", login("a")),
        r#"mutation { createRole(input: { key: "NEW", name: "New", permissions: [] }) { id } switchRole(input: { roleKey: "ADMIN" }) { accessToken } }"#.into(),
    ] {
        assert_eq!(admin.refused(&document, json!({})).await, "BAD_USER_INPUT", "{document}");
    }
    assert_eq!((app.count("session").await, app.count("role where not is_system").await), (before, 0));
    assert!(is_alive(&admin).await);
    // What every client may add to every selection changes nothing.
    admin.ok(&format!("mutation {{ __typename {} }}", login("a")), json!({})).await;
}

#[tokio::test]
async fn signing_out_ends_this_sign_in_at_once_and_everywhere_ends_them_all() {
    let app = TestApp::start().await;
    let (desk, phone) = (another_device(&app, &app.oak, Who::Learner).await, another_device(&app, &app.oak, Who::Learner).await);
    let neighbour = app.sign_in(&app.oak, Who::Viewer).await;
    assert_eq!(desk.ok(LOGOUT, json!({})).await, json!({ "logout": true }));
    assert!(!is_alive(&desk).await && is_alive(&phone).await);
    assert_eq!(desk.refused(LOGOUT, json!({})).await, "UNAUTHENTICATED");
    assert_eq!(refresh::refused(&desk).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");

    let desk = another_device(&app, &app.oak, Who::Learner).await;
    desk.ok("mutation { logoutEverywhere }", json!({})).await;
    for gone in [&desk, &phone] {
        assert!(!is_alive(gone).await);
        assert_eq!(refresh::refused(gone).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
    }
    assert!(is_alive(&neighbour).await);
    assert!(is_alive(&another_device(&app, &app.oak, Who::Learner).await).await, "and signs in again");
    assert_eq!(app.count("session where revoked_reason = 'LOGOUT'").await, 1);
    assert_eq!(app.count("session where revoked_reason = 'LOGOUT_EVERYWHERE'").await, 2);
    assert_eq!(app.count("audit_entry where operation = 'logoutEverywhere' and resource = 'Session' and outcome = 'CHANGED'").await, 2);
}

#[tokio::test]
async fn a_new_password_ends_every_other_sign_in() {
    let app = TestApp::start().await;
    let (desk, phone) = (another_device(&app, &app.oak, Who::Learner).await, another_device(&app, &app.oak, Who::Learner).await);
    let change = |current: &str, new: &str| json!({ "i": { "currentPassword": current, "newPassword": new } });
    let new = "violet staple orbit 7";
    for (current, new, refused) in [
        ("wrong horse battery", new, "@currentPassword"),
        ("", new, "@currentPassword"),
        (PASSWORD, PASSWORD, "@newPassword"),
        (PASSWORD, "shortish1", "@newPassword"),
        (PASSWORD, &"long enough ".repeat(11), "@newPassword"),
        (PASSWORD, "password1234", "@newPassword"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "@newPassword"),
        (PASSWORD, "learner@oak.example", "@newPassword"),
        (PASSWORD, "nul \u{0} in the middle", "@newPassword"),
    ] {
        assert_eq!(desk.refused(CHANGE_PASSWORD, change(current, new)).await, format!("BAD_USER_INPUT {refused}"), "{new}");
    }
    assert_eq!(app.changes("changePassword").await, 0);

    let session = desk.ok(CHANGE_PASSWORD, change(PASSWORD, new)).await;
    let going_on = app.stranger().with_session(&session["changePassword"]);
    assert_eq!(going_on.user_id, desk.user_id);
    assert!(is_alive(&going_on).await && !is_alive(&phone).await && !is_alive(&desk).await);
    assert_eq!(refresh::refused(&phone).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
    assert!(is_alive(&refresh::ok(&app, &going_on).await).await);
    assert_eq!(app.stranger().refused(LOGIN, credentials("oak", "learner@oak.example", PASSWORD)).await, "UNAUTHENTICATED");
    app.sign_in_as(&app.oak, "learner@oak.example", new).await;
    assert_eq!(app.count("session where revoked_reason = 'PASSWORD_CHANGED'").await, 2);
    assert_eq!(app.stranger().refused(CHANGE_PASSWORD, change(new, "another violet orbit 8")).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn no_sign_in_by_the_old_password_survives_its_change() {
    let app = TestApp::start().await;
    let desk = another_device(&app, &app.oak, Who::Learner).await;
    let change = |new: &str| json!({ "i": { "currentPassword": PASSWORD, "newPassword": new } });
    let logins = (0..12).map(|_| {
        let stranger = app.stranger();
        async move { stranger.ask(LOGIN, credentials("oak", "learner@oak.example", PASSWORD)).await }
    });
    let (logins, one, other) = tokio::join!(
        futures_util::future::join_all(logins),
        desk.ask(CHANGE_PASSWORD, change("violet staple orbit 7")),
        desk.ask(CHANGE_PASSWORD, change("amber staple orbit 8")),
    );
    let changed = [&one, &other].into_iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(changed, 1, "of two changes at once one holds: {one} {other}");
    for login in logins {
        if login.get("errors").is_none() {
            assert!(!is_alive(&app.stranger().with_session(&login["data"]["login"])).await);
        }
    }
    assert_eq!(app.count("session where revoked_at is null").await, 1);
}
