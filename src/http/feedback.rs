//! `POST /mail/feedback`: a provider of mail reports what came back, and what was complained about.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use lectern_kernel::{
    db::{ActorKind, DbError, Identity, Mode, Opening, Tx},
    error::Error,
};
use uuid::Uuid;

use super::{AppState, CorrelationId, body, error_response};
use crate::domains::mail::{Report, take as take_report};

/// Reports of one request.
const MOST: usize = 1000;

/// Takes an array of reports: `[{"messageId": "<…>", "outcome": "BOUNCED"}]`. Those about mails that are not ours, or not kept any more, are
/// passed over. Answers how many were taken.
pub async fn take(State(state): State<AppState>, Extension(id): Extension<CorrelationId>, headers: HeaderMap, sent: Body) -> Response {
    if !is_allowed(state.options.mail_feedback.as_deref(), &headers) {
        return error_response(StatusCode::UNAUTHORIZED, Error::unauthenticated(), &id.0);
    }
    let bytes = match body::collect(&state, &headers, sent).await {
        Ok((bytes, _room)) => bytes,
        Err(refused) => return error_response(refused.0, refused.1, &id.0),
    };
    let reports: Vec<Report> = match serde_json::from_slice(&bytes) {
        Ok(reports) => reports,
        Err(_) => return refused("An array of objects with `messageId` and `outcome` (BOUNCED or COMPLAINED) is expected.", &id.0),
    };
    if reports.len() > MOST {
        return refused("At most 1000 reports may come at once.", &id.0);
    }
    match take_all(&state, &reports, &id.0).await {
        Ok(taken) => axum::Json(serde_json::json!({ "taken": taken })).into_response(),
        // What was taken is taken; the provider sends all of it again, which changes nothing of that.
        Err(error) => error_response(StatusCode::SERVICE_UNAVAILABLE, error.into(), &id.0),
    }
}

fn refused(message: &str, id: &str) -> Response {
    error_response(StatusCode::BAD_REQUEST, Error::bad_request(message), id)
}

/// Whether the token is the right one; how long that takes says nothing of it.
fn is_allowed(token: Option<&str>, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token
        .zip(given)
        .is_some_and(|(token, (_, given))| digest(&SHA256, token.as_bytes()).as_ref() == digest(&SHA256, given.trim().as_bytes()).as_ref())
}

async fn take_all(state: &AppState, reports: &[Report], id: &str) -> Result<usize, DbError> {
    let mut taken = 0;
    for report in reports {
        let Some((tenant, mail)) = report.subject() else { continue };
        let tx = open(state, tenant, id).await?;
        taken += usize::from(take_report(&tx, mail, report.outcome).await?);
        tx.commit().await?;
    }
    Ok(taken)
}

/// A transaction of a school, without anybody in it.
async fn open(state: &AppState, tenant: Uuid, id: &str) -> Result<Arc<Tx>, DbError> {
    let identity = Identity { tenant, ..Identity::default() };
    let opening = Opening { mode: Mode::Write, identity, correlation_id: id, actors: &ActorKind::TENANT };
    let operation = "SELECT set_config('app.operation', 'system:mail-feedback', true) WHERE app.tenant_id() = $1";
    Ok(Tx::open_asking(state.engine.pool(), &opening, operation, &[]).await?.0)
}
