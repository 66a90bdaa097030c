//! What a school and a provider share: sealed.

use lectern_kernel::{
    error::{Error, Result},
    sealing::{Place, Sealed, Sealer},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Which secret of a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// By which the service acts at Stripe.
    StripeKey,
    /// By which Stripe proves itself here.
    StripeWebhook,
    /// By which the test provider does.
    TestWebhook,
}

impl Secret {
    fn place(self, tenant: Uuid) -> Place<'static> {
        let column = match self {
            Secret::StripeKey => "stripe_secret_key",
            Secret::StripeWebhook => "stripe_webhook_secret",
            Secret::TestWebhook => "test_webhook_secret",
        };
        Place { tenant, table: "payment_settings", column }
    }

    /// A secret that a person gives, as the database keeps it. Nothing of it is changed.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` below 16 characters, above 500, and with blanks or control characters.
    pub fn take(self, sealer: &Sealer, tenant: Uuid, field: &str, given: &str) -> Result<Sealed> {
        let is_one =
            (16..=500).contains(&given.chars().count()) && !given.contains(|letter: char| letter.is_control() || letter.is_whitespace());
        if is_one {
            Ok(Sealed(self.seal(sealer, tenant, given)))
        } else {
            Err(Error::bad_input(field, "must have 16 to 500 characters, without blanks"))
        }
    }

    /// The same without asking what it is; for seeds.
    pub fn seal(self, sealer: &Sealer, tenant: Uuid, secret: &str) -> Vec<u8> {
        sealer.seal(self.place(tenant), secret.as_bytes())
    }

    /// The secret that the database keeps.
    ///
    /// # Errors
    /// `INTERNAL` where it does not open.
    pub fn open(self, sealer: &Sealer, tenant: Uuid, sealed: &[u8]) -> Result<Zeroizing<String>> {
        let wrong = || Error::internal("a secret of payments does not open: LECTERN_SECRET_KEYS lacks its key");
        let bytes = sealer.open(self.place(tenant), sealed).map_err(|_| wrong())?;
        std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_in_its_school_and_its_place_alone() {
        let sealer = Sealer::from_text(&Sealer::generate().unwrap()).unwrap();
        let sealed = Secret::StripeKey.take(&sealer, Uuid::nil(), "stripeSecretKey", "sk_test_0123456789").unwrap();
        assert_eq!(Secret::StripeKey.open(&sealer, Uuid::nil(), &sealed.0).unwrap().as_str(), "sk_test_0123456789");
        assert!(Secret::StripeWebhook.open(&sealer, Uuid::nil(), &sealed.0).is_err());
        assert!(Secret::StripeKey.open(&sealer, Uuid::max(), &sealed.0).is_err());
        for short in ["", "sk_test_0123456", "sk_test 0123456789", "sk_test_0123456789\n"] {
            assert!(Secret::StripeKey.take(&sealer, Uuid::nil(), "stripeSecretKey", short).is_err(), "{short:?}");
        }
    }
}
