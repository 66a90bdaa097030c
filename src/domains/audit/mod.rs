//! Audit: what was changed and what was refused, by whom, when. Table: `audit_entry`.
//!
//! Permission: AUDIT_READ. The entries of changes are written by the database itself (`app.audit`, a trigger of every
//! business table), in the transaction of the change; those of refused mutations by the engine, after it was rolled back.
//! Invariants: no role of the service changes or removes an entry; no secret enters one; every id leaves as a TypeID.

mod entry;
mod queries;
mod render;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    entry::{AuditEntry, AuditOutcome},
    render::{Cell, cell_of},
};

/// What it is made of.
pub const DOMAIN: Domain =
    Domain { objects: &[AuditEntry::object], operations: &[queries::AuditQueries::OPERATIONS], ..Domain::new("audit") };
