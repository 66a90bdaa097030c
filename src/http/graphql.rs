//! GraphQL over HTTP, as the specification's draft says.

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use axum::{
    Extension,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use lectern_kernel::{
    auth::Claims,
    error::{Code, Error},
    execute::{Answer, to_json},
    request::{GraphqlRequest, OperationKind, RequestExtensions},
    seen::{counted, trace},
};
use serde::Deserialize;
use serde_json::Value;
use tracing::{Instrument as _, trace_span};

use super::{AppState, CorrelationId, body, client_address, console, socket};

/// W3C's trace context: which trace a request belongs to.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The two media types in which answers leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Media {
    /// `application/json`: a well-formed request is answered with 200, whatever the answer holds.
    Json,
    /// `application/graphql-response+json`: a document that did not run is answered with 4xx or 5xx.
    GraphqlResponse,
}

impl Media {
    /// The one that a client accepts most; `None` when it accepts neither. Of two that it accepts alike, the one that it
    /// names first; where it names neither, `application/json`, which every client understands.
    fn accepted(headers: &HeaderMap) -> Option<Media> {
        let accept: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        if accept.iter().all(|value| value.trim().is_empty()) {
            return Some(Media::Json);
        }
        let ranges: Vec<(String, f32)> = accept.iter().flat_map(|value| value.split(',')).map(range).collect();
        // The most specific range that covers a media type says how much it is wanted, and its place how early.
        let wanted = |name: &str| {
            [name, "application/*", "*/*"].iter().enumerate().find_map(|(breadth, wanted)| {
                let place = ranges.iter().position(|(range, _)| range == wanted)?;
                Some((ranges[place].1, breadth, place))
            })
        };
        let media = [(Media::Json, "application/json"), (Media::GraphqlResponse, "application/graphql-response+json")];
        let mut best: Option<(Media, (f32, usize, usize))> = None;
        for (media, name) in media {
            let Some(found) = wanted(name).filter(|found| found.0 > 0.0) else { continue };
            let is_better = |best: (f32, usize, usize)| found.0 > best.0 || (found.0 >= best.0 && (found.1, found.2) < (best.1, best.2));
            if best.is_none_or(|(_, best)| is_better(best)) {
                best = Some((media, found));
            }
        }
        best.map(|(media, _)| media)
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Media::Json => "application/json; charset=utf-8",
            Media::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }
}

/// A media range of an `Accept` header and its weight.
fn range(item: &str) -> (String, f32) {
    let mut parts = item.split(';').map(|part| part.trim().to_ascii_lowercase());
    let range = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").map(|q| q.parse().unwrap_or(0.0))).unwrap_or(1.0);
    (range, weight)
}

/// The parameters of a request, before their types are checked.
#[derive(Deserialize)]
pub(super) struct Parameters {
    query: Option<Value>,
    #[serde(rename = "documentId")]
    document_id: Option<Value>,
    #[serde(rename = "operationName")]
    operation_name: Option<Value>,
    variables: Option<Value>,
    extensions: Option<Value>,
}

impl Parameters {
    pub(super) fn check(self) -> Result<GraphqlRequest, Error> {
        let has = |name: &str| self.extensions.as_ref().and_then(|given| given.get(name)).is_some_and(|given| !given.is_null());
        let query = match self.query {
            Some(Value::String(query)) => query,
            // Named by its hash or its id.
            None | Some(Value::Null) if self.document_id.is_some() || has("persistedQuery") => String::new(),
            _ => return Err(Error::bad_input("query", "must be a string that holds a GraphQL document")),
        };
        let document_id = match self.document_id {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id),
            Some(_) => return Err(Error::bad_input("documentId", "must be a string")),
        };
        let operation_name = match self.operation_name {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(_) => return Err(Error::bad_input("operationName", "must be a string")),
        };
        let variables = match self.variables {
            None | Some(Value::Null) => None,
            Some(object @ Value::Object(_)) => Some(async_graphql::Variables::from_json(object)),
            Some(_) => return Err(Error::bad_input("variables", "must be an object")),
        };
        let extensions = match self.extensions {
            None | Some(Value::Null) => None,
            Some(object @ Value::Object(_)) => Some(RequestExtensions::read(object)?),
            Some(_) => return Err(Error::bad_input("extensions", "must be an object")),
        };
        Ok(GraphqlRequest { query, document_id, operation_name, variables, extensions, address: None, user_agent: None })
    }
}

/// A refusal of HTTP itself: a status other than 200 for every media type.
pub(super) struct Refused(pub(super) StatusCode, pub(super) Error);

