//! An operation without fragments, conditions and repetitions: fields of one name at one place are one field, whose selections
//! are those of all of them, in the order in which names stand first. So a resolver runs once for each of its names.
//!
//! Below an object type that is all. Below an interface, what is asked of one type stands in one fragment on it, with what is asked
//! of all. After these stands what is asked of all: it is for the types that have no fragment.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{Schema, validation::Valid};
use async_graphql::{
    Name, Positioned, Value, Variables,
    indexmap::{IndexMap, IndexSet},
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, InlineFragment, OperationType, Selection,
        SelectionSet, TypeCondition,
    },
};
use async_graphql_value::Value as DocumentValue;

/// Merges the fields of a document with one operation. It is valid, and has been measured.
pub fn merge(schema: &Valid<Schema>, document: &mut ExecutableDocument, variables: &Variables) {
    let fragments = std::mem::take(&mut document.fragments);
    let DocumentOperations::Single(operation) = &mut document.operations else { return };
    let root = match operation.node.ty {
        OperationType::Query => &schema.schema_definition.query,
        OperationType::Mutation => &schema.schema_definition.mutation,
        OperationType::Subscription => &schema.schema_definition.subscription,
    };
    let Some(root) = root else { return };
    let merging = Merge { schema, fragments: &fragments, variables };
    let set = &mut operation.node.selection_set;
    set.node = merging.set(&[&set.node], root.name.as_str());
}

/// Whether a selection is left out under these conditions.
pub fn is_left_out(directives: &[Positioned<Directive>], variables: &Variables) -> bool {
    directives.iter().any(|directive| {
        let wanted = match directive.node.name.node.as_str() {
            "skip" => false,
            "include" => true,
            _ => return false,
        };
        let given = match directive.node.get_argument("if").map(|value| &value.node) {
            Some(DocumentValue::Boolean(given)) => *given,
            Some(DocumentValue::Variable(name)) => matches!(variables.get(name), Some(Value::Boolean(true))),
            _ => return false,
        };
        given != wanted
    })
}

struct Merge<'a> {
    schema: &'a Valid<Schema>,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
}

/// What is asked at one place, by the names in the answer.
type Asked<'a> = IndexMap<&'a Name, Vec<&'a Positioned<Field>>>;

