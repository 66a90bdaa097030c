//! What a sign-in at a provider does before its document has a transaction: finding the provider, and asking it. Each step at the database is a short
//! transaction of its own; none is open while a stranger's server is waited for.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use lectern_kernel::{
    auth::LinkToken,
    db::DbError,
    error::{Error, Result},
    resolve::{Ahead, Prepared},
};
use openidconnect::core::CoreProviderMetadata;
use uuid::Uuid;

use super::{
    oidc::{Account, NoAccount, Providers, Registered, unavailable},
    secret::{Secrets, open},
    sql,
};

/// What a sign-in can begin with.
pub enum Found {
    /// No such school (nobody's then) or provider, or it is switched off.
    Nothing(Uuid),
    /// The browser can't come back there.
    NoPage,
    /// The provider can't be asked.
    Unavailable(Error),
    /// It can.
    Provider(Box<Begun>),
}

/// A provider that has said what it is.
pub struct Begun {
    pub tenant: Uuid,
    pub provider: Uuid,
    pub registered: Registered,
    pub redirect_uri: String,
    pub metadata: Arc<CoreProviderMetadata>,
}

/// What came of a sign-in at a provider.
pub enum Returned {
    /// Its state is not valid, or not any more: of the school that it names, if it names one.
    Dead(Uuid),
    /// What the provider says proves nothing.
    Refused(Uuid),
    /// The provider can't be asked.
    Unavailable(Uuid, Error),
    /// Somebody was proven.
    Proven(Box<Proven>),
}

/// Somebody who has signed in at a provider.
pub struct Proven {
    pub tenant: Uuid,
    pub provider: Uuid,
    pub issuer: String,
    pub account: Account,
}

/// What can be looked up: nothing that the database does not take.
fn storable(text: Option<&str>, most: usize) -> Option<&str> {
    text.map(str::trim).filter(|text| text.len() <= most && !text.contains(char::is_control))
}

/// Ahead of `beginProviderSignIn`.
pub fn look_up(ahead: Ahead) -> BoxFuture<'static, Result<Prepared>> {
    Box::pin(async move { Ok(Arc::new(found(&ahead).await?) as Prepared) })
}

async fn found(ahead: &Ahead) -> Result<Found> {
    const LONGEST: usize = 200;
    // Nothing has an empty key.
    let [school, key] = ["tenant", "providerKey"].map(|name| storable(ahead.text(name), LONGEST).unwrap_or_default());
    let tx = ahead.begin(Uuid::nil()).await?;
    tx.go_to_school_named(school).await?;
    let rows = tx.query(sql::FIND, &[&school, &key]).await?;
    tx.rollback().await?;
    drop(tx);
    let row = rows.first().ok_or_else(|| Error::internal("find_sign_in_provider answered nothing"))?;
    let tenant: Uuid = row.try_get("tenant_id").map_err(DbError::from)?;
    let Some(provider) = row.try_get::<_, Option<Uuid>>("provider_id").map_err(DbError::from)? else { return Ok(Found::Nothing(tenant)) };
    let read = || -> Result<_, tokio_postgres::Error> {
        let registered = Registered { issuer: row.try_get("issuer")?, client_id: row.try_get("client_id")?, secret: None };
        Ok((registered, row.try_get::<_, Vec<String>>("redirect_uris")?))
    };
    let (registered, pages) = read().map_err(DbError::from)?;
    let Some(redirect_uri) = ahead.text("redirectUri").filter(|uri| pages.iter().any(|page| page == uri)) else {
        return Ok(Found::NoPage);
    };
    let redirect_uri = redirect_uri.to_owned();
    let providers = ahead.services().outside.get::<Providers>()?;
    let metadata = match providers.metadata(&registered.issuer, None).await {
        Ok(metadata) => metadata,
        Err(error) => return Ok(Found::Unavailable(error)),
    };
    // The browser is sent there: it must be such an address as the issuer's own.
    if ahead.services().addresses.check(metadata.authorization_endpoint().as_str()).is_err() {
        let cause = format!("the authorization endpoint of {} is not allowed", registered.issuer);
        return Ok(Found::Unavailable(unavailable(cause)));
    }
    Ok(Found::Provider(Box::new(Begun { tenant, provider, registered, redirect_uri, metadata })))
}

/// Ahead of `completeProviderSignIn`: the state is spent, whatever comes of it.
pub fn go_and_ask(ahead: Ahead) -> BoxFuture<'static, Result<Prepared>> {
    Box::pin(async move { Ok(Arc::new(returned(&ahead).await?) as Prepared) })
}

async fn returned(ahead: &Ahead) -> Result<Returned> {
    const LONGEST: usize = 4096;
    let state = ahead.text("state").and_then(|state| LinkToken::parse(state.trim()));
    let Some(state) = state else { return Ok(Returned::Dead(Uuid::nil())) };
    let tenant = state.tenant;
    let Some(code) = storable(ahead.text("code"), LONGEST).map(str::to_owned) else { return Ok(Returned::Dead(tenant)) };
    let tx = ahead.begin(tenant).await?;
    let rows = tx.query(sql::SPEND, &[&state.hash()]).await?;
    tx.commit().await?;
    drop(tx);
    let Some(row) = rows.first() else { return Ok(Returned::Dead(tenant)) };
    let read = || -> Result<_, tokio_postgres::Error> {
        let kept: (Option<Vec<u8>>, Vec<u8>) = (row.try_get("client_secret")?, row.try_get("secrets")?);
        let registered = Registered { issuer: row.try_get("issuer")?, client_id: row.try_get("client_id")?, secret: None };
        Ok((row.try_get("provider_id")?, registered, kept, row.try_get::<_, String>("redirect_uri")?))
    };
    let (provider, mut registered, (secret, secrets), redirect_uri) = read().map_err(DbError::from)?;
    let sealer = &ahead.services().sealer;
    registered.secret = secret.map(|secret| open(sealer, tenant, &secret)).transpose()?.map(|secret| secret.as_str().to_owned());
    let secrets = Secrets::open(sealer, tenant, &secrets)?;
    let providers = ahead.services().outside.get::<Providers>()?;
    let asked = providers.account(&registered, &redirect_uri, secrets, code).await;
    Ok(match asked {
        Ok(account) => Returned::Proven(Box::new(Proven { tenant, provider, issuer: registered.issuer, account })),
        Err(NoAccount::Unavailable(error)) => Returned::Unavailable(tenant, error),
        Err(NoAccount::Refused(why)) => {
            tracing::info!(issuer = registered.issuer, why, "a sign-in by a provider was refused");
            Returned::Refused(tenant)
        }
    })
}
