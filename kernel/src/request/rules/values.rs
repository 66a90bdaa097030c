//! Values as a document writes them: of the type that the schema demands, down to the last field of an input.

use std::fmt::Write as _;

use apollo_compiler::{
    Name as AstName, Node, Schema, ast,
    schema::{EnumType, ExtendedType, InputObjectType},
    validation::Valid,
};
use async_graphql::Value;
use async_graphql_value::ConstValue;

use super::{
    findings::{Findings, inside_input, quoted},
    variables::{Definition, Place},
};
use crate::resolve::scalar_problem;

/// Checks values in arguments and defaults.
pub(super) struct Literals<'w, 'a> {
    pub schema: &'a Valid<Schema>,
    pub findings: &'w mut Findings,
    /// Where variables are noted.
    pub definition: &'w mut Definition<'a>,
    /// Whether it is the argument of a directive.
    pub decides: bool,
}

impl<'a> Literals<'_, 'a> {
    /// A value at a place of a type. `path` is left as it was.
    pub(super) fn check(&mut self, value: &'a Node<ast::Value>, ty: &'a ast::Type, path: &mut String, has_default: bool) {
        match &**value {
            ast::Value::Variable(name) => self.definition.places.push(Place {
                name,
                at: value.location(),
                ty: Some(ty),
                has_default,
                path: if self.decides { String::new() } else { path.clone() },
                decides: self.decides && ty.is_non_null(),
            }),
            ast::Value::Null if ty.is_non_null() => {
                self.wrong(value, path, || format!("can't be null: it must be of type {ty}"));
            }
            ast::Value::Null => {}
            ast::Value::List(items) if ty.is_list() => {
                for (at, item) in items.iter().enumerate() {
                    self.inside(path, &at.to_string(), |walk, path| walk.check(item, ty.item_type(), path, false));
                }
            }
            // One value stands for a list of it.
            _ if ty.is_list() => self.check(value, ty.item_type(), path, false),
            _ => match self.schema.types.get(ty.inner_named_type()) {
                Some(ExtendedType::Scalar(scalar)) => self.scalar(value, &scalar.name, path),
                Some(ExtendedType::Enum(definition)) => self.one_of(value, definition, path),
                Some(ExtendedType::InputObject(definition)) => self.input(value, definition, path),
                _ => self.definition.collect(value),
            },
        }
    }

    fn inside(&mut self, path: &mut String, name: &str, check: impl FnOnce(&mut Self, &mut String)) {
        let length = path.len();
        let _ = write!(path, ".{}", quoted(name));
        check(self, path);
        path.truncate(length);
    }

    fn wrong(&mut self, value: &Node<ast::Value>, path: &str, why: impl FnOnce() -> String) {
        let field = (!self.decides).then_some(path);
        self.findings.add(value.location(), || format!("`{}` {}.", inside_input(path), why()), field);
    }

    fn scalar(&mut self, value: &'a Node<ast::Value>, name: &AstName, path: &str) {
        let is_right = match (&**value, name.as_str()) {
            (ast::Value::Int(number), "Int") if number.try_to_i32().is_err() => {
                return self.wrong(value, path, out_of_range);
            }
            (ast::Value::Int(_), "Int" | "ID") | (ast::Value::String(_), "String" | "ID") | (ast::Value::Boolean(_), "Boolean") => true,
            (ast::Value::Int(number), "Float") => number.try_to_f64().is_ok(),
            (ast::Value::Float(number), "Float") => number.try_to_f64().is_ok(),
            (_, "Int" | "Float" | "String" | "Boolean" | "ID") => {
                self.definition.collect(value);
                false
            }
            _ => {
                self.definition.collect(value);
                if let Some(problem) = constant(value).and_then(|value| scalar_problem(name, &value)) {
                    self.wrong(value, path, || problem.to_owned());
                }
                return;
            }
        };
        if !is_right {
            self.wrong(value, path, || format!("must be of type {name}, and is {}", described(value)));
        }
    }

    fn one_of(&mut self, value: &'a Node<ast::Value>, definition: &EnumType, path: &str) {
        let name = &definition.name;
        match &**value {
            ast::Value::Enum(given) if definition.values.contains_key(given) => {}
            ast::Value::Enum(given) => {
                if !self.findings.is_full() {
                    let suggestion = self.findings.suggestion(given, definition.values.keys().map(|value| value.as_str()));
                    let problem =
                        || format!("`{}` must be one of {name}, and `{}` is none.{suggestion}", inside_input(path), quoted(&**given));
                    self.findings.add(value.location(), problem, Some(path));
                }
            }
            other => {
                self.definition.collect(value);
                let hint = if matches!(other, ast::Value::String(_)) { ": a name without quotes" } else { "" };
                self.wrong(value, path, || format!("must be one of {name}{hint}, and is {}", described(value)));
            }
        }
    }

    fn input(&mut self, value: &'a Node<ast::Value>, definition: &'a InputObjectType, path: &mut String) {
        let ast::Value::Object(fields) = &**value else {
            self.definition.collect(value);
            return self.wrong(value, path, || format!("must be an input {}, and is {}", definition.name, described(value)));
        };
        let mut seen = std::collections::HashSet::with_capacity(fields.len());
        for (name, inner) in fields {
            if !seen.insert(name) {
                self.definition.collect(inner);
                self.inside(path, name, |walk, path| {
                    walk.findings.add(name.location(), || format!("`{}` stands in its input twice.", inside_input(path)), Some(path));
                });
                continue;
            }
            match definition.fields.get(name) {
                Some(field) => self.inside(path, name, |walk, path| walk.check(inner, &field.ty, path, field.default_value.is_some())),
                None => {
                    self.definition.collect(inner);
                    if self.findings.is_full() {
                        continue;
                    }
                    let suggestion = self.findings.suggestion(name, definition.fields.keys().map(|name| name.as_str()));
                    let problem = || format!("Unknown field `{}` of the input {}.{suggestion}", quoted(&**name), definition.name);
                    self.inside(path, name, |walk, path| walk.findings.add(name.location(), problem, Some(path)));
                }
            }
        }
        for field in definition.fields.values().filter(|field| field.is_required() && !seen.contains(&field.name)) {
            self.inside(path, &field.name, |walk, path| {
                walk.findings.add(value.location(), || format!("`{}` is needed: {}.", inside_input(path), field.ty), Some(path));
            });
        }
    }
}

