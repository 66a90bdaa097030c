//! `POST /webhooks/payments/{school}/stripe` and `/test`: what providers of payments say; and the page of the test provider.

use axum::{
    Extension,
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use lectern_kernel::{
    clock,
    db::{ActorKind, DbError, Identity, Mode, Opening, Tx},
    error::{Code, Error},
};
use serde_json::json;
use uuid::Uuid;

use super::{AppState, CorrelationId, client_address, error_response, graphql::peer};
use crate::domains::payments::{PaymentProvider, Press, Said, TEST_PAGES, Taking, TestPayment, door, is_signed};

/// Bytes of a webhook's body.
const MOST: usize = 64 << 10;
/// Bytes of what the page sends.
const PRESSED: usize = 1024;

/// Nothing is loaded and nothing is run; the form leads back here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Takes what a provider says. Whatever is wrong with it is answered alike; what is authentic is taken, whether it did something or not.
pub async fn take(
    State(state): State<AppState>,
    Extension(CorrelationId(id)): Extension<CorrelationId>,
    named: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let answer = match named {
        Ok(Path((school, provider))) => taken(&state, &id, &school, &provider, &headers, sent).await,
        // What can't be read names no school.
        Err(_) => Ok(false),
    };
    match answer {
        Ok(true) => axum::Json(json!({ "received": true })).into_response(),
        Ok(false) => error_response(StatusCode::BAD_REQUEST, Error::bad_request("This is no webhook of a provider of this school."), &id),
        // The provider sends it again.
        Err(error) => error_response(StatusCode::SERVICE_UNAVAILABLE, error, &id),
    }
}

async fn taken(state: &AppState, id: &str, school: &str, provider: &str, headers: &HeaderMap, sent: Body) -> Result<bool, Error> {
    let (provider, name) = match provider {
        "stripe" => (PaymentProvider::Stripe, "stripe-signature"),
        "test" => (PaymentProvider::Test, "lectern-signature"),
        _ => return Ok(false),
    };
    let services = state.engine.services();
    if !services.outside.get::<Taking>()?.allows(provider) {
        return Ok(false);
    }
    let Some(header) = headers.get(name).and_then(|value| value.to_str().ok()) else { return Ok(false) };
    // The bytes as they came: they are what is signed.
    let read = tokio::time::timeout(state.options.body_timeout, axum::body::to_bytes(sent, MOST)).await;
    let Ok(Ok(body)) = read else { return Ok(false) };
    let tx = open(state, Uuid::nil(), Mode::Read, id).await?;
    let found = door(&tx, &services.sealer, school, provider).await?;
    tx.end_read();
    // Its connection goes back before another is waited for: webhooks that come at once would wait for each other else.
    drop(tx);
    let Some((tenant, secret)) = found else { return Ok(false) };
    if !is_signed(&secret, header, &body, clock::now()) {
        return Ok(false);
    }
    let Some(said) = Said::read(provider, &body) else { return Ok(false) };
    keep(state, tenant, id, &said, provider).await?;
    Ok(true)
}

async fn open(state: &AppState, tenant: Uuid, mode: Mode, id: &str) -> Result<std::sync::Arc<Tx>, DbError> {
    let identity = Identity { tenant, ..Identity::default() };
    let opening = Opening { mode, identity, correlation_id: id, actors: &ActorKind::TENANT };
    Ok(Tx::open(state.engine.pool(), &opening).await?.0)
}

/// Takes what was said, in a transaction of its own.
async fn keep(state: &AppState, tenant: Uuid, id: &str, said: &Said, provider: PaymentProvider) -> Result<(), DbError> {
    let tx = open(state, tenant, Mode::Write, id).await?;
    said.take(&tx, provider).await?;
    tx.commit().await
}

/// The page on which a payment of the test provider is settled by hand; for whoever knows its id. It changes nothing.
pub async fn show(
    State(state): State<AppState>,
    Extension(CorrelationId(id)): Extension<CorrelationId>,
    named: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let Ok(Path((school, payment))) = named else { return refused(unknown(), &id) };
    match found(&state, &id, &school, &payment, &parts).await {
        Ok((_, shown)) => page(&shown),
        Err(error) => refused(error, &id),
    }
}

/// Settles it, as the provider's webhook would.
pub async fn press(
    State(state): State<AppState>,
    Extension(CorrelationId(id)): Extension<CorrelationId>,
    named: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    let (parts, sent) = request.into_parts();
    let Ok(Path((school, payment))) = named else { return refused(unknown(), &id) };
    let done = async {
        let (tenant, shown) = found(&state, &id, &school, &payment, &parts).await?;
        let read = tokio::time::timeout(state.options.body_timeout, axum::body::to_bytes(sent, PRESSED)).await;
        let body = read.ok().and_then(Result::ok).unwrap_or_default();
        let outcome = url::form_urlencoded::parse(&body).find_map(|(name, value)| (name == "outcome").then(|| value.into_owned()));
        let press = outcome.as_deref().and_then(Press::of).ok_or_else(|| Error::bad_request("The page's form sends an outcome."))?;
        keep(&state, tenant, &id, &shown.pressed(press), PaymentProvider::Test).await?;
        Ok::<_, Error>(())
    };
    match done.await {
        Ok(()) => Redirect::to(&format!("/payments/test/{school}/{payment}")).into_response(),
        Err(error) => refused(error, &id),
    }
}

fn unknown() -> Error {
    Error::not_found("payment")
}

async fn found(state: &AppState, id: &str, school: &str, payment: &str, parts: &Parts) -> Result<(Uuid, TestPayment), Error> {
    let address = client_address::of(peer(&parts.extensions), &parts.headers, &state.options.trusted_proxies);
    if let Some(address) = &address {
        state.engine.budgets().spend(&TEST_PAGES, &[address.as_bytes()], 1, clock::now())?;
    }
    let services = state.engine.services();
    if !services.outside.get::<Taking>()?.allows_test() {
        return Err(unknown());
    }
    let tx = open(state, Uuid::nil(), Mode::Read, id).await?;
    let found = door(&tx, &services.sealer, school, PaymentProvider::Test).await?;
    tx.end_read();
    drop(tx);
    let (tenant, _) = found.ok_or_else(unknown)?;
    let tx = open(state, tenant, Mode::Read, id).await?;
    let shown = TestPayment::find(&tx, payment).await?;
    tx.end_read();
    Ok((tenant, shown.ok_or_else(unknown)?))
}

fn page(shown: &TestPayment) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, shown.html()).into_response()
}

fn refused(error: Error, id: &str) -> Response {
    let status = match error.code() {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::BadUserInput => StatusCode::BAD_REQUEST,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let wait = error.retry_after();
    let mut response = error_response(status, error, id);
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    response
}
