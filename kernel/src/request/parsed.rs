//! A document's text, parsed, its size counted, and validated: the part of reading it that every request with the same text
//! shares.

use std::sync::{Mutex, OnceLock, atomic::AtomicU32};

use apollo_compiler::{ast, diagnostic::ToCliReport as _, parser::Parser};
use async_graphql::{
    Positioned, Value, Variables,
    parser::types::{BaseType, ExecutableDocument, VariableDefinition},
};

use super::{
    convert::{convert, said},
    limits::{Limits, within},
    rules::{Checked, Rules},
    size,
    text::{Places, without_descriptions},
    validate::Cost,
};
use crate::error::{Error, Result};

/// A text that was parsed and found to be within the limits.
pub struct ParsedDocument {
    /// All of its operations and fragments.
    pub(crate) parsed: ExecutableDocument,
    /// What was parsed, until it is validated.
    unvalidated: Mutex<Option<Unvalidated>>,
    checked: OnceLock<Checked>,
    /// Whether it asks what the schema is.
    pub(crate) introspects: bool,
    /// How often it names a variable.
    pub(crate) variables: usize,
    /// What keeping it takes, in bytes, estimated.
    pub(crate) weight: usize,
    /// What it costs, where that is the same for every request; set when it is known.
    pub(crate) cost: OnceLock<Cost>,
    /// The most statements that it took so far, where it is a query; [`u32::MAX`] where no number can be relied on.
    pub(crate) statements: AtomicU32,
}

/// What the validator reads: the text, for places in it, and its tree.
struct Unvalidated {
    text: String,
    tree: ast::Document,
}

/// What the parser makes of one token takes at most so many bytes.
const BYTES_OF_A_TOKEN: usize = 256;

/// What the rules walk may be so many times bigger than a text at its limit of tokens.
const VALUES_PER_TOKEN: usize = 8;

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
        let (tree, descriptions) = parse(text, limits)?;
        let converted = convert(&tree, text)?;
        if converted.tokens + descriptions != scan.tokens {
            return Err(Error::bad_request("The document can't be read: it is not GraphQL."));
        }
        let parsed = converted.document;
        within(parsed.fragments.len(), limits.fragments, "fragments")?;
        let size = size::size(&parsed)?;
        within(size.selections, limits.fields, "fields and fragments, once these stand where they are spread")?;
        within(size.levels, limits.levels, "levels of fields and fragments")?;
        within(size.aliases, limits.aliases, "aliases")?;
        within(size.directives, limits.directives, "directives")?;
        within(size.directives_in_place, limits.directives_in_place, "directives in one place")?;
        let values = limits.tokens.saturating_mul(VALUES_PER_TOKEN);
        within(size.values, values, "values of arguments, once fragments stand where they are spread")?;
        if size.introspects && !limits.introspection {
            return Err(Error::forbidden(
                "INTROSPECTION_OFF",
                "This service does not answer what its schema is: `__schema` and `__type` are switched off.",
            ));
        }
        Ok(ParsedDocument {
            parsed,
            unvalidated: Mutex::new(Some(Unvalidated { text: text.to_owned(), tree })),
            checked: OnceLock::new(),
            introspects: size.introspects,
            variables: scan.variables,
            weight: text.len() + scan.tokens * BYTES_OF_A_TOKEN,
            cost: OnceLock::new(),
            statements: AtomicU32::new(0),
        })
    }

    /// What the rules say of it. They are asked once.
    pub(crate) fn checked(&self, rules: &Rules) -> &Checked {
        self.checked.get_or_init(|| {
            let unvalidated = self.unvalidated.lock().unwrap_or_else(|broken| broken.into_inner()).take();
            match unvalidated {
                Some(Unvalidated { text, tree }) => rules.check(&tree, &text),
                // A panic on the way here; it is not asked again.
                None => Checked::refused("The document could not be validated."),
            }
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

/// Parses a text without its descriptions, of which it answers the number. Where the parser stopped is said, and not what
/// its grammar calls what it expected there.
fn parse(text: &str, limits: &Limits) -> Result<(ast::Document, usize)> {
    let (blanked, descriptions) = without_descriptions(text);
    // Beside the scan of the text, in case the parser takes for a bracket what that did not.
    let mut parser = Parser::new().recursion_limit(limits.nesting.saturating_add(1));
    let tree = parser.parse_ast(blanked, "document").map_err(|refused| {
        let place = refused.errors.iter().filter_map(|error| error.error.location()).map(|span| span.offset()).min();
        let place = place.map(|offset| said(Places::new(text).of(offset))).unwrap_or_default();
        Error::bad_request(format!("The document can't be read{place}: it is not GraphQL."))
    })?;
    Ok((tree, descriptions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_validated_once() {
        let rules = |field: &str| Rules::of(&format!("type Query {{ {field}: Int }}"), false);
        let document = ParsedDocument::of("{ a }", &Limits::default()).unwrap();
        let checked = document.checked(&rules("a"));
        assert!(checked.verdict().is_ok());
        // What only the rules read is not kept, and rules that would refuse it are not asked.
        assert!(document.unvalidated.lock().unwrap().is_none());
        assert!(std::ptr::eq(checked, document.checked(&rules("b"))));
        let refused = ParsedDocument::of("{ a }", &Limits::default()).unwrap();
        assert!(refused.checked(&rules("b")).verdict().is_err() && refused.checked(&rules("a")).verdict().is_err());
    }
}
