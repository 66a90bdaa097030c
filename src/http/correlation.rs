//! The correlation id: the same id of a request in its answer, in the log and in the audit log.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use lectern_kernel::seen::trace;
use uuid::Uuid;

/// Taken from the client when it is well-formed; always in the answer.
pub const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

/// The id of one request.
#[derive(Clone, Debug)]
pub struct CorrelationId(pub String);

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that is being handled.
pub fn current() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_else(|_| "none".to_owned())
}

fn is_sane(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Gives the request, and its answer, an id.
pub async fn assign(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok()).filter(|id| is_sane(id));
    let traced = || trace::correlation_id(request.headers().get("traceparent")?.to_str().ok()?);
    let id = given.map(str::to_owned).or_else(traced).unwrap_or_else(|| Uuid::now_v7().to_string());
    request.extensions_mut().insert(CorrelationId(id.clone()));
    let value = HeaderValue::from_str(&id);
    let mut response = CURRENT.scope(id, next.run(request)).await;
    if let Ok(value) = value {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::is_sane;

    #[test]
    fn only_short_plain_ids_are_taken_from_clients() {
        assert!(is_sane("3f2c-A9"));
        for id in ["", "a b", "a'b", "a;b", "ä", &"a".repeat(65)] {
            assert!(!is_sane(id), "{id}");
        }
    }
}
