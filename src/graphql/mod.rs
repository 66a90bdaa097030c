//! GraphQL: the request's context, guards, loaders, pages, scalars; the schema; the execution of one document.

pub mod access;
mod aftermath;
mod batch;
mod check;
mod connection;
mod context;
mod core;
mod document;
mod engine;
mod explain;
mod guard;
mod inputs;
mod library;
mod limits;
mod localized;
mod measure;
mod node;
mod normal;
mod plain;
mod reading;
mod report;
mod request;
mod scalars;
mod schema;
mod trusted;
mod turns;
mod watch;

pub use self::{
    batch::{Batch, Loads, Nested, TotalOf},
    connection::{Connection, Edge, EdgeFields, NoEdgeFields, Total},
    context::{Afterwards, Ctx, Request, Services},
    core::Core,
    document::{Document, OperationKind},
    engine::{Answer, Engine},
    guard::{Authenticated, Public, Require, SignedIn, public, requires_permission},
    inputs::{OrderDirection, text},
    library::{CAPACITY as DOCUMENT_CACHE_BYTES, Library, PersistedQuery},
    limits::Limits,
    node::Node,
    plain::{Plain, PlainValue, Row, Selected, child},
    report::refusal_response as refusal,
    request::{GraphqlRequest, RequestExtensions},
    scalars::{Date, DateTime, Json},
    schema::{Schema, build as build_schema, sdl},
    trusted::Trusted,
    turns::TurnOptions,
    watch::{Event, Question, Watch},
};
