//! Lectern: learning and scheduling for many schools as one GraphQL API, kept apart by PostgreSQL's row-level security.
//!
//! What every subject stands on is the crate `lectern_kernel`; here are the subjects, and what serves them.
//!
//! The way of a request:
//! 1. [`http`] receives the document, refuses what is malformed, oversized or abusive
//! 2. `lectern_kernel::auth` names the actor: tenant, user, active role, permissions
//! 3. `lectern_kernel::request` reads, measures and validates the document
//! 4. `lectern_kernel::execute` opens that actor's one transaction (`lectern_kernel::db`: `SET LOCAL app.tenant_id …`)
//! 5. [`schema`] finds the field; `lectern_kernel::resolve` asks its guard, batches its keys
//! 6. [`domains`] answers it: one folder a subject
//! 7. `policies/` decide, inside PostgreSQL, which rows exist at all
//!
//! Around it: [`config`] (every setting), [`embedded`] (a PostgreSQL of its own), [`ops`] (the operator's commands).

#![recursion_limit = "1024"]

pub mod config;
pub mod domains;
pub mod embedded;
pub mod http;
pub mod ops;
pub mod schema;
pub mod telemetry;
