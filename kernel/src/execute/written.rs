//! An answer as JSON text: its finished parts are spliced in.

use async_graphql::Response;

use crate::resolve::{JsonText, write_value};

/// The text of a response, as clients get it.
pub fn to_json(response: &Response) -> Vec<u8> {
    let mut out = JsonText::with_capacity(256);
    out.push(b'{');
    if !response.errors.is_empty() {
        out.extend_from_slice(b"\"errors\":");
        append(&response.errors, &mut out);
        out.push(b',');
    }
    out.extend_from_slice(b"\"data\":");
    write_value(&response.data, &mut out);
    if !response.extensions.is_empty() {
        out.extend_from_slice(b",\"extensions\":");
        append(&response.extensions, &mut out);
    }
    out.push(b'}');
    out
}

fn append(value: &impl serde::Serialize, out: &mut JsonText) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}
