//! For those who operate the service, and for those who verify its tokens.

use std::time::Duration;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use lectern_kernel::db::migrate::{Standing, standing};

use super::AppState;
use crate::ops::sources::embedded;

/// The process lives.
pub async fn live() -> &'static str {
    "ok\n"
}

/// The process can answer: the database is reachable and stands at the schema of this binary, or at a newer one's while
/// the binaries are being replaced.
pub async fn ready(State(state): State<AppState>) -> Response {
    let checked = tokio::time::timeout(Duration::from_secs(2), state.engine.pool().schema_version()).await;
    let reason = match checked {
        Ok(Ok(version)) if stands(&version) => return "ready\n".into_response(),
        Ok(Ok(_)) => "the database is not at the schema of this binary\n",
        Ok(Err(error)) => {
            tracing::warn!(?error, "not ready");
            if error.is_connection_failure() { "the database can't be reached\n" } else { "the database is not migrated\n" }
        }
        Err(_) => "the database does not answer\n",
    };
    (StatusCode::SERVICE_UNAVAILABLE, reason).into_response()
}

/// Whether a database of this version may be answered from.
fn stands(version: &str) -> bool {
    embedded().is_ok_and(|source| standing(source, Some(version)) != Standing::Behind)
}

/// The public key of access tokens.
pub async fn jwks(State(state): State<AppState>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, state.engine.services().tokens.jwks().to_owned()).into_response()
}