pub(super) fn out_of_range() -> String {
    format!("must be an integer from {} to {}", i32::MIN, i32::MAX)
}

/// A value without variables, as the service's scalars read it.
fn constant(value: &ast::Value) -> Option<Value> {
    Some(match value {
        ast::Value::Null => ConstValue::Null,
        ast::Value::Enum(name) => ConstValue::Enum(async_graphql::Name::new(name.as_str())),
        ast::Value::Variable(_) => return None,
        ast::Value::String(text) => ConstValue::String(text.clone()),
        ast::Value::Float(number) => ConstValue::from(number.try_to_f64().ok()?),
        ast::Value::Int(number) => ConstValue::from(number.try_to_f64().ok()?),
        ast::Value::Boolean(value) => ConstValue::Boolean(*value),
        ast::Value::List(items) => ConstValue::List(items.iter().map(|item| constant(item)).collect::<Option<_>>()?),
        ast::Value::Object(fields) => ConstValue::Object(
            fields.iter().map(|(name, value)| Some((async_graphql::Name::new(name.as_str()), constant(value)?))).collect::<Option<_>>()?,
        ),
    })
}

/// What a value is, in a sentence.
fn described(value: &ast::Value) -> &'static str {
    match value {
        ast::Value::Null => "null",
        ast::Value::Enum(_) => "a name",
        ast::Value::Variable(_) => "a variable",
        ast::Value::String(_) => "a string",
        ast::Value::Float(_) => "a fraction",
        ast::Value::Int(_) => "an integer",
        ast::Value::Boolean(_) => "a boolean",
        ast::Value::List(_) => "a list",
        ast::Value::Object(_) => "an object",
    }
}
