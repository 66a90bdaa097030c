//! New and changed rows of a type, out of what an input says: each field of an input that a column has is checked and
//! written by the input's own declaration.

use std::{fmt::Write as _, marker::PhantomData};

use async_graphql::{Context, InputType, InputValueResult, MaybeUndefined, Value, registry::Registry};
use tokio_postgres::types::ToSql;

use super::{
    context::Ctx,
    listing::Rows,
    object::{Column, ObjectDef, TableDef},
    row::{Entity, Loaded},
};
use crate::{
    db::DbError,
    error::{Error, Result},
    ids::Id,
};

/// What is to be written into columns.
#[derive(Default)]
pub struct Changes(Vec<Change>);

struct Change {
    column: &'static str,
    is_secret: bool,
    is_given: bool,
    value: Box<dyn ToSql + Sync + Send>,
}

/// A value that a column takes.
pub trait ColumnInput: ToSql + Sync + Send + Sized + 'static {
    /// What an explicit null makes of it; none where the column can't be null.
    fn null() -> Option<Self>;
}

impl<T: ColumnInput> ColumnInput for Option<T> {
    fn null() -> Option<Self> {
        Some(None)
    }
}

impl<T: ToSql + Sync + Send + 'static> ColumnInput for Vec<T> {
    fn null() -> Option<Self> {
        Some(Vec::new())
    }
}

/// Types of columns that can't be null by themselves.
#[macro_export]
macro_rules! column_inputs {
    ($($ty:ty),+ $(,)?) => {
        $(impl $crate::resolve::ColumnInput for $ty {
            fn null() -> Option<Self> {
                None
            }
        })+
    };
}

column_inputs!(String, bool, i32, i64, f64, uuid::Uuid, jiff::Timestamp, serde_json::Value);
column_inputs!(super::scalars::DateTime, super::scalars::Date, super::scalars::LocalTime);

impl<T: 'static> ColumnInput for Id<T> {
    fn null() -> Option<Self> {
        None
    }
}

/// What a check answers, as the column takes it.
pub trait IntoColumn<V> {
    /// The value.
    fn into_column(self) -> V;
}

impl<V> IntoColumn<V> for V {
    fn into_column(self) -> V {
        self
    }
}

impl<V> IntoColumn<Option<V>> for V {
    fn into_column(self) -> Option<V> {
        Some(self)
    }
}

impl Changes {
    fn push<V: ColumnInput>(&mut self, column: Column<V>, value: Option<V>) {
        let (is_given, is_secret) = (value.is_some(), column.is_secret());
        self.0.retain(|change| change.column != column.name);
        // Where it is not given, the type is all that is needed.
        self.0.push(Change { column: column.name, is_secret, is_given, value: Box::new(value) });
    }

    /// Writes a value.
    pub fn set<V: ColumnInput>(&mut self, column: Column<V>, value: V) {
        self.push(column, Some(value));
    }

    /// Writes a value, or leaves the column as it is.
    pub fn set_if<V: ColumnInput>(&mut self, column: Column<V>, value: Option<V>) {
        self.push(column, value);
    }

    /// A field that an input must have.
    pub fn given<V: ColumnInput, X, U: IntoColumn<V>>(
        &mut self,
        column: Column<V>,
        field: &'static str,
        value: &X,
        check: impl Fn(&str, &X) -> Result<U>,
    ) -> Result<()> {
        self.set(column, check(field, value)?.into_column());
        Ok(())
    }

    /// A field of a new row that may be left out or null: the column is then null, empty, or what its default says.
    pub fn optional<V: ColumnInput, X, U: IntoColumn<V>>(
        &mut self,
        column: Column<V>,
        field: &'static str,
        value: &Option<X>,
        check: impl Fn(&str, &X) -> Result<U>,
    ) -> Result<()> {
        let value = match value {
            Some(value) => Some(check(field, value)?.into_column()),
            None => V::null(),
        };
        if let Some(value) = value {
            self.set(column, value);
        }
        Ok(())
    }

    /// A field of a change: left out, the column stays as it is; an explicit null clears it.
    ///
    /// # Errors
    /// What the check says; `BAD_USER_INPUT` for a null that the column can't hold.
    pub fn maybe<V: ColumnInput, X, U: IntoColumn<V>>(
        &mut self,
        column: Column<V>,
        field: &'static str,
        value: &MaybeUndefined<X>,
        check: impl Fn(&str, &X) -> Result<U>,
    ) -> Result<()> {
        let value = match value {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(V::null().ok_or_else(|| Error::not_null(field))?),
            MaybeUndefined::Value(value) => Some(check(field, value)?.into_column()),
        };
        self.push(column, value);
        Ok(())
    }
}

/// What a change says of something that can be left out, but not cleared; none where it is left out.
///
/// # Errors
/// `BAD_USER_INPUT` for null, and what the check says.
pub fn present<X, U>(field: &str, value: &MaybeUndefined<X>, check: impl Fn(&str, &X) -> Result<U>) -> Result<Option<U>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Error::not_null(field)),
        MaybeUndefined::Value(value) => check(field, value).map(Some),
    }
}

/// The check of what needs none.
///
/// # Errors
/// None.
pub fn as_given<X: Clone>(_field: &str, value: &X) -> Result<X> {
    Ok(value.clone())
}

/// An input whose fields are written into columns of a `T`.
pub trait Writes<T>: InputType {
    /// Checks the fields and writes them.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    fn write(&self, changes: &mut Changes) -> Result<()>;
}