/// `POST /graphql`.
pub async fn post(State(state): State<AppState>, Extension(id): Extension<CorrelationId>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let parameters = read_body(&state, &parts.headers, body).await;
    let address = client_address::of(peer(&parts.extensions), &parts.headers, &state.options.trusted_proxies);
    answer(&state, &Method::POST, &parts.headers, parameters, address, &id.0).await
}

pub(super) fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

/// `GET /graphql`: queries only, and the GraphiQL page for a browser.
pub async fn get(State(state): State<AppState>, Extension(id): Extension<CorrelationId>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if socket::is_wanted(&parts.headers) {
        let address = client_address::of(peer(&parts.extensions), &parts.headers, &state.options.trusted_proxies);
        return socket::open(state, parts, address, &id.0).await;
    }
    let Parts { uri, headers, extensions, .. } = parts;
    if console::wants_page(&uri, &headers) {
        if !state.engine.is_explorable() {
            return super::no_console(Extension(id)).await;
        }
        return console::page(state.options.demo);
    }
    let parameters = read_query(&uri);
    let address = client_address::of(peer(&extensions), &headers, &state.options.trusted_proxies);
    answer(&state, &Method::GET, &headers, parameters, address, &id.0).await
}

/// `GET /platform/graphql`: queries, and nothing else.
pub async fn get_query(State(state): State<AppState>, Extension(id): Extension<CorrelationId>, request: Request) -> Response {
    let (Parts { uri, headers, extensions, .. }, _) = request.into_parts();
    let parameters = read_query(&uri);
    let address = client_address::of(peer(&extensions), &headers, &state.options.trusted_proxies);
    answer(&state, &Method::GET, &headers, parameters, address, &id.0).await
}

/// Any other method.
pub async fn other_method(State(state): State<AppState>, Extension(id): Extension<CorrelationId>, headers: HeaderMap) -> Response {
    let refused = Refused(StatusCode::METHOD_NOT_ALLOWED, Error::bad_request("GraphQL is asked by POST, or by GET for queries."));
    answer(&state, &Method::POST, &headers, Err(refused), None, &id.0).await
}

async fn read_body(state: &AppState, headers: &HeaderMap, body: Body) -> Result<Parameters, Refused> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next() == Some("application/json");
    let is_utf8 = parts.filter_map(|part| part.strip_prefix("charset=")).all(|charset| charset.trim_matches('"') == "utf-8");
    if !is_json || !is_utf8 {
        return Err(Refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Error::bad_request("The body must be JSON in UTF-8: send `Content-Type: application/json`."),
        ));
    }
    let (bytes, _room) = tokio::time::timeout(state.options.body_timeout, body::collect(state, headers, body))
        .await
        .map_err(|_| Refused(StatusCode::REQUEST_TIMEOUT, Error::bad_request("The body took too long to arrive.")))??;
    // Some editors and clients write one; it says nothing.
    let json = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    match serde_json::from_slice::<Value>(json) {
        Ok(Value::Array(_)) => Err(bad_request("Batches are not taken: send one operation a request.")),
        Ok(object @ Value::Object(_)) => {
            serde_json::from_value(object).map_err(|_| bad_request("The body must be a JSON object with `query`."))
        }
        Ok(_) => Err(bad_request("The body must be a JSON object with `query`.")),
        Err(error) => Err(bad_request(format!("The body is not JSON: line {}, column {}.", error.line(), error.column()))),
    }
}

fn bad_request(message: impl Into<String>) -> Refused {
    Refused(StatusCode::BAD_REQUEST, Error::bad_request(message))
}

fn read_query(uri: &Uri) -> Result<Parameters, Refused> {
    let axum::extract::Query(pairs) =
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| bad_request("The query string can't be read."))?;
    let find = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
    let json = |name: &str| {
        find(name)
            .filter(|text| !text.is_empty())
            .map(|text| serde_json::from_str(&text).map_err(|_| bad_request(format!("`{name}` must be JSON."))))
            .transpose()
    };
    Ok(Parameters {
        query: find("query").map(Value::String),
        document_id: find("documentId").map(Value::String),
        operation_name: find("operationName").map(Value::String),
        variables: json("variables")?,
        extensions: json("extensions")?,
    })
}

/// What a client says it is.
pub(super) fn user_agent(headers: &HeaderMap) -> Option<String> {
    headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned())
}

/// The claims of the request's bearer token. A token that is not (or no longer) one counts as none, so that a client
/// can still refresh.
fn bearer(state: &AppState, headers: &HeaderMap) -> Option<Claims> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    state.engine.services().tokens.verify(token.trim())
}

async fn answer(
    state: &AppState,
    method: &Method,
    headers: &HeaderMap,
    parameters: Result<Parameters, Refused>,
    address: Option<String>,
    correlation_id: &str,
) -> Response {
    let span = trace::request(correlation_id, headers.get(TRACEPARENT).and_then(|parent| parent.to_str().ok()));
    answer_seen(state, method, headers, parameters, address, correlation_id).instrument(span).await
}

