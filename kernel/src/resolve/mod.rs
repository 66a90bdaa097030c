//! What resolvers are made of: the request's context, guards, loaders, pages, scalars, and objects that are answered at once.

mod connection;
mod context;
mod eager;
mod guard;
mod inputs;
mod loader;
mod null_propagation;
mod projection;
mod scalars;

pub use self::{
    connection::{Connection, Edge, EdgeFields, NoEdgeFields, Total},
    context::{AfterRollback, Ctx, Request, Services},
    eager::{Eager, EagerFields, EagerValue, Selected, child},
    guard::{Authenticated, Public, Require, SignedIn, public, requires_permission},
    inputs::{OrderDirection, text},
    loader::{Batch, ById, Loads, Nested, TotalOf},
    null_propagation::NullPropagation,
    projection::SummaryColumns,
    scalars::{Date, DateTime, Json},
};
