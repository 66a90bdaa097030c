//! What an address of a feed ends with.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::{SecureRandom as _, SystemRandom},
};
use data_encoding::BASE64URL_NOPAD;
use lectern_kernel::error::{Error, Result};
use zeroize::Zeroizing;

/// Bytes of a secret.
const BYTES: usize = 32;

/// Where feeds are read: what their addresses begin with.
#[derive(Debug, Clone)]
pub struct FeedAddress(String);

impl FeedAddress {
    /// On the origin `base`.
    pub fn new(base: &str) -> Self {
        FeedAddress(base.trim_end_matches('/').to_owned())
    }

    /// The address of a secret.
    pub(super) fn url(&self, secret: &str) -> String {
        format!("{}/calendar/{secret}.ics", self.0)
    }
}

/// A new one.
pub(super) fn generate() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    SystemRandom::new().fill(bytes.as_mut()).map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(Zeroizing::new(BASE64URL_NOPAD.encode(bytes.as_ref())))
}

/// What the database keeps of it; none of what can be none.
pub fn secret_hash(secret: &str) -> Option<Vec<u8>> {
    let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?);
    (bytes.len() == BYTES).then(|| digest(&SHA256, secret.as_bytes()).as_ref().to_vec())
}

/// Its last four characters.
pub(super) fn hint(secret: &str) -> String {
    secret[secret.len().saturating_sub(4)..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_new_each_time_and_nothing_else_is_looked_for() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert!(*one != *two && one.len() == 43 && one.ends_with(&hint(&one)));
        assert!(secret_hash(&one).is_some_and(|hash| hash.len() == 32) && secret_hash(&one) != secret_hash(&two));
        for none in ["", "x", &one[1..], &format!("{}A", *one), &one.replace(&one[..1], "+"), "../../etc/passwd"] {
            assert_eq!(secret_hash(none), None, "{none}");
        }
        assert_eq!(FeedAddress::new("https://school.example/").url("s"), "https://school.example/calendar/s.ics");
    }
}
