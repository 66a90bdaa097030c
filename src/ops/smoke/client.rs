//! A client of the service, as any other would be: it knows an address and what the API promises.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::ops::report::Check;

/// Somebody who asks over HTTP and keeps the outcome of each operation.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    pub(super) checks: Vec<Check>,
}

impl Client {
    pub(super) fn new(url: &str) -> anyhow::Result<Client> {
        anyhow::ensure!(
            url.starts_with("http://") || url.starts_with("https://"),
            "an address such as http://127.0.0.1:8000 is expected, not {url}"
        );
        // One provider for the whole process; where one is installed already, it is the same.
        let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .user_agent(concat!("lectern-smoke/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the HTTP client can't be built")?;
        Ok(Client { http, base: url.trim_end_matches('/').to_owned(), token: None, checks: Vec::new() })
    }

    /// Switches to the bearer of a token, or signs out.
    pub(super) fn sign_in(&mut self, token: Option<String>) {
        self.token = token;
    }

    /// Whether somebody is signed in.
    pub(super) fn is_signed_in(&self) -> bool {
        self.token.is_some()
    }

    /// Gets a path that is not GraphQL's. Answers the body.
    pub(super) async fn get(&mut self, path: &str) -> Option<String> {
        let began = Instant::now();
        let asked = async {
            let response = self.http.get(format!("{}{path}", self.base)).send().await.map_err(|error| reason(&error))?;
            let status = response.status();
            let body = response.text().await.map_err(|error| reason(&error))?;
            if status.is_success() { Ok(body) } else { Err(format!("HTTP {status}: {}", body.trim())) }
        };
        let asked = asked.await;
        self.note("http", path, began, asked)
    }

    /// An operation that must answer data and no error; keeps the outcome under the root field's name. Answers that field.
    pub(super) async fn ask(&mut self, group: &'static str, document: &str, variables: Value) -> Option<Value> {
        let field = root_field(document).to_owned();
        let began = Instant::now();
        let asked = self.post(document, &variables).await.and_then(|mut answer| match answer["errors"].get(0) {
            None => Ok(answer["data"][&field].take()),
            Some(error) => Err(describe(error)),
        });
        self.note(group, &field, began, asked)
    }

    /// The same, where this refusal is as right as an answer: it may have ended by itself. Answers the field where there is one.
    pub(super) async fn ask_unless(&mut self, group: &'static str, document: &str, variables: Value, refusal_too: &str) -> Option<Value> {
        let field = root_field(document).to_owned();
        let began = Instant::now();
        let asked = self.post(document, &variables).await.and_then(|mut answer| match answer["errors"].get(0) {
            None => Ok(Some(answer["data"][&field].take())),
            Some(error) if refusal(error) == refusal_too => Ok(None),
            Some(error) => Err(describe(error)),
        });
        self.note(group, &field, began, asked).flatten()
    }

    /// Asks, and keeps no outcome. Answers the field; none where anything is wrong.
    pub(super) async fn look(&self, document: &str, variables: Value) -> Option<Value> {
        let mut answer = self.post(document, &variables).await.ok()?;
        Some(answer["data"][root_field(document)].take()).filter(|field| !field.is_null())
    }

    /// An operation that must be refused like this: a code, or a code and a reason.
    pub(super) async fn refused(&mut self, what: &str, document: &str, variables: Value, expected: &str) {
        let began = Instant::now();
        let asked = self.post(document, &variables).await.and_then(|answer| match answer["errors"].get(0) {
            Some(error) if refusal(error) == expected => Ok(()),
            Some(error) => Err(format!("expected {expected}, answered {}", describe(error))),
            None => Err(format!("expected {expected}, but it was not refused")),
        });
        self.note("refused", what, began, asked);
    }

    /// An operation whose field must be as expected.
    pub(super) async fn answers(&mut self, group: &'static str, what: &str, document: &str, variables: Value, expected: Value) {
        let field = root_field(document);
        let began = Instant::now();
        let asked = self.post(document, &variables).await.and_then(|answer| match answer["errors"].get(0) {
            Some(error) => Err(describe(error)),
            None if answer["data"][field] == expected => Ok(()),
            None => Err(format!("expected {expected}, answered {}", answer["data"][field])),
        });
        self.note(group, what, began, asked);
    }

    /// Sends bytes to an address, as the answer that named it says.
    pub(super) async fn put(&mut self, url: &str, headers: &Value, bytes: &'static [u8]) -> Option<()> {
        let began = Instant::now();
        let mut request = self.http.put(url).body(bytes);
        for header in headers.as_array().into_iter().flatten() {
            request = request.header(header["name"].as_str().unwrap_or_default(), header["value"].as_str().unwrap_or_default());
        }
        let sent = match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(format!("HTTP {}", response.status())),
            Err(error) => Err(reason(&error)),
        };
        self.note("file", "PUT of the bytes", began, sent)
    }

