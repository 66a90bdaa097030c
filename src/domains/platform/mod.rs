//! The platform: whoever runs the deployment. A schema of its own, over a role of its own (lectern_desk): its administrators and how they sign in, the
//! schools with what they hold, in numbers, the erasures, the platform's log. Tables: `platform_admin`, `platform_credential`, `platform_session`,
//! `platform_refresh_token`, `platform_factor`, `platform_recovery_code`, `platform_audit_entry`, `tenant_erasure`; all of the nil tenant.
//!
//! There are no permissions: an active administrator may do everything here, and outside the demo nothing before a second factor is set up. Invariants,
//! kept by the database: the last active administrator stays; a school is changed by functions alone, which take it for as long as they run; only a
//! suspended school is erased, and once.

mod admin;
mod admin_mutations;
mod entry;
mod erasure;
mod factor;
mod inputs;
mod loaders;
mod queries;
mod session;
mod sql;
mod statistics;
mod tenant;
mod tenant_mutations;

use lectern_kernel::{db::ActorKind, resolve::registry::Domain};

pub use self::{
    admin::PlatformAdmin, entry::PlatformAuditEntry, erasure::TenantErasure, inputs::slug, session::DeskSession, statistics::Statistics,
    tenant::DeskTenant,
};

/// Whom access tokens of the platform are for.
pub const AUDIENCE: &str = "lectern-platform";

/// The administrators of the platform. Few people work there: they are loaded for each request.
pub const DESK: ActorKind = ActorKind {
    load: "SELECT token_version, role_id, role_key, permissions, subscribed, time_zone, version, holds_until, user_id, key_id, is_read_only, is_factor_due \
           FROM app.load_desk_actor($1, $2, $3) WHERE $4::bytea IS NULL",
    current_version: "SELECT NULL::bigint WHERE $1::uuid IS NULL",
    refusal: "SELECT app.log_refusal_at_desk($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1",
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        PlatformAdmin::object,
        DeskTenant::object,
        tenant::TenantUsage::object,
        tenant::TenantAdmin::object,
        Statistics::object,
        statistics::TenantStateCount::object,
        TenantErasure::object,
        PlatformAuditEntry::object,
        DeskSession::object,
        factor::SecondFactorSetup::object,
        factor::RecoveryCodes::object,
    ],
    operations: &[
        queries::PlatformQueries::OPERATIONS,
        session::SessionMutations::OPERATIONS,
        factor::FactorMutations::OPERATIONS,
        admin_mutations::AdminMutations::OPERATIONS,
        tenant_mutations::TenantMutations::OPERATIONS,
        erasure::ErasureMutations::OPERATIONS,
    ],
    recorded: &[("Tenant", "tenant")],
    ..Domain::new("platform")
};
