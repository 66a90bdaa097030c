//! Values of variables, as JSON brings them: of their types, with numbers as these have them, and a list where one value
//! stands for it.

use std::fmt::Write as _;

use apollo_compiler::{
    Name as AstName, Schema, ast,
    schema::{ExtendedType, InputObjectType},
    validation::Valid,
};
use async_graphql::{
    Name, ServerError, Value, Variables,
    indexmap::IndexMap,
    parser::types::{BaseType, OperationDefinition, Type},
};
use async_graphql_value::Number;

use super::{
    Checked, Rules,
    findings::{error, inside_input, quoted},
    similar::similar,
    values::out_of_range,
};
use crate::resolve::scalar_problem;

/// Errors at most.
const MAX_ERRORS: usize = 20;

/// Makes the values of an operation's variables what their types demand.
///
/// # Errors
/// What has no value and needs one; what is of another type: `field` is the path inside the argument that the variable stands in.
pub fn coerce(
    rules: &Rules,
    checked: &Checked,
    operation: &OperationDefinition,
    variables: &mut Variables,
) -> Result<(), Vec<ServerError>> {
    let mut coercion = Coercion { schema: rules.schema(), suggests: rules.suggests, errors: Vec::new() };
    for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
        let name = &definition.name.node;
        if !definition.var_type.node.nullable && variables.get(name).is_none_or(|value| *value == Value::Null) {
            coercion.add(name, format!("The variable `${name}` of type {} has no value.", definition.var_type.node));
            continue;
        }
        let Some(value) = variables.get_mut(name) else { continue };
        let Some(ty) = ast_type(&definition.var_type.node) else { continue };
        let used = checked.uses.get(name);
        let mut path = used.map(|used| used.path.clone()).filter(|path| !path.is_empty()).unwrap_or_else(|| name.to_string());
        if *value == Value::Null && used.is_some_and(|used| used.decides) {
            coercion.wrong(&path, || format!("can't be null: the variable `${name}` decides about a directive"));
            continue;
        }
        let given = std::mem::take(value);
        *value = coercion.value(given, &ty, &mut path);
    }
    if coercion.errors.is_empty() { Ok(()) } else { Err(coercion.errors) }
}

/// A type as the validator has it.
fn ast_type(ty: &Type) -> Option<ast::Type> {
    let named = match &ty.base {
        BaseType::Named(name) => ast::Type::Named(AstName::new(name).ok()?),
        BaseType::List(item) => ast_type(item)?.list(),
    };
    Some(if ty.nullable { named } else { named.non_null() })
}

struct Coercion<'a> {
    schema: &'a Valid<Schema>,
    suggests: bool,
    errors: Vec<ServerError>,
}

impl Coercion<'_> {
    fn add(&mut self, path: &str, message: String) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error(message, Some(path)));
        }
    }

    fn wrong(&mut self, path: &str, why: impl FnOnce() -> String) {
        self.add(path, format!("`{}` {}.", inside_input(path), why()));
    }

    fn value(&mut self, value: Value, ty: &ast::Type, path: &mut String) -> Value {
        match value {
            Value::Null if ty.is_non_null() => {
                self.wrong(path, || format!("can't be null: it must be of type {ty}"));
                Value::Null
            }
            Value::Null => Value::Null,
            Value::List(items) if ty.is_list() => {
                let items = items.into_iter().enumerate();
                Value::List(
                    items.map(|(at, item)| self.inside(path, &at.to_string(), |it, path| it.value(item, ty.item_type(), path))).collect(),
                )
            }
            one if ty.is_list() => Value::List(vec![self.value(one, ty.item_type(), path)]),
            one => match self.schema.types.get(ty.inner_named_type()) {
                Some(ExtendedType::Scalar(scalar)) => self.scalar(one, &scalar.name, path),
                Some(ExtendedType::Enum(definition)) => match one {
                    Value::String(name) if definition.values.contains_key(name.as_str()) => Value::Enum(Name::new(name)),
                    Value::Enum(name) if definition.values.contains_key(name.as_str()) => Value::Enum(name),
                    Value::String(name) => {
                        let similar = self.suggestion(&name, definition.values.keys().map(|value| value.as_str()));
                        self.wrong(path, || format!("must be one of {}, and `{}` is none{similar}", definition.name, quoted(&name)));
                        Value::String(name)
                    }
                    other => {
                        self.wrong(path, || format!("must be one of {}, and is {}", definition.name, described(&other)));
                        other
                    }
                },
                Some(ExtendedType::InputObject(definition)) => self.input(one, definition, path),
                _ => one,
            },
        }
    }

    /// Names like one that is not there, in brackets.
    fn suggestion<'n>(&self, name: &str, among: impl Iterator<Item = &'n str>) -> String {
        if !self.suggests || self.errors.len() >= MAX_ERRORS {
            return String::new();
        }
        let similar = similar(name, among);
        if similar.is_empty() { String::new() } else { format!(" (did you mean {}?)", similar.join(" or ")) }
    }

    fn inside<T>(&mut self, path: &mut String, name: &str, check: impl FnOnce(&mut Self, &mut String) -> T) -> T {
        let length = path.len();
        let _ = write!(path, ".{}", quoted(name));
        let checked = check(self, path);
        path.truncate(length);
        checked
    }

    fn scalar(&mut self, value: Value, name: &str, path: &str) -> Value {
        match (name, value) {
            ("Int", Value::Number(number)) => match integer(&number) {
                Some(integer) => Value::from(integer),
                None => {
                    self.wrong(path, out_of_range);
                    Value::Number(number)
                }
            },
            ("ID", Value::Number(number)) => match whole(&number) {
                Some(whole) => Value::String(whole),
                None => {
                    self.wrong(path, || "must be of type ID: a string, or an integer".to_owned());
                    Value::Number(number)
                }
            },
            ("String" | "ID", value @ Value::String(_)) | ("Boolean", value @ Value::Boolean(_)) | ("Float", value @ Value::Number(_)) => {
                value
            }
            ("Int" | "Float" | "String" | "Boolean" | "ID", value) => {
                self.wrong(path, || format!("must be of type {name}, and is {}", described(&value)));
                value
            }
            (name, value) => {
                if let Some(problem) = scalar_problem(name, &value) {
                    self.wrong(path, || problem.to_owned());
                }
                value
            }
        }
    }

    fn input(&mut self, value: Value, definition: &InputObjectType, path: &mut String) -> Value {
        let Value::Object(fields) = value else {
            self.wrong(path, || format!("must be an input {}, and is {}", definition.name, described(&value)));
            return value;
        };
        for field in definition.fields.values().filter(|field| field.is_required() && !fields.contains_key(field.name.as_str())) {
            self.inside(path, &field.name, |it, path| it.wrong(path, || format!("is needed: {}", field.ty)));
        }
        let mut coerced = IndexMap::with_capacity(fields.len());
        for (name, value) in fields {
            let value = match definition.fields.get(name.as_str()) {
                Some(field) => self.inside(path, &name, |it, path| it.value(value, &field.ty, path)),
                None => {
                    let similar = self.suggestion(&name, definition.fields.keys().map(|name| name.as_str()));
                    self.inside(path, &name, |it, path| {
                        it.wrong(path, || format!("is no field of the input {}{similar}", definition.name))
                    });
                    value
                }
            };
            coerced.insert(name, value);
        }
        Value::Object(coerced)
    }
}

