//! The syntax tree of the validator as async-graphql executes it: what was validated is what runs. Every node keeps its place.

use std::collections::{HashMap, hash_map::Entry};

use apollo_compiler::{Name as AstName, Node, ast, parser::SourceSpan};
use async_graphql::{
    Name, Pos, Positioned,
    indexmap::IndexMap,
    parser::types::{
        BaseType, Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread, InlineFragment,
        OperationDefinition, OperationType, Selection, SelectionSet, Type, TypeCondition, VariableDefinition,
    },
};
use async_graphql_value::{ConstValue, Number, Value};

use super::text::Places;
use crate::error::{Error, Result};

/// A converted document.
pub struct Converted {
    /// As async-graphql has it.
    pub document: ExecutableDocument,
    /// How many tokens the tree stands for. Where the text has others, the parser has passed over something.
    pub tokens: usize,
}

/// Converts a tree that was made of this text.
///
/// # Errors
/// `BAD_USER_INPUT` for a document that defines types, or two things of one name, or nothing to execute.
pub fn convert(tree: &ast::Document, text: &str) -> Result<Converted> {
    let mut converter = Converter { places: Places::new(text), text, tokens: 0 };
    let (mut anonymous, mut named, mut fragments) = (None, HashMap::new(), HashMap::new());
    for definition in &tree.definitions {
        let at = converter.at(definition.location());
        match definition {
            ast::Definition::OperationDefinition(operation) => {
                let converted = converter.operation(operation, at);
                match &operation.name {
                    None if anonymous.is_some() => return Err(alone(at)),
                    None => anonymous = Some(converted),
                    Some(name) => match named.entry(Name::new(name.as_str())) {
                        Entry::Occupied(_) => return Err(twice("operation", name, at)),
                        Entry::Vacant(entry) => {
                            entry.insert(converted);
                        }
                    },
                }
            }
            ast::Definition::FragmentDefinition(fragment) => match fragments.entry(Name::new(fragment.name.as_str())) {
                Entry::Occupied(_) => return Err(twice("fragment", &fragment.name, at)),
                Entry::Vacant(entry) => {
                    entry.insert(converter.fragment(fragment, at));
                }
            },
            _ => return Err(Error::bad_request(format!("The document can't be executed: it defines a type or directive{}.", said(at)))),
        }
    }
    let operations = match (anonymous, named.is_empty()) {
        (Some(operation), true) => DocumentOperations::Single(operation),
        (Some(operation), false) => return Err(alone(operation.pos)),
        (None, false) => DocumentOperations::Multiple(named),
        (None, true) => return Err(Error::bad_request("The document holds no operation.")),
    };
    Ok(Converted { document: ExecutableDocument { operations, fragments }, tokens: converter.tokens })
}

/// How a place is said in a sentence.
pub fn said(at: Pos) -> String {
    format!(" at line {}, column {}", at.line, at.column)
}

fn twice(what: &str, name: &AstName, at: Pos) -> Error {
    Error::bad_request(format!("The {what} `{name}` stands in the document twice{}.", said(at)))
}

fn alone(at: Pos) -> Error {
    Error::bad_request(format!("An operation without a name{} must be the only one of its document.", said(at)))
}

struct Converter<'a> {
    places: Places<'a>,
    text: &'a str,
    tokens: usize,
}

