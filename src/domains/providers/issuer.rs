//! Which issuers a person may name. Their names are resolved before the document has a transaction; and again, whenever they are asked.

use std::sync::Arc;

use async_graphql::Context;
use futures_util::future::BoxFuture;
use lectern_kernel::{
    error::{Error, Result},
    outbound::NotAllowed,
    resolve::{Ahead, Ctx, Prepared},
};

use super::oidc::Providers;

/// An issuer whose name was resolved.
struct Resolved {
    issuer: String,
    leads_astray: bool,
}

/// Letter by letter: tokens are compared with it.
fn written(named: &str) -> &str {
    named.trim_matches(' ')
}

/// Ahead of what may name an issuer.
pub fn resolve(ahead: Ahead) -> BoxFuture<'static, Result<Prepared>> {
    Box::pin(async move {
        let issuer = written(ahead.text("issuer").unwrap_or_default()).to_owned();
        let providers = ahead.services().outside.get::<Providers>()?;
        let leads_astray = providers.leads_astray(&issuer).await;
        Ok(Arc::new(Resolved { issuer, leads_astray }) as Prepared)
    })
}

/// The issuer that a person names.
///
/// # Errors
/// `BAD_USER_INPUT`, URL_NOT_ALLOWED.
pub fn issuer(ctx: &Context<'_>, named: &str) -> Result<String> {
    const NOT_PUBLIC: &str = "must lead to a public address";
    let named = written(named);
    let wrong = |expected: &str| Error::bad_input("issuer", expected).reason("URL_NOT_ALLOWED");
    let url = ctx.request().services.addresses.check(named).map_err(|reason| match reason {
        NotAllowed::Address => wrong(NOT_PUBLIC),
        NotAllowed::Characters => wrong("must hold no control characters"),
        NotAllowed::Malformed(expected) => wrong(expected),
    })?;
    if url.query().is_some() {
        return Err(wrong("must have no query (?…)"));
    }
    let mut resolved = ctx.request().all_prepared::<Resolved>();
    if resolved.any(|resolved| resolved.issuer == named && resolved.leads_astray) { Err(wrong(NOT_PUBLIC)) } else { Ok(named.to_owned()) }
}
