//! Who is asking: passwords, tokens, the actor.

mod actor;
mod mailed;
mod password;
mod token;

pub use self::{
    actor::Actor,
    mailed::LinkToken,
    password::{PasswordError, Passwords, Verdict},
    token::{Claims, DeviceToken, IssuedToken, RefreshToken, SigningKey, Tokens},
};
