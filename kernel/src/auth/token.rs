//! Tokens: an access token for minutes (JWT, EdDSA), a refresh token for days (random, stored hashed).

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard},
};

use aws_lc_rs::{
    digest, hmac,
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ApiKeyToken;
use crate::{
    clock,
    db::{ActorRow, Identity},
    error::{Error, Result},
    ids,
};

/// Ed25519 keys as PKCS#8, from which everything that must be secret is derived: the first signs, all verify. Never printed; wiped from
/// memory with their last copy.
#[derive(Clone)]
pub struct SigningKey {
    /// Never empty.
    keys: Arc<[Zeroizing<Vec<u8>>]>,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> anyhow::Result<Self> {
        let document =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
        Ok(SigningKey { keys: [Zeroizing::new(document.as_ref().to_vec())].into() })
    }

    /// Reads what [`SigningKey::to_text`] wrote; several, separated by commas.
    ///
    /// # Errors
    /// When there is none, or one is no key.
    pub fn from_text(text: &str) -> anyhow::Result<Self> {
        let invalid = || anyhow::anyhow!("LECTERN_SIGNING_KEY is not a key: make one with `lectern key`");
        let read = |text: &str| -> anyhow::Result<_> {
            let pkcs8 = Zeroizing::new(data_encoding::BASE64.decode(text.as_bytes()).map_err(|_| invalid())?);
            Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| invalid())?;
            Ok(pkcs8)
        };
        let keys: Arc<[_]> =
            text.split(',').map(str::trim).filter(|key| !key.is_empty()).map(read).collect::<anyhow::Result<Vec<_>>>()?.into();
        anyhow::ensure!(!keys.is_empty(), invalid());
        Ok(SigningKey { keys })
    }

    /// In base64, on one line.
    pub fn to_text(&self) -> String {
        let texts: Vec<String> = self.keys.iter().map(|key| data_encoding::BASE64.encode(key)).collect();
        texts.join(",")
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// A key for a purpose of each of them, in their order.
    fn derived(&self, purpose: &str) -> Arc<[hmac::Key]> {
        let of = |pkcs8: &Zeroizing<Vec<u8>>| {
            let secret = digest::digest(&digest::SHA256, &Zeroizing::new([purpose.as_bytes(), pkcs8].concat()));
            hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref())
        };
        self.keys.iter().map(of).collect()
    }
}

/// What verifies the access tokens of one key.
struct Verifying {
    kid: String,
    /// The public key, in base64url.
    x: String,
    decoding: DecodingKey,
}

impl Verifying {
    fn of(pkcs8: &[u8]) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| anyhow::anyhow!("the signing key can't be used"))?;
        let public = pair.public_key().as_ref();
        let x = BASE64URL_NOPAD.encode(public);
        let kid = BASE64URL_NOPAD.encode(&digest::digest(&digest::SHA256, public).as_ref()[..12]);
        Ok(Verifying { kid, decoding: DecodingKey::from_ed_components(&x)?, x })
    }
}

/// What an access token says, as it travels.
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    /// The person, as a TypeID.
    sub: String,
    /// The school, as a TypeID.
    tenant: String,
    /// The sign-in; or the viewing, where somebody looks as this person.
    sid: String,
    /// The person's token version.
    ver: i32,
    iat: i64,
    exp: i64,
}

/// What an access token says, or the secret of an API key. Everything else is asked of the database, on every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    identity: Identity,
    token_version: i32,
    expires_at: Timestamp,
    key: Option<[u8; 32]>,
    is_viewing: bool,
}

impl Claims {
    fn of(payload: &Payload) -> Option<Self> {
        let part = |prefix: &str, text: &str| ids::decode(text).filter(|(found, _)| *found == prefix).map(|(_, uuid)| uuid);
        let (session, is_viewing) = match part(SIGN_IN, &payload.sid) {
            Some(session) => (session, false),
            None => (part(VIEWING, &payload.sid)?, true),
        };
        let identity = Identity { tenant: part("tenant", &payload.tenant)?, user: part("user", &payload.sub)?, session };
        let expires_at = Timestamp::from_second(payload.exp).ok()?;
        Some(Claims { identity, token_version: payload.ver, expires_at, key: None, is_viewing })
    }

