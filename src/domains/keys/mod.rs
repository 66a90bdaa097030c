//! Keys: API keys, by which programs act in somebody's place. Tables: `api_key`, `api_key_secret`.
//!
//! Permissions: API_KEY_CREATE (the own), API_KEY_MANAGE (all are seen and revoked). Invariants, kept by the database: a key has what it was granted *and*
//! what its owner holds now in the role in which it was made (`app.load_actor`); it is dead once it is revoked or over, the role is not its owner's any
//! more, or its owner is suspended or deleted; nobody has more than twenty live ones. What no key may do, the operations say (`#[session]`,
//! `#[in_person]`); what none may hold, `Permission::is_for_keys`. Its secret is shown once, and kept as a hash in a table of its own.

mod api_key;
mod inputs;
mod kinds;
mod mutations;
mod queries;
mod remind;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::{api_key::ApiKey, kinds::API_KEY_EXPIRING};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[ApiKey::object, mutations::CreatedApiKey::object],
    operations: &[queries::KeyQueries::OPERATIONS, mutations::KeyMutations::OPERATIONS],
    jobs: &[remind::REMINDERS],
    ..Domain::new("keys")
};
