//! Bytes of files: they come and go by addresses that need no sign-in, because they are signed (`lectern_kernel::store`), or because a file is public.
//! What such an address names is asked of the database for each request.

mod headers;
mod range;
mod serve;
mod take;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Bytes,
    http::{Extensions, Method, StatusCode, header},
    response::Response,
    routing::{get, put},
};
use futures_util::Stream;
use lectern_kernel::{
    error::Error,
    store::{BadLink, Store},
};
use tower_http::{catch_panic::CatchPanicLayer, cors::CorsLayer};

use super::{AppState, HttpOptions, error_response, pulse::Pulse};

pub(super) use self::range::is_known;

/// The addresses of files. Pages of the configured origins may send bytes here, and read them.
pub(super) fn routes(options: &HttpOptions) -> Router<AppState> {
    Router::new()
        .route("/files/uploads/{token}", put(take::put))
        .route("/files/public/{file}/{name}", get(serve::public))
        .route("/files/{token}/{name}", get(serve::signed))
        .method_not_allowed_fallback(super::method_not_allowed)
        .layer(CatchPanicLayer::custom(super::panicked))
        .layer(cors(options))
}

fn cors(options: &HttpOptions) -> CorsLayer {
    super::cors(options)
        .allow_methods([Method::GET, Method::PUT])
        .allow_headers([header::CONTENT_TYPE, header::RANGE, header::IF_RANGE, header::IF_NONE_MATCH, super::correlation::HEADER])
        .expose_headers([
            header::ETAG,
            header::CONTENT_RANGE,
            header::ACCEPT_RANGES,
            header::CONTENT_DISPOSITION,
            header::RETRY_AFTER,
            super::correlation::HEADER,
        ])
}

/// In the extensions of an answer: it leaves as it is.
#[derive(Clone, Copy)]
pub(super) struct Unpacked;

/// A refusal, with the status that says the same.
struct Refused(StatusCode, Error);

impl Refused {
    fn answer(self, correlation_id: &str) -> Response {
        error_response(self.0, self.1, correlation_id)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused(StatusCode::SERVICE_UNAVAILABLE, error)
    }
}

fn forbidden(reason: &'static str, message: &str) -> Refused {
    Refused(StatusCode::FORBIDDEN, Error::forbidden(reason, message))
}

fn bad_link(bad: BadLink) -> Refused {
    match bad {
        BadLink::Signature => forbidden("BAD_SIGNATURE", "This address was not given out by this service, or was changed."),
        BadLink::Expired => expired(),
    }
}

fn expired() -> Refused {
    forbidden("URL_EXPIRED", "The time of this address is over: ask for another.")
}

fn lapsed() -> Refused {
    Refused(StatusCode::FORBIDDEN, Error::subscription_expired())
}

fn no_file() -> Refused {
    Refused(StatusCode::NOT_FOUND, Error::not_found("file"))
}

fn store(state: &AppState) -> Result<Arc<Store>, Refused> {
    Ok(state.engine.services().outside.get()?)
}

/// The pulse of a request's connection: bytes that move say that it is alive.
fn pulse(extensions: &Extensions) -> Option<Arc<Pulse>> {
    extensions.get::<Arc<Pulse>>().cloned()
}

/// Bytes on their way to a client, as long as they move.
struct Moving<S> {
    bytes: S,
    pulse: Option<Arc<Pulse>>,
    /// A client that reads ever so slowly is not waited for for ever.
    deadline: tokio::time::Instant,
}

impl<S: Stream<Item = lectern_kernel::error::Result<Bytes>> + Unpin> Stream for Moving<S> {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if tokio::time::Instant::now() > self.deadline {
            return Poll::Ready(Some(Err(std::io::ErrorKind::TimedOut.into())));
        }
        if let Some(pulse) = &self.pulse {
            pulse.beat();
        }
        Pin::new(&mut self.bytes).poll_next(context).map(|next| {
            next.map(|bytes| {
                bytes.map_err(|error| {
                    tracing::error!(reason = error.for_operator(), "a file broke off");
                    std::io::ErrorKind::BrokenPipe.into()
                })
            })
        })
    }
}
