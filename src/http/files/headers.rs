//! The headers with which a file leaves: nothing in it can run in the API's origin.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use lectern_kernel::store::{ServedFile, disposition};

/// How long an answer may be kept, and by whom.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keeping {
    /// By the client alone, for so many seconds.
    Private(i64),
    /// By anybody who asks each time whether it is still so.
    Public,
}

/// The tag of a file's bytes.
pub(super) fn etag(file: &ServedFile) -> String {
    format!("\"{}\"", file.sha256)
}

/// The headers of a file.
pub(super) fn of(file: &ServedFile, inline: bool, keeping: Keeping) -> HeaderMap {
    let kept = match keeping {
        Keeping::Private(seconds) => format!("private, max-age={}", seconds.max(0)),
        Keeping::Public => "public, no-cache".to_owned(),
    };
    let written: [(HeaderName, String); 4] = [
        (header::CONTENT_TYPE, file.content_type.clone()),
        (header::CONTENT_DISPOSITION, disposition(&file.name, inline)),
        (header::CACHE_CONTROL, kept),
        (header::ETAG, etag(file)),
    ];
    let fixed = [
        (header::ACCEPT_RANGES, "bytes"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        // Pages of other origins may show it: its address is the key to it.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    let mut headers = HeaderMap::with_capacity(written.len() + fixed.len());
    for (name, value) in written {
        headers.insert(name, HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream")));
    }
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}
