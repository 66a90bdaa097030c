//! A document before it is executed: is it sane, what kind of operation is it, which root fields does it name?

use async_graphql::{
    Name, Value as ConstValue, Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
    },
};

use uuid::Uuid;

use crate::{
    error::{Error, Result},
    ids,
};

/// What a document may be.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of the document's text.
    pub bytes: usize,
    /// Braces, brackets and parentheses within one another.
    pub nesting: usize,
    /// Levels of selections.
    pub depth: usize,
    /// The sum of what its fields cost; a list costs its page size times what its items cost.
    pub complexity: usize,
    /// Root fields of one mutation document.
    pub mutations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 100_000, nesting: 60, depth: 16, complexity: 200_000, mutations: 20 }
    }
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// It reads.
    Query,
    /// It may change rows.
    Mutation,
}

/// A parsed document and the operation of it that is to run.
pub struct Document {
    /// As parsed.
    pub parsed: ExecutableDocument,
    /// What the chosen operation does.
    pub kind: OperationKind,
    /// Its root fields, with the id that each is about where its arguments name one.
    pub roots: Vec<(String, Option<Uuid>)>,
}

/// These change who is signed in, and so can't share a document with anything else.
const SESSION_MUTATIONS: [&str; 6] = ["login", "refreshSession", "logout", "logoutEverywhere", "changePassword", "switchRole"];

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for one that can't be read or names no operation, `QUERY_TOO_COMPLEX` for one beyond the limits.
    pub fn read(text: &str, operation_name: Option<&str>, variables: &Variables, limits: &Limits) -> Result<Document> {
        if text.len() > limits.bytes {
            return Err(Error::too_complex(format!("The document has {} bytes; {} are allowed.", text.len(), limits.bytes)));
        }
        if nesting(text) > limits.nesting {
            return Err(Error::too_complex(format!(
                "The document nests braces, brackets and parentheses deeper than {} levels.",
                limits.nesting
            )));
        }
        let parsed = parse_query(text).map_err(|error| Error::bad_request(format!("The document can't be read: {error}")))?;
        let operation = choose(&parsed, operation_name)?;
        let kind = match operation.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => return Err(Error::bad_request("There are no subscriptions at this address.")),
        };
        let mut roots = Vec::new();
        if kind == OperationKind::Mutation {
            collect(&operation.selection_set.node, &parsed, variables, 0, &mut roots);
            if roots.len() > limits.mutations {
                return Err(Error::too_complex(format!("The document holds {} mutations; {} are allowed.", roots.len(), limits.mutations)));
            }
            if roots.len() > 1
                && let Some((name, _)) = roots.iter().find(|(name, _)| SESSION_MUTATIONS.contains(&name.as_str()))
            {
                return Err(Error::bad_request(format!("`{name}` changes who is signed in and must stand alone in its document.")));
            }
        }
        Ok(Document { parsed, kind, roots })
    }
}

/// How deep braces, brackets and parentheses stand within one another, outside strings and comments. The parser is
/// recursive: without this check a document of a few kilobytes overflows its stack.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => while bytes.next().is_some_and(|(_, byte)| byte != b'\n' && byte != b'\r') {},
            b'"' if text.as_bytes()[at..].starts_with(b"\"\"\"") => {
                let body = &text.as_bytes()[at + 3..];
                let mut end = 0;
                while end < body.len() && !(body[end..].starts_with(b"\"\"\"") && (end == 0 || body[end - 1] != b'\\')) {
                    end += 1;
                }
                for _ in 0..(end + 5).min(text.len()) {
                    if bytes.next().is_none() {
                        break;
                    }
                }
            }
            b'"' => loop {
                match bytes.next() {
                    Some((_, b'\\')) => drop(bytes.next()),
                    Some((_, b'"' | b'\n' | b'\r')) | None => break,
                    Some(_) => {}
                }
            },
            _ => {}
        }
    }
    deepest
}

fn choose<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a OperationDefinition> {
    let mut operations = document.operations.iter();
    match name.filter(|name| !name.is_empty()) {
        Some(name) => operations
            .find(|(found, _)| found.is_some_and(|found| found.as_str() == name))
            .map(|(_, operation)| &operation.node)
            .ok_or_else(|| Error::bad_input("operationName", "names no operation of the document")),
        None => match (operations.next(), operations.next()) {
            (Some((_, only)), None) => Ok(&only.node),
            (None, _) => Err(Error::bad_request("The document holds no operation.")),
            _ => Err(Error::bad_input("operationName", "is needed: the document holds several operations")),
        },
    }
}

/// The root fields, through fragments. A cycle of fragments is left to validation.
fn collect(
    set: &SelectionSet,
    document: &ExecutableDocument,
    variables: &Variables,
    level: usize,
    roots: &mut Vec<(String, Option<Uuid>)>,
) {
    if level > 8 || roots.len() > 1000 {
        return;
    }
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) if field.node.name.node.starts_with("__") => {} // `__typename` changes nothing
            Selection::Field(field) => roots.push((field.node.name.node.to_string(), subject(&field.node, variables))),
            Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, document, variables, level + 1, roots),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, document, variables, level + 1, roots);
                }
            }
        }
    }
}

/// The id that a mutation is about: its argument `id`, or the one inside its input.
fn subject(field: &Field, variables: &Variables) -> Option<Uuid> {
    let lookup = |name: Name| variables.get(&name).cloned().ok_or(());
    let key = match field.name.node.as_str() {
        "setUserRoles" => "userId",
        "addGroupMembers" | "removeGroupMembers" | "addGroupCourses" | "removeGroupCourses" => "groupId",
        _ => "id",
    };
    let id = match field.get_argument("id") {
        Some(id) => id.node.clone().into_const_with(lookup).ok()?,
        None => match field.get_argument("input")?.node.clone().into_const_with(lookup).ok()? {
            ConstValue::Object(mut input) => input.swap_remove(key)?,
            _ => return None,
        },
    };
    match id {
        ConstValue::String(text) => ids::decode(&text).map(|(_, uuid)| uuid),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::nesting;

    #[test]
    fn nesting_counts_brackets_but_not_those_in_strings_and_comments() {
        assert_eq!(nesting("{ a { b(c: [[1]]) } }"), 5);
        assert_eq!(nesting(r#"{ a(b: "{{{[[[\"((") # ((((("#), 2);
        assert_eq!(nesting("{ a(b: \"\"\" {{{ \\\"\"\" [[[ \"\"\") }"), 2);
        assert_eq!(nesting(&"[".repeat(5000)), 5000);
    }
}
