//! Tenants: the schools. Table: `tenant`. A signed-in person sees the own one; signed-out people see slug and name of
//! those that did not opt out. Written by the operator's commands alone.

mod queries;
mod tenant;
mod zone;

use lectern_kernel::registry::{Domain, KindInfo};

pub use self::{
    queries::TenantQueries,
    tenant::{PublicTenant, Tenant},
    zone::time_zone,
};

/// What the kernel has to know of it.
pub const DOMAIN: Domain = Domain { kinds: &[KindInfo::of::<Tenant>()], ..Domain::new("tenants") };
