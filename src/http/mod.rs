//! HTTP: what reaches the engine, and in what form its answers leave. Knows nothing of the domains.

mod body;
mod calendar;
mod certificates;
mod client_address;
mod correlation;
mod feedback;
mod files;
mod graphql;
mod health;
mod host;
mod linger;
mod payments;
mod pulse;
mod server;
mod socket;
mod unsubscribe;

pub mod console;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use ipnet::IpNet;
use lectern_kernel::{error::Error, execute::Engine};
use tokio::sync::Semaphore;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, Predicate, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
};

pub use correlation::CorrelationId;
pub use server::{ServerOptions, Stopping, serve};
pub use socket::SocketOptions;

/// How the edge behaves.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Bytes of a request's body, unpacked.
    pub body_limit: usize,
    /// How many times its size a packed body may unpack to.
    pub body_ratio: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Bytes that all bodies which arrive at once may take in memory.
    pub body_room: usize,
    /// Web origins that may call from a browser; `*` for any.
    pub cors_origins: Vec<String>,
    /// Headers that they may send, beside those that the API itself reads.
    pub cors_request_headers: Vec<HeaderName>,
    /// Headers of answers that they may read, beside those that the API itself writes.
    pub cors_response_headers: Vec<HeaderName>,
    /// Networks of proxies whose word about a client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How WebSockets behave.
    pub sockets: SocketOptions,
    /// The token of whoever may report what came of mails; none where nobody may.
    pub mail_feedback: Option<String>,
    /// Whether GraphiQL offers the demo accounts.
    pub demo: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions {
            body_limit: 1 << 20,
            body_ratio: 100,
            body_timeout: Duration::from_secs(10),
            body_room: 128 << 20,
            cors_origins: Vec::new(),
            cors_request_headers: names(CORS_REQUEST_HEADERS),
            cors_response_headers: names(CORS_RESPONSE_HEADERS),
            trusted_proxies: Vec::new(),
            sockets: SocketOptions::default(),
            mail_feedback: None,
            demo: false,
        }
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct AppState {
    engine: Arc<Engine>,
    options: Arc<HttpOptions>,
    body_room: Arc<Semaphore>,
    sockets: Arc<socket::Sockets>,
}

/// Answers smaller than this are not compressed: that would cost more than it saves.
const WORTH_PACKING: u64 = 1024;

/// The level of gzip and brotli. At 2 a page of 100 bookings is packed to 4.8 kB in 73 µs; at 6 it is 4.3 kB, in twice the time.
const PACKING: CompressionLevel = CompressionLevel::Precise(2);

/// Everything that is served.
pub fn router(engine: Arc<Engine>, options: HttpOptions) -> Router {
    router_beside(engine, None, options)
}

/// Everything that is served, the platform beside the schools.
pub fn router_beside(engine: Arc<Engine>, desk: Option<Arc<Engine>>, options: HttpOptions) -> Router {
    let (cors, files) = (cors(&options), files::routes(&options));
    let console = if engine.is_explorable() { console::routes(options.demo) } else { Router::new().route("/graphiql", get(no_console)) };
    let feedback =
        if options.mail_feedback.is_some() { Router::new().route("/mail/feedback", post(feedback::take)) } else { Router::new() };
    let body_room = Arc::new(Semaphore::new(options.body_room));
    let state = AppState { engine, options: Arc::new(options), body_room, sockets: Arc::default() };
    let desk = desk.map_or_else(Router::new, |engine| desk_routes(AppState { engine, ..state.clone() }));
    let routes = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(graphql::other_method))
        .route("/", get(|| async { Redirect::temporary("/graphiql") }))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/.well-known/jwks.json", get(health::jwks))
        .route("/calendar/{name}", get(calendar::show))
        .route("/certificates/{school}/{name}", get(certificates::show))
        .route("/webhooks/payments/{school}/{provider}", post(payments::take))
        .route("/payments/test/{school}/{payment}", get(payments::show).post(payments::press))
        .route("/mail/unsubscribe/{token}", get(unsubscribe::ask).post(unsubscribe::end))
        .merge(feedback)
        .merge(console)
        .merge(desk)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors)
        .merge(files)
        .with_state(state);
    at_the_edge(routes)
}

/// The platform's endpoint alone, where it has an address of its own.
pub fn desk_router(engine: Arc<Engine>, options: HttpOptions) -> Router {
    let (cors, body_room) = (cors(&options), Arc::new(Semaphore::new(options.body_room)));
    let state = AppState { engine, options: Arc::new(options), body_room, sockets: Arc::default() };
    let routes = desk_routes(state.clone())
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors)
        .with_state(state);
    at_the_edge(routes)
}

/// The same protocol as at `/graphql`, over an engine of its own; there is nothing to listen to, and no page.
fn desk_routes<S: Clone + Send + Sync + 'static>(state: AppState) -> Router<S> {
    Router::new().route("/platform/graphql", get(graphql::get_query).post(graphql::post).fallback(graphql::other_method)).with_state(state)
}

/// Whether an answer may be packed: a file leaves as it is.
fn may_be_packed(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<files::Unpacked>().is_none()
}

