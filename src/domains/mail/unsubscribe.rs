//! The address by which somebody says that they want no more mail of a kind: signed, so that it needs no sign-in, and never over.

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use lectern_kernel::sealing::Sealer;
use uuid::Uuid;

use super::template::MailTemplate;

/// What the keys are derived for.
const PURPOSE: &str = "addresses that end mail";

/// Signs such addresses by the first of its keys, and takes those that any of them has signed.
pub struct Unsubscribing {
    keys: Vec<hmac::Key>,
    base: String,
}

/// What such an address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwanted {
    /// The school.
    pub tenant: Uuid,
    /// Whose mail.
    pub person: Uuid,
    /// The template of what they want no more of.
    pub template: String,
}

const VERSION: u8 = 1;
const CLAIMS: usize = 1 + 16 + 16;
const TAG: usize = 32;

impl Unsubscribing {
    /// Addresses on the origin `base`.
    pub fn new(sealer: &Sealer, base: &str) -> Self {
        Unsubscribing { keys: sealer.signers(PURPOSE), base: base.trim_end_matches('/').to_owned() }
    }

    /// The address for a person and a template; none for what is essential.
    pub fn url(&self, template: &MailTemplate, tenant: Uuid, person: Uuid) -> Option<String> {
        if template.is_essential {
            return None;
        }
        let claims = [&[VERSION][..], tenant.as_bytes(), person.as_bytes(), template.name.as_bytes()].concat();
        let tag = hmac::sign(self.keys.first()?, &claims);
        Some(format!("{}/mail/unsubscribe/{}", self.base, BASE64URL_NOPAD.encode(&[&claims[..], tag.as_ref()].concat())))
    }

    /// Reads what such an address says; none of what no key of ours has signed.
    pub fn read(&self, token: &str) -> Option<Unwanted> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (claims, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        if claims.len() <= CLAIMS || claims[0] != VERSION || !self.keys.iter().any(|key| hmac::verify(key, claims, tag).is_ok()) {
            return None;
        }
        Some(Unwanted {
            tenant: Uuid::from_slice(&claims[1..17]).ok()?,
            person: Uuid::from_slice(&claims[17..CLAIMS]).ok()?,
            template: String::from_utf8(claims[CLAIMS..].to_vec()).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::mail::{TEMPLATES, TEST};

    fn signed_by(keys: &[u8]) -> Unsubscribing {
        let keys = keys.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, &[*key; 32])).collect();
        Unsubscribing { keys, base: "https://school.example".to_owned() }
    }

    fn digest() -> &'static MailTemplate {
        TEMPLATES.iter().find(|template| template.name == "digest").unwrap()
    }

    #[test]
    fn an_address_says_whose_mail_and_which_and_can_not_be_changed() {
        let (ours, tenant, person) = (signed_by(&[2, 1]), Uuid::from_u128(1), Uuid::from_u128(2));
        let url = ours.url(digest(), tenant, person).unwrap();
        let token = url.strip_prefix("https://school.example/mail/unsubscribe/").unwrap();
        assert_eq!(ours.read(token), Some(Unwanted { tenant, person, template: "digest".to_owned() }));
        assert_eq!(signed_by(&[2]).read(token), ours.read(token), "the first key signs");
        assert_eq!(signed_by(&[1]).read(token), None);
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(ours.read(&BASE64URL_NOPAD.encode(&changed)), None, "byte {at}");
        }
        for token in ["", "x", &token[4..], &format!("{token}AAAA")] {
            assert_eq!(ours.read(token), None, "{token}");
        }
        assert_eq!(ours.url(&TEST, tenant, person), None, "what is essential can't be ended");
    }
}
