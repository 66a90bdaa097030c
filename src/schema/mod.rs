//! The schema: what all domains offer, in one tree.

pub mod access;
mod explain;
mod node;

use std::sync::Arc;

use async_graphql::{MergedObject, SDLExportOptions, SchemaBuilder, ValidationMode};
use lectern_kernel::{
    error::Code,
    execute::Schema,
    request::{Executor, Limits, Stop},
    resolve::NullPropagation,
};

pub use self::node::Node;
use self::{explain::ExplainQueries, node::NodeQueries};
use crate::domains::{
    audit::AuditQueries,
    bookings::{BookingMutations, BookingQueries, Subscription},
    courses::{CourseMutations, CourseQueries},
    enrollments::{EnrollmentMutations, EnrollmentQueries},
    groups::{GroupMutations, GroupQueries},
    identity::{IdentityMutations, IdentityQueries, SessionMutations},
    reports::ReportQueries,
    tenants::TenantQueries,
};

/// Everything that can be asked. A query document reads one snapshot, so that its numbers agree with one another.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Queries(
    NodeQueries,
    ExplainQueries,
    TenantQueries,
    IdentityQueries,
    CourseQueries,
    EnrollmentQueries,
    GroupQueries,
    BookingQueries,
    AuditQueries,
    ReportQueries,
);

/// The root of queries. A refused field that may be null is null, and nothing else of the document is lost.
pub type Query = NullPropagation<Queries>;

/// Everything that can be changed. A mutation document commits as a whole, and exactly when its `data` is not null; its
/// fields run one after another. Session mutations (`login`, `refreshSession`, `logout`, `logoutEverywhere`,
/// `changePassword`, `switchRole`) stand alone in their document.
#[derive(MergedObject, Default)]
pub struct Mutation(SessionMutations, IdentityMutations, CourseMutations, EnrollmentMutations, GroupMutations, BookingMutations);

/// The schema, as the kernel executes it. Its documents are validated once, and not again where they are executed.
pub fn build(limits: &Limits) -> Schema {
    Schema {
        executing: executor(builder(limits).validation_mode(ValidationMode::Fast)),
        validating: executor(builder(limits).extension(Stop)),
        reckoning: executor(builder(limits).extension(Stop).validation_mode(ValidationMode::Fast)),
    }
}

fn executor(builder: SchemaBuilder<Query, Mutation, Subscription>) -> Executor {
    let schema = builder.finish();
    Arc::new(move |request| {
        let schema = schema.clone();
        Box::pin(async move { schema.execute(request).await })
    })
}

/// The schema, before it is told what to do with documents.
fn builder(limits: &Limits) -> SchemaBuilder<Query, Mutation, Subscription> {
    let builder = async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription)
        .register_output_type::<Code>()
        // Deeper than what a document may be.
        .limit_recursive_depth(limits.levels + 1);
    if limits.introspection { builder } else { builder.disable_introspection().disable_suggestions() }
}

/// The schema in its own language, as it stands in `schema.graphql`.
pub fn sdl() -> String {
    builder(&Limits::default()).finish().sdl_with_options(
        SDLExportOptions::new().prefer_single_line_descriptions().include_specified_by().use_space_ident().indent_width(2),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

    use super::*;
    use crate::domains::registry;

    /// The fields of a root type.
    fn fields(root: &str) -> BTreeSet<&'static str> {
        access::fields().keys().filter(|(ty, _)| ty == root).map(|(_, field)| field.as_str()).collect()
    }

    #[test]
    fn the_registry_has_every_mutation_of_the_schema_once_and_no_other() {
        let named: Vec<&str> =
            registry().operations().filter(|operation| operation.root == "Mutation").map(|operation| operation.name).collect();
        assert_eq!(named.len(), named.iter().collect::<BTreeSet<_>>().len(), "{named:?}");
        assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), fields("Mutation"));
        for operation in registry().operations() {
            match operation.root {
                "Mutation" => assert!(registry().kind(operation.about).is_some(), "{}: {} is no kind", operation.name, operation.about),
                root => assert!(root == "Query" && fields(root).contains(operation.name), "{root}.{}", operation.name),
            }
        }
    }

    #[test]
    fn a_mutation_says_what_it_is_about() {
        for (operation, about) in [
            ("createCourse", "Course"),
            ("reorderSections", "Course"),
            ("createSection", "Section"),
            ("enroll", "Enrollment"),
            ("unenroll", "Enrollment"),
            ("recordProgress", "Enrollment"),
            ("updateEnrollmentStatus", "Enrollment"),
            ("addGroupCourses", "Group"),
            ("addGroupMembers", "Group"),
            ("setUserRoles", "User"),
            ("deleteRole", "Role"),
            ("switchRole", "Session"),
            ("requestBooking", "Booking"),
            ("deleteAvailability", "Availability"),
        ] {
            assert_eq!(registry().mutation(operation).map(|operation| operation.about), Some(about), "{operation}");
        }
    }

    #[test]
    fn the_registry_has_every_kind_that_is_a_node_and_no_other() {
        let is_node = |definition: &TypeSystemDefinition| match definition {
            TypeSystemDefinition::Type(ty) => match &ty.node.kind {
                TypeKind::Object(object) if object.implements.iter().any(|interface| interface.node == "Node") => {
                    Some(ty.node.name.node.to_string())
                }
                _ => None,
            },
            _ => None,
        };
        let nodes: BTreeSet<String> = access::DOCUMENT.definitions.iter().filter_map(is_node).collect();
        let kinds: BTreeSet<String> = registry().kinds().filter(|kind| kind.is_node).map(|kind| kind.ty.to_owned()).collect();
        assert_eq!(kinds, nodes);
        let (all, prefixes) = (registry().kinds().count(), registry().kinds().map(|kind| kind.prefix).collect::<BTreeSet<_>>());
        assert_eq!(prefixes.len(), all, "two kinds have one prefix");
        for domain in registry().domains() {
            assert!(domain.references.iter().all(|(_, prefix)| prefixes.contains(prefix)), "{}: ids of nothing", domain.name);
            assert!(domain.parts.iter().all(|(ty, ..)| registry().kind(ty).is_some()), "{}: parts of nothing", domain.name);
        }
    }

    #[test]
    fn the_registry_has_every_event_of_the_schema_and_no_other() {
        let named: BTreeSet<&str> = registry().events().map(|event| event.name).collect();
        assert_eq!(named, fields("Subscription"));
        for event in registry().events() {
            assert!(fields("Query").contains(event.query), "{}: nothing reads it", event.name);
            assert!(registry().kind_with_prefix(event.prefix).is_some(), "{}: of no kind", event.name);
        }
    }
}
