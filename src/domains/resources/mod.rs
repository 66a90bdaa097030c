//! Resources: rooms, aircraft, devices that bookings take beside people. Table: `resource`. What bookings have of them (`booking_resource`) and what
//! holds their time (`time_claim`) are the bookings'.
//!
//! Permission: SCHEDULE_MANAGE; the whole school sees them. Invariants, kept by the database: one booking at a time, with setup and teardown
//! (`claim_resource_overlap`); what a coming booking has is not deleted.

mod inputs;
mod lists;
mod mutations;
mod queries;
mod resource;
mod sql;

use lectern_kernel::{ids::Kind, resolve::registry::Domain};

pub use self::resource::Resource;

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Resource::object],
    operations: &[queries::ResourceQueries::OPERATIONS, mutations::ResourceMutations::OPERATIONS],
    references: &[("resource_id", Resource::PREFIX)],
    emits: &[
        ("resource.created", "A resource was added. `id`, `kind`, `mode`."),
        ("resource.updated", "What a resource says of itself has changed. `id`, `kind`, `mode`."),
        ("resource.deleted", "A resource was deleted. `id`, `kind`, `mode`."),
    ],
    ..Domain::new("resources")
};
