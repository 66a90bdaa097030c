//! `/mail/unsubscribe/{token}`: somebody says that they want no more mail of a kind. A page with a button, and what the button does; mail programs
//! press it by themselves (RFC 8058). Looking changes nothing: whatever scans mails follows their links.

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use lectern_kernel::{
    db::{ActorKind, DbError, Identity, Mode, Opening, Tx},
    error::Error,
};

use super::{AppState, CorrelationId, error_response};
use crate::domains::{
    mail::{Unsubscribing, Unwanted},
    notifications::unsubscribe,
};

/// Nothing is loaded and nothing is run; the form leads back here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What stands in the address; letters that are none are no token, either.
type Token = Result<Path<String>, PathRejection>;

/// The page. It changes nothing.
pub async fn ask(State(state): State<AppState>, Extension(id): Extension<CorrelationId>, token: Token) -> Response {
    match read(&state, &token) {
        Some(_) => page(
            "<p>Do you want no more mail of this kind? Möchten Sie keine Mail dieser Art mehr?</p>\
             <form method=\"post\"><button type=\"submit\">No more mail · Keine Mail mehr</button></form>",
        ),
        None => unknown(&id.0),
    }
}

/// Turns that mail off; again and again the same. Whoever is not there any more gets none already.
pub async fn end(State(state): State<AppState>, Extension(id): Extension<CorrelationId>, token: Token) -> Response {
    let Some(unwanted) = read(&state, &token) else { return unknown(&id.0) };
    match turn_off(&state, &unwanted, &id.0).await {
        Ok(()) => page("<p>You will get no more mail of this kind. Sie bekommen keine Mail dieser Art mehr.</p>"),
        Err(error) => error_response(StatusCode::SERVICE_UNAVAILABLE, error.into(), &id.0),
    }
}

fn read(state: &AppState, token: &Token) -> Option<Unwanted> {
    let Ok(Path(token)) = token else { return None };
    state.engine.services().outside.get::<Unsubscribing>().ok()?.read(token)
}

fn unknown(id: &str) -> Response {
    error_response(StatusCode::NOT_FOUND, Error::not_found("address"), id)
}

async fn turn_off(state: &AppState, unwanted: &Unwanted, id: &str) -> Result<(), DbError> {
    let identity = Identity { tenant: unwanted.tenant, ..Identity::default() };
    let opening = Opening { mode: Mode::Write, identity, correlation_id: id, actors: &ActorKind::TENANT };
    let operation = "SELECT set_config('app.operation', 'system:unsubscribe', true) WHERE app.tenant_id() = $1";
    let tx = Tx::open_asking(state.engine.pool(), &opening, operation, &[]).await?.0;
    unsubscribe(&tx, unwanted.person, &unwanted.template).await?;
    tx.commit().await
}

fn page(what: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>Mail</title><style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;\
         padding:0 1rem}}button{{font:inherit;padding:.5rem 1rem}}</style></head><body>{what}</body></html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, html).into_response()
}
