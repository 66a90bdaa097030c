//! The lists of the schema, and documents for those of which nobody wrote one.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::{
    parse_query,
    types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};

use crate::introspection::{Field, Schema};

/// A field of a type: `("Course", "enrollments")`.
pub type Path = (String, String);

/// Every field that answers a page, or all at once the rows of a type that has ids. Lists of values in memory (days of a
/// calendar, lines of a report) are counted, not paged: the tests of their domains say what they cost. What a mutation answers, its input names.
pub fn lists(schema: &Schema) -> BTreeMap<Path, Field> {
    let rows: BTreeSet<&str> = schema.types["Node"].possible_types.iter().flatten().map(|ty| ty.named()).chain(["Node"]).collect();
    let mut found = BTreeMap::new();
    for ty in schema.types.values().filter(|ty| ty.kind == "OBJECT" && ty.name != "Mutation" && !is_page(schema, &ty.name)) {
        for field in schema.fields(&ty.name) {
            let named = field.ty.named();
            if is_page(schema, named) || (field.ty.is_list() && rows.contains(named)) {
                found.insert((ty.name.clone(), field.name.clone()), field.clone());
            }
        }
    }
    found
}

fn is_page(schema: &Schema, ty: &str) -> bool {
    schema.fields(ty).iter().any(|field| field.name == "pageInfo")
}

/// Every field that a document asks for.
///
/// # Panics
/// Where the document asks for what is not there.
pub fn asked(schema: &Schema, document: &str) -> BTreeSet<Path> {
    let parsed = parse_query(document).unwrap_or_else(|error| panic!("{document}\n{error}"));
    let operation = match &parsed.operations {
        DocumentOperations::Single(operation) => operation,
        DocumentOperations::Multiple(operations) => operations.values().next().unwrap(),
    };
    let mut found = BTreeSet::new();
    walk(schema, &parsed, "Query", &operation.node.selection_set.node, &mut found);
    found
}

fn walk(schema: &Schema, document: &ExecutableDocument, ty: &str, selections: &SelectionSet, found: &mut BTreeSet<Path>) {
    for selection in &selections.items {
        match &selection.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                let Some(declared) = schema.fields(ty).iter().find(|declared| declared.name == name) else {
                    assert!(name == "__typename", "{ty} has no {name}");
                    continue;
                };
                found.insert((ty.to_owned(), name.to_owned()));
                walk(schema, document, declared.ty.named(), &field.node.selection_set.node, found);
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref().map_or(ty, |on| on.node.on.node.as_str());
                walk(schema, document, on, &fragment.node.selection_set.node, found);
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &document.fragments[&spread.node.fragment_name.node].node;
                walk(schema, document, fragment.type_condition.node.on.node.as_str(), &fragment.selection_set.node, found);
            }
        }
    }
}

/// Documents for the lists that no given document asks for, and for every order of every list of the root: `(name, text)`.
/// Those that nobody can derive are named in the error.
pub fn derived(schema: &Schema, given: &[(String, String)]) -> Result<Vec<(String, String)>, Vec<Path>> {
    let known: BTreeSet<Path> = given.iter().flat_map(|(_, document)| asked(schema, document)).collect();
    let (mut documents, mut missing) = (Vec::new(), Vec::new());
    for ((ty, name), field) in lists(schema) {
        let ways: Vec<String> = if ty == "Query" { orders(schema, &field) } else { Vec::new() };
        documents.extend(ways.into_iter().map(|way| (format!("{name} {way}"), page(schema, "", &field, &way, 0))));
        if known.contains(&(ty.clone(), name.clone())) {
            continue;
        }
        let way = if ty == "Query" { Some((String::new(), 0)) } else { schema.way_to(&ty) };
        match way {
            Some((way, braces)) if field.args.iter().all(|arg| !arg.ty.is_required()) => {
                let first = if field.args.iter().any(|arg| arg.name == "first") { "first: 5" } else { "" };
                documents.push((format!("{ty}.{name}"), page(schema, &way, &field, first, braces)));
            }
            _ => missing.push((ty, name)),
        }
    }
    if missing.is_empty() { Ok(documents) } else { Err(missing) }
}

/// A document that asks a list for whatever its rows have by themselves. Not for how many there are on all pages: that is
/// counted only when asked for, and costs what there is to count.
fn page(schema: &Schema, way: &str, field: &Field, arguments: &str, braces: usize) -> String {
    let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
    let named = field.ty.named();
    let rows = match schema.fields(named).iter().find(|field| field.name == "nodes") {
        Some(nodes) => format!("{{ nodes {} pageInfo {{ hasNextPage }} }}", schema.selection(nodes.ty.named(), 0)),
        None => schema.selection(named, 0),
    };
    format!("{{ {way} {}{arguments} {rows} {} }}", field.name, "}".repeat(braces))
}

/// The orders that a list can be asked for in, both ways.
fn orders(schema: &Schema, field: &Field) -> Vec<String> {
    let Some(order) = field.args.iter().find(|arg| arg.name == "orderBy") else { return Vec::new() };
    let fields = schema.types[order.ty.named()].input_fields.iter().flatten();
    let keys =
        fields.filter(|field| field.name == "field").filter_map(|field| schema.types[field.ty.named()].enum_values.as_ref()).flatten();
    keys.flat_map(|key| ["ASC", "DESC"].map(|direction| format!("orderBy: {{ field: {}, direction: {direction} }}", key.name))).collect()
}
