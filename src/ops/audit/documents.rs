//! A document for any root field of the schema: its arguments are filled with values that are valid and name nothing.

use std::fmt::Write as _;

use async_graphql::parser::types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition};

use super::pair::never;
use crate::schema::access::DOCUMENT;

fn definition(name: &str) -> Option<&'static TypeDefinition> {
    DOCUMENT.definitions.iter().find_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) if ty.node.name.node == name => Some(&ty.node),
        _ => None,
    })
}

/// The fields of a root type, in their order.
pub(super) fn roots(root: &str) -> Vec<&'static FieldDefinition> {
    match definition(root).map(|ty| &ty.kind) {
        Some(TypeKind::Object(object)) => object.fields.iter().map(|field| &field.node).collect(),
        _ => Vec::new(),
    }
}

/// A document that asks for one root field; none where an argument can't be filled.
pub(super) fn document(root: &str, field: &FieldDefinition) -> Option<String> {
    let mut arguments = Vec::new();
    for argument in &field.arguments {
        if is_required(&argument.node) {
            arguments.push(format!("{}: {}", argument.node.name.node, value(&argument.node, 0)?));
        }
    }
    let mut document = format!("{} {{ {}", root.to_lowercase(), field.name.node);
    if !arguments.is_empty() {
        let _ = write!(document, "({})", arguments.join(", "));
    }
    if is_composite(named(&field.ty.node)) {
        document.push_str(" { __typename }");
    }
    document.push_str(" }");
    Some(document)
}

fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

fn is_composite(name: &str) -> bool {
    definition(name).is_some_and(|ty| matches!(ty.kind, TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)))
}

fn is_required(input: &InputValueDefinition) -> bool {
    !input.ty.node.nullable && input.default_value.is_none()
}

fn value(input: &InputValueDefinition, depth: usize) -> Option<String> {
    if depth > 8 {
        return None;
    }
    let name = input.name.node.as_str();
    let plain = match named(&input.ty.node) {
        "ID" => format!("\"{}\"", never("course")),
        "String" => "\"Probe\"".to_owned(),
        "Int" => "10".to_owned(),
        "Float" => "50.0".to_owned(),
        "Boolean" => "true".to_owned(),
        "DateTime" if name.starts_with("end") || name == "to" => "\"2099-03-02T11:00:00Z\"".to_owned(),
        "DateTime" => "\"2099-03-02T10:00:00Z\"".to_owned(),
        "Date" => "\"2099-03-02\"".to_owned(),
        "LocalTime" if name == "until" => "\"17:00\"".to_owned(),
        "LocalTime" => "\"09:00\"".to_owned(),
        "JSON" => "{}".to_owned(),
        other => match &definition(other)?.kind {
            TypeKind::Enum(enumeration) => enumeration.values.first()?.node.value.node.to_string(),
            TypeKind::InputObject(object) => {
                let fields: Option<Vec<String>> = object
                    .fields
                    .iter()
                    .filter(|field| is_required(&field.node))
                    .map(|field| Some(format!("{}: {}", field.node.name.node, value(&field.node, depth + 1)?)))
                    .collect();
                format!("{{ {} }}", fields?.join(", "))
            }
            _ => return None,
        },
    };
    Some(if matches!(input.ty.node.base, BaseType::List(_)) { format!("[{plain}]") } else { plain })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;
    use crate::schema::access::ROOTS;

    #[test]
    fn every_root_field_can_be_asked_for() {
        let mut asked = 0;
        for root in ROOTS {
            for field in roots(root) {
                let document = document(root, field).unwrap_or_else(|| panic!("{root}.{} can't be filled", field.name.node));
                parse_query(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
                asked += 1;
            }
        }
        assert!(asked > 20, "only {asked} root fields");
    }
}
