//! Tenants: the schools. Tables: `tenant`, `tenant_settings`. A signed-in person sees the own one; signed-out people see slug and name of
//! those that did not opt out. Written by the operator's commands alone, but for the settings.
//!
//! Permission: TENANT_MANAGE (change the settings). Invariant, kept by the database: a school has its settings from the beginning.

mod ending;
mod queries;
mod settings;
mod tenant;
mod zone;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    ending::SUBSCRIPTION_ENDING,
    settings::{CodeSignInPolicy, SignUpPolicy, TenantSettings},
    tenant::{PublicTenant, Tenant},
    zone::time_zone,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Tenant::object, PublicTenant::object, tenant::PublicRole::object, TenantSettings::object],
    operations: &[queries::TenantQueries::OPERATIONS, settings::SettingsMutations::OPERATIONS],
    jobs: &[ending::ENDING],
    ..Domain::new("tenants")
};
