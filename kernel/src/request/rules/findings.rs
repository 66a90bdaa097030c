//! What is wrong with a document, in the order of its text, as a client is told.

use std::collections::HashSet;

use apollo_compiler::{diagnostic::ToCliReport as _, parser::SourceSpan, validation::DiagnosticList};
use async_graphql::{ServerError, Value};

use super::similar::similar;
use crate::{
    error::{Code, Error},
    request::text::Places,
};

/// Errors at most in the answer to a document that did not run: one that is wrong everywhere must not be answered by
/// something thirty times its size.
const MAX_ERRORS: usize = 20;

/// A name or value of the document that is quoted is cut after so many characters.
const QUOTED: usize = 100;

/// A message of the validator's own is cut after so many characters.
const SAID: usize = 600;

/// What the walk says itself, and better: with the field of the input, with similar names, and knowing of what stands within
/// fields that there are not.
const OWN: [&str; 15] = [
    "UndefinedField",
    "UndefinedArgument",
    "UndefinedVariable",
    "UndefinedEnumValue",
    "UndefinedInputValue",
    "RequiredArgument",
    "RequiredField",
    "UnsupportedValueType",
    "IntCoercionError",
    "FloatCoercionError",
    "UniqueInputValue",
    "DisallowedVariableUsage",
    "MissingSubselection",
    "UnusedFragment",
    "UnusedVariable",
];

/// Of these our own rule decides alone: the validator counts fields where the specification counts names, and compares lists
/// as far as the shorter one goes.
const OVERRULED: [&str; 2] = ["SubscriptionUsesMultipleFields", "ConflictingFieldArgument"];

struct Finding {
    offset: usize,
    message: String,
    field: Option<String>,
}

/// The findings so far.
pub(super) struct Findings {
    suggests: bool,
    found: Vec<Finding>,
    seen: HashSet<(usize, Option<String>)>,
}

impl Findings {
    pub(super) fn new(suggests: bool) -> Self {
        Findings { suggests, found: Vec::new(), seen: HashSet::new() }
    }

    /// Whether more are worth the time.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= MAX_ERRORS
    }

    /// Something is wrong at a place; `field` is the path inside the input.
    pub(super) fn add(&mut self, at: Option<SourceSpan>, message: impl FnOnce() -> String, field: Option<&str>) {
        let offset = at.map_or(0, |span| span.offset());
        // A fragment is looked at once for each operation.
        let field = field.map(|field| inside_input(field).to_owned());
        if !self.is_full() && self.seen.insert((offset, field.clone())) {
            self.found.push(Finding { offset, message: message(), field });
        }
    }

    /// "Did you mean `a` or `b`?", with a blank before it.
    pub(super) fn suggestion<'a>(&self, name: &str, among: impl Iterator<Item = &'a str>) -> String {
        if !self.suggests {
            return String::new();
        }
        let similar = similar(name, among);
        if similar.is_empty() { String::new() } else { format!(" Did you mean {}?", similar.join(" or ")) }
    }

    /// What apollo-compiler says of it.
    pub(super) fn add_judgement(&mut self, refused: &DiagnosticList) {
        let has_own = !self.found.is_empty();
        let mut found: Vec<_> = refused
            .iter()
            .map(|said| (said.error.location().map_or(0, |span| span.offset()), said.error.unstable_error_name().unwrap_or_default(), said))
            .filter(|(_, name, _)| !(OVERRULED.contains(name) || has_own && OWN.contains(name)))
            .collect();
        found.sort_by_key(|(offset, ..)| *offset);
        // Other fields are mostly of other types as well.
        let others: HashSet<usize> =
            found.iter().filter(|(_, name, _)| *name == "ConflictingFieldName").map(|(offset, ..)| *offset).collect();
        found.retain(|(offset, name, _)| *name != "ConflictingFieldType" || !others.contains(offset));
        for (offset, _, said) in found.into_iter().take(MAX_ERRORS) {
            let mut message = said.error.unstable_compat_message().unwrap_or_else(|| said.error.to_string());
            if !self.suggests
                && let Some(at) = message.find(" Did you mean ")
            {
                message.truncate(at);
            }
            self.found.push(Finding { offset, message: cut(&message, SAID), field: None });
        }
    }

    /// As an answer has them.
    pub(super) fn into_errors(mut self, text: &str) -> Vec<ServerError> {
        self.found.sort_by_key(|finding| finding.offset);
        let mut places = Places::new(text);
        let mut errors: Vec<ServerError> = Vec::new();
        for Finding { offset, message, field } in self.found {
            let at = places.of(offset);
            if errors.len() < MAX_ERRORS && !errors.iter().any(|known| known.message == message && known.locations == [at]) {
                errors.push(ServerError { locations: vec![at], ..error(message, field.as_deref()) });
            }
        }
        errors
    }
}

/// An error with its code.
pub(super) fn error(message: String, field: Option<&str>) -> ServerError {
    let mut error = Error::bad_request(message);
    // Of a mutation's only argument as a whole, its name says nothing.
    if let Some(field) = field.filter(|field| *field != "input") {
        error = error.field(inside_input(field));
    }
    let error = ServerError::from(error);
    debug_assert!(
        error.extensions.as_ref().and_then(|extensions| extensions.get("code")) == Some(&Value::from(Code::BadUserInput.as_str()))
    );
    error
}

/// A mutation's only argument goes without saying.
pub(super) fn inside_input(path: &str) -> &str {
    path.strip_prefix("input.").unwrap_or(path)
}

/// Part of a document in a message.
pub(super) fn quoted(text: impl AsRef<str>) -> String {
    cut(text.as_ref(), QUOTED)
}

fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
