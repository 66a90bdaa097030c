//! Enums whose values come from several domains, such as the kinds of notifications: what a domain adds stands in its table
//! ([`super::registry::Domain::enum_values`]), and the schema knows the whole.

use std::{borrow::Cow, error::Error, fmt, marker::PhantomData};

use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{EnumBuilder, Registry},
};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut};

use super::ordering::enum_value;

/// An enum to which other domains may add values.
pub trait OpenEnum: Send + Sync + 'static {
    /// Its name in the schema.
    const NAME: &'static str;
    /// What it is, for the schema.
    const DESCRIPTION: &'static str;
    /// Its own values: `(value, description)`.
    const VALUES: &'static [(&'static str, &'static str)];
}

/// A value of an open enum: text in the database, checked there against the table of values.
pub struct Open<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

impl<T> Open<T> {
    /// A value by its name.
    pub fn new(text: impl Into<String>) -> Self {
        Open { text: text.into(), of: PhantomData }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T> Clone for Open<T> {
    fn clone(&self) -> Self {
        Open::new(self.text.clone())
    }
}

impl<T> fmt::Debug for Open<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl<T> PartialEq for Open<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn register<T: OpenEnum>(registry: &mut Registry) -> String {
    registry.types.entry(T::NAME.to_owned()).or_insert_with(|| {
        let values = T::VALUES.iter().map(|(name, text)| enum_value(name, text)).collect();
        EnumBuilder::new(T::NAME, values).description(Some(T::DESCRIPTION.to_owned())).rust_typename("declared").build()
    });
    format!("{}!", T::NAME)
}

impl<T: OpenEnum> OutputType for Open<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register::<T>(registry)
    }

    async fn resolve(&self, _ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        Ok(self.to_value())
    }
}

impl<T: OpenEnum> InputType for Open<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register::<T>(registry)
    }

    /// Which values there are, the validation has asked of the schema.
    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            Some(Value::Enum(name)) => Ok(Open::new(name.as_str())),
            Some(Value::String(name)) => Ok(Open::new(name)),
            other => Err(InputValueError::expected_type(other.unwrap_or_default())),
        }
    }

    fn to_value(&self) -> Value {
        Value::Enum(Name::new(&self.text))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<'a, T> FromSql<'a> for Open<T> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        String::from_sql(ty, raw).map(Open::new)
    }
    fn accepts(ty: &Type) -> bool {
        <String as FromSql>::accepts(ty)
    }
}

impl<T> ToSql for Open<T> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.text.to_sql(ty, out)
    }
    fn accepts(ty: &Type) -> bool {
        <String as ToSql>::accepts(ty)
    }
    tokio_postgres::types::to_sql_checked!();
}

impl<T: 'static> super::ColumnInput for Open<T> {
    fn null() -> Option<Self> {
        None
    }
}

impl<T> super::Written for Open<T> {
    fn write(&self, out: &mut super::JsonText) {
        super::Written::write(&self.as_str(), out);
    }
}

impl<T> super::Scalar for Open<T> {
    type Read<'a> = &'a str;
}