    /// Fetches an address without a token; it must answer these bytes.
    pub(super) async fn fetch(&mut self, url: &str, bytes: &[u8]) {
        let began = Instant::now();
        let fetched = async {
            let response = self.http.get(url).send().await.map_err(|error| reason(&error))?;
            let status = response.status();
            let body = response.bytes().await.map_err(|error| reason(&error))?;
            if status.is_success() && body == bytes { Ok(()) } else { Err(format!("HTTP {status}, {} bytes", body.len())) }
        };
        let fetched = fetched.await;
        self.note("file", "GET of the bytes", began, fetched);
    }

    /// The platform, where it is served here, must take the token of a school for none.
    pub(super) async fn is_nobody_at_the_platform(&mut self) {
        let began = Instant::now();
        let asked = async {
            let mut request = self.http.post(format!("{}/platform/graphql", self.base)).json(&json!({ "query": "{ viewer { id } }" }));
            if let Some(token) = &self.token {
                request = request.bearer_auth(token);
            }
            let response = request.send().await.map_err(|error| reason(&error))?;
            if response.status() == reqwest::StatusCode::NOT_FOUND {
                return Ok(());
            }
            let answer: Value = response.json().await.map_err(|error| reason(&error))?;
            if answer["data"]["viewer"].is_null() { Ok(()) } else { Err("it takes somebody of a school for an administrator".to_owned()) }
        };
        let asked = asked.await;
        self.note("refused", "the platform, with a token of a school", began, asked);
    }

    fn note<T>(&mut self, group: &'static str, subject: &str, began: Instant, outcome: Result<T, String>) -> Option<T> {
        let took = format!("{} ms", began.elapsed().as_millis());
        match outcome {
            Ok(answer) => {
                self.checks.push(Check::pass(group, subject, took));
                Some(answer)
            }
            Err(problem) => {
                self.checks.push(Check::fail(group, subject, format!("{took}: {problem}")));
                None
            }
        }
    }

    async fn post(&self, document: &str, variables: &Value) -> Result<Value, String> {
        let mut request = self.http.post(format!("{}/graphql", self.base)).json(&json!({ "query": document, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.map_err(|error| reason(&error))?;
        let status = response.status();
        response.json().await.map_err(|_no_json| format!("HTTP {status}, and no GraphQL answer: is this a Lectern?"))
    }
}

/// The first field of a document's operation.
fn root_field(document: &str) -> &str {
    let body = document.split_once('{').map_or(document, |(_, body)| body).trim_start();
    &body[..body.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(body.len())]
}

/// `CONFLICT IN_USE`.
fn refusal(error: &Value) -> String {
    let part = |name: &str| error["extensions"][name].as_str();
    [part("code"), part("reason")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn describe(error: &Value) -> String {
    let field = error["extensions"]["field"].as_str().map(|field| format!(" @{field}")).unwrap_or_default();
    format!(
        "{}{field}: {} (correlation id {})",
        refusal(error),
        error["message"].as_str().unwrap_or_default(),
        error["extensions"]["correlationId"].as_str().unwrap_or("none")
    )
}

/// The innermost cause of a failed exchange: "connection refused" rather than "error sending request".
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_field_is_read_out_of_a_document() {
        assert_eq!(root_field("{ viewer { user { id } } }"), "viewer");
        assert_eq!(root_field("mutation($i: EnrollInput!) { enroll(input: $i) { id } }"), "enroll");
        assert_eq!(root_field("mutation { logout }"), "logout");
    }
}