    /// Of the secret of an API key. Whose it is, whether it is one and when it ends, the database knows. Its actor is cached under a part of its hash,
    /// as that of a sign-in under its id.
    fn of_key(token: &ApiKeyToken) -> Self {
        let hash = token.hash();
        let place = Uuid::from_slice(&hash[..16]).unwrap_or_default();
        let identity = Identity { tenant: token.tenant, user: Uuid::nil(), session: place };
        Claims { identity, token_version: 0, expires_at: Timestamp::MAX, key: Some(hash), is_viewing: false }
    }

    /// The hash of an API key's secret; none where it is an access token.
    pub fn key(&self) -> Option<&[u8; 32]> {
        self.key.as_ref()
    }

    /// Whether the person is still who the token was issued to: one from before a sign-out everywhere, a suspension or a change of password is not valid
    /// any more. A key does not end with that.
    pub fn is_current(&self, row: &ActorRow) -> bool {
        self.key.is_some() || self.token_version == row.token_version
    }

    /// The identity that a transaction is opened for. Whose a key is, it does not say.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// When the token ends.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The person's token version at the time of issue.
    pub fn token_version(&self) -> i32 {
        self.token_version
    }

    /// Whether somebody else looks as this person. `identity().session` is the viewing then.
    pub fn is_viewing(&self) -> bool {
        self.is_viewing
    }
}

/// A token and when it ends.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// What the client keeps.
    pub text: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Issues and verifies.
#[derive(Clone)]
pub struct Tokens {
    encoding: EncodingKey,
    verifying: Arc<[Verifying]>,
    header: Header,
    validation: Validation,
    issuer: String,
    audience: &'static str,
    jwks: Arc<str>,
    cursor_keys: Arc<[hmac::Key]>,
    device_keys: Arc<[hmac::Key]>,
    network_key: hmac::Key,
    access_for: SignedDuration,
    refresh_for: SignedDuration,
    device_for: SignedDuration,
    /// Tokens that were verified lately, by the SHA-256 of their text: checking a signature takes longer than answering many a
    /// document.
    verified: Arc<Mutex<LruCache<[u8; 32], Claims>>>,
}

/// Tokens that are kept at most, some hundred bytes each.
const VERIFIED: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

const AUDIENCE: &str = "lectern";

/// What the ids of sign-ins begin with, and those of viewings.
const SIGN_IN: &str = "session";
const VIEWING: &str = "viewas";

