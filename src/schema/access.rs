//! Who may ask for each field of the schema. The fields are read from the schema's own text, so that later ones are known here as
//! well; who may ask stands in the declaration of each.

use std::{collections::BTreeMap, sync::LazyLock};

use async_graphql::parser::{
    parse_schema,
    types::{ServiceDocument, TypeKind, TypeSystemDefinition},
};
pub use lectern_kernel::resolve::Access;
use lectern_kernel::resolve::registry::Root;

use super::types;
use crate::domains::registry;

/// The types whose fields a document may begin with.
pub const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// The schema's own text, parsed.
pub static DOCUMENT: LazyLock<ServiceDocument> =
    LazyLock::new(|| parse_schema(types()).expect("async-graphql reads what it has written; a test says so"));

static FIELDS: LazyLock<BTreeMap<(String, String), Access>> = LazyLock::new(|| {
    let mut fields = BTreeMap::new();
    for definition in &DOCUMENT.definitions {
        let TypeSystemDefinition::Type(ty) = definition else { continue };
        let TypeKind::Object(object) = &ty.node.kind else { continue };
        let parent = ty.node.name.node.as_str();
        for field in &object.fields {
            let field = field.node.name.node.as_str();
            fields.insert((parent.to_owned(), field.to_owned()), access_of(parent, field));
        }
    }
    fields
});

/// Where no declaration says who may ask, any signed-in person may: of what they reached, or of a page.
fn access_of(parent: &str, field: &str) -> Access {
    let declared = match [Root::Query, Root::Mutation].into_iter().find(|root| root.name() == parent) {
        Some(root) => registry().operation(root, field).and_then(|operation| operation.field.access),
        // The query that reads an event decides.
        None if parent == "Subscription" => {
            let query = registry().event(field).and_then(|event| registry().operation(Root::Query, event.query));
            query.and_then(|query| query.field.access)
        }
        None => registry().catalog().object(parent).and_then(|info| info.field(field)).and_then(|entry| entry.def.access),
    };
    declared.unwrap_or(Access::SignedIn)
}

/// Every field of every object type, as `(Query, courses)`.
pub fn fields() -> &'static BTreeMap<(String, String), Access> {
    &FIELDS
}

/// A field as people write it: `Query.courses`, `Course.enrollments`, or for a root field its name alone.
pub fn find(text: &str) -> Option<((&'static str, &'static str), Access)> {
    let wanted = |parent: &str, field: &str| {
        let (key, access) = FIELDS.get_key_value(&(parent.to_owned(), field.to_owned()))?;
        Some(((key.0.as_str(), key.1.as_str()), *access))
    };
    match text.split_once('.') {
        Some((parent, field)) => wanted(parent, field),
        None => ROOTS.iter().find_map(|root| wanted(root, text)),
    }
}

#[cfg(test)]
mod tests {
    use lectern_kernel::permission::Permission;

    use super::*;

    #[test]
    fn a_field_is_found_by_its_path_or_by_the_name_of_a_root_field() {
        assert_eq!(find("Query.courses"), find("courses"));
        assert_eq!(find("courses").unwrap().1, Access::AnyOf(&[Permission::CourseRead]));
        assert_eq!(find("Mutation.createCourse").unwrap().0, ("Mutation", "createCourse"));
        assert_eq!(find("bookingChanged").unwrap().0, ("Subscription", "bookingChanged"));
        assert_eq!(find("viewer").unwrap().1, Access::Public);
        assert_eq!(find("logout").unwrap().1, Access::Authenticated);
        assert_eq!(find("Course.title").unwrap().1, Access::SignedIn);
        assert_eq!(find("CourseConnection.nodes").unwrap().1, Access::SignedIn);
        assert_eq!(find("Query.nothing"), None);
        assert_eq!(find("title"), None);
    }
}
