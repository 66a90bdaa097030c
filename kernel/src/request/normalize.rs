//! Brings a document into the form that async-graphql reads rightly: one operation, and no variables that have no value.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;

/// Takes the operation that is to run, and the fragments that it needs, out of a document.
pub fn single_out(document: &mut ExecutableDocument, name: Option<&str>) -> Option<Positioned<OperationDefinition>> {
    let operations = std::mem::replace(&mut document.operations, DocumentOperations::Multiple(HashMap::new()));
    match operations {
        DocumentOperations::Single(operation) => name.is_none().then_some(operation),
        DocumentOperations::Multiple(mut operations) => {
            let is_one_of_many = operations.len() > 1;
            let operation = match name {
                Some(name) => operations.remove(name)?,
                None if is_one_of_many => return None,
                None => operations.into_values().next()?,
            };
            if is_one_of_many {
                // What only the others spread would now count as unused, which is an error.
                let mut needed = HashSet::new();
                reach(&operation.node.selection_set.node, document, &mut needed);
                document.fragments.retain(|name, _| needed.contains(name));
            }
            Some(operation)
        }
    }
}

fn reach(set: &SelectionSet, document: &ExecutableDocument, needed: &mut HashSet<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => reach(&field.node.selection_set.node, document, needed),
            Selection::InlineFragment(fragment) => reach(&fragment.node.selection_set.node, document, needed),
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if needed.insert(name.clone())
                    && let Some(fragment) = document.fragments.get(name)
                {
                    reach(&fragment.node.selection_set.node, document, needed);
                }
            }
        }
    }
}

/// The values of an operation's variables, defaults among them: async-graphql forgets these in `@skip` and `@include`. Variables
/// that it does not declare are left out: their size is not limited, and they would be kept while the document waits.
pub fn with_defaults(operation: &OperationDefinition, variables: &Variables) -> Variables {
    let mut complete = Variables::default();
    for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
        let default = definition.default_value.as_ref().map(|default| &default.node);
        if let Some(value) = variables.get(&definition.name.node).or(default) {
            complete.insert(definition.name.node.clone(), value.clone());
        }
    }
    complete
}

/// Gives `__typename` another name wherever it stands.
pub fn rename_typename(document: &mut ExecutableDocument, name: &str) {
    fn within(set: &mut SelectionSet, name: &str) {
        for selection in &mut set.items {
            match &mut selection.node {
                Selection::Field(field) if field.node.name.node == "__typename" => field.node.name.node = Name::new(name),
                Selection::Field(field) => within(&mut field.node.selection_set.node, name),
                Selection::InlineFragment(fragment) => within(&mut fragment.node.selection_set.node, name),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    match &mut document.operations {
        DocumentOperations::Single(operation) => within(&mut operation.node.selection_set.node, name),
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().for_each(|operation| within(&mut operation.node.selection_set.node, name));
        }
    }
    for fragment in document.fragments.values_mut() {
        within(&mut fragment.node.selection_set.node, name);
    }
}

/// Leaves out, with the variables that may be null and have neither a value nor a default, the arguments and input fields
/// that are nothing but such a variable: the specification calls these absent, where async-graphql calls them an error.
pub fn leave_out_absent(document: &mut ExecutableDocument, operation: &mut OperationDefinition, variables: &Variables) {
    let absent: HashSet<Name> = operation
        .variable_definitions
        .iter()
        .map(|definition| &definition.node)
        .filter(|definition| definition.var_type.node.nullable && definition.default_value.is_none())
        .filter(|definition| !variables.contains_key(&definition.name.node))
        .map(|definition| definition.name.node.clone())
        .collect();
    if absent.is_empty() {
        return;
    }
    operation.variable_definitions.retain(|definition| !absent.contains(&definition.node.name.node));
    in_directives(&mut operation.directives, &absent);
    in_set(&mut operation.selection_set.node, &absent);
    for fragment in document.fragments.values_mut() {
        in_directives(&mut fragment.node.directives, &absent);
        in_set(&mut fragment.node.selection_set.node, &absent);
    }
}

fn in_set(set: &mut SelectionSet, absent: &HashSet<Name>) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                in_arguments(&mut field.node.arguments, absent);
                in_directives(&mut field.node.directives, absent);
                in_set(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(fragment) => {
                in_directives(&mut fragment.node.directives, absent);
                in_set(&mut fragment.node.selection_set.node, absent);
            }
            Selection::FragmentSpread(spread) => in_directives(&mut spread.node.directives, absent),
        }
    }
}

fn in_directives(directives: &mut [Positioned<Directive>], absent: &HashSet<Name>) {
    for directive in directives {
        in_arguments(&mut directive.node.arguments, absent);
    }
}

fn in_arguments(arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>, absent: &HashSet<Name>) {
    arguments.retain_mut(|(_, value)| is_present(&mut value.node, absent));
}

/// Whether something is left of a value. Inside a list, something always is: null.
fn is_present(value: &mut Value, absent: &HashSet<Name>) -> bool {
    match value {
        Value::Variable(name) => !absent.contains(name),
        Value::Object(fields) => {
            fields.retain(|_, value| is_present(value, absent));
            true
        }
        Value::List(items) => {
            for item in items {
                if !is_present(item, absent) {
                    *item = Value::Null;
                }
            }
            true
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    #[test]
    fn what_is_declared_has_its_value_or_its_default_and_nothing_else_is_kept() {
        let parsed = parse_query("query($a: Int = 1, $b: Int = 2, $c: Int, $d: Int) { __typename }").unwrap();
        let (_, operation) = parsed.operations.iter().next().unwrap();
        let given = Variables::from_value(value!({ "b": 7, "c": null, "huge": [1, 2, 3] }));
        assert_eq!(with_defaults(&operation.node, &given), Variables::from_value(value!({ "a": 1, "b": 7, "c": null })));
    }
}
