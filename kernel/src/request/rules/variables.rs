//! Where variables stand: declared by every operation that uses them, and of a type that fits the place.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{Name as AstName, Node, ast, parser::SourceSpan};
use async_graphql::Name;

use super::{
    Use,
    findings::{Findings, quoted},
};

/// A variable at a place.
pub(super) struct Place<'a> {
    pub name: &'a AstName,
    pub at: Option<SourceSpan>,
    /// What may stand here; none inside a scalar that takes anything.
    pub ty: Option<&'a ast::Type>,
    /// Whether the place has a default of its own.
    pub has_default: bool,
    pub path: String,
    pub decides: bool,
}

/// What an operation or fragment uses itself.
#[derive(Default)]
pub(super) struct Definition<'a> {
    pub places: Vec<Place<'a>>,
    pub spreads: Vec<&'a AstName>,
}

impl<'a> Definition<'a> {
    /// The variables in a value of which nothing more is known.
    pub(super) fn collect(&mut self, value: &'a Node<ast::Value>) {
        match &**value {
            ast::Value::Variable(name) => {
                self.places.push(Place { name, at: value.location(), ty: None, has_default: false, path: String::new(), decides: false })
            }
            ast::Value::List(items) => items.iter().for_each(|item| self.collect(item)),
            ast::Value::Object(fields) => fields.iter().for_each(|(_, value)| self.collect(value)),
            _ => {}
        }
    }
}

/// Checks all places that each operation reaches, and answers where each variable stands first.
pub(super) fn uses_of<'a>(
    operations: impl Iterator<Item = (&'a Node<ast::OperationDefinition>, &'a Definition<'a>)>,
    fragments: &'a HashMap<&'a AstName, Definition<'a>>,
    findings: &mut Findings,
) -> HashMap<Name, Use> {
    let mut uses: HashMap<Name, Use> = HashMap::new();
    let mut spread: HashSet<&AstName> = HashSet::new();
    for (operation, definition) in operations {
        let declared: HashMap<&AstName, &Node<ast::VariableDefinition>> =
            operation.variables.iter().map(|variable| (&variable.name, variable)).collect();
        let (mut seen, mut waiting) = (HashSet::new(), vec![definition]);
        let mut used: HashSet<&AstName> = HashSet::new();
        while let Some(definition) = waiting.pop() {
            for place in &definition.places {
                used.insert(place.name);
                check(place, declared.get(place.name).copied(), operation, findings);
                if place.ty.is_some() && declared.contains_key(place.name) {
                    let known =
                        uses.entry(Name::new(place.name.as_str())).or_insert_with(|| Use { path: place.path.clone(), decides: false });
                    known.decides |= place.decides;
                }
            }
            waiting.extend(definition.spreads.iter().filter(|name| seen.insert(**name)).filter_map(|name| fragments.get(*name)));
        }
        for variable in operation.variables.iter().filter(|variable| !used.contains(&variable.name)) {
            findings.add(variable.location(), || format!("The variable `${}` is never used.", quoted(&*variable.name)), None);
        }
        spread.extend(seen);
    }
    for name in fragments.keys().filter(|name| !spread.contains(**name)) {
        findings.add(name.location(), || format!("The fragment `{}` is never used.", quoted(&***name)), None);
    }
    uses
}

fn check(
    place: &Place<'_>,
    declared: Option<&Node<ast::VariableDefinition>>,
    operation: &ast::OperationDefinition,
    findings: &mut Findings,
) {
    let name = place.name;
    let field = Some(place.path.as_str()).filter(|path| !path.is_empty());
    let Some(declared) = declared else {
        let whose = operation.name.as_ref().map_or("the operation".to_owned(), |name| format!("`{}`", quoted(&**name)));
        return findings.add(place.at, || format!("The variable `${}` is not declared by {whose}.", quoted(&**name)), None);
    };
    let Some(ty) = place.ty else { return };
    if !fits(declared, ty, place.has_default) {
        let message =
            || format!("The variable `${}` of type {} stands where {ty} is needed.", quoted(&**name), quoted(declared.ty.to_string()));
        findings.add(place.at, message, field);
    }
}

/// Whether a variable may stand at a place of a type: one that may be null stands in for what must not be only where either
/// has a default.
fn fits(declared: &ast::VariableDefinition, ty: &ast::Type, has_default: bool) -> bool {
    if !ty.is_non_null() || declared.ty.is_non_null() {
        return declared.ty.is_assignable_to(ty);
    }
    let is_given = declared.default_value.as_ref().is_some_and(|default| !default.is_null());
    (is_given || has_default) && declared.ty.is_assignable_to(&ty.clone().nullable())
}