/// A number that is GraphQL's `Int`: `2`, and `2.0` as well.
fn integer(number: &Number) -> Option<i32> {
    if let Some(integer) = number.as_i64() {
        return i32::try_from(integer).ok();
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && f64::from(i32::MIN) <= *float && *float <= f64::from(i32::MAX))?;
    #[allow(clippy::cast_possible_truncation, reason = "it is whole, and in range")]
    Some(float as i32)
}

/// A number that is an id: a whole one.
fn whole(number: &Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    number.as_f64().filter(|float| float.fract() == 0.0).map(|float| format!("{float:.0}"))
}

/// What a value is, in a sentence.
fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Boolean(_) => "a boolean",
        Value::Binary(_) => "binary",
        Value::Enum(_) => "a name",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str =
        "type Query { a: Int f: Float id: ID s: String b: Boolean } input In { n: Int! = 3 m: Int! list: [[E!]] inner: In } enum E { X Y }";

    fn coerced(ty: &str, value: serde_json::Value) -> Result<serde_json::Value, String> {
        let rules = Rules::of(SCHEMA, true);
        let document = parse_query(format!("query($v: {ty}) {{ a }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let mut variables = Variables::from_json(json!({ "v": value }));
        coerce(&rules, &Checked::default(), &operation.node, &mut variables)
            .map_err(|errors| errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" "))?;
        Ok(variables.get("v").unwrap().clone().into_json().unwrap())
    }

    #[test]
    fn json_becomes_what_the_types_say() {
        for (ty, value, expected) in [
            ("Int", json!(2.0), json!(2)),
            ("Int", serde_json::from_str("1e1").unwrap(), json!(10)),
            ("Float", json!(2), json!(2)),
            ("ID", json!(2), json!("2")),
            ("ID", json!(2.0), json!("2")),
            ("[Int]", json!(1.0), json!([1])),
            ("[[Int]]", json!([1, [2.0]]), json!([[1], [2]])),
            ("In", json!({ "m": 1.0, "list": "X" }), json!({ "m": 1, "list": [["X"]] })),
            ("In", json!(null), json!(null)),
        ] {
            assert_eq!(coerced(ty, value.clone()), Ok(expected), "{ty} {value}");
        }
    }

    #[test]
    fn what_is_of_another_type_is_refused() {
        for (ty, value, message) in [
            ("Int", json!(2.5), "`v` must be an integer from -2147483648 to 2147483647."),
            ("Int", json!(2_147_483_648u32), "`v` must be an integer from -2147483648 to 2147483647."),
            ("Int", json!("2"), "`v` must be of type Int, and is a string."),
            ("String", json!(2), "`v` must be of type String, and is a number."),
            ("ID", json!(2.5), "`v` must be of type ID: a string, or an integer."),
            ("[Int!]", json!([1, null]), "`v.1` can't be null: it must be of type Int!."),
            ("E", json!("Z"), "`v` must be one of E, and `Z` is none (did you mean `X` or `Y`?)."),
            ("In", json!({}), "`v.m` is needed: Int!."),
            ("In", json!({ "m": 1, "inner": { "m": 1, "k": 1 } }), "`v.inner.k` is no field of the input In (did you mean `m` or `n`?)."),
        ] {
            assert_eq!(coerced(ty, value.clone()), Err(message.to_owned()), "{ty} {value}");
        }
    }
}
