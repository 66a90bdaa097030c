//! A schema, as the engine sees it: something that executes requests. Only its construction knows of which domains it is made.

use std::sync::Arc;

use async_graphql::{SDLExportOptions, SchemaBuilder, ValidationMode};

use crate::{
    error::Code,
    request::{Checker, Executor, Limits, Stop},
    resolve::{Additions, MutationRoot, QueryRoot, SchemaOf, SubscriptionRoot},
};

type Builder<S> = SchemaBuilder<QueryRoot<S>, MutationRoot<S>, SubscriptionRoot<S>>;

/// One schema, built three times.
#[derive(Clone)]
pub struct Schema {
    /// Executes documents, which have been validated before.
    pub(super) executing: Executor,
    /// Validates them, and stops there.
    validating: Executor,
    /// Computes what they cost without validating them, and stops there.
    reckoning: Executor,
}

impl Schema {
    /// The schema of these domains.
    pub fn of<S: SchemaOf>(limits: &Limits) -> Schema {
        Schema {
            executing: executor(builder::<S>(limits).validation_mode(ValidationMode::Fast)),
            validating: executor(builder::<S>(limits).extension(Stop)),
            reckoning: executor(builder::<S>(limits).extension(Stop).validation_mode(ValidationMode::Fast)),
        }
    }

    /// The schema of these domains in its own language.
    pub fn sdl<S: SchemaOf>() -> String {
        builder::<S>(&Limits::default()).finish().sdl_with_options(
            SDLExportOptions::new().prefer_single_line_descriptions().include_specified_by().use_space_ident().indent_width(2),
        )
    }

    /// What validates its documents.
    pub fn checker(&self) -> Checker {
        Checker::new(self.validating.clone(), self.reckoning.clone())
    }
}

fn executor<S: SchemaOf>(builder: Builder<S>) -> Executor {
    let schema = builder.finish();
    Arc::new(move |request| {
        let schema = schema.clone();
        Box::pin(async move { schema.execute(request).await })
    })
}

/// The schema, before it is set up for one of these.
fn builder<S: SchemaOf>(limits: &Limits) -> Builder<S> {
    let builder = async_graphql::Schema::build(QueryRoot::default(), MutationRoot::default(), SubscriptionRoot::default())
        .register_output_type::<Code>()
        .register_output_type::<Additions<S>>()
        // Deeper than what a document may be.
        .limit_recursive_depth(limits.levels + 1);
    if limits.introspection { builder } else { builder.disable_introspection().disable_suggestions() }
}
