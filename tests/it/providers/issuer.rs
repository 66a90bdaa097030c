//! A small provider of OpenID Connect: it says what it is, lets in whoever it was told, and gives tokens; or misbehaves as it was told.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    digest, hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

pub const CLIENT_ID: &str = "lectern-oak";
pub const CLIENT_SECRET: &str = "hunter2 – but longer: %&+";
pub const BACK: &str = "https://app.oak.example/signed-in?by=provider";

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Nothing,
    /// Its tokens name another issuer.
    Issuer,
    /// They are for another client.
    Audience,
    /// They are of another sign-in.
    Nonce,
    /// They are over.
    Expired,
    /// They are not signed.
    Unsigned,
    /// They are signed by what the school knows as well.
    Symmetric,
    /// They are signed by a key that is not its own.
    Key,
    /// The access token beside them is another one.
    AccessToken,
    /// It has not verified the address.
    Unverified,
    /// It says nothing of whether it has.
    Unsaid,
    /// It says no address, in the token at least.
    NoAddress,
    /// What it says of itself is of another issuer.
    Discovery,
    /// It sends browsers to where nobody should go.
    Endpoint,
    /// It answers nothing of use.
    Down,
    /// It gives no tokens.
    TokensDown,
}

struct Grant {
    challenge: String,
    nonce: String,
    redirect_uri: String,
    client_id: String,
}

struct Inner {
    fault: Fault,
    /// Who signs in there: the claims about them.
    account: Value,
    codes: HashMap<String, Grant>,
    given: usize,
    keys: u8,
    asked: Vec<&'static str>,
}

