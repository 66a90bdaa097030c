//! Tenants: the schools. Table: `tenant`. A signed-in person sees the own one; signed-out people see slug and name of
//! those that did not opt out. Written by the operator's commands alone.

mod queries;
mod tenant;
mod zone;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    tenant::{PublicTenant, Tenant},
    zone::time_zone,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Tenant::object, PublicTenant::object],
    operations: &[queries::TenantQueries::OPERATIONS],
    ..Domain::new("tenants")
};