impl Converter<'_> {
    fn at(&mut self, span: Option<SourceSpan>) -> Pos {
        span.map_or_else(Pos::default, |span| self.places.of(span.offset()))
    }

    /// A name, which is a token.
    fn name(&mut self, name: &AstName) -> Positioned<Name> {
        self.tokens += 1;
        let at = self.at(name.location());
        Positioned::new(Name::new(name.as_str()), at)
    }

    fn operation(&mut self, operation: &Node<ast::OperationDefinition>, at: Pos) -> Positioned<OperationDefinition> {
        let is_short = operation.location().is_some_and(|span| self.text[span.offset()..].starts_with('{'));
        self.tokens += usize::from(!is_short) + usize::from(operation.name.is_some());
        self.tokens += if operation.variables.is_empty() { 0 } else { 2 };
        let ty = match operation.operation_type {
            ast::OperationType::Query => OperationType::Query,
            ast::OperationType::Mutation => OperationType::Mutation,
            ast::OperationType::Subscription => OperationType::Subscription,
        };
        let variable_definitions = operation.variables.iter().map(|variable| self.variable(variable)).collect();
        let directives = self.directives(&operation.directives);
        let selection_set = self.set(&operation.selection_set, at);
        Positioned::new(OperationDefinition { ty, variable_definitions, directives, selection_set }, at)
    }

    fn fragment(&mut self, fragment: &ast::FragmentDefinition, at: Pos) -> Positioned<FragmentDefinition> {
        self.tokens += 2; // `fragment` and its name
        let type_condition = self.condition(&fragment.type_condition);
        let directives = self.directives(&fragment.directives);
        let selection_set = self.set(&fragment.selection_set, at);
        Positioned::new(FragmentDefinition { type_condition, directives, selection_set }, at)
    }

    fn condition(&mut self, name: &AstName) -> Positioned<TypeCondition> {
        self.tokens += 1;
        let on = self.name(name);
        Positioned::new(TypeCondition { on: on.clone() }, on.pos)
    }

    fn variable(&mut self, variable: &Node<ast::VariableDefinition>) -> Positioned<VariableDefinition> {
        let at = self.at(variable.location());
        self.tokens += 2; // `$` and the colon
        let name = self.name(&variable.name);
        let place = self.at(variable.ty.location());
        let var_type = Positioned::new(self.ty(&variable.ty), place);
        let default_value = variable.default_value.as_ref().map(|value| {
            self.tokens += 1;
            let value = self.value(value);
            Positioned::new(value.node.into_const().unwrap_or_default(), value.pos)
        });
        let directives = self.directives(&variable.directives);
        Positioned::new(VariableDefinition { name, var_type, directives, default_value }, at)
    }

    fn ty(&mut self, ty: &ast::Type) -> Type {
        let named = |name: &AstName| BaseType::Named(Name::new(name.as_str()));
        self.tokens += usize::from(ty.is_non_null());
        let base = match ty {
            ast::Type::Named(name) | ast::Type::NonNullNamed(name) => {
                self.tokens += 1;
                named(name)
            }
            ast::Type::List(item) | ast::Type::NonNullList(item) => {
                self.tokens += 2;
                BaseType::List(Box::new(self.ty(item)))
            }
        };
        Type { base, nullable: !ty.is_non_null() }
    }

    fn directives(&mut self, directives: &ast::DirectiveList) -> Vec<Positioned<Directive>> {
        let mut converted = Vec::with_capacity(directives.len());
        for directive in directives.iter() {
            let at = self.at(directive.location());
            self.tokens += 1;
            let name = self.name(&directive.name);
            let arguments = self.arguments(&directive.arguments);
            converted.push(Positioned::new(Directive { name, arguments }, at));
        }
        converted
    }

    fn arguments(&mut self, arguments: &[Node<ast::Argument>]) -> Vec<(Positioned<Name>, Positioned<Value>)> {
        self.tokens += if arguments.is_empty() { 0 } else { 2 };
        let mut converted = Vec::with_capacity(arguments.len());
        for argument in arguments {
            self.tokens += 1;
            converted.push((self.name(&argument.name), self.value(&argument.value)));
        }
        converted
    }

    fn value(&mut self, value: &Node<ast::Value>) -> Positioned<Value> {
        let at = self.at(value.location());
        self.tokens += 1;
        let node = match &**value {
            ast::Value::Null => Value::Null,
            ast::Value::Enum(name) => Value::Enum(Name::new(name.as_str())),
            ast::Value::Variable(name) => {
                self.tokens += 1;
                Value::Variable(Name::new(name.as_str()))
            }
            ast::Value::String(text) => Value::String(text.clone()),
            ast::Value::Float(number) => number_of(number.as_str()),
            ast::Value::Int(number) => number_of(number.as_str()),
            ast::Value::Boolean(value) => Value::Boolean(*value),
            ast::Value::List(items) => {
                self.tokens += 1;
                Value::List(items.iter().map(|item| self.value(item).node).collect())
            }
            ast::Value::Object(fields) => {
                self.tokens += 1;
                let mut object = IndexMap::with_capacity(fields.len());
                for (name, value) in fields {
                    self.tokens += 2;
                    object.insert(Name::new(name.as_str()), self.value(value).node);
                }
                Value::Object(object)
            }
        };
        Positioned::new(node, at)
    }

    fn set(&mut self, selections: &[ast::Selection], at: Pos) -> Positioned<SelectionSet> {
        self.tokens += if selections.is_empty() { 0 } else { 2 };
        let mut items = Vec::with_capacity(selections.len());
        for selection in selections {
            let at = self.at(selection.location());
            items.push(Positioned::new(self.selection(selection, at), at));
        }
        Positioned::new(SelectionSet { items }, at)
    }

    fn selection(&mut self, selection: &ast::Selection, at: Pos) -> Selection {
        match selection {
            ast::Selection::Field(field) => {
                let alias = field.alias.as_ref().map(|alias| {
                    self.tokens += 1;
                    self.name(alias)
                });
                let name = self.name(&field.name);
                let arguments = self.arguments(&field.arguments);
                let directives = self.directives(&field.directives);
                let selection_set = self.set(&field.selection_set, at);
                Selection::Field(Positioned::new(Field { alias, name, arguments, directives, selection_set }, at))
            }
            ast::Selection::FragmentSpread(spread) => {
                self.tokens += 1;
                let fragment_name = self.name(&spread.fragment_name);
                let directives = self.directives(&spread.directives);
                Selection::FragmentSpread(Positioned::new(FragmentSpread { fragment_name, directives }, at))
            }
            ast::Selection::InlineFragment(inline) => {
                self.tokens += 1;
                let type_condition = inline.type_condition.as_ref().map(|condition| self.condition(condition));
                let directives = self.directives(&inline.directives);
                let selection_set = self.set(&inline.selection_set, at);
                Selection::InlineFragment(Positioned::new(InlineFragment { type_condition, directives, selection_set }, at))
            }
        }
    }
}

