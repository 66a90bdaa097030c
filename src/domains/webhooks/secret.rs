//! The secret that an endpoint and its receiver share.

use aws_lc_rs::{
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};
use data_encoding::BASE64;
use lectern_kernel::{
    error::{Error, Result},
    sealing::{Place, Sealed, Sealer},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What Standard Webhooks puts before a secret of this kind.
const PREFIX: &str = "whsec_";

/// Where it is kept. A rotated one moves to the column beside, still sealed for this.
fn place(tenant: Uuid) -> Place<'static> {
    Place { tenant, table: "webhook_endpoint", column: "secret" }
}

/// A new secret, as its receiver is shown it.
pub fn generate() -> Result<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(bytes.as_mut()).map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(format!("{PREFIX}{}", BASE64.encode(bytes.as_ref())))
}

/// The same, as the database keeps it.
pub fn seal(sealer: &Sealer, tenant: Uuid, secret: &str) -> Sealed {
    Sealed(sealer.seal(place(tenant), secret.as_bytes()))
}

/// A new secret as the database keeps it, for seeds.
///
/// # Errors
/// When the system gives no randomness.
pub fn sealed_secret(sealer: &Sealer, tenant: Uuid) -> Result<Vec<u8>> {
    Ok(seal(sealer, tenant, &generate()?).0)
}

/// The key of a secret that the database keeps.
pub fn open(sealer: &Sealer, tenant: Uuid, sealed: &[u8]) -> Result<hmac::Key> {
    let wrong = |_| Error::internal("an endpoint's secret does not open: LECTERN_SECRET_KEYS lacks its key");
    let secret = sealer.open(place(tenant), sealed).map_err(wrong)?;
    let bytes = secret.strip_prefix(PREFIX.as_bytes()).and_then(|text| BASE64.decode(text).ok()).map(Zeroizing::new);
    let bytes = bytes.ok_or_else(|| Error::internal("an endpoint's secret is none"))?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// The signature of what is sent, by each key: `v1,… v1,…`.
pub fn sign(keys: &[hmac::Key], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let signatures = keys.iter().map(|key| format!("v1,{}", BASE64.encode(hmac::sign(key, signed.as_bytes()).as_ref())));
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        // The example of its specification.
        let sealer = Sealer::from_text(&Sealer::generate().unwrap()).unwrap();
        let sealed = seal(&sealer, Uuid::nil(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let key = open(&sealer, Uuid::nil(), &sealed.0).unwrap();
        let signature = sign(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_new_each_time_and_opens_in_its_school_alone() {
        let sealer = Sealer::from_text(&Sealer::generate().unwrap()).unwrap();
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert!(one != two && one.len() == 6 + 44);
        let sealed = seal(&sealer, Uuid::nil(), &one);
        assert!(open(&sealer, Uuid::nil(), &sealed.0).is_ok() && open(&sealer, Uuid::max(), &sealed.0).is_err());
    }
}
