//! What a school and a provider share, and what a sign-in takes along: sealed.

use lectern_kernel::{
    error::{Error, Result},
    sealing::{Place, Sealed, Sealer},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

fn place_of_secret(tenant: Uuid) -> Place<'static> {
    Place { tenant, table: "sign_in_provider", column: "client_secret" }
}

fn place_of_sign_in(tenant: Uuid) -> Place<'static> {
    Place { tenant, table: "provider_sign_in", column: "secrets" }
}

/// The secret by which a school proves itself to a provider, as the database keeps it.
pub fn seal(sealer: &Sealer, tenant: Uuid, secret: &str) -> Sealed {
    Sealed(sealer.seal(place_of_secret(tenant), secret.as_bytes()))
}

/// The secret that the database keeps.
///
/// # Errors
/// `INTERNAL` where it does not open.
pub fn open(sealer: &Sealer, tenant: Uuid, sealed: &[u8]) -> Result<Zeroizing<String>> {
    let wrong = || Error::internal("a provider's secret does not open: LECTERN_SECRET_KEYS lacks its key");
    let bytes = sealer.open(place_of_secret(tenant), sealed).map_err(|_| wrong())?;
    std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| wrong())
}

/// What only the sign-in that was begun here can be completed with.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    /// Stands in the token that completes it.
    pub nonce: String,
    /// What the challenge is the hash of that the provider was told at the beginning (PKCE).
    pub verifier: String,
}

impl Secrets {
    /// As the database keeps it.
    ///
    /// # Errors
    /// `INTERNAL`, never seen.
    pub fn seal(&self, sealer: &Sealer, tenant: Uuid) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(self).map_err(|error| Error::internal(format!("the secrets of a sign-in: {error}")))?;
        Ok(sealer.seal(place_of_sign_in(tenant), &Zeroizing::new(text)))
    }

    /// What the database keeps.
    ///
    /// # Errors
    /// `INTERNAL` where it does not open.
    pub fn open(sealer: &Sealer, tenant: Uuid, sealed: &[u8]) -> Result<Self> {
        let wrong = || Error::internal("the secrets of a sign-in do not open: LECTERN_SECRET_KEYS lacks its key");
        let text = sealer.open(place_of_sign_in(tenant), sealed).map_err(|_| wrong())?;
        serde_json::from_slice(&text).map_err(|_| wrong())
    }
}
