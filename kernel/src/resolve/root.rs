//! The roots of a schema: what all its domains offer, by name.

use std::{borrow::Cow, marker::PhantomData, pin::Pin};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, Response, ServerResult, SubscriptionType, Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaType, ObjectBuilder, Registry as Types},
    resolver_utils::resolve_container,
};
use futures_util::Stream;

use super::{
    context::Ctx,
    driver::{located, placed},
    meta, node,
    object::{Parent, Source},
    ordering::enum_value,
};
use crate::resolve::registry::{Domain, Operation, Root};

/// A schema: which domains it is made of.
pub trait SchemaOf: Send + Sync + 'static {
    /// Its domains; fields of the roots stand in their order.
    fn domains() -> &'static [&'static Domain];
    /// What the schema is: what somebody reads first who has never seen it.
    const DESCRIPTION: &'static str;
    /// What `Query` is, for the schema.
    const QUERY: &'static str;
    /// What `Mutation` is.
    const MUTATION: &'static str;
    /// What `Subscription` is.
    const SUBSCRIPTION: &'static str;
}

/// The root of queries.
pub struct QueryRoot<S>(PhantomData<fn() -> S>);

/// The root of mutations.
pub struct MutationRoot<S>(PhantomData<fn() -> S>);

/// The root of subscriptions.
pub struct SubscriptionRoot<S>(PhantomData<fn() -> S>);

impl<S> Default for QueryRoot<S> {
    fn default() -> Self {
        QueryRoot(PhantomData)
    }
}

impl<S> Default for MutationRoot<S> {
    fn default() -> Self {
        MutationRoot(PhantomData)
    }
}

impl<S> Default for SubscriptionRoot<S> {
    fn default() -> Self {
        SubscriptionRoot(PhantomData)
    }
}

fn operations(domains: &'static [&'static Domain], root: Root) -> impl Iterator<Item = &'static Operation> {
    domains.iter().flat_map(|domain| domain.operations).flat_map(|block| *block).filter(move |operation| operation.root == root)
}

fn register(types: &mut Types, name: &'static str, description: &'static str, domains: &'static [&'static Domain], root: Root) -> String {
    if !types.types.contains_key(name) {
        types.types.insert(name.to_owned(), ObjectBuilder::new(name, IndexMap::new()).rust_typename("declared").build());
        let fields = meta::fields_of(types, operations(domains, root).map(|operation| &operation.field), root == Root::Mutation);
        let built = ObjectBuilder::new(name, fields).description(Some(description.to_owned())).rust_typename("declared").build();
        types.types.insert(name.to_owned(), built);
    }
    format!("{name}!")
}

/// A field of a root. A field of Query that fails is null alone, whatever the reason: nothing else of the document depends on
/// it.
async fn resolve_field(ctx: &Context<'_>, root: Root) -> ServerResult<Option<Value>> {
    let request = ctx.request();
    let Some(operation) = request.registry().operation(root, &ctx.item.node.name.node) else { return Ok(None) };
    let answered = async {
        // What is not for API keys is refused before it is asked what they grant.
        if let Some(actor) = request.actor() {
            let refused = actor.require_in_person(root == Root::Mutation, operation.is_session || operation.in_person);
            refused.map_err(|error| located(ctx, error))?;
        }
        if let Some(access) = operation.field.access {
            access.check(request).map_err(|error| located(ctx, error))?;
        }
        if root == Root::Mutation {
            // The audit log keeps its changes under this name.
            request.tx.enter_operation(operation.field.name);
        }
        match operation.field.source {
            Source::Resolver(resolve) => resolve(Parent::Root, ctx).await.map_err(|error| placed(ctx, error)),
            _ => unreachable!("the fields of a root are resolvers"),
        }
    };
    match answered.await {
        Err(error) if root == Root::Query && request.registry().is_nullable(root, operation.field.name) => {
            ctx.add_error(error);
            Ok(Some(Value::Null))
        }
        other => other.map(Some),
    }
}

