//! What a document may be.

use crate::{
    error::{Error, Result},
    seen::counted,
};

/// What a document may be. Each has a setting, `LECTERN_MAX_…`.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of the document's text.
    pub bytes: usize,
    /// Names, numbers, strings and punctuators of the text.
    pub tokens: usize,
    /// Braces, brackets and parentheses within one another.
    pub nesting: usize,
    /// Fields, spreads and inline fragments, once fragments stand where they are spread; `__typename` is a field.
    pub fields: usize,
    /// Levels of these within one another; inline fragments and spreads are levels, too.
    pub levels: usize,
    /// Aliases, once fragments stand where they are spread.
    pub aliases: usize,
    /// Directives, once fragments stand where they are spread.
    pub directives: usize,
    /// Directives of one field, fragment or operation.
    pub directives_in_place: usize,
    /// Definitions of fragments.
    pub fragments: usize,
    /// Bytes that the values of variables take, once they stand where the variables are used.
    pub variables: usize,
    /// Levels of fields.
    pub depth: usize,
    /// The sum of what its fields cost; a list costs its page size times what its items cost.
    pub complexity: usize,
    /// Root fields of one mutation document.
    pub mutations: usize,
    /// Whether a document may ask what the schema is.
    pub introspection: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 100_000,
            tokens: 20_000,
            nesting: 60,
            fields: 5_000,
            levels: 30,
            aliases: 500,
            directives: 500,
            directives_in_place: 8,
            fragments: 200,
            variables: 8 << 20,
            depth: 16,
            complexity: 200_000,
            mutations: 4,
            introspection: true,
        }
    }
}

/// What is counted: how many there are, how many there may be, and what they are called in the refusal.
pub fn within(used: usize, limit: usize, what: &'static str) -> Result<()> {
    if used <= limit {
        return Ok(());
    }
    counted("lectern_documents_refused_total", "limit", word(what));
    Err(Error::too_complex(format!("The document has {used} {what}; {limit} are allowed.")).limit(limit, used))
}

/// What is counted, in a word: as far as its first comma, without what says where.
fn word(what: &'static str) -> &'static str {
    match what.split([',', ' ']).next() {
        Some("levels") => what,
        Some(word) => word,
        None => what,
    }
}
