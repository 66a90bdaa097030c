//! What an object type of the schema is made of. The macros write these tables as static data; [`super::driver`] reads
//! them. One table serves the guard, the directive, the description, the columns that are read and the answer.

use async_graphql::{
    Context, Positioned, ServerResult, Value, VisitorContext,
    parser::types::{Field, VariableDefinition},
    registry::Registry,
};
use futures_util::future::BoxFuture;
use tokio_postgres::Row;

use super::{context::Request, row::Object};
use crate::{db::DbError, error::Result, permission::Permission};

/// An object type.
pub struct ObjectDef {
    /// Its name in the schema.
    pub name: &'static str,
    /// What it is, for the schema.
    pub description: &'static str,
    /// Where its rows are; none for a type that is made in memory.
    pub table: Option<TableDef>,
    /// What is read of a row: first the narrow columns, beginning with the id, then the wide ones.
    pub columns: &'static [ColumnDef],
    /// The columns that are written and never read.
    pub secrets: &'static [&'static str],
    /// The fields that the struct declares.
    pub fields: &'static [FieldDef],
    /// The fields that its block of resolvers declares.
    pub resolvers: &'static [FieldDef],
}

/// Where the rows of a type are.
pub struct TableDef {
    /// The table.
    pub name: &'static str,
    /// Its alias in statements.
    pub alias: &'static str,
    /// The column that its ids stand in.
    pub key: &'static str,
    /// What a row must fulfil to exist, over the alias `{}`; none where every row does.
    pub live: Option<&'static str>,
    /// What stands before the underscore of its ids.
    pub prefix: &'static str,
    /// Whether `node` answers it, and the permissions of which that takes one.
    pub node: Option<&'static [Permission]>,
    /// Its policy asks functions of each row: where it is joined, row by row, instead of being read as a whole once.
    pub is_dear: bool,
}

impl TableDef {
    /// Whether it is a table, and not a function of the schema `app` that answers rows without ids of their own.
    pub fn is_table(&self) -> bool {
        !self.name.contains('.')
    }
}

/// A column, or an expression, that is read of a row.
pub struct ColumnDef {
    /// The column's name, or an expression in which `{}` stands for the table's alias.
    pub expression: &'static str,
    /// Read only where somebody asks for it.
    pub is_wide: bool,
    /// The prefix of the ids that it holds.
    pub references: Option<&'static str>,
}

/// A column whose type is known: the index is that in [`ObjectDef::columns`].
pub struct Column<T> {
    /// Where it stands among the columns.
    pub index: usize,
    /// The column's name.
    pub name: &'static str,
    /// Read only where somebody asks for it.
    pub is_wide: bool,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Column<T> {}

impl<T> Column<T> {
    /// For the macros.
    #[doc(hidden)]
    pub const fn new(index: usize, name: &'static str, is_wide: bool) -> Self {
        Column { index, name, is_wide, of: std::marker::PhantomData }
    }

    /// A column that may be written and never read.
    #[doc(hidden)]
    pub const fn secret(name: &'static str) -> Self {
        Column { index: usize::MAX, name, is_wide: true, of: std::marker::PhantomData }
    }

    /// A column that another domain adds to a table: it is read by the driver alone.
    #[doc(hidden)]
    pub const fn added(name: &'static str) -> Self {
        Column { index: usize::MAX - 1, name, is_wide: true, of: std::marker::PhantomData }
    }

    /// Whether it can't be read.
    pub fn is_secret(self) -> bool {
        self.index == usize::MAX
    }
}

/// Who may ask for a field at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Any signed-in person, also after the school's subscription has lapsed.
    Authenticated,
    /// Any signed-in person of a school whose subscription runs.
    SignedIn,
    /// Whoever's active role holds one of these.
    AnyOf(&'static [Permission]),
}

impl Access {
    /// Whether it is still so after the school's subscription has lapsed.
    pub fn outlives_subscription(self) -> bool {
        match self {
            Access::Public | Access::Authenticated => true,
            Access::SignedIn => false,
            Access::AnyOf(permissions) => permissions.iter().all(|permission| permission.outlives_subscription()),
        }
    }

