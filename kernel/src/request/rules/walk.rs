//! Walks a document along the types of the schema: every field, its arguments, what stands in them.

use std::collections::HashMap;

use apollo_compiler::{
    Name as AstName, Node, Schema,
    ast::{self, NamedType},
    validation::Valid,
};
use async_graphql::Name;

use super::{
    Use,
    findings::{Findings, quoted},
    values::Literals,
    variables::{Definition, uses_of},
};

pub(super) struct Walk<'a> {
    schema: &'a Valid<Schema>,
    findings: &'a mut Findings,
    /// What the definition that is being walked uses.
    current: Definition<'a>,
    fragments: HashMap<&'a AstName, Definition<'a>>,
    operations: Vec<Definition<'a>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(schema: &'a Valid<Schema>, findings: &'a mut Findings) -> Self {
        Walk { schema, findings, current: Definition::default(), fragments: HashMap::new(), operations: Vec::new() }
    }

    /// Every definition once.
    pub(super) fn document(&mut self, tree: &'a ast::Document) {
        for definition in &tree.definitions {
            match definition {
                ast::Definition::OperationDefinition(operation) => {
                    self.directives(&operation.directives);
                    self.variables(&operation.variables);
                    self.set(&operation.selection_set, self.schema.root_operation(operation.operation_type));
                    let done = std::mem::take(&mut self.current);
                    self.operations.push(done);
                }
                ast::Definition::FragmentDefinition(fragment) => {
                    self.directives(&fragment.directives);
                    self.set(&fragment.selection_set, self.composite(&fragment.type_condition));
                    let done = std::mem::take(&mut self.current);
                    self.fragments.insert(&fragment.name, done);
                }
                _ => {}
            }
        }
    }

    /// Checks where variables stand, and answers where each stands first.
    pub(super) fn finish(self, tree: &'a ast::Document) -> HashMap<Name, Use> {
        let operations = tree.definitions.iter().filter_map(|definition| definition.as_operation_definition());
        uses_of(operations.zip(&self.operations), &self.fragments, self.findings)
    }

    /// A type that has fields, where it is one.
    fn composite(&self, name: &'a NamedType) -> Option<&'a NamedType> {
        let ty = self.schema.types.get(name)?;
        (ty.is_object() || ty.is_interface() || ty.is_union()).then_some(name)
    }

    /// The definitions of variables. Their types are judged elsewhere.
    fn variables(&mut self, variables: &'a [Node<ast::VariableDefinition>]) {
        for variable in variables {
            if let Some(default) = &variable.default_value {
                let mut path = variable.name.to_string();
                Literals { schema: self.schema, findings: self.findings, definition: &mut self.current, decides: false }.check(
                    default,
                    &variable.ty,
                    &mut path,
                    false,
                );
            }
            self.directives(&variable.directives);
        }
    }

    fn set(&mut self, selections: &'a [ast::Selection], parent: Option<&'a NamedType>) {
        for selection in selections {
            match selection {
                ast::Selection::Field(field) => self.field(field, parent),
                ast::Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    let inner = match &inline.type_condition {
                        Some(condition) => self.composite(condition),
                        None => parent,
                    };
                    self.set(&inline.selection_set, inner);
                }
                ast::Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    self.current.spreads.push(&spread.fragment_name);
                }
            }
        }
    }

    fn field(&mut self, field: &'a Node<ast::Field>, parent: Option<&'a NamedType>) {
        self.directives(&field.directives);
        let schema = self.schema;
        let found = parent.and_then(|parent| schema.type_field(parent, &field.name).ok().map(|found| (parent, found)));
        let Some((parent, found)) = found else {
            if let Some(parent) = parent {
                self.unknown_field(field, parent);
            }
            for argument in &field.arguments {
                self.current.collect(&argument.value);
            }
            return self.set(&field.selection_set, None);
        };
        let place = || format!("`{parent}.{}`", field.name);
        self.arguments(&field.arguments, &found.arguments, field.location(), &place, true);
        let inner = self.composite(found.ty.inner_named_type());
        if inner.is_some() && field.selection_set.is_empty() {
            let name = quoted(&*field.name);
            let message = || format!("`{name}` is of type {}: say which of its fields you want, `{name} {{ … }}`.", found.ty);
            self.findings.add(field.location(), message, None);
        }
        self.set(&field.selection_set, inner);
    }

    fn unknown_field(&mut self, field: &Node<ast::Field>, parent: &NamedType) {
        use apollo_compiler::schema::ExtendedType;
        let fields = match self.schema.types.get(parent) {
            Some(ExtendedType::Object(ty)) => Some(&ty.fields),
            Some(ExtendedType::Interface(ty)) => Some(&ty.fields),
            _ => None,
        };
        if self.findings.is_full() {
            return;
        }
        let names = fields.into_iter().flat_map(|fields| fields.keys().map(|name| name.as_str()));
        let suggestion = self.findings.suggestion(&field.name, names);
        let message = || format!("Unknown field `{}` on type `{parent}`.{suggestion}", quoted(&*field.name));
        self.findings.add(field.location(), message, None);
    }

    fn directives(&mut self, directives: &'a ast::DirectiveList) {
        let schema = self.schema;
        for directive in directives.iter() {
            match schema.directive_definitions.get(&directive.name) {
                Some(definition) => {
                    let place = || format!("`@{}`", directive.name);
                    self.arguments(&directive.arguments, &definition.arguments, directive.location(), &place, false);
                }
                None => {
                    for argument in &directive.arguments {
                        self.current.collect(&argument.value);
                    }
                }
            }
        }
    }

    /// The arguments of a field or directive: all known, all that must be there, each with a value of its type.
    fn arguments(
        &mut self,
        given: &'a [Node<ast::Argument>],
        defined: &'a [Node<ast::InputValueDefinition>],
        at: Option<apollo_compiler::parser::SourceSpan>,
        place: &dyn Fn() -> String,
        is_of_field: bool,
    ) {
        for argument in given {
            let Some(definition) = defined.iter().find(|definition| definition.name == argument.name) else {
                self.current.collect(&argument.value);
                if !self.findings.is_full() {
                    let suggestion = self.findings.suggestion(&argument.name, defined.iter().map(|definition| definition.name.as_str()));
                    let message = || format!("Unknown argument `{}` of {}.{suggestion}", quoted(&*argument.name), place());
                    self.findings.add(argument.location(), message, is_of_field.then_some(&argument.name));
                }
                continue;
            };
            let mut path = argument.name.to_string();
            Literals { schema: self.schema, findings: self.findings, definition: &mut self.current, decides: !is_of_field }.check(
                &argument.value,
                &definition.ty,
                &mut path,
                definition.default_value.is_some(),
            );
        }
        for definition in defined.iter().filter(|definition| definition.is_required()) {
            if !given.iter().any(|argument| argument.name == definition.name) {
                let message = || format!("The argument `{}` of {} is needed: {}.", definition.name, place(), definition.ty);
                self.findings.add(at, message, is_of_field.then_some(&definition.name));
            }
        }
    }
}
