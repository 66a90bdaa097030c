//! Objects that are there already. The executor gives every field a future of its own, on the heap and as large as the
//! largest field of its type: for a page of rows that is most of what an answer costs. What is nothing but a part of an
//! object that was read is put into the answer at once instead; only the fields that need more (a loader, a guard, arguments)
//! go the executor's way.

use std::{borrow::Cow, ops::Deref};

use async_graphql::{
    ContainerType, ContextSelectionSet, InputType, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
};
use futures_util::future::{BoxFuture, try_join_all};

use crate::ids::{Id, Kind};

/// An object of which some fields are nothing but a part of it: no guard, no arguments, no look at who asks.
pub trait Plain: ContainerType + Send + Sync {
    /// Their names, as the schema has them.
    const FIELDS: &'static [&'static str] = &[];

    /// The value of such a field; `None` for all others. `selection` is what is asked of it.
    fn plain(&self, _name: &str, _selection: &SelectionSet) -> Option<Value> {
        None
    }
}

/// A scalar in an answer.
pub trait PlainValue {
    /// What stands in the answer.
    fn plain_value(&self) -> Value;
}

impl<T: InputType> PlainValue for T {
    fn plain_value(&self) -> Value {
        self.to_value()
    }
}

impl<T: Kind> PlainValue for Id<T> {
    fn plain_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl<T: Plain> Plain for &T {
    const FIELDS: &'static [&'static str] = T::FIELDS;

    fn plain(&self, name: &str, selection: &SelectionSet) -> Option<Value> {
        T::plain(self, name, selection)
    }
}

/// Names the plain fields of an object: scalars, and objects that were read along (`Some` where they were; of these, `None`
/// is null).
#[macro_export]
macro_rules! plain {
    ($object:ty { $($name:literal: $field:ident),+ $(,)? } $(with { $($child:literal: $joined:ident),+ $(,)? })?) => {
        impl $crate::graphql::Plain for $object {
            const FIELDS: &'static [&'static str] = &[$($name,)+ $($($child,)+)?];

            #[allow(unused_variables, reason = "not every object has others in it")]
            fn plain(&self, name: &str, selection: &async_graphql::parser::types::SelectionSet) -> Option<async_graphql::Value> {
                match name {
                    $($name => Some($crate::graphql::PlainValue::plain_value(&self.$field)),)+
                    $($($child => $crate::graphql::child(self.$joined.as_ref()?.as_ref(), selection),)+)?
                    _ => None,
                }
            }
        }
    };
}

/// The value of an object that was read along with another; `None` where it takes more than what was read.
pub fn child<T: Plain>(object: Option<&T>, selection: &SelectionSet) -> Option<Value> {
    let Some(object) = object else { return Some(Value::Null) };
    let (fields, others) = sort(object, selection)?;
    others.is_empty().then(|| Value::Object(fields))
}

type Others<'a> = Vec<(usize, &'a Positioned<Field>)>;

/// The plain fields of a selection with their values, with places for the others; `None` where that is better left to the
/// executor: fragments, directives, a name asked for twice.
fn sort<'a, T: Plain>(object: &T, selection: &'a SelectionSet) -> Option<(IndexMap<Name, Value>, Others<'a>)> {
    let mut fields = IndexMap::with_capacity(selection.items.len());
    let mut others = Vec::new();
    for item in &selection.items {
        let Selection::Field(field) = &item.node else { return None };
        if !field.node.directives.is_empty() {
            return None;
        }
        let name = field.node.name.node.as_str();
        let value = match name {
            "__typename" => Value::String(object.introspection_type_name().into_owned()),
            _ => object.plain(name, &field.node.selection_set.node).unwrap_or_else(|| {
                others.push((fields.len(), field));
                Value::Null
            }),
        };
        if fields.insert(field.node.response_key().node.clone(), value).is_some() {
            return None;
        }
    }
    Some((fields, others))
}

/// An object in an answer, resolved as far as possible at once. To clients it is the object itself.
#[derive(Debug, Clone)]
pub struct Row<T>(pub T);

impl<T> From<T> for Row<T> {
    fn from(object: T) -> Self {
        Row(object)
    }
}

impl<T> Deref for Row<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Plain> OutputType for Row<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let Some((mut fields, others)) = sort(&self.0, &ctx.item.node) else { return self.0.resolve(ctx, field).await };
        if !others.is_empty() {
            let others = others.into_iter().map(|(at, field)| -> BoxFuture<'_, ServerResult<(usize, Value)>> {
                Box::pin(async move { Ok((at, self.0.resolve_field(&ctx.with_field(field)).await?.unwrap_or_default())) })
            });
            for (at, value) in try_join_all(others).await? {
                fields[at] = value;
            }
        }
        Ok(Value::Object(fields))
    }
}