/// Which columns of which type an input writes, for whoever holds that against the database.
pub struct WriteDef {
    /// The type.
    pub object: fn() -> &'static ObjectDef,
    /// Its columns.
    pub columns: &'static [&'static str],
}

/// What an argument writes that is no input of `#[writes]`: those have a constant of this name of their own, which comes first.
pub trait WritesNothing {
    /// Nothing.
    const WRITES: Option<WriteDef> = None;
}

impl<T> WritesNothing for T {}

/// An argument as the document gives it.
pub(super) struct Raw(pub Option<Value>);

impl InputType for Raw {
    type RawValueType = Self;

    fn type_name() -> std::borrow::Cow<'static, str> {
        "JSON".into()
    }

    fn create_type_info(_registry: &mut Registry) -> String {
        "JSON".to_owned()
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        Ok(Raw(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone().unwrap_or_default()
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// Writes the fields of an input, and those that other domains have added to it.
fn write_all<T, I: Writes<T>>(ctx: &Context<'_>, input: &I, changes: &mut Changes) -> Result<()> {
    input.write(changes)?;
    for extension in ctx.request().registry().input_extensions(&I::type_name()) {
        if let Ok((_, Raw(Some(value)))) = ctx.param_value::<Raw>("input", None) {
            (extension.write)(value, changes)?;
        }
    }
    Ok(())
}

/// A new row.
pub struct Insert<T> {
    id: Id<T>,
    changes: Changes,
}

impl<T: Entity> Default for Insert<T> {
    fn default() -> Self {
        Insert { id: Id::generate(), changes: Changes::default() }
    }
}

impl<T: Entity> Insert<T> {
    /// A row with a new id.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id that it will have.
    pub fn id(&self) -> Id<T> {
        self.id
    }

    /// With what an input says.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn input<I: Writes<T>>(mut self, ctx: &Context<'_>, input: &I) -> Result<Self> {
        write_all(ctx, input, &mut self.changes)?;
        Ok(self)
    }

    /// With a value.
    #[must_use]
    pub fn set<V: ColumnInput>(mut self, column: Column<V>, value: V) -> Self {
        self.changes.set(column, value);
        self
    }

    /// Adds the row, and answers it.
    pub async fn run(self, ctx: &Context<'_>) -> Result<Loaded<T>, DbError> {
        let TableDef { name, alias, key, .. } = T::object().table.as_ref().expect("an entity has a table");
        let (mut columns, mut values) = (String::new(), String::new());
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&self.id];
        for change in &self.changes.0 {
            params.push(&*change.value);
            let _ = write!(columns, ", {}", change.column);
            let _ = write!(values, ", ${}", params.len() + 1);
        }
        let sql = format!("INSERT INTO {name} AS {alias} (tenant_id, {key}{columns}) SELECT $1, $2{values} RETURNING {{{alias}}}");
        let row = ctx.row(&sql, &params).await?;
        row.ok_or_else(|| DbError::mismatch("an INSERT returned nothing"))
    }
}

/// A change of a row.
pub struct Patch<T> {
    id: Id<T>,
    changes: Changes,
    of: PhantomData<fn() -> T>,
}

impl<T: Entity> Patch<T> {
    /// A change of the row with this id.
    pub fn of(id: Id<T>) -> Self {
        Patch { id, changes: Changes::default(), of: PhantomData }
    }

    /// As an input says.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn input<I: Writes<T>>(mut self, ctx: &Context<'_>, input: &I) -> Result<Self> {
        write_all(ctx, input, &mut self.changes)?;
        Ok(self)
    }

    /// With a value.
    #[must_use]
    pub fn set<V: ColumnInput>(mut self, column: Column<V>, value: V) -> Self {
        self.changes.set(column, value);
        self
    }

    /// With a value, or leaving the column as it is.
    #[must_use]
    pub fn set_if<V: ColumnInput>(mut self, column: Column<V>, value: Option<V>) -> Self {
        self.changes.set_if(column, value);
        self
    }

    /// Changes the row, and answers it; none where there is none, or none that the actor may change. The statement is the same
    /// whatever is given, but for secrets, which can't be read in it. Where nothing can be set, the row is answered as it is.
    pub async fn run(self, ctx: &Context<'_>) -> Result<Option<Loaded<T>>, DbError> {
        let TableDef { name, alias, key, live, .. } = T::object().table.as_ref().expect("an entity has a table");
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&self.id];
        let mut sets = String::new();
        for Change { column, is_secret, is_given, value } in &self.changes.0 {
            if *is_secret && !is_given {
                continue;
            }
            let separator = if sets.is_empty() { "" } else { ", " };
            if *is_secret {
                params.push(&**value);
                let _ = write!(sets, "{separator}{column} = ${}", params.len() + 1);
            } else {
                params.push(is_given);
                params.push(&**value);
                let last = params.len() + 1;
                let _ = write!(sets, "{separator}{column} = CASE WHEN ${} THEN ${last} ELSE {alias}.{column} END", last - 1);
            }
        }
        let live = live.map(|live| format!(" AND {}", live.replace("{}", alias))).unwrap_or_default();
        let sql =
            format!("UPDATE {name} {alias} SET {sets} WHERE {alias}.tenant_id = $1 AND {alias}.{key} = $2{live} RETURNING {{{alias}}}");
        ctx.row(&sql, &params).await
    }
}
