//! How much one person, account or address may ask for, and that replicas count together.

mod budgets;
mod devices;
mod keys;
mod school;
mod sign_ins;
mod told;

use clap::Parser;
use lectern::{
    config::Cli,
    ops::{self, ServeOptions},
};
use lectern_kernel::{
    auth::SigningKey,
    execute::{Answer, Engine},
    request::GraphqlRequest,
};
use serde_json::{Value, json};

use crate::app::{Client, TestApp, outside, refusal, sealer};

/// Another replica on the database of a test.
fn replica(app: &TestApp, arguments: &[&str]) -> Engine {
    replica_with(app, arguments, SigningKey::generate().unwrap())
}

/// One that signs with this key.
fn replica_with(app: &TestApp, arguments: &[&str], key: SigningKey) -> Engine {
    let settings = Cli::parse_from(["lectern", "--pool-size", "8"].iter().chain(arguments)).settings;
    let url = app.database.url("lectern_app");
    ops::engine(&settings, ServeOptions { url: &url, key, sealer: sealer(), outside: outside() }).unwrap()
}

async fn ask(engine: &Engine, query: &str, variables: Value, address: &str) -> Answer {
    let request = GraphqlRequest {
        query: query.to_owned(),
        variables: Some(async_graphql::Variables::from_json(variables)),
        address: Some(address.to_owned()),
        ..GraphqlRequest::default()
    };
    engine.execute(engine.read(&request).unwrap(), None, "asking").await
}

/// Status, code and how long to wait.
pub async fn wait_of(client: &Client, query: &str, variables: Value) -> (u16, String, u64) {
    let response = client.post(query, variables).send().await.unwrap();
    let status = response.status().as_u16();
    let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
    let answer: Value = response.json().await.unwrap();
    let wait = answer["errors"][0]["extensions"]["retryAfter"].as_u64();
    assert_eq!(wait, header, "{answer}");
    assert!(answer.get("data").is_none_or(|data| wait.is_none() || data.is_null()), "{answer}");
    (status, if answer.get("errors").is_some() { refusal(&answer["errors"][0]) } else { String::new() }, wait.unwrap_or_default())
}

fn credentials(school: &str, email: &str, password: &str) -> Value {
    json!({ "i": { "tenant": school, "email": email, "password": password } })
}

const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }";
