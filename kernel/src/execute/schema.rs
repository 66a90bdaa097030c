//! A schema, as the engine sees it: something that executes requests. Only its construction knows of which domains it is made.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::{SDLExportOptions, SchemaBuilder, ValidationMode};

use crate::{
    error::Code,
    request::{Checker, Executor, Limits, Rules, Stop},
    resolve::{Additions, MutationRoot, QueryRoot, SchemaOf, SubscriptionRoot},
};

type Builder<S> = SchemaBuilder<QueryRoot<S>, MutationRoot<S>, SubscriptionRoot<S>>;

/// One schema, built three times.
#[derive(Clone)]
pub struct Schema {
    /// Executes documents, which have been validated before.
    pub(super) executing: Executor,
    /// What it is, for those who ask.
    pub(super) description: &'static str,
    /// Validates documents.
    rules: Rules,
    /// Computes what they cost without validating them, and stops there.
    reckoning: Executor,
}

impl Schema {
    /// The schema of these domains.
    pub fn of<S: SchemaOf>(limits: &Limits) -> Schema {
        Schema {
            executing: executor(builder::<S>(limits).validation_mode(ValidationMode::Fast)),
            description: S::DESCRIPTION,
            rules: rules_of::<S>().suggesting(limits.introspection),
            reckoning: executor(builder::<S>(limits).extension(Stop).validation_mode(ValidationMode::Fast)),
        }
    }

    /// The schema of these domains in its own language.
    pub fn sdl<S: SchemaOf>() -> String {
        describe(&Self::types::<S>(), S::DESCRIPTION)
    }

    /// The same without a description of the whole, which async-graphql's parser can't read.
    pub fn types<S: SchemaOf>() -> String {
        builder::<S>(&Limits::default()).finish().sdl_with_options(
            SDLExportOptions::new().prefer_single_line_descriptions().include_specified_by().use_space_ident().indent_width(2),
        )
    }

    /// What validates its documents.
    pub fn checker(&self) -> Checker {
        Checker::new(self.rules.clone(), self.reckoning.clone())
    }
}

/// Writes the description of a schema before its definition: async-graphql knows none.
fn describe(sdl: &str, description: &str) -> String {
    let (types, definition) = sdl.rsplit_once("\nschema {").expect("the schema is defined last");
    format!("{types}\n\"\"\"\n{description}\n\"\"\"\nschema {{{definition}")
}

/// The rules of a schema, which are made once for all that a process builds of it.
fn rules_of<S: SchemaOf>() -> Rules {
    static KNOWN: Mutex<Option<HashMap<TypeId, Rules>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(|broken| broken.into_inner());
    known.get_or_insert_default().entry(TypeId::of::<S>()).or_insert_with(|| Rules::of(&Schema::sdl::<S>(), true)).clone()
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
