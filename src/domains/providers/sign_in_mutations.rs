//! Signing in with an account elsewhere.

use async_graphql::Context;
use jiff::Timestamp;
use lectern_kernel::{
    auth::LinkToken,
    db::{DbError, Identity, OnConstraint as _},
    error::{Error, Result},
    resolve::{Ctx, DateTime},
};
use lectern_macros::{mutations, object};
use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, Scope, core::CoreAuthenticationFlow};
use uuid::Uuid;

use super::{
    inputs::{BeginProviderSignInInput, CompleteProviderSignInInput},
    oidc,
    secret::Secrets,
    sign_in::{Begun, Found, Proven, Returned, go_and_ask, look_up},
    sql,
};
use crate::domains::{
    admissions::too_many_people,
    identity::{Session, SignInMethod, begin_session},
};

/// A sign-in that has begun.
#[object]
pub struct ProviderSignIn {
    /// Where to send the browser.
    pub authorization_url: String,
    /// What it comes back with. Keep it in that browser, and go on only where it is the same: else somebody is signing you in as themselves.
    pub state: String,
    /// Until when it can be completed.
    pub expires_at: DateTime,
}

/// Mutations of whoever signs in by a provider.
pub struct ProviderSignInMutations;

fn no_provider() -> Error {
    Error::not_found("provider")
}

fn dead() -> Error {
    Error::bad_link().saying("This sign-in is not valid, or not any more. Begin anew.")
}

fn refused() -> Error {
    Error::unauthenticated().saying("You can't sign in with this account.").reason("PROVIDER_SIGN_IN_REFUSED")
}

/// A refusal that stands in the log of a school, where there is such a school.
fn told(ctx: &Context<'_>, tenant: Uuid, error: Error) -> Error {
    ctx.request().after_rollback().identity = Some(Identity { tenant, ..Identity::default() });
    error
}

/// Writes down that a sign-in has begun, and answers where it goes on.
async fn begin(ctx: &Context<'_>, begun: &Begun) -> Result<ProviderSignIn> {
    let Begun { tenant, provider, registered, redirect_uri, metadata } = begun;
    let (token, nonce) = (LinkToken::generate(*tenant)?, Nonce::new_random_len(32));
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let secrets = Secrets { nonce: nonce.secret().clone(), verifier: verifier.secret().clone() };
    let sealed = secrets.seal(&ctx.request().services.sealer, *tenant)?;
    ctx.tx().assume(Identity { tenant: *tenant, ..Identity::default() }).await?;
    let ends: Option<Option<Timestamp>> = ctx.tx().value(sql::BEGIN, &[provider, &token.hash(), &sealed, redirect_uri]).await?;
    // It was switched off meanwhile.
    let expires_at = ends.flatten().ok_or_else(no_provider)?;
    let client = oidc::client(metadata, registered, redirect_uri)?;
    let state = token.to_text();
    let said = state.clone();
    let asked = client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || CsrfToken::new(said), move || nonce);
    let scopes = ["email", "profile"].map(|scope| Scope::new(scope.to_owned()));
    let (url, _, _) = asked.add_scopes(scopes).set_pkce_challenge(challenge).url();
    Ok(ProviderSignIn { authorization_url: url.into(), state, expires_at: DateTime(expires_at) })
}

/// Signs in whom a provider has proven.
async fn sign_in(ctx: &Context<'_>, proven: &Proven) -> Result<Session> {
    let Proven { tenant, provider, issuer, account } = proven;
    let tx = ctx.tx();
    tx.assume(Identity { tenant: *tenant, ..Identity::default() }).await?;
    let newcomer = Uuid::now_v7();
    let found = tx
        .query(sql::SIGN_IN, &[provider, issuer, &account.subject, &account.email, &account.email_key, &account.name, &newcomer])
        .await
        .on_constraint("app_user_address_key", |_| refused())
        .on_constraint("app_user_email_key", |_| refused())
        .on_constraint("tenant_max_users", too_many_people)?;
    let row = found.first().ok_or_else(refused)?;
    let read = || -> Result<(Uuid, i32), tokio_postgres::Error> { Ok((row.try_get("user_id")?, row.try_get("token_version")?)) };
    let (user, version) = read().map_err(DbError::from)?;
    begin_session(ctx, (*tenant, user), version, None, None, (SignInMethod::Provider, false)).await?.ok_or_else(refused)
}

#[mutations("Session")]
impl ProviderSignInMutations {
    /// Begins to sign in with an account elsewhere: send the browser to `authorizationUrl`. NOT_FOUND where there is no such school or provider, or it is
    /// switched off; BAD_USER_INPUT for a page that the school has not named (`redirectUri`); UNAVAILABLE with PROVIDER_UNAVAILABLE where the provider
    /// does not answer. It goes on after the subscription has lapsed.
    #[public]
    #[session]
    #[ahead(look_up)]
    async fn begin_provider_sign_in(
        ctx: &Context<'_>,
        /// Where somebody has an account.
        input: BeginProviderSignInInput,
    ) -> Result<ProviderSignIn> {
        let _ = input;
        let found = ctx.request().prepared::<Found>().ok_or_else(no_provider)?;
        match &*found {
            Found::Nothing(tenant) => Err(told(ctx, *tenant, no_provider())),
            Found::NoPage => Err(Error::bad_input("redirectUri", "must be exactly one of those that the school has named")),
            Found::Unavailable(error) => Err(error.clone()),
            Found::Provider(begun) => begin(ctx, begun).await.map_err(|error| told(ctx, begun.tenant, error)),
        }
    }

    /// Signs in whoever has come back from a provider, within 10 minutes, once: the person whom the account is linked to; at first the active person
    /// with its address, unless they hold ADMIN; else somebody new, where the school wants that. UNAUTHENTICATED with LINK_INVALID for a `state` that is
    /// not valid any more; with PROVIDER_SIGN_IN_REFUSED where the account may not come in, or is not proven; with SECOND_FACTOR_REQUIRED where a second
    /// factor is on: `login` takes it. LIMIT_REACHED, and UNAVAILABLE with PROVIDER_UNAVAILABLE: begin anew. It goes on after the subscription has
    /// lapsed, but for somebody new.
    #[public]
    #[session]
    #[ahead(go_and_ask)]
    async fn complete_provider_sign_in(
        ctx: &Context<'_>,
        /// What the browser came back with.
        input: CompleteProviderSignInInput,
    ) -> Result<Session> {
        let _ = input;
        let returned = ctx.request().prepared::<Returned>().ok_or_else(dead)?;
        match &*returned {
            Returned::Dead(tenant) => Err(told(ctx, *tenant, dead())),
            Returned::Refused(tenant) => Err(told(ctx, *tenant, refused())),
            Returned::Unavailable(tenant, error) => Err(told(ctx, *tenant, error.clone())),
            Returned::Proven(proven) => sign_in(ctx, proven).await.map_err(|error| told(ctx, proven.tenant, error)),
        }
    }
}
