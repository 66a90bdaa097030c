//! Who is asking: passwords, tokens, the actor.

mod actor;
mod api_key;
mod factor;
mod mailed;
mod password;
mod token;

pub use self::{
    actor::Actor,
    api_key::ApiKeyToken,
    factor::{FactorSecret, RECOVERY_CODES, RecoveryCode},
    mailed::LinkToken,
    password::{PasswordError, Passwords, Verdict},
    token::{Claims, DeviceToken, IssuedToken, RefreshToken, SigningKey, Tokens},
};
