//! Addresses that need no sign-in: what may be done, with what, until when, and a signature over it. Nothing of an address is kept.

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use uuid::Uuid;

/// What an address lets its bearer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Fetch a file.
    Get,
    /// Send the bytes of an upload.
    Put,
}

impl Verb {
    fn letter(self) -> u8 {
        match self {
            Verb::Get => b'G',
            Verb::Put => b'P',
        }
    }
}

/// What an address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What it lets its bearer do.
    pub verb: Verb,
    /// The school.
    pub tenant: Uuid,
    /// The file, or the upload.
    pub id: Uuid,
    /// How many bytes are to come.
    pub size: u64,
    /// Whether a browser may show what is fetched.
    pub inline: bool,
    /// Until when it holds.
    pub until: Timestamp,
}

/// Why an address is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLink {
    /// No key of ours has signed this.
    Signature,
    /// Its time is over.
    Expired,
}

/// Signs addresses by the first of its keys, and takes those that any of them has signed.
#[derive(Clone)]
pub struct Links {
    keys: Vec<hmac::Key>,
    base: String,
}

const VERSION: u8 = 1;
const CLAIMS: usize = 1 + 1 + 1 + 16 + 16 + 8 + 8;
const TAG: usize = 32;

impl Links {
    /// Addresses on the origin `base`.
    ///
    /// # Panics
    /// Where there is no key.
    pub fn new(keys: Vec<hmac::Key>, base: &str) -> Self {
        assert!(!keys.is_empty(), "addresses are signed by a key");
        Links { keys, base: base.trim_end_matches('/').to_owned() }
    }

    /// The origin, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Writes what an address says, with its signature.
    pub fn sign(&self, link: &Link) -> String {
        let claims = written(link);
        let tag = hmac::sign(&self.keys[0], &claims);
        BASE64URL_NOPAD.encode(&[&claims[..], tag.as_ref()].concat())
    }

    /// Reads what an address says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(&self, verb: Verb, token: &str, now: Timestamp) -> Result<Link, BadLink> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| BadLink::Signature)?;
        if bytes.len() != CLAIMS + TAG {
            return Err(BadLink::Signature);
        }
        let (claims, tag) = bytes.split_at(CLAIMS);
        if !self.keys.iter().any(|key| hmac::verify(key, claims, tag).is_ok()) {
            return Err(BadLink::Signature);
        }
        let link = read(verb, claims).ok_or(BadLink::Signature)?;
        if now < link.until { Ok(link) } else { Err(BadLink::Expired) }
    }
}

fn written(link: &Link) -> [u8; CLAIMS] {
    let mut claims = [0; CLAIMS];
    claims[0] = VERSION;
    claims[1] = link.verb.letter();
    claims[2] = u8::from(link.inline);
    claims[3..19].copy_from_slice(link.tenant.as_bytes());
    claims[19..35].copy_from_slice(link.id.as_bytes());
    claims[35..43].copy_from_slice(&link.size.to_be_bytes());
    claims[43..].copy_from_slice(&link.until.as_second().to_be_bytes());
    claims
}

fn read(verb: Verb, claims: &[u8]) -> Option<Link> {
    let number = |at: usize| claims[at..at + 8].try_into().ok();
    if claims[0] != VERSION || claims[1] != verb.letter() {
        return None;
    }
    Some(Link {
        verb,
        inline: claims[2] == 1,
        tenant: Uuid::from_slice(&claims[3..19]).ok()?,
        id: Uuid::from_slice(&claims[19..35]).ok()?,
        size: u64::from_be_bytes(number(35)?),
        until: Timestamp::from_second(i64::from_be_bytes(number(43)?)).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(keys: &[u8]) -> Links {
        Links::new(keys.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, &[*key; 32])).collect(), "https://school.example/")
    }

    fn link() -> Link {
        let until = Timestamp::from_second(1_800_000_000).unwrap();
        Link { verb: Verb::Get, tenant: Uuid::from_u128(1), id: Uuid::from_u128(2), size: 7, inline: true, until }
    }

    #[test]
    fn an_address_says_what_was_signed_until_its_time_is_over() {
        let links = links(&[1]);
        assert_eq!(links.base(), "https://school.example");
        let token = links.sign(&link());
        let before = Timestamp::from_second(1_799_999_999).unwrap();
        assert_eq!(links.verify(Verb::Get, &token, before), Ok(link()));
        assert_eq!(links.verify(Verb::Get, &token, link().until), Err(BadLink::Expired));
        assert_eq!(links.verify(Verb::Put, &token, before), Err(BadLink::Signature), "another verb");
    }

    #[test]
    fn not_one_bit_of_an_address_can_be_changed() {
        let links = links(&[1]);
        let token = links.sign(&link());
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let token = BASE64URL_NOPAD.encode(&changed);
            assert_eq!(links.verify(Verb::Get, &token, Timestamp::UNIX_EPOCH), Err(BadLink::Signature), "byte {at}");
        }
        for token in ["", "x", &token[1..], &format!("{token}AAAA")] {
            assert_eq!(links.verify(Verb::Get, token, Timestamp::UNIX_EPOCH), Err(BadLink::Signature), "{token}");
        }
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let before = links(&[1]).sign(&link());
        let both = links(&[2, 1]);
        assert!(both.verify(Verb::Get, &before, Timestamp::UNIX_EPOCH).is_ok());
        let after = both.sign(&link());
        assert!(links(&[2]).verify(Verb::Get, &after, Timestamp::UNIX_EPOCH).is_ok());
        assert_eq!(links(&[1]).verify(Verb::Get, &after, Timestamp::UNIX_EPOCH), Err(BadLink::Signature));
    }
}
