//! Tokens of mailed links.

use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    ids,
};

/// The token of a mailed link, wiped from memory when dropped: it names its school, so that its transaction can take that tenant, and holds 256
/// random bits. It is written in letters, digits, `_`, `.` and `-`.
pub struct LinkToken {
    /// The school.
    pub tenant: Uuid,
    secret: Zeroizing<[u8; 32]>,
}

impl LinkToken {
    /// A new one.
    ///
    /// # Errors
    /// `INTERNAL` where the system gives no randomness.
    pub fn generate(tenant: Uuid) -> Result<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *secret).map_err(|_| Error::internal("the system gives no randomness"))?;
        Ok(LinkToken { tenant, secret })
    }

    /// Reads a token; `None` where it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, secret) = text.split_once('.')?;
        let tenant = ids::decode(head).filter(|(prefix, _)| *prefix == "link")?.1;
        let secret = Zeroizing::new(BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?);
        Some(LinkToken { tenant, secret: Zeroizing::new(secret.as_slice().try_into().ok()?) })
    }

    /// As it is mailed.
    pub fn to_text(&self) -> String {
        format!("{}.{}", ids::encode("link", self.tenant), BASE64URL_NOPAD.encode(&*self.secret))
    }

    /// What the database keeps of it: SHA-256 is enough for 256 random bits.
    pub fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &*self.secret).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is_one() {
        let token = LinkToken::generate(Uuid::from_u128(7)).unwrap();
        let text = token.to_text();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)), "{text}");
        let read = LinkToken::parse(&text).unwrap();
        assert_eq!((read.tenant, read.hash()), (token.tenant, token.hash()));
        assert_ne!(LinkToken::generate(token.tenant).unwrap().hash(), token.hash());
        for wrong in ["", ".", "link_", &text[1..], &text[..text.len() - 1], &text.replace("link", "refresh"), &format!("{text}A")] {
            assert!(LinkToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
