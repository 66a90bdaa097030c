//! GraphQL: the request's context, guards, loaders, pages, scalars; the schema; the execution of one document.

mod batch;
mod connection;
mod context;
mod document;
mod engine;
mod guard;
mod inputs;
mod localized;
mod measure;
mod node;
mod normal;
mod report;
mod scalars;
mod schema;
mod turns;

pub use self::{
    batch::{Batch, Loads, Nested, TotalOf},
    connection::{Connection, Edge, EdgeFields, NoEdgeFields, Total},
    context::{Afterwards, Ctx, Request, Services},
    document::{Document, Limits, OperationKind},
    engine::{Answer, Engine, GraphqlRequest},
    guard::{Authenticated, Public, Require, SignedIn, public, requires_permission},
    inputs::{OrderDirection, text},
    node::Node,
    report::refusal_response as refusal,
    scalars::{Date, DateTime, Json},
    schema::{Schema, build as build_schema, sdl},
    turns::TurnOptions,
};
