//! What every subject of Lectern stands on; it knows none of them. The product describes its subjects in a [registry](resolve::registry) and
//! hands in its schema.
//!
//! The rooms, each of which knows only those above it:
//! - [`clock`], [`permission`], [`error`], [`ids`], [`text`]: what everything is made of
//! - [`seen`]: what an operator sees: numbers and traces
//! - [`sealing`]: what the database keeps and must not be able to read
//! - [`outbound`]: requests to addresses that a person has named
//! - [`db`]: the one door to the database
//! - [`auth`]: who is asking
//! - [`rates`]: how much they may ask for
//! - [`jobs`]: what happens outside a request
//! - [`store`]: bytes outside the database
//! - [`resolve`]: what resolvers reach, and how they answer
//! - [`request`]: what a client sends, before it runs
//! - [`execute`]: the execution of one document

#![recursion_limit = "1024"]

pub mod auth;
pub mod clock;
pub mod db;
pub mod error;
pub mod execute;
pub mod ids;
pub mod jobs;
pub mod outbound;
pub mod permission;
pub mod rates;
pub mod request;
pub mod resolve;
pub mod sealing;
pub mod seen;
pub mod store;
pub mod text;
mod text_enum;
