//! A document's text, parsed, and its size counted: the part of reading it that every request with the same text shares.

use std::sync::{OnceLock, atomic::AtomicU32};

use async_graphql::{
    Positioned, Value, Variables,
    parser::{
        parse_query,
        types::{BaseType, ExecutableDocument, VariableDefinition},
    },
};

use super::{
    limits::{Limits, within},
    size,
    validate::Cost,
};
use crate::error::{Error, Result};

/// A text that was parsed and found to be within the limits.
pub struct ParsedDocument {
    /// All of its operations and fragments.
    pub(crate) parsed: ExecutableDocument,
    /// How often it names a variable.
    pub(crate) variables: usize,
    /// What keeping it takes, in bytes, estimated.
    pub(crate) weight: usize,
    /// What it costs, where that is the same for every request; set when it is known.
    pub(crate) cost: OnceLock<Cost>,
    /// The most statements that it took so far, where it is a query; [`u32::MAX`] where no number can be relied on.
    pub(crate) statements: AtomicU32,
}

/// What the parser makes of one token takes at most so many bytes.
const BYTES_OF_A_TOKEN: usize = 256;

impl ParsedDocument {
    /// Reads a text. Each limit is checked before what it protects: bytes before the scan, nesting before the recursive parser,
    /// the size after expansion before the validation.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what is no document, `QUERY_TOO_COMPLEX` for one beyond the limits.
    pub fn of(text: &str, limits: &Limits) -> Result<ParsedDocument> {
        within(text.len(), limits.bytes, "bytes")?;
        let scan = size::scan(text);
        within(scan.nesting, limits.nesting, "levels of braces, brackets and parentheses")?;
        within(scan.tokens, limits.tokens, "tokens")?;
        let parsed = parse_query(text).map_err(|error| unreadable(&error))?;
        within(parsed.fragments.len(), limits.fragments, "fragments")?;
        let size = size::size(&parsed)?;
        within(size.selections, limits.fields, "fields and fragments, once these stand where they are spread")?;
        within(size.levels, limits.levels, "levels of fields and fragments")?;
        within(size.aliases, limits.aliases, "aliases")?;
        within(size.directives, limits.directives, "directives")?;
        within(size.directives_in_place, limits.directives_in_place, "directives in one place")?;
        if size.introspects && !limits.introspection {
            return Err(Error::forbidden(
                "INTROSPECTION_OFF",
                "This service does not answer what its schema is: `__schema` and `__type` are switched off.",
            ));
        }
        Ok(ParsedDocument {
            parsed,
            variables: scan.variables,
            weight: text.len() + scan.tokens * BYTES_OF_A_TOKEN,
            cost: OnceLock::new(),
            statements: AtomicU32::new(0),
        })
    }

    /// Whether it costs the same at every request with such variables: one operation, and no variable but ids and texts that
    /// were given. Whatever these hold, it is a text; sizes of pages, ranges of time and inputs are of other types.
    pub(crate) fn is_constant(&self, variables: &Variables) -> bool {
        let is_text = |definition: &Positioned<VariableDefinition>| {
            let VariableDefinition { name, var_type, directives, .. } = &definition.node;
            let is_text_type = matches!(&var_type.node.base, BaseType::Named(name) if name == "ID" || name == "String");
            is_text_type && directives.is_empty() && matches!(variables.get(&name.node), Some(Value::String(_)))
        };
        let mut operations = self.parsed.operations.iter();
        operations.next().is_some_and(|(_, first)| first.node.variable_definitions.iter().all(is_text)) && operations.next().is_none()
    }
}

/// Where the parser stopped, and what it expected there, without the names of its grammar rules.
fn unreadable(error: &async_graphql::parser::Error) -> Error {
    let place = error.positions().next().map(|at| format!(" at line {}, column {}", at.line, at.column)).unwrap_or_default();
    let why = match error {
        async_graphql::parser::Error::Syntax { .. } => ": it is not GraphQL".to_owned(),
        other => format!(": {}", other.to_string().trim_end_matches('.')),
    };
    Error::bad_request(format!("The document can't be read{place}{why}."))
}
