//! Departures: a school leaves. An export holds all that it has; an erasure leaves nothing of it. Table: `tenant_export`; erasures are asked for by the
//! platform (`tenant_erasure`).
//!
//! Permission: TENANT_EXPORT, also after the subscription has lapsed. Which tables there are, which columns are secret and which table points at which
//! says the catalog of the database at that moment (`catalog.rs`), so that a table that is added is exported and erased. Both are done over the role
//! lectern_desk, behind the wall. Invariants, kept by the database: one export of a school at a time; its file is seen by TENANT_EXPORT alone; rows
//! are deleted of no school but one that is suspended and being erased.

mod archive;
mod catalog;
mod erase;
mod export;
mod notice;
mod pages;
mod sql;
mod tenant_export;

use lectern_kernel::resolve::registry::Domain;

pub use self::{notice::TENANT_EXPORT_FINISHED, tenant_export::TenantExport};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[TenantExport::object, tenant_export::TenantExportTable::object],
    operations: &[tenant_export::TenantExportQueries::OPERATIONS, tenant_export::TenantExportMutations::OPERATIONS],
    jobs: &[export::EXPORT, export::FORGET, erase::ERASE],
    ..Domain::new("departures")
};