/// A number as it stands in a text; one that nothing can hold is refused by the rules, and null until then.
fn number_of(text: &str) -> Value {
    let number = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    let number = number.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
    number.map_or(ConstValue::Null.into_value(), Value::Number)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn converted(text: &str) -> Result<Converted> {
        convert(&ast::Document::parse(text, "").unwrap(), text)
    }

    /// The names of both kinds of maps are in no order.
    fn sorted(document: &ExecutableDocument) -> String {
        let mut parts: Vec<String> = document.operations.iter().map(|(name, operation)| format!("{name:?} {operation:?}")).collect();
        parts.extend(document.fragments.iter().map(|(name, fragment)| format!("{name} {fragment:?}")));
        parts.sort();
        without_places_of(&without_places_of(&parts.join("\n"), "SelectionSet"), "TypeCondition")
    }

    /// Some places are said otherwise: of a selection set that of what holds it, of a type condition that of its type.
    fn without_places_of(text: &str, what: &str) -> String {
        let name = format!("node: {what}");
        let mut parts = text.split(&name);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            kept.truncate(kept.rfind("Positioned {").unwrap_or(kept.len()));
            kept.push_str(what);
            kept.push_str(part);
        }
        kept
    }

    #[test]
    fn the_tree_is_the_one_that_async_graphql_parses() {
        for text in [
            "{ a }",
            "query Q($a: [Int!]! = [1, -2], $b: I = { x: null, y: [ENUM, \"s\\u0041\\n\"] }) @d(x: $a) { a: b(c: $a, d: { e: [$b, 1.5e3] }) }",
            "mutation {\n  \u{feff}a(x: \"\"\"\n    block\n      text\n  \"\"\") { b }\r\n  c\n}",
            "subscription S { ...F @include(if: true) ... on T @skip(if: $x) { a } ... { b } } fragment F on T @d { c { d } }",
            "query A { a } query B { b(x: 18446744073709551615, y: 1e10, z: true) }",
        ] {
            let Converted { document, tokens } = converted(text).unwrap();
            assert_eq!(sorted(&document), sorted(&parse_query(text).unwrap()), "{text}");
            assert_eq!(tokens, super::super::size::scan(text).tokens, "{text}");
        }
    }

    #[test]
    fn what_has_no_place_in_a_document_is_refused() {
        for (text, why) in [
            ("{ a } { b }", "An operation without a name at line 1, column 7 must"),
            ("query A { a } { b }", "An operation without a name at line 1, column 15 must"),
            ("query A { a } query A { b }", "The operation `A` stands in the document twice at line 1, column 15."),
            ("{ a } fragment F on Q { a } fragment F on Q { b }", "The fragment `F` stands in the document twice"),
            ("type T { a: Int }", "The document can't be executed"),
            ("fragment F on Q { a }", "The document holds no operation."),
        ] {
            let refused = converted(text).err().unwrap_or_else(|| panic!("{text}"));
            assert!(refused.message().starts_with(why), "{}", refused.message());
        }
    }
}
