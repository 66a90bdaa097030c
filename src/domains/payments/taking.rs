//! How this service takes money: what its operator has set.

use std::sync::Arc;

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    outbound::{Addresses, Outbound},
    resolve::Ctx,
};
use url::{Host, Url};

use super::{Payment, PaymentProvider};

/// Stripe's own address.
pub const STRIPE: &str = "https://api.stripe.com";

/// How this service takes money.
#[derive(Clone)]
pub struct Taking {
    stripe: Arc<str>,
    page: Arc<str>,
    outbound: Outbound,
    allows_test: bool,
}

impl Taking {
    /// By Stripe at the address `stripe`, which the operator has set, and by the test provider, where that is allowed, with its page on the origin `base`.
    ///
    /// # Errors
    /// When the address is none, and when there can be no TLS.
    pub fn new(stripe: &str, base: &str, allows_test: bool) -> anyhow::Result<Self> {
        let stripe = stripe.trim_end_matches('/');
        let url = Url::parse(stripe).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none());
        let Some(url) = url else { anyhow::bail!("LECTERN_STRIPE_API_BASE must be an address such as {STRIPE}") };
        // The operator may name a server of their own network, as no school can.
        let addresses = match url.host() {
            Some(Host::Ipv4(address)) => Addresses::allowing(vec![std::net::IpAddr::V4(address).into()]),
            Some(Host::Ipv6(address)) => Addresses::allowing(vec![std::net::IpAddr::V6(address).into()]),
            Some(Host::Domain(name)) if stripe != STRIPE => Addresses::default().and_hosts([name.to_owned()]),
            Some(Host::Domain(_)) => Addresses::default(),
            None => anyhow::bail!("LECTERN_STRIPE_API_BASE must name a host"),
        };
        Ok(Taking { stripe: stripe.into(), page: base.trim_end_matches('/').into(), outbound: Outbound::new(addresses)?, allows_test })
    }

    /// Where Stripe answers.
    pub(super) fn stripe(&self) -> &str {
        &self.stripe
    }

    /// The way there.
    pub(super) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Whether the test provider is allowed here.
    pub fn allows_test(&self) -> bool {
        self.allows_test
    }

    /// Whether money may be taken by a provider here at all, whatever a school has switched on.
    pub fn allows(&self, provider: PaymentProvider) -> bool {
        provider != PaymentProvider::Test || self.allows_test
    }

    /// The page on which a payment of the test provider is settled by hand.
    pub(super) fn test_page(&self, school: &str, payment: Id<Payment>) -> String {
        format!("{}/payments/test/{school}/{payment}", self.page)
    }
}

/// Refuses a provider that this service does not take money by, whatever the school has switched on.
///
/// # Errors
/// `CONFLICT` with PROVIDER_NOT_CONFIGURED.
pub fn require_provider(ctx: &Context<'_>, provider: PaymentProvider) -> Result<()> {
    if ctx.request().services.outside.get::<Taking>()?.allows(provider) { Ok(()) } else { Err(not_configured()) }
}

/// The provider isn't switched on.
pub(super) fn not_configured() -> Error {
    Error::conflict("PROVIDER_NOT_CONFIGURED", "The school takes no money by this provider.").field("provider")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_names_an_address() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        for address in [STRIPE, "https://api.stripe.com/", "http://127.0.0.1:9999", "http://stripe.local:12111", "http://[::1]:80"] {
            assert!(Taking::new(address, "http://x", true).is_ok(), "{address}");
        }
        for none in ["", "api.stripe.com", "ftp://api.stripe.com", "https://api.stripe.com/?a=b"] {
            assert!(Taking::new(none, "http://x", true).is_err(), "{none}");
        }
    }
}
