//! Lectern: learning and scheduling for many schools as one GraphQL API, kept apart by PostgreSQL's row-level security.
//!
//! The way of a request:
//! 1. [`http`] receives the document, refuses what is malformed, oversized or abusive
//! 2. [`auth`] names the actor: tenant, user, active role, permissions
//! 3. [`db`] opens that actor's one transaction (`SET LOCAL app.tenant_id …`)
//! 4. [`graphql`] finds the field, asks its guard, batches its keys
//! 5. [`domains`] answers it: one folder a subject
//! 6. `policies/` decide, inside PostgreSQL, which rows exist at all
//!
//! Around it: [`config`] (every setting), [`embedded`] (a PostgreSQL of its own), [`ops`] (the operator's commands).

#![recursion_limit = "1024"]

pub mod auth;
pub mod clock;
pub mod config;
pub mod db;
pub mod domains;
pub mod embedded;
pub mod error;
pub mod graphql;
pub mod http;
pub mod ids;
pub mod ops;
pub mod rates;
pub mod sources;
pub mod telemetry;