/// What every answer goes through, from the inside out; but for panics and CORS, which are nearer to the handlers.
fn at_the_edge(routes: Router) -> Router {
    let worth = DefaultPredicate::new().and(SizeAbove::new(WORTH_PACKING)).and(may_be_packed);
    routes
        .layer(CompressionLayer::new().quality(PACKING).compress_when(worth))
        .layer(middleware::from_fn(host::demand))
        .layer(middleware::from_fn(correlation::assign))
        .layer(middleware::map_response(secure))
}

/// Headers of every answer, unless its handler has set them: it is not cached, not framed, its type is not guessed, and nothing
/// in it is run.
const SECURITY: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // Does not affect requests that CORS admits; it keeps answers out of other pages' images and scripts.
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

async fn secure(mut response: Response) -> Response {
    for (name, value) in SECURITY {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Headers of requests that pages of other origins may send unless told otherwise: those of Apollo's clients, of urql and Relay
/// (and of what stands in front of them against forged requests), of Sentry, and of W3C's trace context.
pub const CORS_REQUEST_HEADERS: &str = "apollo-require-preflight,apollographql-client-name,apollographql-client-version,\
    x-apollo-operation-name,x-apollo-operation-id,x-apollo-operation-type,graphql-require-preflight,x-graphql-client-name,\
    x-graphql-client-version,x-requested-with,sentry-trace,baggage,traceparent,tracestate";
/// Headers of answers that such pages may read unless told otherwise: what gateways of the same add.
pub const CORS_RESPONSE_HEADERS: &str = "apollo-trace-id,sentry-trace,baggage,traceparent,tracestate,traceresponse,server-timing";
/// How far a mutation has written, where queries are read from standbys. A client that sends it back reads what it has written, whichever process
/// answers.
const POSITION: HeaderName = HeaderName::from_static("x-lectern-position");
/// What the API itself reads, and writes, beside what every page may.
const READ: [HeaderName; 6] =
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::AUTHORIZATION, header::ACCEPT, correlation::HEADER, POSITION];
const WRITTEN: [HeaderName; 4] = [correlation::HEADER, header::RETRY_AFTER, header::ACCEPT_ENCODING, POSITION];

fn names(list: &str) -> Vec<HeaderName> {
    list.split(',').filter_map(|name| name.trim().parse().ok()).collect()
}

/// Each once.
fn all(own: &[HeaderName], others: &[HeaderName]) -> Vec<HeaderName> {
    let further = others.iter().filter(|name| !own.contains(name));
    own.iter().chain(further).cloned().collect()
}

fn cors(options: &HttpOptions) -> CorsLayer {
    let origins = &options.cors_origins;
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin.trim()).ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(all(&READ, &options.cors_request_headers))
        .expose_headers(all(&WRITTEN, &options.cors_response_headers))
        .max_age(Duration::from_secs(3600))
}

async fn not_found(Extension(id): Extension<CorrelationId>) -> Response {
    let error = Error::not_found("page").because("The API is at /graphql, GraphiQL at /graphiql.");
    error_response(StatusCode::NOT_FOUND, error, &id.0)
}

/// What is answered at GraphiQL's address where it is switched off.
async fn no_console(Extension(id): Extension<CorrelationId>) -> Response {
    let error = Error::not_found("page").because("GraphiQL is switched off here, as is introspection. The API is at /graphql.");
    error_response(StatusCode::NOT_FOUND, error, &id.0)
}

async fn method_not_allowed(Extension(id): Extension<CorrelationId>) -> Response {
    error_response(
        StatusCode::METHOD_NOT_ALLOWED,
        Error::bad_request("This address does not take this method: `Allow` names those that it does."),
        &id.0,
    )
}

/// A panic is a fault of ours: logged, and answered like any other.
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    let error = Error::internal(format!("a handler panicked: {text}"));
    error_response(StatusCode::INTERNAL_SERVER_ERROR, error, &correlation::current())
}

/// An error that is no answer to a document, in the same form.
fn error_response(status: StatusCode, error: Error, correlation_id: &str) -> Response {
    let refused = lectern_kernel::execute::refusal(error, correlation_id);
    let body = axum::Json(serde_json::json!({ "errors": refused.errors }));
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_like_any_fault_of_ours() {
        async fn fall() -> &'static str {
            panic!("secret {}", "text")
        }
        let routes = Router::new().route("/fall", get(fall)).route("/fixed", get(|| async { panic!("secret text") as &str }));
        for path in ["/fall", "/fixed"] {
            let request = Request::get(path).header("host", "x").header("x-correlation-id", "abc-1").header("origin", "https://a.example");
            let cors = cors(&HttpOptions { cors_origins: vec!["*".to_owned()], ..HttpOptions::default() });
            let edge = at_the_edge(routes.clone().layer(CatchPanicLayer::custom(panicked)).layer(cors));
            let response = edge.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(response.headers()["x-correlation-id"], "abc-1");
            assert_eq!(response.headers()["content-type"], "application/json");
            assert_eq!(response.headers()["access-control-allow-origin"], "*");
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["errors"][0]["extensions"], serde_json::json!({ "code": "INTERNAL", "correlationId": "abc-1" }));
            assert!(body.get("data").is_none() && !body.to_string().contains("secret"), "{body}");
        }
    }
}
