//! The edge of the executor: every error leaves with a code of the closed list and the correlation id; what is behind a
//! failure of ours goes to the log, once.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

use crate::error::{Cause, Code, Error};

/// The code of an error that has been finished.
pub fn code(error: &ServerError) -> Option<&str> {
    text(error, "code")
}

/// The reason of an error, where it has one.
pub fn reason(error: &ServerError) -> Option<&str> {
    text(error, "reason")
}

fn text<'a>(error: &'a ServerError, name: &str) -> Option<&'a str> {
    match error.extensions.as_ref()?.get(name)? {
        Value::String(text) => Some(text),
        Value::Enum(name) => Some(name),
        _ => None,
    }
}

/// An answer that is nothing but this error.
pub fn refusal(error: Error) -> Response {
    let error: async_graphql::Error = error.into();
    Response::from_errors(vec![ServerError {
        message: error.message,
        source: error.source,
        locations: Vec::new(),
        path: Vec::new(),
        extensions: error.extensions,
    }])
}

/// A finished answer that is nothing but this error, for failures outside the executor.
pub fn refusal_response(error: Error, correlation_id: &str) -> Response {
    let mut response = refusal(error);
    finish(&mut response, correlation_id);
    response
}

/// Finishes every error of a response.
pub fn finish(response: &mut Response, correlation_id: &str) {
    for error in &mut response.errors {
        if let Some(Cause(cause)) = error.source::<Cause>() {
            tracing::error!(correlation_id, code = code(error), path = ?error.path, cause, "a request failed");
        }
        if code(error).is_none() {
            classify(error);
        }
        let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        extensions.set("correlationId", correlation_id);
    }
}

/// What async-graphql itself says: a document that is too deep or too complex, or one that is wrong.
fn classify(error: &mut ServerError) {
    let too_complex = error.message.starts_with("Query is too complex")
        || error.message.starts_with("Query is nested too deep")
        || error.message.contains("recursion depth");
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if too_complex {
        extensions.set("code", Code::QueryTooComplex.as_str());
        return;
    }
    extensions.set("code", Code::BadUserInput.as_str());
    if let Some(field) = field_of(&error.message) {
        extensions.set("field", field);
    }
}

/// `Invalid value for argument "input.startsAt", expected type "DateTime"`: the field is `startsAt`.
fn field_of(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("Invalid value for argument \"")?;
    let (path, _) = rest.split_once('"')?;
    let path = path.strip_prefix("input.").unwrap_or(path);
    Some(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::field_of;

    #[test]
    fn the_field_is_read_out_of_a_validation_message() {
        assert_eq!(field_of(r#"Invalid value for argument "input.startsAt", expected type "DateTime""#).as_deref(), Some("startsAt"));
        assert_eq!(field_of(r#"Invalid value for argument "from", expected type "DateTime""#).as_deref(), Some("from"));
        assert_eq!(field_of("Unknown field"), None);
    }
}
