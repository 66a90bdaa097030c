//! GraphiQL at `/graphiql`, from files that the binary carries.
//!
//! `npm run build` in `web/` writes them to `web/dist`. A binary built without them serves a page that takes GraphiQL
//! from a CDN instead: exact versions, integrity hashes, and a content security policy that names just those files.
//! Either way the page opens with the samples of `web/shared/samples.js`, posts to `/graphql` of its own origin, and opens a socket
//! there to listen.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/web/dist"]
#[allow_missing = true]
struct Built;

/// The page without a build, and the modules that it shares with the built one.
const FALLBACK_PAGE: &str = include_str!("../../web/fallback/index.html");
const FALLBACK_FILES: [(&str, &str, &str); 5] = [
    ("fallback/boot.js", JAVASCRIPT, include_str!("../../web/fallback/boot.js")),
    ("fallback/page.css", "text/css; charset=utf-8", include_str!("../../web/fallback/page.css")),
    ("shared/events.js", JAVASCRIPT, include_str!("../../web/shared/events.js")),
    ("shared/samples.js", JAVASCRIPT, include_str!("../../web/shared/samples.js")),
    ("shared/session.js", JAVASCRIPT, include_str!("../../web/shared/session.js")),
];
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What the fallback page may load from elsewhere. Whole paths, because a CDN's host serves everybody's scripts.
const CDN_SCRIPTS: &str = "https://cdn.jsdelivr.net/npm/react@18.3.1/umd/react.production.min.js \
    https://cdn.jsdelivr.net/npm/react-dom@18.3.1/umd/react-dom.production.min.js \
    https://cdn.jsdelivr.net/npm/graphiql@4.1.2/graphiql.min.js";
const CDN_STYLE: &str = "https://cdn.jsdelivr.net/npm/graphiql@4.1.2/graphiql.min.css";

/// How both pages say whether the demo accounts may be offered.
const DEMO_OFF: &str = r#"<meta name="lectern-demo" content="false" />"#;
const DEMO_ON: &str = r#"<meta name="lectern-demo" content="true" />"#;

/// `/graphiql` and all that its page loads. With `demo` the page offers the accounts of the demo data.
pub fn routes<S: Clone + Send + Sync + 'static>(demo: bool) -> Router<S> {
    if !is_built() {
        tracing::warn!("built without npm: /graphiql takes GraphiQL from cdn.jsdelivr.net (`make web` embeds it instead)");
    }
    Router::new()
        .route("/graphiql", get(move |headers: HeaderMap| async move { unless_known(&headers, page(demo)) }))
        .route("/graphiql/", get(|| async { Redirect::permanent("/graphiql") }))
        .route("/graphiql/{*path}", get(|Path(path): Path<String>, headers: HeaderMap| async move { file(&path, &headers) }))
}

/// The GraphiQL page.
pub fn page(demo: bool) -> Response {
    let built = Built::get("index.html").map(|file| file.data);
    let html = html(built.as_deref(), demo);
    let etag = format!("W/\"{:016x}\"", fingerprint(&html));
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, etag),
        // At /graphql the same address answers programs with JSON.
        (header::VARY, "accept".to_owned()),
    ];
    guarded((headers, html).into_response())
}

/// Whether a GET of `/graphql` comes from somebody who looks at it in a browser rather than from a GraphQL client: it
/// carries no `query`, and asks for HTML more than for JSON.
pub fn wants_page(uri: &Uri, headers: &HeaderMap) -> bool {
    let has_query = uri.query().unwrap_or_default().split('&').any(|pair| pair.split('=').next() == Some("query"));
    let accepts = |name| quality(headers, &header::ACCEPT, name);
    let json = accepts("application/json").max(accepts("application/graphql-response+json"));
    !has_query && accepts("text/html") > json
}

fn is_built() -> bool {
    Built::get("index.html").is_some()
}

fn html(built: Option<&[u8]>, demo: bool) -> String {
    let html = built.map_or(Cow::Borrowed(FALLBACK_PAGE), String::from_utf8_lossy);
    if demo { html.replace(DEMO_OFF, DEMO_ON) } else { html.into_owned() }
}

