//! `/calendar/{token}.ics`: the bookings of a feed, for whoever knows its address.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use data_encoding::HEXLOWER;
use lectern_kernel::{
    clock,
    db::{ActorKind, Identity, Mode, Opening, Tx},
    error::{Code, Error, Result},
};

use super::{AppState, CorrelationId, client_address, error_response, files::is_known, graphql::peer};
use crate::domains::feeds::{FIND, Feed, READS, read, secret_hash};

/// Reads one; 404 where there is none, be it that there never was.
pub async fn show(
    State(state): State<AppState>,
    Extension(CorrelationId(id)): Extension<CorrelationId>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let address = client_address::of(peer(&parts.extensions), &parts.headers, &state.options.trusted_proxies);
    let found = async {
        if let Some(address) = &address {
            state.engine.budgets().spend(&READS, &[address.as_bytes()], 1, clock::now())?;
        }
        let secret = name.strip_suffix(".ics").ok_or_else(|| Error::not_found("calendar"))?;
        feed(&state, secret, &id).await?.text()
    };
    let found: Result<String> = found.await;
    let response = match found {
        Ok(calendar) => {
            let etag = format!("\"{}\"", HEXLOWER.encode(&digest(&SHA256, calendar.as_bytes()).as_ref()[..16]));
            let keeping = [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, "private, max-age=300")];
            if is_known(&parts.headers, &etag) {
                (StatusCode::NOT_MODIFIED, keeping).into_response()
            } else {
                let content = [
                    (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
                    (header::CONTENT_DISPOSITION, "inline; filename=\"calendar.ics\""),
                ];
                (keeping, content, calendar).into_response()
            }
        }
        Err(error) => refused(error, &id),
    };
    // Without its address: that is a key to it.
    tracing::info!(correlation_id = id, status = response.status().as_u16(), "calendar");
    response
}

/// The feed whose address ends with a secret.
async fn feed(state: &AppState, secret: &str, id: &str) -> Result<Feed> {
    let Some(hash) = secret_hash(secret) else { return Ok(Feed::Absent) };
    let opening = Opening { mode: Mode::Write, identity: Identity::default(), correlation_id: id, actors: &ActorKind::TENANT };
    let mut pool = state.engine.pool().clone();
    if let Some(shards) = pool.shards().cloned() {
        // The secret does not say which school it is of.
        let Some(school) = shards.holder(FIND, &[&hash]).await? else { return Ok(Feed::Absent) };
        pool = pool.at(school);
    }
    let (tx, found) = Tx::open_asking(&pool, &opening, FIND, &[&hash]).await?;
    let feed = read(&tx, found.first()).await?;
    tx.commit().await?;
    Ok(feed)
}

fn refused(error: Error, id: &str) -> Response {
    let status = match error.code() {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::SubscriptionExpired => StatusCode::FORBIDDEN,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
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
