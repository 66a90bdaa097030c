//! What the schema says of each field: who may ask. Read once out of the directives of the schema's own text, so that
//! whatever is added later is known here as well.

use std::{collections::BTreeMap, sync::LazyLock};

use async_graphql::parser::{
    parse_schema,
    types::{FieldDefinition, ServiceDocument, TypeKind, TypeSystemDefinition},
};
use lectern_kernel::permission::Permission;

use super::sdl;

/// Who may ask for a field at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Any signed-in person.
    SignedIn,
    /// Whoever's active role holds one of these.
    AnyOf(Vec<Permission>),
}

/// The types whose fields a document may begin with.
pub const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// The schema's own text, parsed.
pub static DOCUMENT: LazyLock<ServiceDocument> =
    LazyLock::new(|| parse_schema(sdl()).expect("async-graphql reads what it has written; a test says so"));

static FIELDS: LazyLock<BTreeMap<(String, String), Access>> = LazyLock::new(|| {
    let mut fields = BTreeMap::new();
    for definition in &DOCUMENT.definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let TypeKind::Object(object) = &ty.node.kind else { continue };
        for field in &object.fields {
            fields.insert((ty.node.name.node.to_string(), field.node.name.node.to_string()), access_of(&field.node));
        }
    }
    fields
});

fn access_of(field: &FieldDefinition) -> Access {
    let directive = |name: &str| field.directives.iter().find(|directive| directive.node.name.node == name);
    if let Some(requires) = directive("requiresPermission") {
        let any_of = requires.node.get_argument("anyOf").map(|any_of| any_of.node.clone().into_json());
        let names: Vec<String> = any_of.and_then(Result::ok).and_then(|any_of| serde_json::from_value(any_of).ok()).unwrap_or_default();
        return Access::AnyOf(names.iter().filter_map(|name| Permission::from_text(name)).collect());
    }
    if directive("public").is_some() { Access::Public } else { Access::SignedIn }
}

/// Every field of every object type, as `(Query, courses)`.
pub fn fields() -> &'static BTreeMap<(String, String), Access> {
    &FIELDS
}

/// A field as people write it: `Query.courses`, `Course.enrollments`, or for a root field its name alone.
pub fn find(text: &str) -> Option<((&'static str, &'static str), &'static Access)> {
    let wanted = |parent: &str, field: &str| {
        let (key, access) = FIELDS.get_key_value(&(parent.to_owned(), field.to_owned()))?;
        Some(((key.0.as_str(), key.1.as_str()), access))
    };
    match text.split_once('.') {
        Some((parent, field)) => wanted(parent, field),
        None => ROOTS.iter().find_map(|root| wanted(root, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_path_or_by_the_name_of_a_root_field() {
        let course = Access::AnyOf(vec![Permission::CourseRead]);
        assert_eq!(find("Query.courses"), find("courses"));
        assert_eq!(find("courses").unwrap().1, &course);
        assert_eq!(find("Mutation.createCourse").unwrap().0, ("Mutation", "createCourse"));
        assert_eq!(find("bookingChanged").unwrap().0, ("Subscription", "bookingChanged"));
        assert_eq!(find("viewer").unwrap().1, &Access::Public);
        assert_eq!(find("Course.title").unwrap().1, &Access::SignedIn);
        assert_eq!(find("Query.nothing"), None);
        assert_eq!(find("title"), None);
    }
}
