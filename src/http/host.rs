//! `Host`: each request of HTTP/1.1 names one.

use axum::{
    Extension,
    extract::Request,
    http::{HeaderMap, StatusCode, Version, header, uri::Authority},
    middleware::Next,
    response::Response,
};
use lectern_kernel::error::Error;

use super::{CorrelationId, error_response};

/// Refuses a request of HTTP/1.1 that names no host, several, or what is none.
pub(super) async fn demand(Extension(id): Extension<CorrelationId>, request: Request, next: Next) -> Response {
    if request.version() == Version::HTTP_11 && !is_named(request.headers()) {
        let error = Error::bad_request("A request of HTTP/1.1 must name its host, once, in the header `Host`.");
        return error_response(StatusCode::BAD_REQUEST, error, &id.0);
    }
    next.run(request).await
}

fn is_named(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    // Empty where what is asked for has no authority.
    host.is_empty() || Authority::try_from(host.as_bytes()).is_ok_and(|host| !host.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_host_is_named_once() {
        for (hosts, is_right) in [
            (vec![], false),
            (vec!["school.example"], true),
            (vec!["school.example:8000"], true),
            (vec!["[::1]:8000"], true),
            (vec![""], true),
            (vec!["school.example", "school.example"], false),
            (vec!["school example"], false),
            (vec!["me@school.example"], false),
        ] {
            let mut headers = HeaderMap::new();
            for host in &hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            assert_eq!(is_named(&headers), is_right, "{hosts:?}");
        }
    }
}