impl<S: SchemaOf> OutputType for QueryRoot<S> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Query")
    }

    fn create_type_info(types: &mut Types) -> String {
        register(types, "Query", S::QUERY, S::domains(), Root::Query)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<S: SchemaOf> ContainerType for QueryRoot<S> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        resolve_field(ctx, Root::Query).await
    }
}

impl<S: SchemaOf> ObjectType for QueryRoot<S> {}

impl<S: SchemaOf> OutputType for MutationRoot<S> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Mutation")
    }

    fn create_type_info(types: &mut Types) -> String {
        register(types, "Mutation", S::MUTATION, S::domains(), Root::Mutation)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<S: SchemaOf> ContainerType for MutationRoot<S> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        resolve_field(ctx, Root::Mutation).await
    }
}

impl<S: SchemaOf> ObjectType for MutationRoot<S> {}

impl<S: SchemaOf> SubscriptionType for SubscriptionRoot<S> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("Subscription")
    }

    fn is_empty() -> bool {
        S::domains().iter().all(|domain| domain.events.is_empty() && domain.streams.is_empty())
    }

    fn create_type_info(types: &mut Types) -> String {
        let mut fields = IndexMap::new();
        for event in S::domains().iter().flat_map(|domain| domain.events) {
            let query = operations(S::domains(), Root::Query).find(|operation| operation.field.name == event.query);
            let field = meta::event_of(types, event, query.and_then(|query| query.field.access));
            fields.insert(event.name.to_owned(), field);
        }
        for stream in S::domains().iter().flat_map(|domain| domain.streams) {
            fields.insert(stream.name.to_owned(), meta::stream_of(types, stream));
        }
        let MetaType::Object { name, description, fields, .. } =
            ObjectBuilder::new("Subscription", fields).description(Some(S::SUBSCRIPTION.to_owned())).build()
        else {
            unreachable!("an object was built")
        };
        let built = ObjectBuilder::new(name, fields).description(description).is_subscription(true).rust_typename("declared").build();
        types.types.insert("Subscription".to_owned(), built);
        "Subscription!".to_owned()
    }

    /// Events are executed as queries, one by one: `execute/subscription.rs`; what is told as it comes: `execute/telling.rs`.
    fn create_field_stream<'a>(&'a self, _ctx: &'a Context<'_>) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        None
    }
}

/// What stands in no field's declaration: everything that has an id, and what domains add to one another's types. To be
/// registered with the schema of `S`.
pub struct Additions<S>(PhantomData<fn() -> S>);

impl<S: SchemaOf> OutputType for Additions<S> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(meta::NODE)
    }

    fn create_type_info(types: &mut Types) -> String {
        for domain in S::domains() {
            for object in domain.objects {
                meta::register(types, object());
            }
            node::register(types, domain.objects);
        }
        for domain in S::domains() {
            for extension in domain.extensions {
                meta::extend(types, (extension.object)().name, extension.fields);
            }
            for input in domain.inputs {
                let added = (input.fields)(types);
                if let Some(MetaType::InputObject { input_fields, .. }) = types.types.get_mut(input.input) {
                    input_fields.extend(added);
                }
            }
            for filter in domain.filters {
                let added = (filter.fields)(types);
                if let Some(MetaType::InputObject { input_fields, .. }) = types.types.get_mut(filter.input) {
                    input_fields.extend(added);
                }
            }
            let orders =
                domain.orders.iter().map(|(name, values)| (*name, values.iter().map(|(value, text, _)| (*value, *text)).collect()));
            let open = domain.enum_values.iter().map(|(name, values)| (*name, values.to_vec()));
            for (name, values) in orders.chain::<Vec<(&str, Vec<_>)>>(open.collect()) {
                if let Some(MetaType::Enum { enum_values, .. }) = types.types.get_mut(name) {
                    enum_values.extend(values.iter().map(|(value, text)| enum_value(value, text)));
                }
            }
        }
        "JSON".to_owned()
    }

    async fn resolve(&self, _ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}
