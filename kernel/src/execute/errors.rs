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

/// Whether a password or a code was wrong that somebody gave who is signed in.
pub fn is_wrong_proof(error: &ServerError) -> bool {
    code(error) == Some(Code::BadUserInput.as_str()) && matches!(text(error, "field"), Some("password" | "currentPassword" | "code"))
}

/// Whether it says that a row is not the actor's to change, and not which field of the input names that row: what a policy refused, and no mutation looked at.
pub fn is_of_no_field(error: &ServerError) -> bool {
    reason(error) == Some("NOT_YOURS") && text(error, "field").is_none()
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
    Response::from_errors(vec![error.into()])
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

/// What async-graphql itself says: a document that is too deep, or one that is wrong.
fn classify(error: &mut ServerError) {
    let too_complex = error.message.contains("recursion depth");
    let code = if too_complex { Code::QueryTooComplex } else { Code::BadUserInput };
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_up_is_no_fault_that_the_log_tells_of() {
        let is_told = |error: Error| refusal(error).errors[0].source::<Cause>().is_some();
        assert!(is_told(Error::unavailable("the database is gone")));
        assert!(!is_told(Error::not_set_up("NOTHING_CONFIGURED", "There is nothing yet that could answer.")));
    }
}
