//! A document before it is executed: is it sane, what kind of operation is it, which root fields does it name?

use std::convert::Infallible;

use async_graphql::{
    Name, Positioned, Value as ConstValue, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
    },
};

use uuid::Uuid;

use super::{measure, normal};
use crate::{
    domains::audit,
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
    /// Fields, spreads and inline fragments, once fragments stand where they are spread.
    pub selections: u64,
    /// Levels of these within one another; inline fragments and spreads are levels, too.
    pub levels: usize,
    /// Bytes that the values of variables take, once they stand where the variables are used.
    pub variables: usize,
    /// Levels of fields.
    pub depth: usize,
    /// The sum of what its fields cost; a list costs its page size times what its items cost.
    pub complexity: usize,
    /// Root fields of one mutation document.
    pub mutations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 100_000,
            nesting: 60,
            selections: 5_000,
            levels: 30,
            variables: 8 << 20,
            depth: 16,
            complexity: 200_000,
            mutations: 20,
        }
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

/// A root field of a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its name in the answer: its alias, where it has one.
    pub key: String,
    /// Its name in the schema.
    pub name: String,
    /// The id that it is about, where its arguments name one.
    pub subject: Option<Uuid>,
}

/// A document as it is to run.
pub struct Document {
    /// The chosen operation and the fragments that it needs.
    pub parsed: ExecutableDocument,
    /// The values of its variables, defaults among them.
    pub variables: Variables,
    /// What the chosen operation does.
    pub kind: OperationKind,
    /// The root fields of a mutation.
    pub roots: Vec<Root>,
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
        let scan = measure::scan(text);
        if scan.nesting > limits.nesting {
            return Err(Error::too_complex(format!(
                "The document nests braces, brackets and parentheses deeper than {} levels.",
                limits.nesting
            )));
        }
        let mut parsed = parse_query(text).map_err(|error| unreadable(&error))?;
        let size = measure::size(&parsed)?;
        if size.selections > limits.selections || size.levels > limits.levels {
            return Err(Error::too_complex(format!(
                "The document selects too much: {} fields and fragments on {} levels are allowed.",
                limits.selections, limits.levels
            )));
        }
        let mut operation = choose(&mut parsed, operation_name.filter(|name| !name.is_empty()))?;
        let variables = normal::with_defaults(&operation.node, variables);
        if scan.variables.saturating_mul(measure::weight(&variables)) > limits.variables {
            return Err(Error::too_complex("The variables are too big for how often the document uses them."));
        }
        let kind = match operation.node.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => return Err(Error::bad_request("There are no subscriptions at this address.")),
        };
        check_variables(&operation.node, &variables)?;
        let mut roots = Vec::new();
        if kind == OperationKind::Mutation {
            collect(&operation.node.selection_set.node, &parsed, &variables, &mut roots);
            check_mutations(&roots, limits)?;
        }
        normal::leave_out_absent(&mut parsed, &mut operation.node, &variables);
        parsed.operations = DocumentOperations::Single(operation);
        Ok(Document { parsed, variables, kind, roots })
    }
}

/// Whether every variable that must have a value has one. Whether it is the right one is validated where it is used.
fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<()> {
    for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
        let is_missing = match variables.get(&definition.name.node) {
            None => true,
            Some(value) => *value == ConstValue::Null,
        };
        if is_missing && !definition.var_type.node.nullable {
            let name = definition.name.node.to_string();
            return Err(
                Error::bad_request(format!("The variable `${name}` of type {} has no value.", definition.var_type.node)).field(name)
            );
        }
    }
    Ok(())
}

fn check_mutations(roots: &[Root], limits: &Limits) -> Result<()> {
    if roots.len() > limits.mutations {
        return Err(Error::too_complex(format!("The document holds {} mutations; {} are allowed.", roots.len(), limits.mutations)));
    }
    if roots.len() > 1
        && let Some(root) = roots.iter().find(|root| SESSION_MUTATIONS.contains(&root.name.as_str()))
    {
        return Err(Error::bad_request(format!("`{}` changes who is signed in and must stand alone in its document.", root.name)));
    }
    // The executor would run both, where the specification merges them into one.
    if let Some((_, twice)) = roots.iter().enumerate().find(|(at, root)| roots[..*at].iter().any(|other| other.key == root.key)) {
        return Err(Error::bad_request(format!("`{}` stands in the document twice: give each mutation an alias of its own.", twice.key)));
    }
    Ok(())
}

/// Where the parser stopped, and what it expected there; not how its grammar calls its rules.
fn unreadable(error: &async_graphql::parser::Error) -> Error {
    let place = error.positions().next().map(|at| format!(" at line {}, column {}", at.line, at.column)).unwrap_or_default();
    let why = match error {
        async_graphql::parser::Error::Syntax { .. } => ": it is not GraphQL".to_owned(),
        other => format!(": {}", other.to_string().trim_end_matches('.')),
    };
    Error::bad_request(format!("The document can't be read{place}{why}."))
}

fn choose(document: &mut ExecutableDocument, name: Option<&str>) -> Result<Positioned<OperationDefinition>> {
    normal::single_out(document, name).ok_or_else(|| match name {
        Some(_) => Error::bad_input("operationName", "names no operation of the document"),
        None => Error::bad_input("operationName", "is needed: the document holds several operations"),
    })
}

/// The root fields, through fragments; `__typename` is none. The document has been measured: this walk ends, and soon.
fn collect(set: &SelectionSet, document: &ExecutableDocument, variables: &Variables, roots: &mut Vec<Root>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" => {}
            Selection::Field(field) => roots.push(Root {
                key: field.node.response_key().node.to_string(),
                name: field.node.name.node.to_string(),
                subject: subject(&field.node, variables),
            }),
            Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, document, variables, roots),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, document, variables, roots);
                }
            }
        }
    }
}

/// The id that a mutation is about, among its arguments and the fields of its input.
fn subject(field: &Field, variables: &Variables) -> Option<Uuid> {
    // A variable that was left out stands for nothing, and the rest is still readable.
    let lookup = |name: Name| Ok::<_, Infallible>(variables.get(&name).cloned().unwrap_or_default());
    let mut given = Vec::new();
    for (name, value) in &field.arguments {
        match value.node.clone().into_const_with(lookup) {
            Ok(ConstValue::Object(input)) => given.extend(input),
            Ok(value) => given.push((name.node.clone(), value)),
        }
    }
    let ids = given.iter().filter_map(|(name, value)| match value {
        ConstValue::String(text) => ids::decode(text).map(|(prefix, uuid)| (name.as_str(), prefix, uuid)),
        _ => None,
    });
    audit::subject_of(audit::resource_of(&field.name.node), ids)
}
