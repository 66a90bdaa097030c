//! Tenants: the schools. Tables: `tenant`, `tenant_settings`, `feature_flag`. A signed-in person sees the own one; signed-out people see slug and name of
//! those that did not opt out. Written by the operator's commands alone, but for the settings, of which name, time zone and listing stand in `tenant`.
//!
//! Permission: TENANT_MANAGE (change the settings and flags). Invariants, kept by the database: a school has its settings from the beginning; it has
//! at most a hundred flags, for roles that it has.

mod bounds;
mod branding;
mod ending;
mod features;
mod queries;
mod settings;
mod tenant;
mod zone;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    ending::SUBSCRIPTION_ENDING,
    features::features_of,
    settings::{CodeSignInPolicy, SignUpPolicy, TenantSettings, domains as email_domains},
    tenant::{PublicTenant, Tenant},
    zone::time_zone,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        Tenant::object,
        PublicTenant::object,
        tenant::PublicRole::object,
        TenantSettings::object,
        branding::Branding::object,
        features::FeatureFlag::object,
    ],
    operations: &[queries::TenantQueries::OPERATIONS, settings::SettingsMutations::OPERATIONS, features::FeatureMutations::OPERATIONS],
    jobs: &[ending::ENDING],
    ..Domain::new("tenants")
};
