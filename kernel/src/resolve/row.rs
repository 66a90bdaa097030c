//! Rows in an answer. An [`Object`] is a row of the driver and where in it the columns of a type begin: columns are
//! written into the answer as they are asked for, and a struct is made only where the code wants one.

use std::{borrow::Cow, marker::PhantomData, sync::Arc};

use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry};
use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};

use super::{
    catalog::ObjectInfo,
    driver, meta,
    object::{Column, CountDef, ObjectDef},
};
use crate::{
    db::DbError,
    error::{Error, Result},
    ids::{Id, Kind},
};

/// A type whose rows stand in a table.
pub trait Entity: Kind + Sized {
    /// What it is made of.
    fn object() -> &'static ObjectDef;

    /// Makes the struct out of a whole row.
    ///
    /// # Errors
    /// When a column was not read, or is of another type.
    fn read(object: &Object) -> Result<Self, DbError>;
}

/// What of a type is read by a statement, and where it stands in the rows.
pub struct Shape {
    /// The type.
    pub info: Arc<ObjectInfo>,
    /// Whether the wide columns are read, too.
    pub is_whole: bool,
    /// The to-one children that are joined: the column that names them, and where their columns begin.
    pub children: Vec<(usize, usize, Arc<Shape>)>,
    /// The numbers that are counted along, and where they stand.
    pub counts: Vec<(&'static CountDef, usize)>,
}

impl Shape {
    /// A row and nothing beside it.
    pub fn alone(info: &Arc<ObjectInfo>, is_whole: bool) -> Arc<Shape> {
        Arc::new(Shape { info: info.clone(), is_whole, children: Vec::new(), counts: Vec::new() })
    }

    /// How many columns it takes, without children.
    pub fn width(&self) -> usize {
        self.info.width(self.is_whole)
    }

    /// How many columns it takes, with children and counts.
    pub(super) fn full_width(&self) -> usize {
        self.width() + self.children.iter().map(|(_, _, child)| child.width()).sum::<usize>() + self.counts.len()
    }
}

/// A row of a type, or the part of a row that holds one.
#[derive(Clone)]
pub struct Object {
    row: Arc<Row>,
    at: usize,
    shape: Arc<Shape>,
}

impl Object {
    /// The object whose columns begin at `at`.
    pub fn new(row: Arc<Row>, at: usize, shape: Arc<Shape>) -> Self {
        Object { row, at, shape }
    }

    /// What of it was read.
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// Its type.
    pub fn info(&self) -> &Arc<ObjectInfo> {
        &self.shape.info
    }

    /// The driver's row.
    pub(super) fn row(&self) -> &Row {
        &self.row
    }

    /// Where in the row a column of it stands.
    ///
    /// # Errors
    /// When the statement left it out.
    pub(super) fn place(&self, index: usize) -> Result<usize, DbError> {
        if index < self.shape.width() {
            Ok(self.at + index)
        } else {
            Err(DbError::mismatch(format!("column {index} of {} was not read", self.shape.info.def.name)))
        }
    }

    /// Where in the row something stands that was read along.
    pub(super) fn place_of(&self, offset: usize) -> usize {
        self.at + offset
    }

    /// A column's value.
    ///
    /// # Errors
    /// When it was not read, or is of another type.
    pub fn get<'a, T: FromSql<'a>>(&'a self, column: Column<T>) -> Result<T, DbError> {
        self.at(column.index)
    }

    /// The value of the column with this index.
    ///
    /// # Errors
    /// As [`Object::get`].
    pub fn at<'a, T: FromSql<'a>>(&'a self, index: usize) -> Result<T, DbError> {
        Ok(self.row.try_get(self.place(index)?)?)
    }

    /// The child whose columns begin at an offset; none where the outer join found none.
    pub(super) fn child(&self, offset: usize, shape: &Arc<Shape>) -> Option<Object> {
        let at = self.at + offset;
        (!is_null(&self.row, at)).then(|| Object { row: self.row.clone(), at, shape: shape.clone() })
    }
}

/// Whether a column is null, whatever its type.
pub(super) fn is_null(row: &Row, at: usize) -> bool {
    struct Null(bool);
    impl<'a> FromSql<'a> for Null {
        fn from_sql(_: &Type, _: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
            Ok(Null(false))
        }
        fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
            Ok(Null(true))
        }
        fn accepts(_: &Type) -> bool {
            true
        }
    }
    row.try_get::<_, Null>(at).is_ok_and(|null| null.0)
}

impl<T: Entity> OutputType for Loaded<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::object().name)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        meta::register(registry, T::object())
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        driver::resolve_object(ctx, &self.object).await
    }
}

/// A row of a `T`, on its way into an answer.
pub struct Loaded<T> {
    object: Object,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        Loaded { object: self.object.clone(), of: PhantomData }
    }
}

impl<T: Entity> Loaded<T> {
    /// Wraps a row that is one of a `T`.
    pub fn new(object: Object) -> Self {
        debug_assert_eq!(object.info().def.name, T::object().name);
        Loaded { object, of: PhantomData }
    }

    /// The part of a row whose columns begin at `at`; none where an outer join found none.
    pub fn joined(row: &Arc<Row>, at: usize, shape: &Arc<Shape>) -> Option<Self> {
        (!is_null(row, at)).then(|| Loaded::new(Object::new(row.clone(), at, shape.clone())))
    }

    /// The row.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// A column's value.
    ///
    /// # Errors
    /// `INTERNAL` when it was not read, or is of another type.
    pub fn get<'a, V: FromSql<'a>>(&'a self, column: Column<V>) -> Result<V> {
        self.object.get(column).map_err(Error::from)
    }

    /// Its id.
    ///
    /// # Errors
    /// As [`Loaded::get`].
    pub fn id(&self) -> Result<Id<T>> {
        self.object.at(0).map_err(Error::from)
    }

    /// The struct, out of a whole row.
    ///
    /// # Errors
    /// As [`Loaded::get`].
    pub fn read(&self) -> Result<T> {
        T::read(&self.object).map_err(Error::from)
    }
}
