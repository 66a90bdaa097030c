//! Where people of a school have accounts to sign in with.

use lectern_kernel::{ids::Id, resolve::DateTime, sealing::Sealed};
use lectern_macros::object;
use serde::Deserialize;

/// Where people have accounts that they sign in with here: a provider of OpenID Connect.
#[object(table = "sign_in_provider", alias = "sp", id = "provider", node(TenantManage))]
#[derive(Clone, Debug)]
pub struct SignInProvider {
    /// Its id.
    pub id: Id<SignInProvider>,
    /// Its key: what `beginProviderSignIn` takes as `providerKey`.
    pub key: String,
    /// What it is called on the page for signing in.
    pub name: String,
    /// Its issuer, letter by letter as its tokens say it.
    pub issuer: String,
    /// As what the school is known there.
    pub client_id: String,
    /// Whether the school proves itself there by a secret. The secret itself is never answered.
    pub has_client_secret: bool,
    /// Where browsers may come back to.
    pub redirect_uris: Vec<String>,
    /// The domains of the email addresses that come in; none: all.
    pub email_domains: Vec<String>,
    /// The key of the role of whoever is new; null: nobody new comes in.
    pub role_key: Option<String>,
    /// Whether people may sign in by it.
    pub is_enabled: bool,
    /// When it was created.
    pub created_at: DateTime,
    #[secret]
    pub client_secret: Option<Sealed>,
}

/// A provider as everybody may know it.
#[object]
#[derive(Clone, Debug, Deserialize)]
pub struct PublicProvider {
    /// Its key: what `beginProviderSignIn` takes as `providerKey`.
    pub key: String,
    /// Its name.
    pub name: String,
}