impl<'a> Merge<'a> {
    /// What these sets ask of a type.
    fn set(&self, sets: &[&'a SelectionSet], ty: &str) -> SelectionSet {
        let mut items = Vec::new();
        if self.schema.get_object(ty).is_none() {
            let mut named = IndexSet::new();
            self.objects(sets, ty, &mut HashSet::new(), &mut named);
            for object in named {
                let inner = self.set(sets, object);
                if !inner.items.is_empty() {
                    items.push(self.fragment(object, inner));
                }
            }
        }
        let mut asked = Asked::new();
        for set in sets {
            self.collect(set, ty, &mut HashSet::new(), &mut asked);
        }
        items.extend(asked.into_values().map(|fields| self.field(&fields, ty)));
        SelectionSet { items }
    }

    fn fragment(&self, on: &str, set: SelectionSet) -> Positioned<Selection> {
        let type_condition =
            Some(Positioned::new(TypeCondition { on: Positioned::new(Name::new(on), Default::default()) }, Default::default()));
        let selection_set = Positioned::new(set, Default::default());
        let inline = InlineFragment { type_condition, directives: Vec::new(), selection_set };
        Positioned::new(Selection::InlineFragment(Positioned::new(inline, Default::default())), Default::default())
    }

    fn field(&self, fields: &[&'a Positioned<Field>], parent: &str) -> Positioned<Selection> {
        let first = fields[0];
        let sets: Vec<&SelectionSet> =
            fields.iter().map(|field| &field.node.selection_set.node).filter(|set| !set.items.is_empty()).collect();
        let ty = self.schema.type_field(parent, &first.node.name.node).ok().map(|found| found.ty.inner_named_type());
        let set = match ty {
            Some(ty) if !sets.is_empty() => self.set(&sets, ty),
            _ => SelectionSet::default(),
        };
        let Field { alias, name, arguments, .. } = &first.node;
        let merged = Field {
            alias: alias.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
            directives: first.node.directives.iter().filter(|directive| !is_condition(directive)).cloned().collect(),
            selection_set: Positioned::new(set, first.node.selection_set.pos),
        };
        Positioned::new(Selection::Field(Positioned::new(merged, first.pos)), first.pos)
    }

    /// What a set asks of a type: directly and through fragments that hold for all of it.
    fn collect(&self, set: &'a SelectionSet, ty: &str, seen: &mut HashSet<&'a Name>, asked: &mut Asked<'a>) {
        for item in &set.items {
            if is_left_out(item.node.directives(), self.variables) {
                continue;
            }
            let (condition, inner) = match &item.node {
                Selection::Field(field) => {
                    asked.entry(&field.node.response_key().node).or_default().push(field);
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    (inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str()), &inline.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    match self.fragments.get(name).filter(|_| seen.insert(name)) {
                        Some(fragment) => (Some(fragment.node.type_condition.node.on.node.as_str()), &fragment.node.selection_set.node),
                        None => continue,
                    }
                }
            };
            if condition.is_none_or(|condition| self.holds(condition, ty)) {
                self.collect(inner, ty, seen, asked);
            }
        }
    }

    /// Whether all objects of a type are of another.
    fn holds(&self, condition: &str, ty: &str) -> bool {
        condition == ty || self.schema.is_subtype(condition, ty)
    }

    /// The object types of an interface of which fragments ask something of their own, in their order.
    fn objects(&self, sets: &[&'a SelectionSet], ty: &str, seen: &mut HashSet<&'a Name>, found: &mut IndexSet<&'a str>) {
        for item in sets.iter().flat_map(|set| &set.items) {
            let (condition, inner) = match &item.node {
                Selection::Field(_) => continue,
                Selection::InlineFragment(inline) => (inline.node.type_condition.as_ref(), &inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => match self.fragments.get(&spread.node.fragment_name.node) {
                    Some(fragment) if seen.insert(&spread.node.fragment_name.node) => {
                        (Some(&fragment.node.type_condition), &fragment.node.selection_set.node)
                    }
                    _ => continue,
                },
            };
            match condition.map(|condition| condition.node.on.node.as_str()) {
                Some(object) if self.schema.get_object(object).is_some() => {
                    found.insert(object);
                }
                condition => {
                    // Another interface, which some of the types have.
                    if let Some(condition) = condition.filter(|condition| !self.holds(condition, ty)) {
                        let objects = self.schema.types.iter().filter(|(_, definition)| definition.is_object());
                        let both = objects.filter(|(name, _)| self.schema.is_subtype(ty, name) && self.schema.is_subtype(condition, name));
                        found.extend(both.map(|(name, _)| name.as_str()));
                    }
                    self.objects(&[inner], ty, seen, found);
                }
            }
        }
    }
}

fn is_condition(directive: &Positioned<Directive>) -> bool {
    matches!(directive.node.name.node.as_str(), "skip" | "include")
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;
    use crate::request::rules::Rules;

    const SCHEMA: &str = "type Query { a(n: Int): A node: Node list: [A!]! } interface Node { id: ID } interface Named { x: Int b: B }
        type A implements Node { id: ID x: Int y: Int a(n: Int): A } type B implements Node & Named { id: ID x: Int b: B }
        type C implements Named { x: Int b: B }";

    fn print(set: &SelectionSet) -> String {
        let items = set.items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                let alias = field.node.alias.as_ref().map(|alias| format!("{alias}:")).unwrap_or_default();
                format!("{alias}{}{}", field.node.name, print(&field.node.selection_set.node))
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map(|on| on.node.on.node.to_string()).unwrap_or_default();
                format!("...{on}{}", print(&inline.node.selection_set.node))
            }
            Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name),
        });
        let items: Vec<String> = items.collect();
        if items.is_empty() { String::new() } else { format!("{{{}}}", items.join(" ")) }
    }

    #[test]
    fn fields_of_one_name_are_one_field() {
        let rules = Rules::of(SCHEMA, false);
        for (text, merged) in [
            ("{ a { x } a { y x } }", "{a{x y}}"),
            ("{ ...F a { y } } fragment F on Query { list { id } a { x } }", "{list{id} a{x y}}"),
            ("{ a { a { x } } b: a { x } a { a { y } id } }", "{a{a{x y} id} b:a{x}}"),
            (
                "query($t: Boolean! = true, $f: Boolean!) { a @skip(if: $t) { x } a @include(if: $t) { y } ... @include(if: $f) { a { id } } }",
                "{a{y}}",
            ),
            ("{ a { ... on Node { id } ... on A { x } ...F ...F } } fragment F on A { x y }", "{a{id x y}}"),
            ("{ node { id ... on A { x } ... on B { x } ... on A { id y } } }", "{node{...A{id x y} ...B{id x} id}}"),
            ("{ node { id ... on Named { b { x } x } ... on B { b { id } } } }", "{node{...B{id b{x id} x} id}}"),
            ("{ node { ... on Node { ... on B { b { b { x } } } } ... on B { b { b { id } } } } }", "{node{...B{b{b{x id}}}}}"),
        ] {
            let mut document = parse_query(text).unwrap();
            let variables = Variables::from_json(json!({ "t": true, "f": false }));
            merge(rules.schema(), &mut document, &variables);
            let (_, operation) = document.operations.iter().next().unwrap();
            assert_eq!(print(&operation.node.selection_set.node), merged, "{text}");
            assert!(document.fragments.is_empty());
        }
    }
}
