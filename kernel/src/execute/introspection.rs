//! What async-graphql answers of the schema other than the specification says: the schema's description is its own, and the
//! interfaces of an interface are a list. Both are mended in the answer; where it must be known what something is, the
//! document asks for that as well, under a name that no client can give.

use async_graphql::{
    Name, Positioned, Value,
    parser::types::{DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet},
};
use std::collections::HashMap;

/// Before the name of a list of interfaces: the kind of the type whose they are.
const KIND: &str = "kind of ";
/// Before the name of a description: the type of what is described.
const DESCRIBED: &str = "described by ";

/// Asks for what [`complete`] must know.
pub fn prepare(document: &mut ExecutableDocument) {
    for fragment in document.fragments.values_mut() {
        let is_schema = fragment.node.type_condition.node.on.node == "__Schema";
        within(&mut fragment.node.selection_set.node, is_schema);
    }
    if let DocumentOperations::Single(operation) = &mut document.operations {
        within(&mut operation.node.selection_set.node, false);
    }
}

fn within(set: &mut SelectionSet, is_schema: bool) {
    let mut added = Vec::new();
    for item in &mut set.items {
        match &mut item.node {
            Selection::Field(field) => {
                let key = &field.node.response_key().node;
                match field.node.name.node.as_str() {
                    "interfaces" => added.push((format!("{KIND}{key}"), "kind", field.pos)),
                    "description" if is_schema => added.push((format!("{DESCRIBED}{key}"), "__typename", field.pos)),
                    _ => {}
                }
                let is_schema = field.node.name.node == "__schema";
                within(&mut field.node.selection_set.node, is_schema);
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map(|on| on.node.on.node == "__Schema");
                within(&mut inline.node.selection_set.node, on.unwrap_or(is_schema));
            }
            Selection::FragmentSpread(_) => {}
        }
    }
    for (alias, name, at) in added {
        let field = Field {
            alias: Some(Positioned::new(Name::new(alias), at)),
            name: Positioned::new(Name::new(name), at),
            arguments: Vec::new(),
            directives: Vec::new(),
            selection_set: Positioned::new(SelectionSet::default(), at),
        };
        set.items.push(Positioned::new(Selection::Field(Positioned::new(field, at)), at));
    }
}

/// Mends an answer, and takes out of it what nobody but [`prepare`] asked for.
pub fn complete(data: &mut Value, description: &str) {
    match data {
        Value::List(items) => items.iter_mut().for_each(|item| complete(item, description)),
        Value::Object(fields) => {
            let mut known: HashMap<Name, bool> = HashMap::new();
            fields.retain(|name, value| {
                let mended = match (name.strip_prefix(KIND), name.strip_prefix(DESCRIBED)) {
                    (Some(key), _) => Some((key, is_text(value, "INTERFACE"))),
                    (_, Some(key)) => Some((key, is_text(value, "__Schema"))),
                    _ => None,
                };
                match mended {
                    Some((key, is_wrong)) => {
                        known.insert(Name::new(key), is_wrong);
                        false
                    }
                    None => true,
                }
            });
            for (key, _) in known.into_iter().filter(|(_, is_wrong)| *is_wrong) {
                match fields.get_mut(&key) {
                    Some(Value::String(text)) => description.clone_into(text),
                    Some(interfaces @ Value::Null) => *interfaces = Value::List(Vec::new()),
                    _ => {}
                }
            }
            fields.values_mut().for_each(|value| complete(value, description));
        }
        _ => {}
    }
}

fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(given) => given == text,
        Value::Enum(given) => given == text,
        _ => false,
    }
}
