//! What GraphQL promises of a nullable field: where it fails, it alone is null. async-graphql passes the error of a guard
//! or a resolver on to the parent whatever the field's type says; this wrapper keeps it where it belongs.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry, resolver_utils::resolve_container,
};

/// An object whose nullable fields fail alone.
#[derive(Default)]
pub struct NullPropagation<T>(pub T);

impl<T: ObjectType> OutputType for NullPropagation<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<T: ObjectType> ContainerType for NullPropagation<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let resolved = self.0.resolve_field(ctx).await;
        match resolved {
            Err(error) if is_nullable::<T>(ctx) => {
                ctx.add_error(error);
                Ok(Some(Value::Null))
            }
            other => other,
        }
    }
}

impl<T: ObjectType> ObjectType for NullPropagation<T> {}

fn is_nullable<T: OutputType>(ctx: &Context<'_>) -> bool {
    let field =
        ctx.schema_env.registry.types.get(T::type_name().as_ref()).and_then(|parent| parent.field_by_name(&ctx.item.node.name.node));
    field.is_some_and(|field| !field.ty.ends_with('!'))
}