/// The provider.
#[derive(Clone)]
pub struct Issuer {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

fn hash(text: &str) -> String {
    BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// The key of a number.
fn key(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap()
}

impl Issuer {
    pub async fn start() -> Issuer {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/realms/oak", listener.local_addr().unwrap());
        let account = json!({ "sub": "42", "email": "learner@oak.example", "email_verified": true, "name": "Lea Learner" });
        let inner = Inner { fault: Fault::Nothing, account, codes: HashMap::new(), given: 0, keys: 1, asked: Vec::new() };
        let issuer = Issuer { url, inner: Arc::new(Mutex::new(inner)) };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(issuer.clone());
        let router = Router::new().nest("/realms/oak", routes);
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// Lets somebody sign in there.
    pub fn be(&self, sub: &str, email: &str, name: &str) {
        self.inner.lock().unwrap().account = json!({ "sub": sub, "email": email, "email_verified": true, "name": name });
    }

    pub fn misbehave(&self, fault: Fault) {
        self.inner.lock().unwrap().fault = fault;
    }

    /// Signs by another key from now on.
    pub fn rotate(&self) {
        self.inner.lock().unwrap().keys += 1;
    }

    /// How often something was asked.
    pub fn asked(&self, what: &str) -> usize {
        self.inner.lock().unwrap().asked.iter().filter(|asked| **asked == what).count()
    }

    fn note(&self, what: &'static str) -> Fault {
        let mut inner = self.inner.lock().unwrap();
        inner.asked.push(what);
        inner.fault
    }
}

fn down() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response()
}

async fn discovery(State(issuer): State<Issuer>) -> Response {
    let fault = issuer.note("discovery");
    let url = &issuer.url;
    if fault == Fault::Down {
        return down();
    }
    let said = if fault == Fault::Discovery { format!("{url}/other") } else { url.clone() };
    let authorize = if fault == Fault::Endpoint { "http://10.0.0.1/authorize".to_owned() } else { format!("{url}/authorize") };
    Json(json!({
        "issuer": said, "authorization_endpoint": authorize, "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/jwks"),
        "userinfo_endpoint": format!("{url}/userinfo"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
    }))
    .into_response()
}

async fn jwks(State(issuer): State<Issuer>) -> Json<Value> {
    issuer.note("jwks");
    let number = issuer.inner.lock().unwrap().keys;
    let public = BASE64URL_NOPAD.encode(key(number).public_key().as_ref());
    Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": format!("key-{number}"), "x": public }] }))
}

/// Lets in whoever it was told, at once, and sends the browser back.
async fn authorize(State(issuer): State<Issuer>, Query(asked): Query<HashMap<String, String>>) -> Response {
    issuer.note("authorize");
    let is_right = asked["response_type"] == "code"
        && asked["code_challenge_method"] == "S256"
        && asked["scope"].split(' ').any(|scope| scope == "openid");
    if !is_right {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut inner = issuer.inner.lock().unwrap();
    inner.given += 1;
    let code = format!("code-{}", inner.given);
    let grant = Grant {
        challenge: asked["code_challenge"].clone(),
        nonce: asked["nonce"].clone(),
        redirect_uri: asked["redirect_uri"].clone(),
        client_id: asked["client_id"].clone(),
    };
    let mut back = url::Url::parse(&grant.redirect_uri).unwrap();
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked["state"]);
    inner.codes.insert(code, grant);
    (StatusCode::FOUND, [("location", String::from(back))]).into_response()
}

/// Exchanges a code, once: for the client that asked, and whoever knows what the challenge is the hash of.
async fn token(State(issuer): State<Issuer>, headers: HeaderMap, body: String) -> Response {
    let given: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let fault = issuer.note("token");
    if fault == Fault::TokensDown {
        return down();
    }
    let refused = || (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!("Basic {}", BASE64.encode(format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET)).as_bytes()));
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(&basic) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let mut inner = issuer.inner.lock().unwrap();
    let Some(grant) = given.get("code").and_then(|code| inner.codes.remove(code)) else { return refused() };
    let is_right = given.get("code_verifier").is_some_and(|verifier| hash(verifier) == grant.challenge)
        && given.get("redirect_uri") == Some(&grant.redirect_uri)
        && given.get("grant_type").map(String::as_str) == Some("authorization_code");
    if !is_right {
        return refused();
    }
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let mut claims = inner.account.clone();
    claims["iss"] = json!(if fault == Fault::Issuer { "https://somebody.example" } else { &issuer.url });
    claims["aud"] = json!(if fault == Fault::Audience { "somebody-else" } else { &grant.client_id });
    claims["nonce"] = json!(if fault == Fault::Nonce { "another" } else { &grant.nonce });
    claims["iat"] = json!(now - 700);
    claims["exp"] = json!(if fault == Fault::Expired { now - 60 } else { now + 300 });
    let fields = claims.as_object_mut().unwrap();
    match fault {
        Fault::Unverified => drop(fields.insert("email_verified".to_owned(), json!(false))),
        Fault::Unsaid => drop(fields.remove("email_verified")),
        Fault::AccessToken => drop(fields.insert("at_hash".to_owned(), json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))),
        Fault::NoAddress => ["email", "email_verified", "name"].iter().for_each(|name| drop(fields.remove(*name))),
        _ => {}
    }
    let number = inner.keys;
    let header = match fault {
        Fault::Unsigned => json!({ "alg": "none" }),
        Fault::Symmetric => json!({ "alg": "HS256" }),
        _ => json!({ "alg": "EdDSA", "kid": format!("key-{number}") }),
    };
    let signed = [&header, &claims].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes())).join(".");
    let signature = match fault {
        Fault::Unsigned => Vec::new(),
        Fault::Symmetric => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes()), signed.as_bytes()).as_ref().to_vec(),
        Fault::Key => key(200).sign(signed.as_bytes()).as_ref().to_vec(),
        _ => key(number).sign(signed.as_bytes()).as_ref().to_vec(),
    };
    let id_token = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
    Json(json!({ "access_token": "for-userinfo", "token_type": "Bearer", "expires_in": 300, "id_token": id_token })).into_response()
}

async fn userinfo(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    issuer.note("userinfo");
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some("Bearer for-userinfo") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(issuer.inner.lock().unwrap().account.clone()).into_response()
}
