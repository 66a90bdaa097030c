//! The schema: what all domains offer, in one tree; and the queries that are of no domain.

pub mod access;
mod explain;
mod node;
pub mod platform;

use lectern_kernel::{
    execute::Schema,
    request::Limits,
    resolve::{SchemaOf, registry::Domain},
};

use self::{
    explain::{AccessExplanation, ExplainQueries},
    node::NodeQueries,
};
use crate::domains;

/// What is of no domain: anything by its id, and who may ask for what.
pub const DOMAIN: Domain = Domain {
    objects: &[AccessExplanation::object],
    operations: &[NodeQueries::OPERATIONS, ExplainQueries::OPERATIONS],
    ..Domain::new("schema")
};

/// This schema.
pub struct Lectern;

impl SchemaOf for Lectern {
    fn domains() -> &'static [&'static Domain] {
        domains::ALL
    }

    const DESCRIPTION: &'static str = "Lectern: courses, people, bookings and reports of many schools, each kept apart from all others. Sign in by `login`, send \
         the token\nas `Authorization: Bearer …`, and begin with `viewer`, `dashboard` or `courses`; `explainAccess` says why \
         something is refused.";

    const QUERY: &'static str =
        "Everything that can be asked. A query document reads one snapshot, so that its numbers agree with one another.";

    const MUTATION: &'static str = "Everything that can be changed. A mutation document commits as a whole, and exactly when its `data` \
         is not null; its\nfields run one after another. Session mutations (`login`, `refreshSession`, `logout`, `logoutEverywhere`,\n\
         `changePassword`, `switchRole`) stand alone in their document.";

    const SUBSCRIPTION: &'static str = "What can be listened to, over a WebSocket (`graphql-transport-ws`) at the same address. Every \
         event is read anew in a\ntransaction of the listener's own, with what the listener may see at that moment.";
}

/// The schema, as the kernel executes it.
pub fn build(limits: &Limits) -> Schema {
    Schema::of::<Lectern>(limits)
}

/// The schema in its own language, as it stands in `schema.graphql`.
pub fn sdl() -> String {
    Schema::sdl::<Lectern>()
}

/// The same without a description of the whole, for async-graphql's parser, which can't read that.
pub fn types() -> String {
    Schema::types::<Lectern>()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use async_graphql::parser::types::{ObjectType, TypeKind, TypeSystemDefinition};
    use lectern_kernel::resolve::registry::Root;

    use super::*;
    use crate::domains::registry;

    /// The fields of a root type.
    fn fields(root: &str) -> BTreeSet<&'static str> {
        access::fields().keys().filter(|(ty, _)| ty == root).map(|(_, field)| field.as_str()).collect()
    }

    /// The object types of the schema, by name.
    fn objects() -> impl Iterator<Item = (&'static str, &'static ObjectType)> {
        access::DOCUMENT.definitions.iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(ty) => match &ty.node.kind {
                TypeKind::Object(object) => Some((ty.node.name.node.as_str(), object)),
                _ => None,
            },
            _ => None,
        })
    }

    #[test]
    fn the_registry_has_every_root_field_of_the_schema_once_and_no_other() {
        for root in [Root::Query, Root::Mutation] {
            let operations = registry().operations().filter(|operation| operation.root == root);
            let named: Vec<&str> = operations.map(|operation| operation.field.name).collect();
            assert_eq!(named.len(), named.iter().collect::<BTreeSet<_>>().len(), "{named:?}");
            assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), fields(root.name()));
        }
        for operation in registry().operations().filter(|operation| operation.root == Root::Mutation) {
            assert!(registry().kind(operation.about).is_some(), "{}: {} is no kind", operation.field.name, operation.about);
        }
    }

    #[test]
    fn the_registry_has_every_type_of_the_schema() {
        let is_of_pages = |name: &str| name == "PageInfo" || name.ends_with("Connection") || name.ends_with("Edge");
        for (name, _) in objects().filter(|(name, _)| !access::ROOTS.contains(name) && !is_of_pages(name)) {
            assert!(registry().catalog().object(name).is_some(), "no domain lists {name}");
        }
    }

    #[test]
    fn the_registry_has_every_kind_that_is_a_node_and_no_other() {
        let is_node = |object: &ObjectType| object.implements.iter().any(|interface| interface.node == "Node");
        let nodes: BTreeSet<&str> = objects().filter(|(_, object)| is_node(object)).map(|(name, _)| name).collect();
        let kinds: BTreeSet<&str> = registry().kinds().filter(|kind| kind.is_node).map(|kind| kind.ty).collect();
        assert_eq!(kinds, nodes);
        // The log calls a SignIn a Session, of the same ids.
        let prefixes: BTreeSet<_> = registry().kinds().map(|kind| kind.prefix).collect();
        let of_nodes: BTreeSet<_> = registry().kinds().filter(|kind| kind.is_node).map(|kind| kind.prefix).collect();
        assert_eq!(of_nodes.len(), kinds.len(), "two kinds have one prefix");
        for domain in registry().domains() {
            // An event has an id, and is no object.
            let is_known = |prefix: &str| prefixes.contains(prefix) || prefix == "event";
            assert!(domain.references.iter().all(|(_, prefix)| is_known(prefix)), "{}: ids of nothing", domain.name);
            assert!(domain.parts.iter().all(|(ty, ..)| registry().kind(ty).is_some()), "{}: parts of nothing", domain.name);
        }
    }

    #[test]
    fn the_registry_has_every_event_of_the_schema_and_no_other() {
        let told = registry().streams().map(|stream| stream.name);
        let named: BTreeSet<&str> = registry().events().map(|event| event.name).chain(told).collect();
        assert_eq!(named, fields("Subscription"));
        for stream in registry().streams() {
            assert!(fields("Query").contains(stream.read.1.0), "{}: nothing reads what it tells", stream.name);
        }
        for event in registry().events() {
            assert!(fields("Query").contains(event.query), "{}: nothing reads it", event.name);
            assert!(event.prefix().is_none_or(|prefix| registry().kind_with_prefix(prefix).is_some()), "{}: of no kind", event.name);
        }
    }
}
