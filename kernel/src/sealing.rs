//! What the database keeps and must not be able to read: sealed with AES-256-GCM, bound to its school, table and column.
//!
//! A sealed value is `1`, the four first bytes of the key's SHA-256, a nonce of twelve, the ciphertext and its tag. Moved to another school,
//! table or column, or changed in one bit, it does not open.

use std::sync::Arc;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf::{HKDF_SHA256, Prk, Salt},
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};
use data_encoding::BASE64;
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How values are sealed today.
const VERSION: u8 = 1;
/// Bytes of a key.
const KEY: usize = 32;
/// Bytes by which a sealed value names its key.
const NAME: usize = 4;

/// A sealed value, as a column takes it.
#[derive(Debug, Clone)]
pub struct Sealed(pub Vec<u8>);

crate::column_inputs!(Sealed);

impl ToSql for Sealed {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }
    fn accepts(ty: &Type) -> bool {
        <Vec<u8> as ToSql>::accepts(ty)
    }
    to_sql_checked!();
}

/// Where a sealed value belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The school.
    pub tenant: Uuid,
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
}

/// Why something does not open: no key of ours sealed it, or it was sealed for another place, or changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOurs;

/// Seals with the first of its keys, opens with any of them.
#[derive(Clone)]
pub struct Sealer(Arc<[Key]>);

struct Key {
    name: [u8; NAME],
    cipher: LessSafeKey,
    /// What keys for other purposes are derived from.
    root: Prk,
}

impl Sealer {
    /// A new key in base64, as [`Sealer::from_text`] reads it.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> anyhow::Result<String> {
        let mut key = Zeroizing::new([0; KEY]);
        SystemRandom::new().fill(key.as_mut()).map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
        Ok(BASE64.encode(key.as_ref()))
    }

    /// Of keys in base64, separated by commas.
    ///
    /// # Errors
    /// When there is none, or one is no key.
    pub fn from_text(text: &str) -> anyhow::Result<Self> {
        let keys: Vec<Key> =
            text.split(',').map(str::trim).filter(|key| !key.is_empty()).map(Key::from_text).collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(!keys.is_empty(), "LECTERN_SECRET_KEYS holds no key: make one with `lectern key --secret`");
        Ok(Sealer(keys.into()))
    }

    /// Keys that sign for a purpose, derived from these: the first signs, all verify. Who holds one learns nothing of the others.
    pub fn signers(&self, purpose: &str) -> Vec<hmac::Key> {
        let derived = |key: &Key| key.root.expand(&[purpose.as_bytes()], hmac::HMAC_SHA256).map(hmac::Key::from);
        self.0.iter().map(|key| derived(key).expect("a key of HMAC is not too long to be derived")).collect()
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// What every value begins with that the first key has sealed.
    pub fn mark(&self) -> Vec<u8> {
        [&[VERSION][..], &self.0[0].name].concat()
    }

    /// Seals.
    pub fn seal(&self, place: Place<'_>, text: &[u8]) -> Vec<u8> {
        let key = &self.0[0];
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).expect("the system gives randomness, as it did when the process started");
        let mut sealed = text.to_vec();
        key.cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.bound()), &mut sealed)
            .expect("a text that fits into memory can be sealed");
        [&[VERSION][..], &key.name, &nonce, &sealed].concat()
    }

    /// Opens.
    ///
    /// # Errors
    /// When it was not sealed for this place with one of the keys.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOurs> {
        let (&version, rest) = sealed.split_first().ok_or(NotOurs)?;
        let (name, rest) = rest.split_at_checked(NAME).ok_or(NotOurs)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN).ok_or(NotOurs)?;
        if version != VERSION {
            return Err(NotOurs);
        }
        for key in self.0.iter().filter(|key| key.name == name) {
            let mut text = Zeroizing::new(ciphertext.to_vec());
            let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotOurs)?;
            if let Ok(opened) = key.cipher.open_in_place(nonce, Aad::from(place.bound()), &mut text) {
                let length = opened.len();
                text.truncate(length);
                return Ok(text);
            }
        }
        Err(NotOurs)
    }
}

