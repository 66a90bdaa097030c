//! Orders of lists: an enum of keys, to which other domains may add, and a direction.

use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{
    Context, InputType, InputValueError, InputValueResult, Name, Value,
    indexmap::IndexMap,
    registry::{EnumBuilder, InputObjectBuilder, MetaEnumValue, MetaInputValue, Registry},
};

use super::{context::Ctx, inputs::OrderDirection};
use crate::{
    db::{Order, SortKey},
    resolve::registry::OrderValue,
};

/// What lists of a type are sorted by.
pub trait Orders: Send + Sync + 'static {
    /// The type: the order is called `CourseOrder`, its keys `CourseOrderField`.
    const OF: &'static str;
    /// The type's plural, for the schema: "courses".
    const WHAT: &'static str;
    /// The keys.
    const KEYS: &'static [OrderValue];
    /// The tie-breaker: a uuid expression.
    const ID: &'static str;
    /// The key by default, and whether it descends.
    const DEFAULT: (usize, bool);

    /// The default.
    const USUAL: Order = Order { key: Self::KEYS[Self::DEFAULT.0].2, id: Self::ID, descending: Self::DEFAULT.1 };
}

/// An order as a client gives it.
#[derive(Debug, Clone)]
pub struct OrderBy<T> {
    field: Name,
    direction: OrderDirection,
    of: PhantomData<fn() -> T>,
}

impl<T: Orders> OrderBy<T> {
    /// The order that a client asks for, or else the usual one.
    pub fn or_usual(ctx: &Context<'_>, asked: Option<Self>) -> Order {
        let Some(OrderBy { field, direction, .. }) = asked else { return T::USUAL };
        let own = T::KEYS.iter().find(|(name, ..)| *name == field.as_str()).map(|(.., key)| *key);
        let added = || ctx.request().registry().order_value(&format!("{}OrderField", T::OF), &field);
        let key: SortKey = own.or_else(added).unwrap_or(T::USUAL.key);
        Order { key, id: T::ID, descending: direction == OrderDirection::Desc }
    }
}

impl<T: Orders> InputType for OrderBy<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        format!("{}Order", T::OF).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let name = Self::type_name().into_owned();
        if !registry.types.contains_key(&name) {
            let keys = format!("{}OrderField", T::OF);
            let values: IndexMap<String, MetaEnumValue> = T::KEYS.iter().map(|(name, text, _)| enum_value(name, text)).collect();
            let described = EnumBuilder::new(&keys, values).description(Some(format!("What {} are sorted by.", T::WHAT)));
            registry.types.insert(keys.clone(), described.rust_typename("declared").build());
            let direction = OrderDirection::create_type_info(registry);
            let field = |name: &str, ty: String, text: &str| {
                let mut field = MetaInputValue::new(name, ty);
                field.description = Some(text.to_owned());
                (name.to_owned(), field)
            };
            let fields = IndexMap::from_iter([
                field("field", format!("{keys}!"), "What to sort by."),
                field("direction", direction, "Which end comes first."),
            ]);
            let described = InputObjectBuilder::new(&name, fields).description(Some(format!("The order of a list of {}.", T::WHAT)));
            registry.types.insert(name.clone(), described.rust_typename("declared").build());
        }
        format!("{name}!")
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let Some(Value::Object(mut fields)) = value else { return Err(InputValueError::expected_type(value.unwrap_or_default())) };
        let field = match fields.swap_remove("field") {
            Some(Value::Enum(name)) => name,
            Some(Value::String(name)) => Name::new(name),
            other => return Err(InputValueError::expected_type(other.unwrap_or_default())),
        };
        let direction = InputType::parse(fields.swap_remove("direction")).map_err(InputValueError::propagate)?;
        Ok(OrderBy { field, direction, of: PhantomData })
    }

    fn to_value(&self) -> Value {
        let fields = [(Name::new("field"), Value::Enum(self.field.clone())), (Name::new("direction"), self.direction.to_value())];
        Value::Object(fields.into_iter().collect())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

pub(super) fn enum_value(name: &str, text: &str) -> (String, MetaEnumValue) {
    let mut value = MetaEnumValue::new(name);
    value.description = Some(text.to_owned());
    (name.to_owned(), value)
}
