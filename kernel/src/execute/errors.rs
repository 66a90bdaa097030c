//! The edge of the executor: every error leaves with a code of the closed list and the correlation id; what is behind a
//! failure of ours goes to the log, once.

use async_graphql::{
    ErrorExtensionValues, Pos, Positioned, Response, ServerError, Value, Variables,
    parser::types::{ExecutableDocument, Field, Selection, SelectionSet},
};

use crate::{
    error::{Cause, Code, Error},
    resolve::DateTime,
};

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
    Response::from_errors(vec![error.into()])
}

/// A finished answer that is nothing but this error, for failures outside the executor.
pub fn refusal_response(error: Error, correlation_id: &str) -> Response {
    let mut response = refusal(error);
    finish(&mut response, correlation_id);
    response
}

/// Errors at most in the answer to a document that did not run: one that is wrong everywhere must not be answered by
/// something thirty times its size.
const MAX_ERRORS: usize = 20;

/// Leaves out of the errors of a document that did not run what only repeats others.
pub fn tidy(errors: &mut Vec<ServerError>) {
    // The cost of a list is computed from arguments that are wrong already, which reports them again.
    let is_repetition = |error: &ServerError| {
        error.path.is_empty() && (error.message.starts_with("Expected input type") || error.message.starts_with("Failed to parse"))
    };
    if errors.iter().any(|error| error.message.starts_with(INVALID_ARGUMENT)) {
        errors.retain(|error| !is_repetition(error));
    }
    let mut kept: Vec<ServerError> = Vec::with_capacity(errors.len().min(MAX_ERRORS));
    for error in errors.drain(..) {
        if kept.len() < MAX_ERRORS && !kept.iter().any(|known| known.message == error.message && known.locations == error.locations) {
            kept.push(error);
        }
    }
    *errors = kept;
}

/// Leaves out the names that async-graphql offers for a misspelled one even where it was told not to.
pub fn leave_out_suggestions(errors: &mut [ServerError]) {
    for error in errors {
        if let Some(at) = error.message.find(" Did you mean ") {
            error.message.truncate(at);
        }
    }
}

/// Names the argument behind an integer out of range: async-graphql says only that there is one.
pub fn name_integers(errors: &mut [ServerError], document: &ExecutableDocument, variables: &Variables) {
    for error in errors.iter_mut().filter(|error| error.message.starts_with("Failed to parse \"Int\"")) {
        let Some(field) = error.locations.first().and_then(|at| field_at(document, *at)) else { continue };
        let path = field.arguments.iter().find_map(|(name, value)| {
            let value = value.node.clone().into_const_with(|name| variables.get(&name).cloned().ok_or(())).ok()?;
            out_of_range(&value).map(|rest| inside_input(&format!("{}{rest}", name.node)).to_owned())
        });
        if let Some(path) = path {
            error.message = format!("`{path}` must be an integer from {} to {}.", i32::MIN, i32::MAX);
            error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("field", path);
        }
    }
}

/// Says what is wrong with a moment: async-graphql says only that there is none.
pub fn explain_moments(errors: &mut [ServerError], document: &ExecutableDocument, variables: &Variables) {
    for error in errors {
        let path = error.message.strip_prefix(INVALID_ARGUMENT).and_then(|rest| rest.strip_suffix("\", expected type \"DateTime\""));
        let (Some(path), Some(at)) = (path, error.locations.first()) else { continue };
        let value = field_at(document, *at).and_then(|field| {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            let (_, value) = field.arguments.iter().find(|(argument, _)| argument.node == name)?;
            let value = value.node.clone().into_const_with(|name| variables.get(&name).cloned().ok_or(())).ok()?;
            let mut parts = rest.split('.').filter(|part| !part.is_empty());
            parts.try_fold(value, |value, part| match value {
                Value::Object(mut fields) => fields.swap_remove(part),
                Value::List(items) => items.into_iter().nth(part.parse().ok()?),
                _ => None,
            })
        });
        if let Some(Value::String(text)) = value
            && let Err(expected) = DateTime::read(&text)
        {
            let path = inside_input(path).to_owned();
            error.message = format!("`{path}` {expected}.");
            error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("field", path);
        }
    }
}

