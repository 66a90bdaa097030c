//! Providers: people sign in with accounts that they have elsewhere (OpenID Connect). Tables: `sign_in_provider`, `provider_account`, `provider_sign_in`.
//!
//! Permission: TENANT_MANAGE. Invariants, kept by the database: the state of a sign-in is spent once, within ten minutes; an account elsewhere is one
//! person's, and of each provider somebody has one; nobody who holds ADMIN is found by their address; whoever is new gets a role that LEARNER covers;
//! another issuer inherits neither accounts nor the secret. What a provider is asked is asked before the document has a transaction (`sign_in.rs`), at
//! addresses that are checked as those of webhooks are (`kernel/src/outbound/`). Signatures and claims are checked by the crate `openidconnect`.

mod inputs;
mod issuer;
mod mutations;
mod oidc;
mod provider;
mod purge;
mod queries;
mod secret;
mod sign_in;
mod sign_in_mutations;
mod sql;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

pub use self::{
    oidc::Providers,
    provider::{PublicProvider, SignInProvider},
};
use crate::domains::identity::User;

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[SignInProvider::object, PublicProvider::object, sign_in_mutations::ProviderSignIn::object],
    operations: &[
        queries::ProviderQueries::OPERATIONS,
        sign_in_mutations::ProviderSignInMutations::OPERATIONS,
        mutations::ProviderMutations::OPERATIONS,
    ],
    jobs: &[purge::PROVIDERS],
    references: &[("provider_id", SignInProvider::PREFIX)],
    parts: &[(User::TYPE, "provider_id", "provider")],
    ..Domain::new("providers")
};
