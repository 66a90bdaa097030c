//! The secret of an API key, which programs send in place of an access token.

use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    ids,
};

/// What a secret begins with, so that programs that look for leaked secrets know it.
const PREFIX: &str = "lectern";

/// The secret of an API key, wiped from memory when dropped: it names its school, so that its transaction can take that tenant, and holds 256
/// random bits.
pub struct ApiKeyToken {
    /// The school.
    pub tenant: Uuid,
    secret: Zeroizing<[u8; 32]>,
}

impl ApiKeyToken {
    /// A new one.
    ///
    /// # Errors
    /// `INTERNAL` where the system gives no randomness.
    pub fn generate(tenant: Uuid) -> Result<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *secret).map_err(|_| Error::internal("the system gives no randomness"))?;
        Ok(ApiKeyToken { tenant, secret })
    }

    /// Reads a secret; `None` where it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, secret) = text.split_once('.')?;
        let tenant = ids::decode(head).filter(|(prefix, _)| *prefix == PREFIX)?.1;
        let secret = Zeroizing::new(BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?);
        Some(ApiKeyToken { tenant, secret: Zeroizing::new(secret.as_slice().try_into().ok()?) })
    }

    /// As it is shown, once.
    pub fn to_text(&self) -> String {
        format!("{}.{}", ids::encode(PREFIX, self.tenant), BASE64URL_NOPAD.encode(&*self.secret))
    }

    /// What the database keeps of it: SHA-256 is enough for 256 random bits.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, &*self.secret).as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_written_and_nothing_else_is_one() {
        let token = ApiKeyToken::generate(Uuid::from_u128(7)).unwrap();
        let text = token.to_text();
        assert!(text.starts_with("lectern_"), "{text}");
        let read = ApiKeyToken::parse(&text).unwrap();
        assert_eq!((read.tenant, read.hash()), (token.tenant, token.hash()));
        assert_ne!(ApiKeyToken::generate(token.tenant).unwrap().hash(), token.hash());
        for wrong in ["", ".", "lectern_", &text[1..], &text[..text.len() - 1], &text.replace("lectern", "link"), &format!("{text}A")] {
            assert!(ApiKeyToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