/// A file that a page loads: one of the build's, whose names change with their content, or one of the fallback page's.
fn file(path: &str, headers: &HeaderMap) -> Response {
    let response = if path.starts_with("assets/") && !path.ends_with(".gz") {
        built_file(path, quality(headers, &header::ACCEPT_ENCODING, "gzip") > 0.0)
    } else {
        fallback_file(path)
    };
    response.map_or_else(|| guarded(StatusCode::NOT_FOUND.into_response()), |response| unless_known(headers, guarded(response)))
}

fn built_file(path: &str, gzip: bool) -> Option<Response> {
    let packed = Built::get(&format!("{path}.gz"));
    let varies = packed.is_some();
    let (file, encoded) = match packed {
        Some(packed) if gzip => (packed, true),
        _ => (Built::get(path)?, false),
    };
    let etag: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut response = Response::new(match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    });
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, content_type(path));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    fields.insert(header::ETAG, HeaderValue::try_from(format!("\"{etag}\"")).ok()?);
    if varies {
        fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if encoded {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Some(response)
}

fn fallback_file(path: &str) -> Option<Response> {
    let (_, content_type, text) = FALLBACK_FILES.into_iter().find(|(name, ..)| *name == path)?;
    let etag = format!("W/\"{:016x}\"", fingerprint(text));
    let headers = [(header::CONTENT_TYPE, content_type.to_owned()), (header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, etag)];
    Some((headers, text).into_response())
}

fn content_type(path: &str) -> HeaderValue {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    let charset = if guess.type_() == mime_guess::mime::TEXT { "; charset=utf-8" } else { "" };
    HeaderValue::try_from(format!("{}{charset}", guess.essence_str()))
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

/// Adds what every file of the page needs, workers included: a worker obeys the policy of its own script's response.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy());
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Nothing from elsewhere runs, and nothing is sent elsewhere; 'self' means sockets of this origin, too. Styles may be inline,
/// because Monaco writes them so.
fn policy() -> HeaderValue {
    let (scripts, styles) =
        if is_built() { (String::new(), " 'unsafe-inline'".to_owned()) } else { (format!(" {CDN_SCRIPTS}"), format!(" {CDN_STYLE}")) };
    let text = format!(
        "default-src 'none'; script-src 'self'{scripts}; style-src 'self'{styles}; connect-src 'self'; \
         worker-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// Answers 304 to a browser that has this response already.
fn unless_known(headers: &HeaderMap, mut response: Response) -> Response {
    let known = |etag: &HeaderValue| {
        let etag = etag.as_bytes();
        headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .any(|candidate| candidate.trim_ascii() == etag)
    };
    if response.headers().get(header::ETAG).is_some_and(known) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_ENCODING);
    }
    response
}

/// How much a client wants `name`, from 0 to 1, by an `Accept` header. A wildcard does not count: it prefers nothing.
fn quality(headers: &HeaderMap, field: &HeaderName, name: &str) -> f32 {
    let weight = |item: &str| {
        let mut parts = item.split(';').map(str::trim);
        let matches = parts.next().is_some_and(|range| range.eq_ignore_ascii_case(name));
        let q = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        matches.then(|| q.map_or(1.0, |q| q.parse().unwrap_or(0.0)))
    };
    let values = headers.get_all(field).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(weight).fold(0.0, f32::max)
}

fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        routes::<()>(true).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn text(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    fn field<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn the_page_is_html_that_no_cache_keeps_and_nobody_frames() {
        let page = get("/graphiql", &[]).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(field(&page, "content-type"), "text/html; charset=utf-8");
        assert_eq!(field(&page, "cache-control"), "no-cache");
        assert_eq!(field(&page, "x-content-type-options"), "nosniff");
        let policy = field(&page, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe-eval"), "{policy}");
    }

    #[tokio::test]
    async fn a_browser_that_holds_the_page_is_told_so() {
        let etag = field(&get("/graphiql", &[]).await, "etag").to_owned();
        let again = get("/graphiql", &[("if-none-match", &format!("\"other\", {etag}"))]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(field(&again, "etag"), etag);
        assert_eq!(text(again).await, "");
    }

    #[test]
    fn both_pages_say_whether_demo_accounts_may_be_offered() {
        let source = include_bytes!("../../web/index.html").as_slice();
        for built in [Some(source), None] {
            assert!(html(built, true).contains(DEMO_ON));
            assert!(html(built, false).contains(DEMO_OFF));
        }
    }

    #[tokio::test]
    async fn every_file_that_the_page_names_is_served_and_the_hashed_ones_for_good() {
        let page = text(get("/graphiql", &[]).await).await;
        let own: Vec<&str> = page.split('"').filter(|part| part.starts_with("/graphiql/")).collect();
        assert!(!own.is_empty());
        for path in own {
            let file = get(path, &[]).await;
            assert_eq!(file.status(), StatusCode::OK, "{path}");
            assert_ne!(field(&file, "content-type"), "application/octet-stream", "{path}");
            let caching = if path.contains("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            assert_eq!(field(&file, "cache-control"), caching, "{path}");
            let again = get(path, &[("if-none-match", field(&file, "etag"))]).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        }
    }

    #[tokio::test]
    async fn a_packed_file_goes_to_those_who_can_unpack_it() {
        let Some(path) = Built::iter().find(|path| path.ends_with(".gz")) else { return };
        let path = format!("/graphiql/{}", path.trim_end_matches(".gz"));
        let packed = get(&path, &[("accept-encoding", "br;q=1.0, gzip;q=0.8")]).await;
        let plain = get(&path, &[("accept-encoding", "gzip;q=0")]).await;
        assert_eq!((field(&packed, "content-encoding"), field(&plain, "content-encoding")), ("gzip", ""));
        assert_eq!(field(&packed, "content-type"), field(&plain, "content-type"));
        assert_eq!((field(&packed, "vary"), field(&plain, "vary")), ("accept-encoding", "accept-encoding"));
        assert_ne!(field(&packed, "etag"), field(&plain, "etag"));
    }

    #[tokio::test]
    async fn nothing_else_is_served() {
        for path in ["/graphiql/index.html", "/graphiql/assets/none.js", "/graphiql/assets/..%2f..%2fpackage.json", "/graphiql/fallback"] {
            assert_eq!(get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn the_page_without_a_build_names_a_hash_for_each_file_of_the_cdn_and_the_policy_allows_no_other() {
        let tags: Vec<&str> = FALLBACK_PAGE.split('<').filter(|tag| tag.contains("https://")).collect();
        let allowed: Vec<&str> = CDN_SCRIPTS.split(' ').filter(|part| !part.is_empty()).chain([CDN_STYLE]).collect();
        assert_eq!(tags.len(), allowed.len());
        for tag in tags {
            assert!(tag.contains("integrity=\"sha384-") && tag.contains("crossorigin=\"anonymous\""), "{tag}");
            assert!(allowed.iter().any(|url| tag.contains(&format!("\"{url}\""))), "{tag}");
        }
        assert!(fallback_file("fallback/boot.js").is_some());
    }

    #[test]
    fn every_module_that_the_page_without_a_build_imports_is_served() {
        let (_, _, boot) = FALLBACK_FILES.into_iter().find(|(name, ..)| *name == "fallback/boot.js").unwrap();
        let imported: Vec<&str> = boot.split("from '../").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
        assert_eq!(imported, ["shared/events.js", "shared/samples.js", "shared/session.js"]);
        for name in imported {
            assert!(fallback_file(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_browser_at_the_api_gets_the_page_and_a_client_does_not() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (uri, accept, page) in [
            ("/graphql", browser, true),
            ("/graphql?variables=%7B%7D", browser, true),
            ("/graphql?query=%7Bviewer%7D", browser, false),
            ("/graphql?operationName=A&query=", browser, false),
            ("/graphql", "*/*", false),
            ("/graphql", "", false),
            ("/graphql", "application/graphql-response+json, application/json;q=0.9", false),
            ("/graphql", "application/json, text/html;q=0.9", false),
            ("/graphql", "text/html;q=0", false),
            ("/graphql", "Text/HTML ; q=0.8, application/json;q=0.5", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(wants_page(&uri.parse().unwrap(), &headers), page, "{uri} {accept}");
        }
    }
}
