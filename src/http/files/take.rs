//! Bytes that come.

use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt as _;
use lectern_kernel::{
    clock,
    error::Error,
    seen::{added, counted},
    store::{Verb, Writer, open_upload, staged},
};

use super::{AppState, Refused, bad_link, expired, lapsed, pulse, store};
use crate::http::CorrelationId;

/// `PUT /files/uploads/{token}`: as often as it takes, until the upload is completed.
pub(super) async fn put(
    State(state): State<AppState>,
    Extension(CorrelationId(id)): Extension<CorrelationId>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let taken = take(&state, &token, request, &id).await;
    let response = match taken {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refused) => refused.answer(&id),
    };
    tracing::info!(correlation_id = id, what = "upload", status = response.status().as_u16(), "file");
    response
}

async fn take(state: &AppState, token: &str, request: Request, id: &str) -> Result<(), Refused> {
    let link = store(state)?.links().verify(Verb::Put, token, clock::now()).map_err(bad_link)?;
    let declared = length(request.headers())?;
    if declared != link.size {
        return Err(bad_request(format!("{} bytes were declared, and {declared} are announced.", link.size)));
    }
    let upload = open_upload(state.engine.pool(), link.tenant, link.id, id).await.map_err(Error::from)?.ok_or_else(expired)?;
    if !upload.is_subscribed {
        return Err(lapsed());
    }
    let (objects, staged) = (store(state)?.objects().clone(), staged(link.tenant, link.id));
    let mut writer = objects.write(&staged, None);
    match pour(state, request, &mut writer, link.size, link.until).await {
        Ok(()) => {
            counted("lectern_file_transfers_total", "direction", "up");
            added("lectern_file_bytes_total", "direction", "up", link.size);
            writer.finish().await?;
        }
        Err(refused) => {
            writer.abort().await;
            return Err(refused);
        }
    }
    // The upload may have ended while they came: nobody waits for them any more, and what deletes them may have been here.
    if open_upload(state.engine.pool(), link.tenant, link.id, id).await.map_err(Error::from)?.is_none() {
        objects.delete(&staged).await?;
        return Err(expired());
    }
    Ok(())
}

/// How many bytes are announced: they must be.
fn length(headers: &HeaderMap) -> Result<u64, Refused> {
    let announced = headers.get(header::CONTENT_LENGTH).filter(|_| !headers.contains_key(header::TRANSFER_ENCODING));
    let Some(announced) = announced else {
        let error = Error::bad_request("Say how many bytes are to come: send `Content-Length`.");
        return Err(Refused(StatusCode::LENGTH_REQUIRED, error));
    };
    let number = announced.to_str().ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| bad_request("`Content-Length` is no number."))
}

fn bad_request(message: impl Into<String>) -> Refused {
    Refused(StatusCode::BAD_REQUEST, Error::bad_request(message))
}

/// Passes the body on, as it comes.
async fn pour(state: &AppState, request: Request, writer: &mut Writer, size: u64, until: jiff::Timestamp) -> Result<(), Refused> {
    let silence = state.options.body_timeout;
    let pulse = pulse(request.extensions());
    let mut chunks = request.into_body().into_data_stream();
    let mut come = 0;
    let slow = || Refused(StatusCode::REQUEST_TIMEOUT, Error::bad_request("The bytes took too long to arrive: send them again."));
    while let Some(chunk) = tokio::time::timeout(silence, chunks.next()).await.map_err(|_silent| slow())? {
        let chunk = chunk.map_err(|_broken| bad_request("The bytes broke off."))?;
        come += chunk.len() as u64;
        if come > size {
            return Err(bad_request("More bytes came than were announced."));
        }
        if clock::now() >= until {
            return Err(expired());
        }
        if let Some(pulse) = &pulse {
            pulse.beat();
        }
        writer.push(chunk).await?;
    }
    if come == size { Ok(()) } else { Err(bad_request("Fewer bytes came than were announced.")) }
}
