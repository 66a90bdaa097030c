//! HTTP: what reaches the engine, and in what form its answers leave. Knows nothing of the domains.

mod correlation;
mod graphql;
mod health;

pub mod console;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

use crate::{error::Error, graphql::Engine};

pub use correlation::CorrelationId;

/// How the edge behaves.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Bytes of a request's body.
    pub body_limit: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Web origins that may call from a browser; `*` for any.
    pub cors_origins: Vec<String>,
    /// Whether GraphiQL offers the demo accounts.
    pub demo: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions { body_limit: 1 << 20, body_timeout: Duration::from_secs(10), cors_origins: Vec::new(), demo: false }
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct AppState {
    engine: Arc<Engine>,
    options: Arc<HttpOptions>,
}

/// Everything that is served.
pub fn router(engine: Arc<Engine>, options: HttpOptions) -> Router {
    let cors = cors(&options.cors_origins);
    let console = console::routes(options.demo);
    let state = AppState { engine, options: Arc::new(options) };
    Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(graphql::other_method))
        .route("/", get(|| async { Redirect::temporary("/graphiql") }))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/.well-known/jwks.json", get(health::jwks))
        .merge(console)
        .fallback(|| async { (StatusCode::NOT_FOUND, "Not found. The API is at /graphql, GraphiQL at /graphiql.\n") })
        .with_state(state)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(correlation::assign))
        .layer(CompressionLayer::new())
        .layer(cors)
        .layer(SetResponseHeaderLayer::if_not_present(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
}

fn cors(origins: &[String]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin.trim()).ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, header::ACCEPT, correlation::HEADER])
        .expose_headers([correlation::HEADER, HeaderName::from_static("retry-after")])
        .max_age(Duration::from_secs(3600))
}

/// A panic is a fault of ours: logged, and answered like any other.
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    let correlation_id = correlation::current();
    let response = crate::graphql::refusal(Error::internal(format!("a handler panicked: {text}")), &correlation_id);
    (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(response)).into_response()
}
