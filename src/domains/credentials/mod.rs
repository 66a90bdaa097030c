//! Credentials: what people prove themselves with beside a password. Second factors and recovery codes, requests for another password that somebody above
//! decides, and what may be done to both by those above. Tables: `second_factor`, `recovery_code`, `password_change_request`,
//! `password_change_credential`; `app_user.second_factor_at` says whether a second factor is on.
//!
//! Permission: PASSWORD_APPROVE, which reaches people all of whose roles are below the actor's. Invariants, kept by the database: a step and a recovery
//! code are accepted once; nobody signs in without a second factor that is on (`app.begin_session`); one request of a person is pending, each is decided
//! once, nobody decides their own; a password that was changed otherwise withdraws it. Secrets are sealed, hashes lie in tables of their own.

mod factor;
mod factor_mutations;
mod inputs;
mod kinds;
mod password_change;
mod password_mutations;
mod people_mutations;
mod purge;
mod queries;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    factor::{accepts, has_password, recovery_codes_left},
    kinds::{
        NEW_SIGN_IN, PASSWORD_CHANGE_DECIDED, PASSWORD_CHANGE_REQUESTED, PASSWORD_CHANGED, SECOND_FACTOR_CHANGED, SECOND_FACTOR_MISSED,
    },
    password_change::{PasswordChangeRequest, pending as pending_request},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[PasswordChangeRequest::object, factor::SecondFactorSetup::object, factor::RecoveryCodes::object],
    operations: &[
        queries::CredentialQueries::OPERATIONS,
        factor_mutations::FactorMutations::OPERATIONS,
        password_mutations::PasswordMutations::OPERATIONS,
        people_mutations::PeopleMutations::OPERATIONS,
    ],
    jobs: &[purge::CREDENTIALS],
    ..Domain::new("credentials")
};
