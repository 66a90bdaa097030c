//! For those who operate the service, and for those who verify its tokens.

use std::time::Duration;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::AppState;
use crate::db::migrate::Source;

/// The process lives.
pub async fn live() -> &'static str {
    "ok\n"
}

/// The process can answer: the database is reachable and stands at the schema of this binary.
pub async fn ready(State(state): State<AppState>) -> Response {
    let checked = tokio::time::timeout(Duration::from_secs(2), state.engine.pool().schema_version()).await;
    let expected = Source::embedded().map(|source| source.fingerprint());
    match (checked, expected) {
        (Ok(Ok(actual)), Ok(expected)) if actual == expected => "ready\n".into_response(),
        (Ok(Ok(_)), _) => (StatusCode::SERVICE_UNAVAILABLE, "the database is not at the schema of this binary\n").into_response(),
        (Ok(Err(error)), _) => {
            tracing::warn!(?error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database can't be reached\n").into_response()
        }
        (Err(_), _) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

/// The public key of access tokens.
pub async fn jwks(State(state): State<AppState>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, state.engine.services().tokens.jwks().to_owned()).into_response()
}
