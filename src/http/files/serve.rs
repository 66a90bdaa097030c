//! Bytes that go.

use std::time::Duration;

use axum::{
    Extension,
    body::Body,
    extract::{Path, Request, State},
    http::{Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use lectern_kernel::{
    clock,
    error::Error,
    ids,
    seen::{added, counted},
    store::{ServedFile, Verb, school_of_public_file, served_file},
};
use uuid::Uuid;

use super::{
    AppState, Moving, Refused, Unpacked, bad_link,
    headers::{self, Keeping},
    lapsed, no_file, pulse,
    range::{Wanted, is_known, wanted},
    store,
};
use crate::http::CorrelationId;

/// A client may read as slowly as this, beyond the first minute.
const BYTES_A_SECOND: u64 = 16 << 10;

/// `GET /files/{token}/{name}`; the name is for people alone.
pub(super) async fn signed(
    State(state): State<AppState>,
    Extension(CorrelationId(id)): Extension<CorrelationId>,
    Path((token, _name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let served = async {
        let now = clock::now();
        let link = store(&state)?.links().verify(Verb::Get, &token, now).map_err(bad_link)?;
        let file = find(&state, link.tenant, link.id, &id).await?.ok_or_else(no_file)?;
        if !file.is_subscribed {
            return Err(lapsed());
        }
        serve(&state, &parts, &file, link.inline, Keeping::Private(now.duration_until(link.until).as_secs())).await
    };
    told("download", served.await, &id)
}

/// `GET /files/public/{file}/{name}`; the name is for people alone.
pub(super) async fn public(
    State(state): State<AppState>,
    Extension(CorrelationId(id)): Extension<CorrelationId>,
    Path((file, _name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let served = async {
        let (_, file) = ids::decode(&file).filter(|(of, _)| *of == "file").ok_or_else(no_file)?;
        let school = school_of_public_file(state.engine.pool(), file, &id).await.map_err(Error::from)?;
        let file = find(&state, school.ok_or_else(no_file)?, file, &id).await?.filter(|file| file.is_public).ok_or_else(no_file)?;
        if !file.is_subscribed {
            return Err(lapsed());
        }
        serve(&state, &parts, &file, true, Keeping::Public).await
    };
    told("public", served.await, &id)
}

async fn find(state: &AppState, tenant: Uuid, file: Uuid, id: &str) -> Result<Option<ServedFile>, Refused> {
    Ok(served_file(state.engine.pool(), tenant, file, id).await.map_err(Error::from)?)
}

/// A file, or what of it is asked for.
async fn serve(state: &AppState, parts: &Parts, file: &ServedFile, inline: bool, keeping: Keeping) -> Result<Response, Refused> {
    let (etag, size) = (headers::etag(file), file.size);
    let mut answer = headers::of(file, inline, keeping);
    if is_known(&parts.headers, &etag) {
        answer.remove(header::CONTENT_TYPE);
        answer.remove(header::CONTENT_DISPOSITION);
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    let (status, from, to) = match wanted(&parts.headers, size, &etag) {
        Wanted::Whole => (StatusCode::OK, 0, size),
        Wanted::Part(from, to) => (StatusCode::PARTIAL_CONTENT, from, to),
        Wanted::Nothing => {
            let range = format!("bytes */{size}");
            let error = Error::bad_request(format!("The file has {size} bytes, and none of those asked for."));
            let mut refused = Refused(StatusCode::RANGE_NOT_SATISFIABLE, error).answer(&crate::http::correlation::current());
            refused.headers_mut().insert(header::CONTENT_RANGE, range.parse().map_err(|_| no_file())?);
            return Ok(refused);
        }
    };
    answer.insert(header::CONTENT_LENGTH, (to - from).into());
    if status == StatusCode::PARTIAL_CONTENT {
        answer.insert(header::CONTENT_RANGE, format!("bytes {from}-{}/{size}", to - 1).parse().map_err(|_| no_file())?);
    }
    let objects = store(state)?.objects().clone();
    let gone = || Error::unavailable(format!("the bytes of {} are gone", file.object));
    let body = if parts.method == Method::HEAD || from == to {
        if !objects.holds(&file.object).await? {
            return Err(gone().into());
        }
        Body::empty()
    } else {
        let bytes = objects.read(&file.object, Some(from..to)).await?.ok_or_else(gone)?;
        counted("lectern_file_transfers_total", "direction", "down");
        added("lectern_file_bytes_total", "direction", "down", to - from);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60 + (to - from) / BYTES_A_SECOND);
        Body::from_stream(Moving { bytes, pulse: pulse(&parts.extensions), deadline })
    };
    let mut response = (status, answer, body).into_response();
    response.extensions_mut().insert(Unpacked);
    Ok(response)
}

/// Logs what was asked for, without its address: that is a key to it.
fn told(what: &'static str, served: Result<Response, Refused>, id: &str) -> Response {
    let response = served.unwrap_or_else(|refused| refused.answer(id));
    tracing::info!(correlation_id = id, what, status = response.status().as_u16(), "file");
    response
}
