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
    resolve::Localized,
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
pub type Query = Localized<Queries>;

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
