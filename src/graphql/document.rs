//! A document before it is executed: is it sane, what kind of operation is it, which root fields does it name?

use std::convert::Infallible;

use async_graphql::{
    Name, Value as ConstValue, Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
    },
};

use uuid::Uuid;

use super::measure;
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

/// A parsed document and the operation of it that is to run.
pub struct Document {
    /// As parsed.
    pub parsed: ExecutableDocument,
    /// The chosen operation's name, where the document gives it one and the request asks for it.
    pub operation_name: Option<String>,
    /// What the chosen operation does.
    pub kind: OperationKind,
    /// The root fields of a mutation.
    pub roots: Vec<Root>,
    /// Variables that stand for the size of a page, and that the request leaves out: null, for a page of the usual size.
    pub unset_sizes: Vec<Name>,
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
        let parsed = parse_query(text).map_err(|error| unreadable(&error))?;
        let size = measure::size(&parsed)?;
        if size.selections > limits.selections || size.levels > limits.levels {
            return Err(Error::too_complex(format!(
                "The document selects too much: {} fields and fragments on {} levels are allowed.",
                limits.selections, limits.levels
            )));
        }
        if scan.variables.saturating_mul(measure::weight(variables)) > limits.variables {
            return Err(Error::too_complex("The variables are too big for how often the document uses them."));
        }

        let operation = choose(&parsed, operation_name)?;
        let kind = match operation.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => return Err(Error::bad_request("There are no subscriptions at this address.")),
        };
        check_variables(operation, variables)?;
        let unset_sizes = unset_sizes(&parsed, operation, variables);
        let mut roots = Vec::new();
        if kind == OperationKind::Mutation {
            collect(&operation.selection_set.node, &parsed, variables, &mut roots);
            check_mutations(&roots, limits)?;
        }
        let operation_name = operation_name.filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Document { parsed, operation_name, kind, roots, unset_sizes })
    }
}

/// Whether every variable that must have a value has one. Whether it is the right one is validated where it is used.
fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<()> {
    for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
        let is_missing = match variables.get(&definition.name.node) {
            None => definition.default_value.is_none(),
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

/// What a list costs depends on its size, and async-graphql refuses to reckon with a variable that has no value, though it
/// may well have none. (It is right when it resolves the field: the argument then is left out.)
fn unset_sizes(document: &ExecutableDocument, operation: &OperationDefinition, variables: &Variables) -> Vec<Name> {
    let unset = operation.variable_definitions.iter().map(|definition| &definition.node);
    let unset: Vec<&Name> = unset
        .filter(|definition| definition.default_value.is_none() && definition.var_type.node.nullable)
        .map(|definition| &definition.name.node)
        .filter(|name| !variables.contains_key(*name))
        .collect();
    let mut sizes = Vec::new();
    if !unset.is_empty() {
        let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
        for set in fragments.chain([&operation.selection_set.node]) {
            collect_sizes(set, &unset, &mut sizes);
        }
    }
    sizes
}

fn collect_sizes(set: &SelectionSet, unset: &[&Name], sizes: &mut Vec<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                for (argument, value) in &field.node.arguments {
                    if matches!(argument.node.as_str(), "first" | "last")
                        && let Err(name) = value.node.clone().into_const_with(Err::<ConstValue, Name>)
                        && unset.contains(&&name)
                    {
                        sizes.push(name);
                    }
                }
                collect_sizes(&field.node.selection_set.node, unset, sizes);
            }
            Selection::InlineFragment(fragment) => collect_sizes(&fragment.node.selection_set.node, unset, sizes),
            Selection::FragmentSpread(_) => {}
        }
    }
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