    /// Asks memory alone; rows are the policies' business.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `SUBSCRIPTION_EXPIRED`, or `FORBIDDEN` with the permissions that would do.
    pub fn check(self, request: &Request) -> Result<()> {
        if self == Access::Public {
            return Ok(());
        }
        let actor = request.actor().ok_or_else(crate::error::Error::unauthenticated)?;
        match self {
            Access::Public | Access::Authenticated => Ok(()),
            Access::SignedIn => {
                actor.require_second_factor()?;
                actor.require_subscription()
            }
            Access::AnyOf(permissions) => actor.require(permissions),
        }
    }
}

/// What a field's resolver is called on.
#[derive(Clone, Copy)]
pub enum Parent<'a> {
    /// The root of the schema.
    Root,
    /// A row.
    Row(&'a Object),
    /// A value in memory.
    Value(&'a (dyn std::any::Any + Send + Sync)),
}

impl<'a> Parent<'a> {
    /// The row.
    ///
    /// # Panics
    /// Where there is none: the macros call it for types with a table alone.
    pub fn row(self) -> &'a Object {
        match self {
            Parent::Row(object) => object,
            _ => unreachable!("a field of a table's type is resolved on its row"),
        }
    }

    /// The value in memory.
    ///
    /// # Panics
    /// Where it is none, or of another type: the macros call it for types without a table alone.
    pub fn value<T: 'static>(self) -> &'a T {
        match self {
            Parent::Value(value) => value.downcast_ref().expect("a field is resolved on its own type"),
            _ => unreachable!("a field of a type without a table is resolved on its value"),
        }
    }
}

/// Answers a field.
pub type Resolve = for<'a> fn(Parent<'a>, &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>>;

/// A finished part of an answer, as JSON text. Between resolvers it travels as [`Value::Binary`], which nothing but the
/// response's own serializer meets.
pub type JsonText = Vec<u8>;

/// Writes a column of a row into an answer.
pub type WriteColumn = fn(&Row, usize, &mut JsonText) -> Result<(), DbError>;

/// What a field costs, out of its arguments and of what one of its items costs. An argument that can't be null may be null here, in
/// place of a variable's default: the field is refused when it is resolved, and no other with it.
pub type Cost = fn(&VisitorContext<'_>, &[Positioned<VariableDefinition>], &Field, usize) -> ServerResult<usize>;

/// Makes a type known to the schema, and answers its name there, with brackets and exclamation mark.
pub type TypeOf = fn(&mut Registry) -> String;

/// A field.
pub struct FieldDef {
    /// Its name in the schema.
    pub name: &'static str,
    /// What it is, without who may ask for it: that is added out of `access`.
    pub description: &'static str,
    /// Who may ask for it; none where whoever sees the object may.
    pub access: Option<Access>,
    /// Its arguments.
    pub arguments: &'static [ArgumentDef],
    /// Its type. A field that needs a permission may be null, whatever this says; the root of mutations aside.
    pub ty: TypeOf,
    /// What it costs; none for one point and what is asked of it.
    pub cost: Option<Cost>,
    /// Whether it takes more than the narrow columns of its row.
    pub reads_wide: bool,
    /// Where its value comes from.
    pub source: Source,
}

/// Where the id of a to-one child stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a column that the type itself declares.
    Own(usize),
    /// In a column that the same extension adds.
    Added(usize),
}

/// Where a field's value comes from.
#[derive(Clone, Copy)]
pub enum Source {
    /// A column, written into the answer as it is.
    Column(usize, WriteColumn),
    /// Columns and the person who asks: no waiting.
    Computed(fn(&Object, &Request, &mut JsonText) -> Result<()>),
    /// The row that a column names, of another type or the same; joined where a statement reads its parent anyway.
    One(Place, fn() -> &'static ObjectDef),
    /// A number that the database counts for many rows at once.
    Count(&'static CountDef),
    /// Anything else.
    Resolver(Resolve),
}

/// An argument.
pub struct ArgumentDef {
    /// Its name in the schema.
    pub name: &'static str,
    /// What it is, for the schema.
    pub description: &'static str,
    /// Its type.
    pub ty: TypeOf,
    /// Its default, as GraphQL writes it.
    pub default: Option<&'static str>,
}

/// A function of the database that counts for many ids at once: `function(uuid[])` answers rows of `key` and `count`.
/// Two fields may show the same count.
#[derive(PartialEq, Eq)]
pub struct CountDef {
    /// The function.
    pub function: &'static str,
    /// The column of its answer that holds the id.
    pub key: &'static str,
}

/// Fields, columns and inputs that one domain adds to a type of another.
pub struct ExtensionDef {
    /// The type that they are added to.
    pub object: fn() -> &'static ObjectDef,
    /// Columns of its table; all are wide.
    pub columns: &'static [ColumnDef],
    /// The fields. The index of a [`Source::Column`] counts from the first of these columns.
    pub fields: &'static [FieldDef],
}
