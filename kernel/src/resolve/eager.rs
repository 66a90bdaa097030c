//! Objects that are there already. The executor gives every field a future of its own, on the heap and as large as the
//! largest field of its type: for a page of rows that is most of what an answer costs. What is nothing but a part of an
//! object that was read is put into the answer at once instead; only the fields that need more (a loader, a guard, arguments)
//! go the executor's way.

use std::{borrow::Cow, collections::HashMap, ops::Deref};

use async_graphql::{
    ContainerType, ContextSelectionSet, InputType, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, FragmentDefinition, InlineFragment, Selection, SelectionSet},
    registry::Registry,
};
use futures_util::future::{BoxFuture, try_join_all};

use crate::ids::{Id, Kind};

/// An object of which some fields are nothing but a part of it: no guard, no arguments, no look at who asks.
pub trait EagerFields: ContainerType + Send + Sync {
    /// Their names, as the schema has them.
    const FIELDS: &'static [&'static str] = &[];

    /// The value of such a field; `None` for all others. `selected` is what is asked of it.
    fn eager_field(&self, _name: &str, _selected: Selected<'_>) -> Option<Value> {
        None
    }
}

/// A scalar in an answer.
pub trait EagerValue {
    /// What stands in the answer.
    fn eager_value(&self) -> Value;
}

impl<T: InputType> EagerValue for T {
    fn eager_value(&self) -> Value {
        self.to_value()
    }
}

impl<T: Kind> EagerValue for Id<T> {
    fn eager_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl<T: EagerFields> EagerFields for &T {
    const FIELDS: &'static [&'static str] = T::FIELDS;

    fn eager_field(&self, name: &str, selected: Selected<'_>) -> Option<Value> {
        T::eager_field(self, name, selected)
    }
}

/// Names the eager fields of an object: scalars, then objects and after them scalars that may have been read along (`Some`
/// where they were; an object in it that is `None` is null).
#[macro_export]
macro_rules! eager {
    ($object:ty { $($name:literal: $field:ident),+ $(,)? } $(with { $($child:literal: $joined:ident),+ $(,)? })?
     $(and { $($page:literal: $known:ident),+ $(,)? })?) => {
        impl $crate::resolve::EagerFields for $object {
            const FIELDS: &'static [&'static str] = &[$($name,)+ $($($child,)+)? $($($page,)+)?];

            #[allow(unused_variables, reason = "not every object has others in it")]
            fn eager_field(&self, name: &str, selected: $crate::resolve::Selected<'_>) -> Option<async_graphql::Value> {
                match name {
                    $($name => Some($crate::resolve::EagerValue::eager_value(&self.$field)),)+
                    $($($child => $crate::resolve::child(self.$joined.as_ref()?.as_ref(), selected),)+)?
                    $($($page => Some($crate::resolve::EagerValue::eager_value(self.$known.as_ref()?)),)+)?
                    _ => None,
                }
            }
        }
    };
}

/// What is asked of an object.
#[derive(Clone, Copy)]
pub struct Selected<'a> {
    set: &'a SelectionSet,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
}

impl<'a> Selected<'a> {
    /// The fields that are asked of a `T`, those of its fragments among them; false where a directive, or a fragment on
    /// another type, is better left to the executor.
    fn fields<T: OutputType>(self, found: &mut Vec<&'a Positioned<Field>>) -> bool {
        self.set.items.iter().all(|item| match &item.node {
            Selection::Field(field) => {
                found.push(field);
                field.node.directives.is_empty()
            }
            Selection::FragmentSpread(spread) => {
                let fragment = self.fragments.get(&spread.node.fragment_name.node).map(|fragment| &fragment.node);
                fragment.is_some_and(|FragmentDefinition { type_condition, directives, selection_set }| {
                    let is_theirs = spread.node.directives.is_empty()
                        && directives.is_empty()
                        && type_condition.node.on.node.as_str() == T::type_name();
                    is_theirs && Selected { set: &selection_set.node, ..self }.fields::<T>(found)
                })
            }
            Selection::InlineFragment(inline) => {
                let InlineFragment { type_condition, directives, selection_set } = &inline.node;
                let is_theirs = type_condition.as_ref().is_none_or(|condition| condition.node.on.node.as_str() == T::type_name());
                directives.is_empty() && is_theirs && Selected { set: &selection_set.node, ..self }.fields::<T>(found)
            }
        })
    }
}

/// The value of an object that was read along with another; `None` where it takes more than what was read.
pub fn child<T: EagerFields>(object: Option<&T>, selected: Selected<'_>) -> Option<Value> {
    let Some(object) = object else { return Some(Value::Null) };
    let (fields, others) = sort(object, selected)?;
    others.is_empty().then(|| Value::Object(fields))
}

type Others<'a> = Vec<(usize, &'a Positioned<Field>)>;

/// The eager fields of a selection with their values, with places for the others; `None` where that is better left to the
/// executor, also where a name is asked for twice.
fn sort<'a, T: EagerFields>(object: &T, selected: Selected<'a>) -> Option<(IndexMap<Name, Value>, Others<'a>)> {
    let mut asked = Vec::with_capacity(selected.set.items.len());
    if !selected.fields::<T>(&mut asked) {
        return None;
    }
    let (mut fields, mut others) = (IndexMap::with_capacity(asked.len()), Vec::new());
    for field in asked {
        let name = field.node.name.node.as_str();
        let value = match name {
            "__typename" => Value::String(object.introspection_type_name().into_owned()),
            _ => object.eager_field(name, Selected { set: &field.node.selection_set.node, ..selected }).unwrap_or_else(|| {
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
pub struct Eager<T>(pub T);

impl<T> From<T> for Eager<T> {
    fn from(object: T) -> Self {
        Eager(object)
    }
}

impl<T> Deref for Eager<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: EagerFields> OutputType for Eager<T> {
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
        let selected = Selected { set: &ctx.item.node, fragments: &ctx.query_env.fragments };
        let Some((mut fields, others)) = sort(&self.0, selected) else { return self.0.resolve(ctx, field).await };
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
