//! What resolvers are made of: declarations of types, the driver that answers them, the request's context, loaders, pages,
//! scalars.

mod ahead;
mod catalog;
mod connection;
mod context;
pub mod cost;
mod driver;
mod guard;
mod inputs;
mod keys;
mod listing;
mod loader;
mod meta;
mod node;
mod object;
mod open_enum;
mod ordering;
pub mod registry;
mod root;
mod row;
mod scalar;
mod scalars;
mod selection;
mod telling;
mod write;

pub use self::{
    ahead::{Ahead, GoAhead, Prepared},
    catalog::{Catalog, ObjectInfo},
    connection::{Connection, EdgeFields, PlainEdge, Total},
    context::{AfterCommit, AfterRollback, AskedBy, Ctx, LateWrite, Request, Services},
    driver::{answer, answer_ref, located, paging, resolve_value, write_value},
    guard::{public, requires_permission},
    inputs::{OrderDirection, text},
    listing::{Nested, Rows, all, all_where, filtered, list_of, many, many_where, many_with_edges, many_with_edges_where, one, page},
    loader::{Batch, Loads},
    meta::{SINCE, register, type_of},
    node::Node,
    object::{
        Access, ArgumentDef, Column, ColumnDef, CountDef, ExtensionDef, FieldDef, JsonText, ObjectDef, Parent, Place, Source, TableDef,
    },
    open_enum::{Open, OpenEnum},
    ordering::{OrderBy, Orders},
    root::{Additions, MutationRoot, QueryRoot, SchemaOf, SubscriptionRoot},
    row::{Entity, Loaded, Object, Shape},
    scalar::{Scalar, Written, write_column},
    scalars::{Date, DateTime, Json, LocalTime},
    selection::{Asked, Counting, Projection, Selecting},
    telling::{Begin, Listener, Taken, Telling, Told},
    write::{Changes, ColumnInput, Insert, IntoColumn, Patch, WriteDef, Writes, WritesNothing, as_given, present},
};

pub(crate) use self::scalars::scalar_problem;
pub use crate::db::PageArgs;

/// The arguments of a page that goes both ways: `first`, `after`, `last`, `before`.
pub type Paging = PageArgs;
/// The arguments of a page that goes forward: `first`, `after`.
pub type Forward = PageArgs;
