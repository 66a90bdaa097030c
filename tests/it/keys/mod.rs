//! API keys: what one may do, and until when.

mod bearers;
mod limits;
mod walls;

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

pub const CREATE: &str = "mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret apiKey { id name permissions isReadOnly hint isLive role { key } owner { id } expiresAt lastUsedAt revokedAt } } }";
const REVOKE: &str = "mutation($id: ID!) { revokeApiKey(id: $id) { id isLive revokedAt } }";
const LIST: &str = "query($f: ApiKeyFilter) { apiKeys(filter: $f) { totalCount nodes { id name isLive owner { id } lastUsedAt } } }";
const WHO: &str = "{ viewer { user { id } permissions apiKey { id } signIn { id } activeRole { key } } }";
const COURSE: &str = r#"mutation { createCourse(input: { title: "Algebra" }) { id } }"#;

fn input(permissions: &[&str]) -> Value {
    json!({ "i": { "name": "Wall", "permissions": permissions } })
}

/// A key of somebody: who asks by it, and its id.
pub async fn key(app: &TestApp, owner: &Client, permissions: &[&str]) -> (Client, String) {
    let made = owner.ok(CREATE, input(permissions)).await["createApiKey"].take();
    let bearer = Client { token: made["secret"].as_str().map(str::to_owned), user_id: owner.user_id.clone(), ..app.stranger() };
    (bearer, made["apiKey"]["id"].as_str().unwrap().to_owned())
}

/// Whether a key still stands for somebody.
async fn is_alive(bearer: &Client) -> bool {
    !bearer.ok("{ viewer { user { id } } }", json!({})).await["viewer"].is_null()
}