/// Where in a value an integer stands that GraphQL's `Int` can't be, as `.a.0`.
fn out_of_range(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => {
            let fits =
                number.as_i64().is_none_or(|number| i32::try_from(number).is_ok()) && !(number.is_u64() && number.as_i64().is_none());
            (!fits).then(String::new)
        }
        Value::List(items) => items.iter().enumerate().find_map(|(index, item)| Some(format!(".{index}{}", out_of_range(item)?))),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| Some(format!(".{name}{}", out_of_range(value)?))),
        _ => None,
    }
}

/// The field that stands at a place, or an argument of which does.
fn field_at(document: &ExecutableDocument, at: Pos) -> Option<&Field> {
    let is_at =
        |field: &Positioned<Field>| field.pos == at || field.node.arguments.iter().any(|(name, value)| name.pos == at || value.pos == at);
    fn within<'a>(set: &'a SelectionSet, is_at: &impl Fn(&Positioned<Field>) -> bool) -> Option<&'a Field> {
        set.items.iter().find_map(|selection| match &selection.node {
            Selection::Field(field) if is_at(field) => Some(&field.node),
            Selection::Field(field) => within(&field.node.selection_set.node, is_at),
            Selection::InlineFragment(fragment) => within(&fragment.node.selection_set.node, is_at),
            Selection::FragmentSpread(_) => None,
        })
    }
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).find_map(|set| within(set, &is_at))
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

const INVALID_ARGUMENT: &str = "Invalid value for argument \"";

/// The path inside the input that a validation message is about: `startsAt` in
/// `Invalid value for argument "input.startsAt", expected type "DateTime"`.
fn field_of(message: &str) -> Option<String> {
    if let Some((path, problem)) = message.strip_prefix(INVALID_ARGUMENT).and_then(|rest| rest.split_once('"')) {
        let inner = [", unknown field \"", ", field \""].iter().find_map(|start| problem.strip_prefix(start)?.split('"').next());
        return Some(match inner {
            Some(inner) => inside_input(&format!("{path}.{inner}")).to_owned(),
            None => inside_input(path).to_owned(),
        });
    }
    let (_, rest) = message.strip_prefix("Field \"")?.split_once("\" argument \"")?;
    rest.split_once('"').map(|(argument, _)| argument.to_owned())
}

/// The name of a mutation's only argument is left out.
fn inside_input(path: &str) -> &str {
    path.strip_prefix("input.").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_read_out_of_a_validation_message() {
        for (message, field) in [
            (r#"Invalid value for argument "input.startsAt", expected type "DateTime""#, Some("startsAt")),
            (r#"Invalid value for argument "from", expected type "DateTime""#, Some("from")),
            (r#"Invalid value for argument "input", field "title" of type "String!" is required but not provided"#, Some("title")),
            (r#"Invalid value for argument "filter", unknown field "nope" of type "CourseFilter""#, Some("filter.nope")),
            (r#"Field "createCourse" argument "input" of type "Mutation" is required but not provided"#, Some("input")),
            ("Unknown field", None),
        ] {
            assert_eq!(field_of(message).as_deref(), field, "{message}");
        }
    }

    #[test]
    fn an_integer_out_of_range_is_found_wherever_it_stands() {
        let value = |json| Value::from_json(json).unwrap();
        assert_eq!(out_of_range(&value(serde_json::json!({ "a": [1, { "b": 2147483648u32 }] }))).as_deref(), Some(".a.1.b"));
        assert_eq!(out_of_range(&value(serde_json::json!([u64::MAX]))).as_deref(), Some(".0"));
        assert_eq!(out_of_range(&value(serde_json::json!({ "a": [2147483647, -2147483648, 1e300, "9999999999"] }))), None);
    }
}