async fn answer_seen(
    state: &AppState,
    method: &Method,
    headers: &HeaderMap,
    parameters: Result<Parameters, Refused>,
    address: Option<String>,
    correlation_id: &str,
) -> Response {
    let started = Instant::now();
    let engine = &state.engine;
    let Some(media) = Media::accepted(headers) else {
        let refused =
            engine.refuse(Error::bad_request("Answers are application/graphql-response+json or application/json."), correlation_id);
        return respond(Media::Json, StatusCode::NOT_ACCEPTABLE, &refused, None);
    };
    let mut request = match parameters.and_then(|parameters| parameters.check().map_err(|error| Refused(StatusCode::BAD_REQUEST, error))) {
        Ok(request) => request,
        Err(Refused(status, error)) => {
            counted("lectern_requests_refused_total", "code", error.code().as_str());
            return respond(
                media,
                status,
                &engine.refuse(error, correlation_id),
                (status == StatusCode::METHOD_NOT_ALLOWED).then_some("GET, POST"),
            );
        }
    };
    request.address = address;
    request.user_agent = user_agent(headers);
    let mut document = match trace_span!(target: trace::TARGET, "parse").in_scope(|| engine.read(&request)) {
        Ok(document) => document,
        Err(error) => {
            counted("lectern_requests_refused_total", "code", error.code().as_str());
            let refused = engine.refuse(error, correlation_id);
            return respond(media, status_of(media, &refused), &refused, None);
        }
    };
    if method == Method::GET && document.kind == OperationKind::Mutation {
        let refused = engine.refuse(Error::bad_request("A mutation can't be asked by GET: POST it."), correlation_id);
        return respond(media, StatusCode::METHOD_NOT_ALLOWED, &refused, Some("POST"));
    }
    let operation = request
        .operation_name
        .as_deref()
        .unwrap_or_default()
        .chars()
        .take(80)
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect::<String>();
    document.after = headers.get(super::POSITION).and_then(|value| value.to_str().ok()?.parse().ok());
    // The document may have to wait; a second copy of its variables is not kept meanwhile.
    drop(request);
    let answer = engine.execute(document, bearer(state, headers), correlation_id).await;
    tracing::info!(
        correlation_id,
        kind = ?answer.kind,
        operation,
        errors = answer.response.errors.len(),
        statements = answer.statements,
        milliseconds = started.elapsed().as_millis() as u64,
        "graphql"
    );
    trace_span!(target: trace::TARGET, "answer").in_scope(|| respond(media, status_of(media, &answer), &answer, None))
}

/// 200 under `application/json`, so that every client reads the body; the status that fits under the other media type.
fn status_of(media: Media, answer: &Answer) -> StatusCode {
    // The service refused for now, whatever the document is.
    if answer.retry_after.is_some() {
        return if answer.is(Code::RateLimited) { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::SERVICE_UNAVAILABLE };
    }
    if media == Media::Json || answer.executed {
        return StatusCode::OK;
    }
    if answer.is(Code::Internal) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else if answer.is(Code::Unavailable) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::BAD_REQUEST
    }
}

fn respond(media: Media, status: StatusCode, answer: &Answer, allow: Option<&'static str>) -> Response {
    let body = if answer.executed {
        to_json(&answer.response)
    } else {
        let refused = serde_json::to_vec(&RequestError { errors: &answer.response.errors });
        refused.unwrap_or_else(|_| br#"{"errors":[{"message":"The answer can't be written."}]}"#.to_vec())
    };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, media.content_type());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    if let Some(seconds) = answer.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(written) = answer.written.and_then(|written| HeaderValue::from_str(&written.to_string()).ok()) {
        response.headers_mut().insert(super::POSITION, written);
    }
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

/// A document that was refused before anything ran has no `data`, not even null.
#[derive(serde::Serialize)]
struct RequestError<'a> {
    errors: &'a [async_graphql::ServerError],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_is_what_the_client_wants_most() {
        use Media::{GraphqlResponse, Json};
        for (accept, media) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            ("Application/JSON; charset=utf-8", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json, application/json", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(Json)),
            ("application/graphql-response+json;q=0.5, application/json;q=0.9", Some(Json)),
            ("application/json;q=0.5, application/graphql-response+json;Q=0.9", Some(GraphqlResponse)),
            ("*/*, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0, */*", Some(Json)),
            ("text/html, */*;q=0.1", Some(Json)),
            ("text/html, application/xhtml+xml", None),
            ("application/json;q=0", None),
            ("application/json;q=much", None),
            ("*/*;q=0", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(Media::accepted(&headers), media, "{accept}");
        }
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Json));
    }
}