impl Tokens {
    /// With its keys, an issuer's name, and how long tokens are valid.
    ///
    /// # Errors
    /// When a key can't be used.
    pub fn new(key: &SigningKey, issuer: &str, access_for: SignedDuration, refresh_for: SignedDuration) -> anyhow::Result<Self> {
        let verifying: Arc<[Verifying]> = key.keys.iter().map(|key| Verifying::of(key)).collect::<anyhow::Result<Vec<_>>>()?.into();
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(verifying[0].kid.clone());
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        let public = |Verifying { kid, x, .. }: &Verifying| serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x });
        let jwks = serde_json::json!({ "keys": verifying.iter().map(public).collect::<Vec<_>>() });
        // Not created with that capacity, which would allocate the memory at once.
        let mut verified = LruCache::unbounded();
        verified.resize(VERIFIED);
        // The oldest hides networks: they stay known while another becomes the first.
        let network_key = key.derived("lectern networks").last().cloned().expect("there is a key");
        Ok(Tokens {
            encoding: EncodingKey::from_ed_der(&key.keys[0]),
            verifying,
            header,
            validation,
            issuer: issuer.to_owned(),
            audience: AUDIENCE,
            jwks: jwks.to_string().into(),
            cursor_keys: key.derived("lectern cursors"),
            device_keys: key.derived("lectern devices"),
            network_key,
            access_for,
            refresh_for,
            device_for: SignedDuration::from_hours(180 * 24),
            verified: Arc::new(Mutex::new(verified)),
        })
    }

    /// For another endpoint than the schools': access tokens of one are worth nothing at the other.
    #[must_use]
    pub fn for_audience(mut self, audience: &'static str) -> Self {
        self.validation.set_audience(&[audience]);
        let mut verified = LruCache::unbounded();
        verified.resize(VERIFIED);
        Tokens { audience, verified: Arc::new(Mutex::new(verified)), ..self }
    }

    /// Under which name sign-ins of its endpoint are counted; empty for the schools'.
    pub(crate) fn realm(&self) -> &'static str {
        if self.audience == AUDIENCE { "" } else { self.audience }
    }

    /// With device tokens that last for so long.
    #[must_use]
    pub fn with_device_tokens(self, device_for: SignedDuration) -> Self {
        Tokens { device_for, ..self }
    }

    /// The public keys, for others who verify access tokens; the one that signs comes first.
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// The keys of cursors: the first signs, all verify.
    pub fn cursor_keys(&self) -> &Arc<[hmac::Key]> {
        &self.cursor_keys
    }

    /// The key that hides which networks accounts have signed in from.
    pub fn network_key(&self) -> &hmac::Key {
        &self.network_key
    }

    /// The token of a device that somebody has signed in on: nothing of it is stored, and it ends with the token version.
    pub fn device(&self, device: &DeviceToken, now: Timestamp) -> String {
        let mut bytes = device.bytes((now + self.device_for).as_second());
        let tag = hmac::sign(&self.device_keys[0], &bytes);
        bytes.extend_from_slice(tag.as_ref());
        format!("device_{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// Reads what [`Tokens::device`] wrote; `None` where it is not ours, or over.
    pub fn read_device(&self, text: &str, now: Timestamp) -> Option<DeviceToken> {
        let bytes = BASE64URL_NOPAD.decode(text.strip_prefix("device_")?.as_bytes()).ok()?;
        let (said, tag) = bytes.split_at_checked(DeviceToken::SIZE)?;
        self.device_keys.iter().find(|key| hmac::verify(key, said, tag).is_ok())?;
        DeviceToken::read(said, now)
    }

    /// An access token.
    ///
    /// # Errors
    /// `INTERNAL` where signing fails.
    pub fn access(&self, identity: Identity, token_version: i32, now: Timestamp) -> Result<IssuedToken> {
        self.issue(identity, SIGN_IN, token_version, now, now + self.access_for)
    }

    /// The access token of a viewing (`identity.session`) in this person's place.
    ///
    /// # Errors
    /// `INTERNAL` where signing fails.
    pub fn viewing(&self, identity: Identity, token_version: i32, now: Timestamp, expires_at: Timestamp) -> Result<IssuedToken> {
        self.issue(identity, VIEWING, token_version, now, expires_at)
    }

    fn issue(&self, identity: Identity, kind: &str, token_version: i32, now: Timestamp, expires_at: Timestamp) -> Result<IssuedToken> {
        let payload = Payload {
            iss: self.issuer.clone(),
            aud: self.audience.to_owned(),
            sub: ids::encode("user", identity.user),
            tenant: ids::encode("tenant", identity.tenant),
            sid: ids::encode(kind, identity.session),
            ver: token_version,
            iat: now.as_second(),
            exp: expires_at.as_second(),
        };
        let text = jsonwebtoken::encode(&self.header, &payload, &self.encoding)
            .map_err(|error| Error::internal(format!("signing failed: {error}")))?;
        Ok(IssuedToken { text, expires_at: Timestamp::from_second(payload.exp).unwrap_or(expires_at) })
    }

    /// The claims of an access token that is ours and not yet over; or of what might be the secret of an API key.
    pub fn verify(&self, text: &str) -> Option<Claims> {
        if let Some(token) = ApiKeyToken::parse(text) {
            return Some(Claims::of_key(&token));
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        let known = self.verified().get(&hash).copied();
        if let Some(claims) = known {
            return (clock::now() < claims.expires_at).then_some(claims);
        }
        let kid = jsonwebtoken::decode_header(text).ok()?.kid?;
        let key = self.verifying.iter().find(|key| key.kid == kid)?;
        let token = jsonwebtoken::decode::<Payload>(text, &key.decoding, &self.validation).ok()?;
        let claims = Claims::of(&token.claims)?;
        self.verified().put(hash, claims);
        Some(claims)
    }

    fn verified(&self) -> MutexGuard<'_, LruCache<[u8; 32], Claims>> {
        self.verified.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// A refresh token of a school.
    ///
    /// # Errors
    /// `INTERNAL` where the system gives no randomness.
    pub fn refresh(&self, tenant: Uuid, now: Timestamp) -> Result<(RefreshToken, IssuedToken)> {
        let mut secret = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *secret).map_err(|_| Error::internal("the system gives no randomness"))?;
        let text = format!("{}.{}", ids::encode("refresh", tenant), BASE64URL_NOPAD.encode(&*secret));
        let token = RefreshToken { tenant, secret };
        Ok((token, IssuedToken { text, expires_at: now + self.refresh_for }))
    }
}

/// What a device token says: on which device who has signed in, and when that was of which token version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceToken {
    /// The school.
    pub tenant: Uuid,
    /// The person.
    pub user: Uuid,
    /// The device: the sign-in that it began with.
    pub device: Uuid,
    /// The person's token version.
    pub token_version: i32,
}