impl Key {
    fn from_text(text: &str) -> anyhow::Result<Self> {
        let invalid = || anyhow::anyhow!("LECTERN_SECRET_KEYS holds something that is no key: make one with `lectern key --secret`");
        let bytes = Zeroizing::new(BASE64.decode(text.as_bytes()).map_err(|_| invalid())?);
        // (It takes any length that some cipher knows.)
        let cipher = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| invalid())?;
        let mut name = [0; NAME];
        name.copy_from_slice(&digest(&SHA256, &bytes).as_ref()[..NAME]);
        Ok(Key { name, cipher: LessSafeKey::new(cipher), root: Salt::new(HKDF_SHA256, b"lectern").extract(&bytes) })
    }
}

impl Place<'_> {
    /// Each part with its length before it, so that no two places are written alike.
    fn bound(&self) -> Vec<u8> {
        let parts = [self.tenant.as_bytes().as_slice(), self.table.as_bytes(), self.column.as_bytes()];
        parts.iter().flat_map(|part| [&part.len().to_be_bytes()[..], part].concat()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { tenant: Uuid::from_u128(1), table: "webhook_endpoint", column: "secret" };

    fn sealer() -> Sealer {
        Sealer::from_text(&Sealer::generate().unwrap()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let sealer = sealer();
        let sealed = sealer.seal(PLACE, b"whsec_1");
        assert_eq!(sealer.open(PLACE, &sealed).unwrap().as_slice(), b"whsec_1");
        for place in [
            Place { tenant: Uuid::from_u128(2), ..PLACE },
            Place { table: "webhook_endpoints", column: "ecret", ..PLACE },
            Place { column: "previous_secret", ..PLACE },
        ] {
            assert_eq!(sealer.open(place, &sealed), Err(NotOurs), "{place:?}");
        }
        assert_ne!(sealer.seal(PLACE, b"whsec_1"), sealed, "no two are alike");
        assert!(!sealed.windows(5).any(|part| part == b"whsec"));
    }

    #[test]
    fn what_was_changed_or_cut_does_not_open() {
        let sealer = sealer();
        let sealed = sealer.seal(PLACE, b"secret");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(sealer.open(PLACE, &changed), Err(NotOurs), "byte {at}");
            assert_eq!(sealer.open(PLACE, &sealed[..at]), Err(NotOurs), "{at} bytes");
        }
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (old, new) = (Sealer::generate().unwrap(), Sealer::generate().unwrap());
        let of = |keys: &str| Sealer::from_text(keys).unwrap();
        let before = of(&old).seal(PLACE, b"kept");
        let both = of(&format!("{new}, {old}"));
        assert_eq!(both.open(PLACE, &before).unwrap().as_slice(), b"kept");
        let after = both.seal(PLACE, b"kept");
        assert!(after.starts_with(&both.mark()) && !before.starts_with(&both.mark()) && before.starts_with(&of(&old).mark()));
        assert_eq!(of(&new).open(PLACE, &after).unwrap().as_slice(), b"kept");
        assert_eq!(of(&old).open(PLACE, &after), Err(NotOurs));
        assert_eq!(of(&new).open(PLACE, &before), Err(NotOurs));
    }

    #[test]
    fn what_is_signed_for_one_purpose_is_not_for_another() {
        let (old, new) = (Sealer::generate().unwrap(), Sealer::generate().unwrap());
        let of = |keys: &str, purpose: &str| Sealer::from_text(keys).unwrap().signers(purpose);
        let before = hmac::sign(&of(&old, "files")[0], b"said");
        let both = of(&format!("{new},{old}"), "files");
        assert!(hmac::verify(&both[0], b"said", before.as_ref()).is_err() && hmac::verify(&both[1], b"said", before.as_ref()).is_ok());
        assert!(hmac::verify(&of(&old, "mails")[0], b"said", before.as_ref()).is_err());
    }

    #[test]
    fn keys_are_said_to_be_none_where_they_are_none() {
        for wrong in ["", " , ", "word", "AAAA", &BASE64.encode(&[7; 31]), &BASE64.encode(&[7; 16])] {
            assert!(Sealer::from_text(wrong).is_err(), "{wrong}");
        }
    }
}
