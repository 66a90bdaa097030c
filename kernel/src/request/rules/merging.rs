//! Fields of one name at one place are one field: with the same arguments, down to the length of their lists. apollo-compiler
//! asks whether they have the same name and type; it takes a list for one that is longer. And a subscription has one root
//! field, however often its name stands there.

use std::collections::HashSet;

use apollo_compiler::{
    Name as AstName, Node, Schema,
    ast::{self, NamedType},
    validation::Valid,
};
use async_graphql::indexmap::IndexMap;

use super::{
    Fragments,
    findings::{Findings, quoted},
};

/// Fields of one document are looked at so often at most, beside what apollo-compiler does about them.
const BUDGET: usize = 100_000;

pub(super) struct Merging<'a> {
    schema: &'a Valid<Schema>,
    fragments: &'a Fragments<'a>,
    findings: &'a mut Findings,
    budget: usize,
    /// Whether fields of one name were found at one place.
    pub repeats: bool,
}

/// A field, and the type that it is asked of.
type Asked<'a> = (Option<&'a NamedType>, &'a Node<ast::Field>);

/// Selections, and the type that they are asked of.
type Set<'a> = (Option<&'a NamedType>, &'a [ast::Selection]);

impl<'a> Merging<'a> {
    pub(super) fn new(schema: &'a Valid<Schema>, fragments: &'a Fragments<'a>, findings: &'a mut Findings) -> Self {
        Merging { schema, fragments, findings, budget: BUDGET, repeats: false }
    }

    pub(super) fn document(&mut self, tree: &'a ast::Document) {
        for operation in tree.definitions.iter().filter_map(|definition| definition.as_operation_definition()) {
            let root: Set<'a> = (self.schema.root_operation(operation.operation_type), &operation.selection_set);
            if operation.operation_type.is_subscription() {
                let names: HashSet<&AstName> = self.expand(&[root]).into_iter().map(|(_, field)| field.response_name()).collect();
                if names.len() > 1 {
                    self.findings.add(operation.location(), || "A subscription has exactly one root field.".to_owned(), None);
                }
            }
            self.sets(&[root]);
        }
    }

    /// The fields of selections that stand at one place, through fragments.
    fn expand(&mut self, sets: &[Set<'a>]) -> Vec<Asked<'a>> {
        let (mut fields, mut seen) = (Vec::new(), HashSet::new());
        let mut waiting: Vec<Set<'a>> = sets.iter().rev().copied().collect();
        while let Some((parent, selections)) = waiting.pop() {
            let mut inner = Vec::new();
            for selection in selections {
                match selection {
                    ast::Selection::Field(field) => fields.push((parent, field)),
                    ast::Selection::InlineFragment(inline) => {
                        inner.push((inline.type_condition.as_ref().or(parent), &inline.selection_set[..]));
                    }
                    ast::Selection::FragmentSpread(spread) if seen.insert(&spread.fragment_name) => {
                        if let Some(fragment) = self.fragments.get(&spread.fragment_name) {
                            inner.push((Some(&fragment.type_condition), &fragment.selection_set[..]));
                        }
                    }
                    // The same fields once more.
                    ast::Selection::FragmentSpread(_) => self.repeats = true,
                }
            }
            waiting.extend(inner.into_iter().rev());
        }
        fields
    }

    fn sets(&mut self, sets: &[Set<'a>]) {
        let fields = self.expand(sets);
        self.budget = self.budget.saturating_sub(fields.len());
        if self.budget == 0 {
            self.repeats = true;
            return;
        }
        let mut by_name: IndexMap<&AstName, Vec<Asked<'a>>> = IndexMap::new();
        for (parent, field) in fields {
            by_name.entry(field.response_name()).or_default().push((parent, field));
        }
        for same in by_name.into_values() {
            self.repeats |= same.len() > 1;
            for group in self.groups(same) {
                let (first, others) = group.split_first().expect("a group has a field");
                if let Some((_, other)) = others.iter().find(|(_, other)| other.name == first.1.name && !same_arguments(first.1, other)) {
                    let name = quoted(&**other.response_name());
                    let message = || format!("`{name}` stands at one place with different arguments: give one of them an alias.");
                    self.findings.add(other.location(), message, None);
                }
                let inner: Vec<Set<'a>> = group.iter().filter_map(|(parent, field)| self.inner(*parent, field)).collect();
                if !inner.is_empty() {
                    self.sets(&inner);
                }
            }
        }
    }

    /// The fields that may be asked of the same object: those of one type, with those of interfaces.
    fn groups(&self, fields: Vec<Asked<'a>>) -> Vec<Vec<Asked<'a>>> {
        if fields.len() == 1 {
            return vec![fields];
        }
        let mut of_objects: IndexMap<&NamedType, Vec<Asked<'a>>> = IndexMap::new();
        let mut of_others = Vec::new();
        for (parent, field) in fields {
            match parent.filter(|parent| self.schema.get_object(parent).is_some()) {
                Some(object) => of_objects.entry(object).or_default().push((parent, field)),
                None => of_others.push((parent, field)),
            }
        }
        if of_objects.is_empty() {
            return vec![of_others];
        }
        of_objects
            .into_values()
            .map(|mut group| {
                group.extend(&of_others);
                group
            })
            .collect()
    }

    fn inner(&self, parent: Option<&'a NamedType>, field: &'a Node<ast::Field>) -> Option<Set<'a>> {
        if field.selection_set.is_empty() {
            return None;
        }
        let ty = parent.and_then(|parent| self.schema.type_field(parent, &field.name).ok()).map(|found| found.ty.inner_named_type());
        Some((ty, &field.selection_set))
    }
}

fn same_arguments(left: &ast::Field, right: &ast::Field) -> bool {
    left.arguments.len() == right.arguments.len()
        && left
            .arguments
            .iter()
            .all(|argument| right.arguments.iter().any(|other| argument.name == other.name && same_value(&argument.value, &other.value)))
}

/// Whether two values are the same, in whatever order their fields stand.
fn same_value(left: &ast::Value, right: &ast::Value) -> bool {
    match (left, right) {
        (ast::Value::List(left), ast::Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_value(left, right))
        }
        (ast::Value::Object(left), ast::Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.iter().any(|(other, known)| name == other && same_value(value, known)))
        }
        _ => left == right,
    }
}