impl DeviceToken {
    const SIZE: usize = 60;

    fn bytes(&self, expires_at: i64) -> Vec<u8> {
        let ids = [self.tenant.as_bytes(), self.user.as_bytes(), self.device.as_bytes()].map(|id| id.as_slice()).concat();
        [ids.as_slice(), &self.token_version.to_be_bytes(), &expires_at.to_be_bytes()].concat()
    }

    fn read(bytes: &[u8], now: Timestamp) -> Option<DeviceToken> {
        let id = |at: usize| Uuid::from_slice(bytes.get(at..at + 16)?).ok();
        let token_version = i32::from_be_bytes(bytes.get(48..52)?.try_into().ok()?);
        let expires_at = i64::from_be_bytes(bytes.get(52..60)?.try_into().ok()?);
        (now.as_second() < expires_at).then_some(DeviceToken { tenant: id(0)?, user: id(16)?, device: id(32)?, token_version })
    }
}

/// A refresh token as presented, wiped from memory when dropped: it names its school, so that its transaction can take that tenant.
pub struct RefreshToken {
    /// The school.
    pub tenant: Uuid,
    secret: Zeroizing<[u8; 32]>,
}

impl RefreshToken {
    /// Reads a token; `None` where it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, secret) = text.split_once('.')?;
        let tenant = ids::decode(head).filter(|(prefix, _)| *prefix == "refresh")?.1;
        let secret = Zeroizing::new(BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?);
        Some(RefreshToken { tenant, secret: Zeroizing::new(secret.as_slice().try_into().ok()?) })
    }

    /// What the database keeps of it: SHA-256 is enough for 256 random bits.
    pub fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &*self.secret).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_device_token_is_ours_and_lasts_as_long_as_it_says() {
        let hour = SignedDuration::from_hours(1);
        let of = |key: &SigningKey| Tokens::new(key, "lectern", hour, hour).unwrap().with_device_tokens(hour);
        let key = SigningKey::generate().unwrap();
        let (tokens, now) = (of(&key), Timestamp::from_second(1_000_000).unwrap());
        let device = DeviceToken { tenant: Uuid::from_u128(1), user: Uuid::from_u128(2), device: Uuid::from_u128(3), token_version: -7 };
        let text = tokens.device(&device, now);
        assert_eq!(of(&key).read_device(&text, now + hour - SignedDuration::from_secs(1)), Some(device));
        assert_eq!(tokens.read_device(&text, now + hour), None, "it is over");
        assert_eq!(of(&SigningKey::generate().unwrap()).read_device(&text, now), None, "another key");
        for at in 7..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(tokens.read_device(std::str::from_utf8(&other).unwrap(), now), None, "{at}");
        }
        for text in ["", "device_", "device_AAAA", &text[7..], &text[..text.len() - 2]] {
            assert_eq!(tokens.read_device(text, now), None, "{text}");
        }
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let hour = SignedDuration::from_hours(1);
        let (old, new) = (SigningKey::generate().unwrap().to_text(), SigningKey::generate().unwrap().to_text());
        let of = |keys: &str| Tokens::new(&SigningKey::from_text(keys).unwrap(), "lectern", hour, hour).unwrap();
        let (before, both, after) = (of(&old), of(&format!("{new}, {old}\n")), of(&new));
        let identity = Identity { tenant: Uuid::from_u128(1), user: Uuid::from_u128(2), session: Uuid::from_u128(3) };
        let device = DeviceToken { tenant: identity.tenant, user: identity.user, device: identity.session, token_version: 7 };
        let now = clock::now();
        let (token, kept) = (before.access(identity, 7, now).unwrap().text, before.device(&device, now));
        assert!(both.verify(&token).is_some() && after.verify(&token).is_none());
        assert!(both.read_device(&kept, now).is_some() && after.read_device(&kept, now).is_none());
        let (token, kept) = (both.access(identity, 7, now).unwrap().text, both.device(&device, now));
        assert!(after.verify(&token).is_some() && before.verify(&token).is_none());
        assert!(after.read_device(&kept, now).is_some() && before.read_device(&kept, now).is_none());
        let kids = |tokens: &Tokens| {
            let jwks: serde_json::Value = serde_json::from_str(tokens.jwks()).unwrap();
            jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kids(&both), [kids(&after), kids(&before)].concat());
    }

    #[test]
    fn a_token_that_names_another_of_the_keys_is_refused() {
        let hour = SignedDuration::from_hours(1);
        let keys = [SigningKey::generate().unwrap(), SigningKey::generate().unwrap()];
        let of = |key: &SigningKey| Tokens::new(key, "lectern", hour, hour).unwrap();
        let identity = Identity { tenant: Uuid::from_u128(1), user: Uuid::from_u128(2), session: Uuid::from_u128(3) };
        let [one, other] = keys.each_ref().map(|key| of(key).access(identity, 7, clock::now()).unwrap().text);
        let both = of(&SigningKey::from_text(&format!("{},{}", keys[0].to_text(), keys[1].to_text())).unwrap());
        let (head, _) = one.split_once('.').unwrap();
        let (_, rest) = other.split_once('.').unwrap();
        assert!(both.verify(&one).is_some() && both.verify(&other).is_some());
        assert!(both.verify(&format!("{head}.{rest}")).is_none());
        for wrong in ["", ",", "AAAA", &format!("{},AAAA", keys[0].to_text())] {
            assert!(SigningKey::from_text(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_of_one_endpoint_is_worth_nothing_at_the_other() {
        let hour = SignedDuration::from_hours(1);
        let key = SigningKey::generate().unwrap();
        let of = || Tokens::new(&key, "lectern", hour, hour).unwrap();
        let (schools, platform) = (of(), of().for_audience("lectern-platform"));
        let identity = Identity { tenant: Uuid::nil(), user: Uuid::from_u128(2), session: Uuid::from_u128(3) };
        for (issuer, other) in [(&schools, &platform), (&platform, &schools)] {
            let token = issuer.access(identity, 0, clock::now()).unwrap().text;
            assert!(issuer.verify(&token).is_some() && other.verify(&token).is_none());
            assert!(other.verify(&token).is_none(), "nor the second time");
        }
    }

    #[test]
    fn a_viewing_says_that_it_is_one_and_ends_when_it_says() {
        let hour = SignedDuration::from_hours(1);
        let tokens = Tokens::new(&SigningKey::generate().unwrap(), "lectern", hour, hour).unwrap();
        let identity = Identity { tenant: Uuid::from_u128(1), user: Uuid::from_u128(2), session: Uuid::from_u128(3) };
        let (now, end) = (clock::now(), clock::now() + SignedDuration::from_mins(15));
        let token = tokens.viewing(identity, 7, now, end).unwrap();
        let claims = tokens.verify(&token.text).unwrap();
        assert!(claims.is_viewing() && !tokens.verify(&tokens.access(identity, 7, now).unwrap().text).unwrap().is_viewing());
        assert_eq!((claims.identity(), claims.expires_at().as_second()), (identity, end.as_second()));
    }

    #[test]
    fn a_token_that_was_taken_before_is_refused_from_its_end_on() {
        let hour = SignedDuration::from_hours(1);
        let identity = Identity { tenant: Uuid::from_u128(1), user: Uuid::from_u128(2), session: Uuid::from_u128(3) };
        // Anew where the machine was too slow to take it twice before its end.
        let (tokens, token, taken) = loop {
            let tokens = Tokens::new(&SigningKey::generate().unwrap(), "lectern", hour, hour).unwrap();
            let token = tokens.access(identity, 7, clock::now() - hour + SignedDuration::from_secs(2)).unwrap();
            let taken = [(); 2].map(|()| tokens.verify(&token.text));
            if clock::now() < token.expires_at {
                break (tokens, token, taken);
            }
        };
        let claims = taken[0].unwrap();
        assert_eq!((claims.identity(), claims.token_version(), claims.expires_at()), (identity, 7, token.expires_at));
        assert_eq!(taken[1], Some(claims));
        while clock::now() < token.expires_at {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(tokens.verify(&token.text), None);
        assert_eq!(tokens.verified().len(), 1, "it is known, and over");
    }
}
